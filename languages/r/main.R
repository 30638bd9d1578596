# Press Run, type some numbers in the console, and press Enter.
cat("Hello from R! Type some numbers, with spaces between them: ")
answer <- readLines(file("stdin"), n = 1)
values <- suppressWarnings(as.numeric(strsplit(trimws(paste(answer, "")), " +")[[1]]))
values <- values[!is.na(values)]
if (length(values) < 3) values <- c(values, precip[1:20])

print(summary(values))
stem(values)

model <- lm(y ~ x, data.frame(x = seq_along(values), y = values))
cat(sprintf("From one to the next they grow by %.2f.", coef(model)[["x"]]), fill = TRUE)
