#lang racket
;; Structs: inheritance, mutation, generic dispatch, equality, printing, struct-copy, properties.
(struct shape (name) #:transparent)
(struct circle shape (r) #:transparent)
(struct rect shape (w h) #:transparent)
(define (area s)
  (match s
    [(circle _ r) (* pi r r)]
    [(rect _ w h) (* w h)]
    [_ (error 'area "unknown shape: ~a" s)]))
(define shapes (list (circle "c" 2) (rect "r" 3 4) (rect "s" 1/2 6)))
(for ([s shapes]) (printf "~a ~a\n" (shape-name s) (~r (area s) #:precision 3)))
shapes
(equal? (rect "r" 3 4) (second shapes))
(eq? (rect "r" 3 4) (second shapes))
(struct-copy rect (second shapes) [w 10])
(struct-copy rect (second shapes) [name #:parent shape "renamed"])
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (area (shape "blob")))
(with-handlers ([exn:fail:contract? (λ (e) (displayln (exn-message e)))]) (rect-w (circle "c" 1)))
(with-handlers ([exn:fail:contract:arity? (λ (e) (displayln (exn-message e)))]) (rect "q" 1))
(struct account (owner [balance #:mutable]) #:property prop:custom-write
  (λ (a port mode) (fprintf port "<account ~a: $~a>" (account-owner a) (account-balance a))))
(define acc (account "Ann" 100))
(set-account-balance! acc 150)
acc
(displayln acc)
(format "~a and ~s" acc (list acc))
(struct point (x y) #:guard (λ (x y name) (unless (and (real? x) (real? y)) (error name "not real: ~e ~e" x y)) (values x y))
  #:methods gen:equal+hash
  [(define (equal-proc a b rec) (and (rec (point-x a) (point-x b)) (rec (point-y a) (point-y b))))
   (define (hash-proc a rec) (+ (rec (point-x a)) (* 3 (rec (point-y a)))))
   (define (hash2-proc a rec) (rec (point-x a)))])
(equal? (point 1 2) (point 1 2))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (point 'a 2))
(point 1 2)
(struct adder (n) #:property prop:procedure (λ (self x) (+ x (adder-n self))))
((adder 5) 10)
(map (adder 100) '(1 2 3))
(procedure? (adder 1))
(struct opaque (a b))
(opaque 1 2)
(struct pre (a b) #:prefab)
(pre 1 "x")
(pre? '#s(pre 1 2))
(struct node (val [next #:auto]) #:auto-value 0 #:mutable #:transparent)
(define n1 (node 5))
n1
(set-node-next! n1 (node 6))
n1
(struct->vector (circle "z" 9))
(struct-type? struct:circle)
(object-name struct:circle)
(shape? (circle "a" 1))
(circle? (shape "a"))
