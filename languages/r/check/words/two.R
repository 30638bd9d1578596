word <- "second"
