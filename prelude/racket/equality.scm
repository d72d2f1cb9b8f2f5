;;; equality.scm -- truth.

(define true #t)
(define false #f)
(define (false? value) (eq? value #f))

;; By what `match` compares the values of a name that stands in a pattern twice.
(define match-equality-test (make-parameter equal?))
