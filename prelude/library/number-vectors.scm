;;; number-vectors.scm -- racket/fixnum and racket/flonum: loops that make vectors of one kind of number.
;;;
;;; Expanded into a program that requires it.

(provide for/fxvector for*/fxvector for/flvector for*/flvector fxrshift most-positive-fixnum most-negative-fixnum
         fx+/wraparound fx-/wraparound fx*/wraparound fxlshift/wraparound flrandom make-flrectangular flreal-part
         flimag-part)

(define (fxvector-of items) (apply fxvector items))
(define (flvector-of items) (apply flvector items))
(define (filled size fill items) (append items (make-list (max 0 (- size (length items))) fill)))
(define (first-of size items) (if (< size (length items)) (take items size) items))

(define-syntax-rule (define-loops of zero (name loop) ...)
  (begin
    (define-syntax name
      (syntax-rules ()
        [(_ #:length size #:fill fill clauses . body)
         (let ([n size]) (of (filled n fill (first-of n (loop clauses . body)))))]
        [(_ #:length size clauses . body) (let ([n size]) (of (filled n zero (first-of n (loop clauses . body)))))]
        [(_ clauses . body) (of (loop clauses . body))]))
    ...))
(define-loops fxvector-of 0 (for/fxvector for/list) (for*/fxvector for*/list))
(define-loops flvector-of 0.0 (for/flvector for/list) (for*/flvector for*/list))

(define (most-positive-fixnum) 1152921504606846975)
(define (most-negative-fixnum) -1152921504606846976)
(define (wrapped n)
  (let ([part (bitwise-and n 2305843009213693951)]) (if (> part 1152921504606846975) (- part 2305843009213693952) part)))
(define (fxrshift n by) (arithmetic-shift n (- by)))
(define (fx+/wraparound a b) (wrapped (+ a b)))
(define (fx-/wraparound a b) (wrapped (- a b)))
(define (fx*/wraparound a b) (wrapped (* a b)))
(define (fxlshift/wraparound n by) (wrapped (arithmetic-shift n by)))

(define (flrandom [generator #f]) (random))
(define (make-flrectangular a b) (make-rectangular a b))
(define (flreal-part z) (real-part z))
(define (flimag-part z) (imag-part z))
