#lang racket
(define comparisons 0)
(define (less? a b) (set! comparisons (add1 comparisons)) (< a b))
(define (merge-sort lst)
  (define n (length lst))
  (cond
    [(< n 2) lst]
    [else
     (define-values (left right) (split-at lst (quotient n 2)))
     (let merge ([a (merge-sort left)] [b (merge-sort right)])
       (cond
         [(empty? a) b]
         [(empty? b) a]
         [(less? (first b) (first a)) (cons (first b) (merge a (rest b)))]
         [else (cons (first a) (merge (rest a) b))]))]))
(merge-sort '(38 27 43 3 9 82 10))
(printf "~a comparisons\n" comparisons)
(define (mean xs) (/ (apply + xs) (length xs)))
(define (variance xs)
  (define m (mean xs))
  (mean (map (lambda (x) (sqr (- x m))) xs)))
(define (percentile xs p)
  (define sorted (list->vector (merge-sort xs)))
  (define rank (* p (sub1 (vector-length sorted)) 1/100))
  (define low (floor rank))
  (define frac (- rank low))
  (if (zero? frac)
      (vector-ref sorted low)
      (+ (* (- 1 frac) (vector-ref sorted low)) (* frac (vector-ref sorted (add1 low))))))
(define data '(2 4 4 4 5 5 7 9))
(mean data)
(variance data)
(sqrt (variance data))
(exact->inexact (mean '(1 2 2)))
(map (curry percentile data) '(0 25 50 90 100))
(define (histogram xs)
  (for ([g (sort (group-by values xs) < #:key car)])
    (printf "~a | ~a ~a\n" (car g) (make-string (length g) #\=) (length g))))
(histogram data)
(define (mode xs) (car (argmax length (group-by values xs))))
(mode data)
(~r (sqrt (variance '(1 2 3 4))) #:precision 3)
