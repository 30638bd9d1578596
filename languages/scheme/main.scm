; Press Run, type a number in the console, and press Enter.
(use-modules (ice-9 rdelim) (srfi srfi-1) (srfi srfi-41))

; A stream without an end: what it has is computed when it is asked for.
(define-stream (fibonacci a b) (stream-cons a (fibonacci b (+ a b))))

(define (bar n) (make-string (inexact->exact (round (* 6 (log (+ n 1))))) #\▒))

(display "Hello from Scheme! How many Fibonacci numbers shall we see? ")
(force-output)
(define answer (read-line))
(define count
  (let ((n (and (string? answer) (string->number (string-trim-both answer)))))
    (if (and n (integer? n) (<= 1 n 60)) n 12)))

(for-each
 (lambda (n) (display (string-append (string-pad (number->string n) 14) " " (bar n))) (newline))
 (stream->list count (fibonacci 1 1)))
