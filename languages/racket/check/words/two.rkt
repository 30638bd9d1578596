#lang racket/base
(provide word)
(define word "second")
