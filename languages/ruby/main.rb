# Press Run, type your name in the console, and press Enter.
print "Hello from Ruby! What is your name? "
name = gets.to_s.strip
name = "stranger" if name.empty?

def morse(text)
  codes = %w[.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..]
  table = ("a".."z").zip(codes).to_h
  text.downcase.chars.filter_map { |letter| table[letter] }
end

puts "Welcome, #{name.capitalize}! In Morse code you are"
name.chars.zip(morse(name)).each do |letter, code|
  puts "  #{letter.upcase.center(3)} #{code&.tr('.-', '●▬')}"
end
puts "Your letters in order: #{name.downcase.delete('^a-z').chars.tally.sort.map { |letter, n| "#{n}×#{letter}" }.join(' ')}"
