#lang racket
(require racket/function)
(define-syntax ~>
  (syntax-rules ()
    [(_ v) v]
    [(_ v (f args ...) rest ...) (~> (f v args ...) rest ...)]
    [(_ v f rest ...) (~> (f v) rest ...)]))
(define-syntax-rule (~>> v (f args ...) ...)
  (let* ([it v] [it (f args ... it)] ...) it))

(define people
  '(("Ann" 34 engineer) ("Bob" 27 artist) ("Cid" 45 engineer) ("Dee" 31 writer)))
(define name first)
(define age second)
(define job third)

(~>> people
     (filter (lambda (p) (> (age p) 30)))
     (map name))
(~> "  Hello World  " string-trim string-downcase (string-split " ") reverse)
(~> 5 (- 3) (expt 10))
(define process
  (compose1 (curry apply +)
            (curry map age)
            (curry filter (lambda (p) (eq? (job p) 'engineer)))))
(process people)
((compose length remove-duplicates (curry map job)) people)
(define by-age (sort people < #:key age))
(map name by-age)
(foldr (lambda (p acc) (if (eq? (job p) 'writer) (cons (name p) acc) acc)) '() people)
(let-values ([(young old) (partition (lambda (p) (< (age p) 32)) people)])
  (list (map name young) (map name old)))
(for/hash ([p people] #:when (eq? (job p) 'artist)) (values (name p) (age p)))
(apply max (map age people))
((conjoin (lambda (n) (> n 3)) even?) 6)
(map (thunk* 'same) '(1 2))
((negate empty?) '())
