#lang racket
(define (sieve n)
  (define is-prime (make-vector (+ n 1) #t))
  (vector-set! is-prime 0 #f)
  (vector-set! is-prime 1 #f)
  (for ([i (in-range 2 (+ 1 (integer-sqrt n)))])
    (when (vector-ref is-prime i)
      (for ([j (in-range (* i i) (+ n 1) i)])
        (vector-set! is-prime j #f))))
  (for/list ([i (in-range (+ n 1))] #:when (vector-ref is-prime i)) i))

(define primes (sieve 100))
primes
(length primes)
(last primes)

(define (twin-primes ps)
  (for/list ([p ps] [q (rest ps)] #:when (= 2 (- q p)))
    (list p q)))
(twin-primes primes)

(define (factorize n)
  (let loop ([n n] [ps primes] [factors '()])
    (cond
      [(= n 1) (reverse factors)]
      [(or (null? ps) (> (sqr (car ps)) n)) (reverse (cons n factors))]
      [(zero? (remainder n (car ps))) (loop (quotient n (car ps)) ps (cons (car ps) factors))]
      [else (loop n (cdr ps) factors)])))

(for ([n '(12 97 360 1001 9999)])
  (define fs (factorize n))
  (printf "~a = ~a\n" n (string-join (map number->string fs) " × "))
  (unless (= n (apply * fs)) (error "wrong")))
(define (perfect? n)
  (= n (for/sum ([d (in-range 1 n)] #:when (zero? (modulo n d))) d)))
(filter perfect? (range 2 500))
