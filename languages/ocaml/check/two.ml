let word = "second"
