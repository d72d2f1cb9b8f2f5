;;; statistics.scm -- math/statistics: what samples have in common.
;;;
;;; Expanded into a program that requires it.  Not here: weights.

(provide mean variance stddev median samples->hash count-samples)

(define (samples value) (for/list ([one value]) one))
(define (mean value) (let ([all (samples value)]) (/ (apply + all) (length all))))
(define (variance value #:bias [bias #f])
  (let* ([all (samples value)] [centre (mean all)] [count (length all)])
    (/ (apply + (map (lambda (one) (sqr (- one centre))) all))
       (cond [(eq? bias #t) (- count 1)] [bias (- bias 1)] [else count]))))
(define (stddev value #:bias [bias #f]) (sqrt (variance value #:bias bias)))
(define (median less? value)
  (let* ([all (sort (samples value) less?)])
    (list-ref all (quotient (- (length all) 1) 2))))
(define (samples->hash value)
  (for/fold ([counts (hash)]) ([one value]) (hash-update counts one add1 0)))
;; Each different one, in order, and how often it comes.
(define (count-samples value)
  (let ([counts (samples->hash value)] [all (remove-duplicates (samples value))])
    (values all (map (lambda (one) (hash-ref counts one)) all))))
