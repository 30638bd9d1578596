source [file join [file dirname [info script]] words two.tcl]

puts "args: [join $argv |]"
puts "stdin: [gets stdin]"
puts "file: $word"
exit 3
