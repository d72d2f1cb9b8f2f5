;;; union-find.scm -- data/union-find: sets that are joined.
;;;
;;; Expanded into a program that requires it.

(provide uf-new uf-set? uf-find uf-union! uf-same-set? uf-set-canonical!)

;; UP is another set's, or #f; then VALUE stands for all that lead here.
(struct part ([up #:mutable] [rank #:mutable] [value #:mutable])
  #:property prop:custom-write (lambda (set port mode) (write-string (format "#<uf-set: ~s>" (uf-find set)) port)))

(define (uf-new value) (part #f 0 value))
(define (uf-set? value) (part? value))
(define (top-of name set)
  (unless (part? set) (raise-argument-error name "uf-set?" set))
  (let up ([set set])
    (let ([next (part-up set)])
      (if next
          (let ([top (up next)])
            (set-part-up! set top)
            top)
          set))))
(define (uf-find set) (part-value (top-of 'uf-find set)))
(define (uf-same-set? a b) (eq? (top-of 'uf-same-set? a) (top-of 'uf-same-set? b)))
(define (uf-set-canonical! set value) (set-part-value! (top-of 'uf-set-canonical! set) value))
;; The value of the one that more has been joined to stands for both.
(define (uf-union! a b)
  (let ([a (top-of 'uf-union! a)] [b (top-of 'uf-union! b)])
    (unless (eq? a b)
      (if (< (part-rank a) (part-rank b))
          (set-part-up! a b)
          (begin
            (when (= (part-rank a) (part-rank b)) (set-part-rank! a (+ (part-rank a) 1)))
            (set-part-up! b a))))))
