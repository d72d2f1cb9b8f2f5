#lang racket
(module shapes racket
  (provide area (struct-out circle) make-square)
  (struct circle (r) #:transparent)
  (struct square (s))
  (define make-square square)
  (define (area s)
    (cond [(circle? s) (* 3 (sqr (circle-r s)))]
          [(square? s) (sqr (square-s s))])))
(module util racket/base
  (provide (rename-out [dbl double]) triple)
  (define (dbl x) (* 2 x))
  (define (triple x) (* 3 x)))
(require 'shapes (prefix-in u: 'util))
(area (circle 2))
(area (make-square 3))
(u:double 21)
(u:triple 5)
(circle 9)
(require (only-in racket/list [first head] range) (rename-in racket/string [string-join join]))
(head '(1 2))
(join '("a" "b") "+")
(module+ helper
  (define secret 42)
  (provide secret))
(define loc (quote outer))
(module+ test
  (require rackunit)
  (check-equal? (area (circle 1)) 3)
  (displayln "tests not run by plain racket"))
(module+ main
  (require (submod ".." helper))
  (printf "main ~a ~a\n" loc secret))
(define-values (x y) (let () (local-require racket/math) (values (sgn -3) (exact-round 2.7))))
(list x y)
(let ()
  (local [(define a 1) (define (f) (+ a 1))] (f)))
;; two modules that give nothing and have a name in common
(module first-try racket
  (define (greet) "hello")
  (greet))
(module second-try racket
  (define (greet) "good morning")
  (greet))
(require 'first-try 'second-try)
