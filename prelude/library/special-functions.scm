;;; special-functions.scm -- math/special-functions: gamma, beta, the error function, zeta and their kin.
;;;
;;; Expanded into a program that requires it.  What is exact in, and can be, is exact out.

(provide gamma log-gamma psi0 beta log-beta erf erfc zeta eta hurwitz-zeta lambert gamma-inc log-gamma-inc beta-inc
         log-beta-inc flgamma fllog-gamma flpsi0 flbeta fllog-beta flerf flerfc flzeta fleta flhurwitz-zeta fllambert
         flgamma-inc flbeta-inc)

(define (need name x) (unless (real? x) (raise-argument-error name "real?" x)))
(define (product n) (apply * (range 1 (+ n 1))))
(define (need-positive name x)
  (when (and (exact-integer? x) (<= x 0)) (raise-argument-error name "Real, not Zero or Negative-Integer" x)))

(define (gamma x)
  (need 'gamma x)
  (need-positive 'gamma x)
  (cond [(exact-integer? x) (product (- x 1))]
        [(and (rational? x) (integer? (* 2 x)) (< -40 x 150)) (gamma-of-half (inexact->exact x))]
        [else (%gamma x)]))
;; A whole number and a half, or such a number as a float: rounded once.
(define (gamma-of-half x)
  (define root-of-pi 17724538509055160272981674833411451827975/10000000000000000000000000000000000000000)
  (exact->inexact
   (cond [(integer? x) (if (> x 0) (product (- x 1)) +nan.0)]
         [(> x 0) (* root-of-pi (apply * (map (lambda (k) (+ k 1/2)) (range 0 (- x 1/2)))))]
         [else (/ root-of-pi (apply * (map (lambda (k) (+ x k)) (range 0 (- 1/2 x)))))])))
(define (log-gamma x)
  (need 'log-gamma x)
  (need-positive 'log-gamma x)
  (if (memv x '(1 2)) 0 (%log-gamma x)))
(define (psi0 x)
  (need 'psi0 x)
  (need-positive 'psi0 x)
  (%digamma x))
(define (beta a b)
  (need 'beta a)
  (need 'beta b)
  (if (and (exact-integer? a) (exact-integer? b) (> a 0) (> b 0))
      (/ (* (gamma a) (gamma b)) (gamma (+ a b)))
      (let ([sum (+ a b)]) (if (< sum 170) (* (%gamma a) (/ (%gamma b) (%gamma sum))) (exp (log-beta a b))))))
(define (log-beta a b) (- (+ (%log-gamma a) (%log-gamma b)) (%log-gamma (+ a b))))
(define (erf x)
  (need 'erf x)
  (if (eqv? x 0) 0 (%erf x)))
(define (erfc x)
  (need 'erfc x)
  (if (eqv? x 0) 1 (%erfc x)))

;; Bernoulli's numbers, from the first on.
(define (bernoulli n)
  (define known (make-vector (+ n 1) 1))
  (define (choose m k) (/ (product m) (* (product k) (product (- m k)))))
  (for ([m (in-range 1 (+ n 1))])
    (vector-set! known m (- (/ (for/sum ([k (in-range m)]) (* (choose (+ m 1) k) (vector-ref known k))) (+ m 1)))))
  (vector-ref known n))
(define (zeta s)
  (need 'zeta s)
  (cond [(eqv? s 1) (raise-argument-error 'zeta "Real, not One" s)]
        [(eqv? s 0) -1/2]
        [(and (exact-integer? s) (< s 0)) (- (/ (bernoulli (- 1 s)) (- 1 s)))]
        [(= s 1) +nan.0]
        [else (%zeta s)]))
(define (eta s)
  (need 'eta s)
  (cond [(eqv? s 0) 1/2]
        [(= s 1) 0.6931471805599453]
        [(and (exact-integer? s) (< s 0)) (* (- 1 (expt 2 (- 1 s))) (zeta s))]
        [else (* (- 1.0 (expt 2.0 (- 1.0 s))) (%zeta s))]))
(define (hurwitz-zeta s q)
  (need 'hurwitz-zeta s)
  (need 'hurwitz-zeta q)
  (%hurwitz-zeta s q))
(define (lambert x)
  (need 'lambert x)
  (if (eqv? x 0) 0 (%lambert x)))

(define (gamma-inc k x [upper? #f] [share? #f])
  (need 'gamma-inc k)
  (need 'gamma-inc x)
  (let* ([low (%gamma-share k x)] [part (if upper? (- 1.0 low) low)]) (if share? part (* part (%gamma k)))))
(define (log-gamma-inc k x [upper? #f] [share? #f]) (log (gamma-inc k x upper? share?)))
(define (beta-inc a b x [upper? #f] [share? #f])
  (need 'beta-inc x)
  (let* ([low (%beta-share a b x)] [part (if upper? (- 1.0 low) low)])
    (if share? part (* part (exact->inexact (beta a b))))))
(define (log-beta-inc a b x [upper? #f] [share? #f]) (log (beta-inc a b x upper? share?)))

(define (flgamma x) (%gamma x))
(define (fllog-gamma x) (%log-gamma x))
(define (flpsi0 x) (%digamma x))
(define (flbeta a b) (beta a b))
(define (fllog-beta a b) (log-beta a b))
(define (flerf x) (%erf x))
(define (flerfc x) (%erfc x))
(define (flzeta s) (if (= s 1.0) +nan.0 (%zeta s)))
(define (fleta s) (eta s))
(define (flhurwitz-zeta s q) (%hurwitz-zeta s q))
(define (fllambert x) (%lambert x))
(define (flgamma-inc k x upper? share?) (gamma-inc k x upper? share?))
(define (flbeta-inc a b x upper? share?) (beta-inc a b x upper? share?))
