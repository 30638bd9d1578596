defmodule Two do
  def word, do: "second"
end
