import kotlin.system.exitProcess

fun main(args: Array<String>) {
    println("args: ${args.joinToString("|")}")
    println("stdin: ${readln()}")
    println("file: ${words.word}")
    exitProcess(3)
}
