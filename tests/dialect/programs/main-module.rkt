#lang racket
;; The module main may define anew what the module round it defines
(module+ main (define (f x) (* x 2)) (displayln (f 1)) (displayln (g 4)) (define-struct p (x)) (p-x (p 4)))
(define (f x) (+ x 1))
(define (g x) (f x))
(f 1)
(module+ main (displayln (f 10)) (define y 5) y (set! y 6) y)
(module* other #f (define f 5) f)
(define z 9)
(module+ main (define-syntax-rule (twice e) (begin e e)) (twice (displayln z)) (require racket/list) (first '(1)))
