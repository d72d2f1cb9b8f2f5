#lang racket
(define (integers n) (stream-cons n (integers (+ n 1))))
(define nats (integers 0))
(define evens (stream-filter even? nats))
(define squares (stream-map (λ (x) (* x x)) nats))
(stream->list (stream-take evens 5))
(stream->list (stream-take squares 6))
(define (fib-from a b) (stream-cons a (fib-from b (+ a b))))
(define fibs (fib-from 0 1))
(for/list ([f fibs] [_ 12]) f)
(stream-ref fibs 50)
(define (sieve s)
  (define p (stream-first s))
  (stream-cons p (sieve (stream-filter (λ (n) (positive? (modulo n p))) (stream-rest s)))))
(stream->list (stream-take (sieve (integers 2)) 10))
(define (take-while p s)
  (cond [(stream-empty? s) '()]
        [(p (stream-first s)) (cons (stream-first s) (take-while p (stream-rest s)))]
        [else '()]))
(take-while (λ (x) (< x 50)) squares)
(define (merge a b)
  (let ([x (stream-first a)] [y (stream-first b)])
    (cond [(< x y) (stream-cons x (merge (stream-rest a) b))]
          [(> x y) (stream-cons y (merge a (stream-rest b)))]
          [else (stream-cons x (merge (stream-rest a) (stream-rest b)))])))
(define hamming
  (stream-cons 1 (merge (stream-map (λ (x) (* x 2)) hamming)
                        (merge (stream-map (λ (x) (* x 3)) hamming)
                               (stream-map (λ (x) (* x 5)) hamming)))))
(stream->list (stream-take hamming 15))
