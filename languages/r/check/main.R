source("words/two.R")

cat("args: ", paste(commandArgs(TRUE), collapse = "|"), fill = TRUE, sep = "")
cat("stdin: ", readLines(file("stdin"), n = 1), fill = TRUE, sep = "")
cat("file: ", word, fill = TRUE, sep = "")
quit(status = 3)
