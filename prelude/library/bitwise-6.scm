;;; bitwise-6.scm -- rnrs/arithmetic/bitwise-6.
;;;
;;; Expanded into a program that requires it.

(provide bitwise-if bitwise-bit-count bitwise-length bitwise-first-bit-set bitwise-copy-bit bitwise-copy-bit-field
         bitwise-arithmetic-shift bitwise-arithmetic-shift-left bitwise-arithmetic-shift-right bitwise-rotate-bit-field
         bitwise-reverse-bit-field)

(define (bitwise-if which a b) (bitwise-ior (bitwise-and which a) (bitwise-and (bitwise-not which) b)))
(define (ones n) (let next ([n n] [count 0]) (if (= n 0) count (next (bitwise-and n (- n 1)) (+ count 1)))))
(define (bitwise-bit-count n) (if (< n 0) (bitwise-not (ones (bitwise-not n))) (ones n)))
(define (bitwise-length n) (integer-length n))
(define (bitwise-first-bit-set n)
  (if (= n 0) -1 (let next ([n n] [at 0]) (if (odd? n) at (next (arithmetic-shift n -1) (+ at 1))))))
(define (bitwise-copy-bit n at bit) (bitwise-if (arithmetic-shift 1 at) (arithmetic-shift bit at) n))
(define (mask from to) (bitwise-and (- (arithmetic-shift 1 to) 1) (bitwise-not (- (arithmetic-shift 1 from) 1))))
(define (bitwise-copy-bit-field n from to bits) (bitwise-if (mask from to) (arithmetic-shift bits from) n))
(define (bitwise-arithmetic-shift n by) (arithmetic-shift n by))
(define (bitwise-arithmetic-shift-left n by) (arithmetic-shift n by))
(define (bitwise-arithmetic-shift-right n by) (arithmetic-shift n (- by)))
(define (field n from to) (arithmetic-shift (bitwise-and n (mask from to)) (- from)))
(define (bitwise-rotate-bit-field n from to by)
  (let ([width (- to from)])
    (if (> width 0)
        (let* ([by (modulo by width)] [bits (field n from to)])
          (bitwise-copy-bit-field
           n from to
           (bitwise-ior (arithmetic-shift bits by) (arithmetic-shift bits (- by width)))))
        n)))
(define (bitwise-reverse-bit-field n from to)
  (bitwise-copy-bit-field
   n from to
   (for/fold ([bits 0]) ([at (in-range from to)])
     (bitwise-ior (* 2 bits) (if (bitwise-bit-set? n at) 1 0)))))
