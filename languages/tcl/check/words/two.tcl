set word second
