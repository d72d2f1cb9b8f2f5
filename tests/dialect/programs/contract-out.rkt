#lang racket
;; What a module provides with a contract is checked where it is used, and not within
(define-syntax-rule (t form)
  (with-handlers ([exn:fail:contract? (lambda (e) (for-each displayln (take (string-split (exn-message e) "\n") 3)))]) (println form)))
(module shapes racket
  (provide (contract-out [area (-> positive? number?)]
                         [label (-> string? number?)]
                         [limit number?]
                         [scale (->* (number?) (#:by number?) number?)]
                         [struct square ([side number?])])
           plain)
  (struct square (side))
  (define (area side) (* side side))
  (define (label text) text)
  (define limit 5)
  (define (scale n #:by [by 2]) (* n by))
  (define (plain) (area -1)))
(module old racket
  (require racket/contract)
  (provide/contract [half (-> even? integer?)])
  (define (half n) (/ n 2)))
(require 'shapes 'old)
(t (area 3))
(t (area -3))
(t (label "x"))
(t (label 5))
(t limit)
(t (scale 2 #:by 3))
(t (scale 2 #:by 'x))
(t (square-side (square 4)))
(t (plain))
(t (half 4))
(t (half 3))
(t (map area '(1 2)))
(t (map area '(1 0)))
area
