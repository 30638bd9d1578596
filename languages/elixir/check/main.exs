Code.require_file("words/two.exs", __DIR__)

IO.puts("args: #{Enum.join(System.argv(), "|")}")
IO.puts("stdin: #{String.trim(IO.gets(""))}")
IO.puts("file: #{Two.word()}")
System.halt(3)
