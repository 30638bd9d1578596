word=second
