// Press Run, type some words in the console, and press Enter.
print "Hello from Groovy! Type a sentence: "
def sentence = System.in.newReader().readLine() ?: "the quick brown fox jumps over the lazy dog"

def words = sentence.toLowerCase().findAll(~"[a-z0-9]+")
def byLength = words.groupBy { it.size() }.sort()

byLength.each { length, group ->
    println "${length.toString().padLeft(2)} ${'▇' * group.size()} ${group.unique().join(', ')}"
}
println "Backwards: ${words*.reverse().join(' ')}"
