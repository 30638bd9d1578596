(define-module (words two) #:export (word))
(define word "second")
