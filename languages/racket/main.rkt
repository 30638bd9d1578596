#lang racket/base
; Press Run, type a number in the console, and press Enter.
(require racket/list racket/string)

(define (carpet-cell? x y)
  (cond [(and (zero? x) (zero? y)) #t]
        [(and (= 1 (remainder x 3)) (= 1 (remainder y 3))) #f]
        [else (carpet-cell? (quotient x 3) (quotient y 3))]))

(define (carpet depth)
  (define side (expt 3 depth))
  (for/list ([y side])
    (apply string-append (for/list ([x side]) (if (carpet-cell? x y) "██" "  ")))))

(display "Hello from Racket! How deep shall the carpet be, 1 to 3? ")
(flush-output)
(define answer (read-line))
(define depth (or (and (string? answer) (string->number (string-trim answer))) 2))

(for-each displayln (carpet (if (memv depth '(1 2 3)) depth 2)))
