section .data
word_text: db "second", 10
word_length: equ $ - word_text
