;;; math-base.scm -- math/base: constants, sums and errors.
;;;
;;; Expanded into a program that requires it.

(provide sum euler.0 phi.0 gamma.0 catalan.0 random-natural power-of-two? absolute-error relative-error asinh acosh
         atanh random-bits float-complex? number->float-complex)

(define euler.0 2.718281828459045)
(define phi.0 1.618033988749895)
(define gamma.0 0.5772156649015329)
(define catalan.0 0.915965594177219)

;; Floating-point numbers are added exactly.
(define (sum all)
  (unless (list? all) (raise-argument-error 'sum "list?" all))
  (if (and (ormap flonum? all) (andmap rational? all))
      (exact->inexact (apply + (map inexact->exact all)))
      (apply + all)))
(define (random-natural n) (random-integer 0 n))
(define (power-of-two? n)
  (and (rational? n)
       (> n 0)
       (let* ([n (inexact->exact n)] [m (max (numerator n) (denominator n))])
         (and (= 1 (min (numerator n) (denominator n))) (= 0 (bitwise-and m (- m 1)))))))
(define (absolute-error a b) (if (eqv? a b) 0 (abs (- a b))))
(define (relative-error a b) (if (eqv? a b) 0 (abs (/ (- a b) b))))

(define (asinh x)
  (cond [(eqv? x 0) 0]
        [(< x 0) (- (asinh (- x)))]
        [(< x 0.05) (let ([x (exact->inexact x)]) (log1p (+ x (/ (* x x) (+ 1.0 (sqrt (+ 1.0 (* x x))))))))]
        [else (let ([x (exact->inexact x)]) (log (+ x (sqrt (+ 1.0 (* x x))))))]))
(define (acosh x) (if (eqv? x 1) 0 (let ([x (exact->inexact x)]) (log (+ x (sqrt (- (* x x) 1.0)))))))
(define (atanh x) (if (eqv? x 0) 0 (let ([x (exact->inexact x)]) (* 0.5 (log1p (/ (* 2.0 x) (- 1.0 x)))))))
(define (log1p x)
  (let ([y (+ 1.0 x)]) (if (= y 1.0) x (- (log y) (/ (- (- y 1.0) x) y)))))
(define (random-bits count) (random-integer 0 (expt 2 count)))
(define (float-complex? value) (and (complex? value) (not (real? value)) (flonum? (real-part value)) (flonum? (imag-part value))))
(define (number->float-complex value)
  (make-rectangular (exact->inexact (real-part value)) (exact->inexact (imag-part value))))
