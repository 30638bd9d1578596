# Press Run, type a sentence in the console, and press Enter.
defmodule Words do
  @doc "How often each word is in the text, counted by one process for each line."
  def count(lines) do
    lines
    |> Task.async_stream(fn line -> line |> String.downcase() |> String.split() |> Enum.frequencies() end)
    |> Enum.reduce(%{}, fn {:ok, counts}, all -> Map.merge(all, counts, fn _word, a, b -> a + b end) end)
  end
end

answer =
  case IO.gets("Hello from Elixir! Type a sentence: ") do
    text when is_binary(text) -> String.trim(text)
    _ -> ""
  end

sentence = if answer == "", do: "the quick brown fox jumps over the lazy dog", else: answer

for {word, times} <- sentence |> List.duplicate(3) |> Words.count() |> Enum.sort_by(fn {word, n} -> {-n, word} end) do
  IO.puts("#{String.pad_leading(word, 12)} #{String.duplicate("▪", times)} #{times}")
end

IO.puts("#{sentence |> String.graphemes() |> Enum.reverse()} ↩")
