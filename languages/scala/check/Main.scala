@main def main(args: String*): Unit =
  println(s"args: ${args.mkString("|")}")
  println(s"stdin: ${scala.io.StdIn.readLine()}")
  println(s"file: ${words.word}")
  sys.exit(3)
