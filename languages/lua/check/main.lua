local two = require("words.two")

print("args: " .. table.concat(arg, "|"))
print("stdin: " .. io.read())
print("file: " .. two.word)
os.exit(3)
