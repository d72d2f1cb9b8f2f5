;;; number-theory.scm -- math/number-theory: primes, divisors, counting.
;;;
;;; Expanded into a program that requires it.

(provide prime? next-prime prev-prime next-primes prev-primes nth-prime factorize defactorize prime-divisors divisors
         divides? coprime? bezout modular-inverse modular-expt solve-chinese totient moebius-mu divisor-sum
         perfect-square integer-root factorial binomial fibonacci multinomial triangle-number? prime-exponents
         prime-omega prime-power prime-power? odd-prime? as-power perfect-power perfect-power? max-dividing-power
         farey-sequence mediant bernoulli-number partitions pairwise-coprime? integer-root/remainder make-fibonacci
         modular-fibonacci square-number? triangle-number pentagonal-number hexagonal-number heptagonal-number
         octagonal-number pentagonal-number? hexagonal-number? heptagonal-number? octagonal-number?)

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
  (define m (abs n))
  (define (by p step n all)
    (cond [(= n 1) (reverse all)]
          [(> (* p p) n) (reverse (cons (list n 1) all))]
          [(= 0 (remainder n p))
           (let divide ([n n] [times 0])
             (if (= 0 (remainder n p))
                 (divide (quotient n p) (+ times 1))
                 (by (+ p step) 2 n (cons (list p times) all))))]
          [else (by (+ p step) 2 n all)]))
  (if (= m 0) '() (by 2 1 m '())))
(define (defactorize factors) (apply * (map (lambda (f) (expt (car f) (cadr f))) factors)))
(define (prime-divisors n) (map car (factorize n)))
(define (divisors n)
  (define (times-powers all p times)
    (let loop ([part all] [left times] [result all])
      (if (= left 0)
          result
          (let ([part (map (lambda (d) (* d p)) part)]) (loop part (- left 1) (append part result))))))
  (if (= n 0)
      '()
      (let loop ([factors (factorize n)] [all '(1)])
        (if (null? factors)
            (sort all <)
            (loop (cdr factors) (times-powers all (caar factors) (cadar factors)))))))
(define (prime-exponents n) (map cadr (factorize n)))
(define (prime-omega n) (apply + (prime-exponents n)))
;; The prime and the exponent in a list, or #f.
(define (prime-power n)
  (let ([factors (factorize n)]) (and (= (length factors) 1) (car factors))))
(define (prime-power? n) (and (prime-power n) #t))
(define (odd-prime? n) (and (odd? n) (prime? n)))
(define (as-power n)
  (let ([times (apply gcd (prime-exponents n))])
    (if (< times 2) (values n 1) (values (integer-root n times) times))))
(define (perfect-power n)
  (and (> n 1) (let-values ([(root times) (as-power n)]) (and (> times 1) (list root times)))))
(define (perfect-power? n) (and (perfect-power n) #t))
(define (max-dividing-power p n)
  (let loop ([n n] [times 0]) (if (= 0 (remainder n p)) (loop (quotient n p) (+ times 1)) times)))
(define (pairwise-coprime? first . rest)
  (or (null? rest) (and (andmap (lambda (other) (coprime? first other)) rest) (apply pairwise-coprime? rest))))
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
(define (make-fibonacci a b) (lambda (n) (let loop ([a a] [b b] [n n]) (if (= n 0) a (loop b (+ a b) (- n 1))))))
(define (modular-fibonacci n m)
  (let loop ([a 0] [b 1] [n n]) (if (= n 0) (modulo a m) (loop b (modulo (+ a b) m) (- n 1)))))
(define (integer-root/remainder n degree)
  (let ([root (integer-root n degree)]) (values root (- n (expt root degree)))))

(define (mediant a b) (/ (+ (numerator a) (numerator b)) (+ (denominator a) (denominator b))))
;; Each fraction follows from the two before it.
(define (farey-sequence n)
  (let loop ([a 0] [b 1] [c 1] [d n] [all '(0)])
    (if (> c n)
        (reverse all)
        (let ([k (quotient (+ n b) d)]) (loop c d (- (* k c) a) (- (* k d) b) (cons (/ c d) all))))))
(define (bernoulli-number n)
  (define known (make-vector (+ n 1) 1))
  (for ([m (in-range 1 (+ n 1))])
    (vector-set! known m
                 (if (and (odd? m) (> m 1))
                     0
                     (- (/ (for/sum ([k (in-range m)]) (* (binomial (+ m 1) k) (vector-ref known k))) (+ m 1))))))
  (vector-ref known n))
;; By Euler's pentagonal numbers.
(define (partitions n)
  (define known (make-vector (+ n 1) 1))
  (for ([m (in-range 1 (+ n 1))])
    (vector-set! known m
                 (let loop ([k 1] [sign 1] [total 0])
                   (let ([low (- m (quotient (* k (- (* 3 k) 1)) 2))] [high (- m (quotient (* k (+ (* 3 k) 1)) 2))])
                     (if (< low 0)
                         total
                         (loop (+ k 1) (- sign)
                               (+ total (* sign (+ (vector-ref known low) (if (< high 0) 0 (vector-ref known high)))))))))))
  (vector-ref known n))

;; Numbers of dots in figures of so many sides.
(define (figurate sides n) (quotient (* n (- (* (- sides 2) n) (- sides 4))) 2))
(define (figurate? sides n)
  (let loop ([low 0] [high (+ n 1)])
    (if (= (+ low 1) high)
        (= (figurate sides low) n)
        (let ([middle (quotient (+ low high) 2)])
          (if (<= (figurate sides middle) n) (loop middle high) (loop low middle))))))
(define (square-number? n) (and (perfect-square n) #t))
(define (triangle-number n) (figurate 3 n))
(define (pentagonal-number n) (figurate 5 n))
(define (hexagonal-number n) (figurate 6 n))
(define (heptagonal-number n) (figurate 7 n))
(define (octagonal-number n) (figurate 8 n))
(define (pentagonal-number? n) (figurate? 5 n))
(define (hexagonal-number? n) (figurate? 6 n))
(define (heptagonal-number? n) (figurate? 7 n))
(define (octagonal-number? n) (figurate? 8 n))
