;;; equality.scm -- truth.

(define true #t)
(define false #f)
(define (false? value) (eq? value #f))
