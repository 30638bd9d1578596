word = "second"
