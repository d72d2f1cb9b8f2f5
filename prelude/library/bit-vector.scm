;;; bit-vector.scm -- data/bit-vector: vectors of truths.
;;;
;;; Expanded into a program that requires it.

(provide bit-vector? bit-vector make-bit-vector list->bit-vector string->bit-vector bit-vector->list bit-vector->string
         bit-vector-ref bit-vector-set! bit-vector-length bit-vector-popcount bit-vector-copy in-bit-vector
         for/bit-vector for*/bit-vector)

(struct bits (held)
  #:property prop:equal+hash
  (list (lambda (a b same?) (same? (bits-held a) (bits-held b)))
        (lambda (a hash) (hash (bits-held a)))
        (lambda (a hash) (hash (bits-held a))))
  #:property prop:custom-write (lambda (all port mode) (write-string "#<bit-vector>" port)))

(define (bit-vector? value) (bits? value))
(define (make-bit-vector count [fill #f]) (bits (make-vector count fill)))
(define (bit-vector . all) (list->bit-vector all))
(define (list->bit-vector all) (bits (list->vector (map (lambda (bit) (and bit #t)) all))))
(define (string->bit-vector text)
  (list->bit-vector (map (lambda (c) (char=? c #\1)) (string->list text))))
(define (bit-vector->list all) (vector->list (bits-held all)))
(define (bit-vector->string all)
  (list->string (map (lambda (bit) (if bit #\1 #\0)) (bit-vector->list all))))
(define (bit-vector-length all) (vector-length (bits-held all)))
(define (within name all at)
  (unless (< -1 at (bit-vector-length all))
    (raise-range-error name "bit-vector" "" at all 0 (- (bit-vector-length all) 1))))
(define none (list 'none))
(define (bit-vector-ref all at [default none])
  (cond [(< -1 at (bit-vector-length all)) (vector-ref (bits-held all) at)]
        [(eq? default none) (within 'bit-vector-ref all at)]
        [(procedure? default) (default)]
        [else default]))
(define (bit-vector-set! all at bit)
  (within 'bit-vector-set! all at)
  (vector-set! (bits-held all) at (and bit #t)))
(define (bit-vector-popcount all) (count values (bit-vector->list all)))
(define (bit-vector-copy all [start 0] [end #f])
  (bits (vector-copy (bits-held all) start (or end (bit-vector-length all)))))
(define (in-bit-vector all) (bit-vector->list all))

;; A macro's names mean the same elsewhere, a record's not.
(define (of-vector held) (bits held))
(define-syntax for/bit-vector
  (syntax-rules ()
    [(_ #:length count #:fill fill clauses body ...)
     (of-vector (for/vector #:length count #:fill fill clauses (and (let () body ...) #t)))]
    [(_ #:length count clauses body ...)
     (of-vector (for/vector #:length count #:fill #f clauses (and (let () body ...) #t)))]
    [(_ clauses body ...) (list->bit-vector (for/list clauses body ...))]))
(define-syntax-rule (for*/bit-vector clauses body ...) (list->bit-vector (for*/list clauses body ...)))
