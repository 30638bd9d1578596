(use-modules (ice-9 rdelim) (words two))

(define (say . parts) (for-each display parts) (newline))

(say "args: " (string-join (cdr (command-line)) "|"))
(say "stdin: " (read-line))
(say "file: " word)
(exit 3)
