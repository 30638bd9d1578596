println "args: ${args.join('|')}"
println "stdin: ${System.in.newReader().readLine()}"
println "file: ${Two.WORD}"
System.exit(3)
