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

(define pi 3.141592653589793)
(define euler 2.718281828459045)

(define (integer-sqrt n) (car (%integer-sqrt 'integer-sqrt n)))
(define (integer-sqrt/remainder n) (apply values (%integer-sqrt 'integer-sqrt/remainder n)))
(define (exact-integer-sqrt n) (apply values (%integer-sqrt 'exact-integer-sqrt n)))

(define (quotient/remainder n d) (values (quotient n d) (remainder n d)))
(define (truncate/ n d) (values (truncate-quotient n d) (truncate-remainder n d)))
(define (floor/ n d) (values (floor-quotient n d) (floor-remainder n d)))
(define (exact-integer/ n d) (values (quotient n d) (remainder n d)))

(define (~r number #:sign [sign #f] #:base [base 10] #:precision [precision 6] #:notation [notation 'positional]
            #:format-exponent [exponent #f] #:min-width [least 1] #:pad-string [pad " "]
            #:groups [groups '(3)] #:group-sep [separator ""] #:decimal-sep [point "."])
  (let ([notation (if (procedure? notation) (notation number) notation)])
    (%~r number #:sign sign #:base base #:precision precision #:notation notation
         #:format-exponent exponent #:min-width least #:pad-string pad
         #:groups groups #:group-sep separator #:decimal-sep point)))
