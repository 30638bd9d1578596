require_relative "words/two"

puts "args: #{ARGV.join('|')}"
puts "stdin: #{$stdin.gets.chomp}"
puts "file: #{WORD}"
exit 3
