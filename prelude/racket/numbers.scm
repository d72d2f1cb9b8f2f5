;;; numbers.scm -- the little of arithmetic that is not in Rust (src/interp/dialect: numbers, reals, bits).

;; The simplest number that is no further than TOLERANCE from X: the one with the least denominator.
(define (rationalize x tolerance)
  (let ([low (- x (abs tolerance))] [high (+ x (abs tolerance))])
    (cond [(and (<= low 0) (>= high 0)) (if (and (exact? x) (exact? tolerance)) 0 0.0)]
          [(< high 0) (- (%simplest (- high) (- low)))]
          [else (%simplest low high)])))

(define (%simplest low high)
  (let ([whole (floor low)])
    (cond [(= whole low) whole]
          [(< whole (floor high)) (+ whole 1)]
          [else (+ whole (/ 1 (%simplest (/ 1 (- high whole)) (/ 1 (- low whole)))))])))
