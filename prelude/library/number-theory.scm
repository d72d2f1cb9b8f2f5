;;; number-theory.scm -- math/number-theory: primes, divisors, counting.
;;;
;;; Expanded into a program that requires it.

(provide prime? next-prime prev-prime next-primes prev-primes nth-prime factorize defactorize prime-divisors divisors
         divides? coprime? bezout modular-inverse modular-expt solve-chinese totient moebius-mu divisor-sum
         perfect-square integer-root factorial binomial fibonacci multinomial triangle-number?)

;; Certain below 3.3e24, after Miller and Rabin with the first thirteen primes.
(define (prime? n)
  (define n* (abs n))
  (define small '(2 3 5 7 11 13 17 19 23 29 31 37 41))
  (define (composite-by? a)
    (let halve ([d (- n* 1)] [r 0])
      (if (even? d)
          (halve (quotient d 2) (+ r 1))
          (let loop ([x (modular-expt a d n*)] [left r])
            (cond [(or (= x (- n* 1)) (and (= left r) (= x 1))) #f]
                  [(<= left 1) #t]
                  [else (loop (modulo (* x x) n*) (- left 1))])))))
  (cond [(< n* 2) #f]
        [(memv n* small) #t]
        [(ormap (lambda (p) (= 0 (remainder n* p))) small) #f]
        [else (not (ormap composite-by? small))]))

(define (next-prime n) (let loop ([k (+ n 1)]) (if (and (> k 1) (prime? k)) k (loop (+ k 1)))))
(define (prev-prime n) (let loop ([k (- n 1)]) (if (prime? k) k (loop (- k 1)))))
(define (next-primes n count)
  (if (= count 0) '() (let ([p (next-prime n)]) (cons p (next-primes p (- count 1))))))
(define (prev-primes n count)
  (if (= count 0) '() (let ([p (prev-prime n)]) (cons p (prev-primes p (- count 1))))))
(define (nth-prime at) (let loop ([p 2] [at at]) (if (= at 0) p (loop (next-prime p) (- at 1)))))

;; Pairs of a prime, in a list with its exponent.
(define (factorize n)
  (let loop ([n (abs n)] [p 2] [all '()])
    (cond [(= n 1) (reverse all)]
          [(> (* p p) n) (reverse (cons (list n 1) all))]
          [(= 0 (remainder n p))
           (let divide ([n n] [times 0])
             (if (= 0 (remainder n p))
                 (divide (quotient n p) (+ times 1))
                 (loop n (if (= p 2) 3 (+ p 2)) (cons (list p times) all))))]
          [else (loop n (if (= p 2) 3 (+ p 2)) all)])))
(define (defactorize factors) (apply * (map (lambda (f) (expt (car f) (cadr f))) factors)))
(define (prime-divisors n) (map car (factorize n)))
(define (divisors n)
  (sort (foldl (lambda (f all)
                 (append-map (lambda (d) (map (lambda (k) (* d (expt (car f) k))) (range (+ (cadr f) 1)))) all))
               '(1) (factorize n))
        <))
(define (divides? d n) (= 0 (remainder n d)))
(define (coprime? first . rest) (= 1 (apply gcd first rest)))

(define (bezout a b)
  (if (= b 0)
      (list 1 0)
      (let ([found (bezout b (modulo a b))])
        (list (cadr found) (- (car found) (* (quotient a b) (cadr found)))))))
(define (modular-inverse a n)
  (unless (coprime? a n) (raise-arguments-error 'modular-inverse "expected arguments that are coprime" "a" a "n" n))
  (modulo (car (bezout (modulo a n) n)) n))
(define (modular-expt base power n)
  (if (< power 0)
      (modular-expt (modular-inverse base n) (- power) n)
      (let loop ([base (modulo base n)] [power power] [value (modulo 1 n)])
        (cond [(= power 0) value]
              [(odd? power) (loop (modulo (* base base) n) (quotient power 2) (modulo (* value base) n))]
              [else (loop (modulo (* base base) n) (quotient power 2) value)]))))
(define (solve-chinese remainders moduli)
  (let* ([all (apply * moduli)]
         [part (lambda (a n) (let ([m (quotient all n)]) (* a m (modular-inverse m n))))])
    (modulo (apply + (map part remainders moduli)) all)))

(define (totient n) (foldl (lambda (f t) (* t (expt (car f) (- (cadr f) 1)) (- (car f) 1))) 1 (factorize n)))
(define (moebius-mu n)
  (let ([factors (factorize n)])
    (if (ormap (lambda (f) (> (cadr f) 1)) factors) 0 (expt -1 (length factors)))))
(define (divisor-sum n [power 1]) (apply + (map (lambda (d) (expt d power)) (divisors n))))
(define (perfect-square n) (let ([root (integer-sqrt n)]) (and (= (* root root) n) root)))
(define (triangle-number? n) (and (perfect-square (+ 1 (* 8 n))) #t))
(define (integer-root n degree)
  (let loop ([low 0] [high (+ n 1)])
    (if (= (+ low 1) high)
        low
        (let ([middle (quotient (+ low high) 2)]) (if (<= (expt middle degree) n) (loop middle high) (loop low middle))))))

(define (factorial n) (apply * (range 1 (+ n 1))))
(define (binomial n k)
  (if (> k n) 0 (for/fold ([value 1]) ([i (in-range k)]) (quotient (* value (- n i)) (+ i 1)))))
(define (multinomial n parts) (apply quotient (list (factorial n) (apply * (map factorial parts)))))
(define (fibonacci n) (let loop ([a 0] [b 1] [n n]) (if (= n 0) a (loop b (+ a b) (- n 1)))))
