package words

val word = "second"
