// Press Run, type a number in the console, and press Enter.
enum Move(val sign: String):
  case Left extends Move("←")
  case Right extends Move("→")

/** The moves that solve the towers of Hanoi, one disk in turn. */
def hanoi(disks: Int, from: Char, to: Char, over: Char): LazyList[(Int, Char, Char)] =
  if disks == 0 then LazyList.empty
  else hanoi(disks - 1, from, over, to) ++ LazyList((disks, from, to)) ++ hanoi(disks - 1, over, to, from)

def direction(from: Char, to: Char): Move = if from < to then Move.Right else Move.Left

@main def main(): Unit =
  print("Hello from Scala! How many disks has the tower? ")
  val answer = Option(scala.io.StdIn.readLine()).flatMap(_.trim.toIntOption)
  val disks = answer.filter(1 to 7 contains _).getOrElse(3)

  for ((disk, from, to), number) <- hanoi(disks, 'A', 'C', 'B').zipWithIndex do
    println(f"${number + 1}%3d. disk $disk: $from ${direction(from, to).sign} $to")
