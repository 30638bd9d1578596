#lang racket/base
(require racket/string "words/two.rkt")

(displayln (string-append "args: " (string-join (vector->list (current-command-line-arguments)) "|")))
(displayln (string-append "stdin: " (read-line)))
(displayln (string-append "file: " word))
(exit 3)
