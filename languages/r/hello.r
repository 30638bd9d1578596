cat("hello", fill = TRUE)
