require "./words/two"

puts "args: #{ARGV.join("|")}"
puts "stdin: #{gets}"
puts "file: #{WORD}"
exit 3
