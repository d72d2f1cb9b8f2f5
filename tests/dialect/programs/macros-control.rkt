#lang racket/base
(define-syntax while
  (syntax-rules ()
    [(_ cond body ...)
     (let loop ()
       (when cond
         body ...
         (loop)))]))

(define-syntax-rule (unless* test body ...)
  (if test (void) (begin body ...)))

(define-syntax my-or
  (syntax-rules ()
    [(_) #f]
    [(_ e) e]
    [(_ e r ...) (let ([t e]) (if t t (my-or r ...)))]))

(define-syntax swap!
  (syntax-rules ()
    [(_ x y) (let ([tmp x]) (set! x y) (set! y tmp))]))

(define-syntax for-each-with-index
  (syntax-rules ()
    [(_ (i x lst) body ...)
     (let loop ([i 0] [rest lst])
       (unless (null? rest)
         (let ([x (car rest)]) body ...)
         (loop (+ i 1) (cdr rest))))]))

(define-syntax inc!
  (syntax-rules ()
    [(_ v) (inc! v 1)]
    [(_ v n) (set! v (+ v n))]))

(define n 0)
(while (< n 3)
  (printf "n = ~a\n" n)
  (inc! n))
(define tmp 'first)
(define other 'second)
(swap! tmp other)
(printf "~a ~a\n" tmp other)
(define t 5)
(printf "~a\n" (my-or #f #f t))
(for-each-with-index (i name '("zero" "one" "two"))
  (printf "~a:~a " i name))
(newline)
(define count 0)
(define (noisy v) (inc! count) v)
(my-or (noisy #f) (noisy 2) (noisy 3))
(printf "evaluated ~a times\n" count)
(unless* (> 1 2) (display "unless*") (newline))
(inc! count 40)
count
