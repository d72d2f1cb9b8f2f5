;;; gvector.scm -- data/gvector: vectors that grow.
;;;
;;; Expanded into a program that requires it.

(provide make-gvector gvector gvector? gvector-add! gvector-ref gvector-set! gvector-count gvector-insert! gvector-remove!
         gvector-remove-last! gvector->list gvector->vector vector->gvector list->gvector in-gvector for/gvector
         for*/gvector)

(struct growing ([items #:mutable] [count #:mutable])
  #:property prop:sequence (lambda (g) (gvector->list g))
  #:property prop:custom-write
  (lambda (g port mode)
    (write-string (if (boolean? mode) "#<gvector:" "(gvector") port)
    (for ([item (gvector->list g)])
      (write-string " " port)
      (cond [(not mode) (display item port)] [(boolean? mode) (write item port)] [else (print item port mode)]))
    (write-string (if (boolean? mode) ">" ")") port)))

(define (gvector? value) (growing? value))
(define (make-gvector #:capacity [room 10]) (growing (make-vector (max room 1) #f) 0))
(define (gvector . items) (list->gvector items))
(define (gvector-count g) (growing-count g))

(define (gvector-add! g . all)
  (for-each
   (lambda (item)
     (let ([items (growing-items g)] [count (growing-count g)])
       (when (= count (vector-length items))
         (let ([new (make-vector (* 2 count) #f)])
           (vector-copy! new 0 items)
           (set-growing-items! g new)))
       (vector-set! (growing-items g) count item)
       (set-growing-count! g (+ count 1))))
   all))

(define (check name g at)
  (unless (and (exact-nonnegative-integer? at) (< at (growing-count g)))
    (raise-range-error name "gvector" "" at g 0 (- (growing-count g) 1))))

(define (gvector-ref g at . otherwise)
  (cond [(and (exact-nonnegative-integer? at) (< at (growing-count g))) (vector-ref (growing-items g) at)]
        [(null? otherwise) (check 'gvector-ref g at)]
        [(procedure? (car otherwise)) ((car otherwise))]
        [else (car otherwise)]))
(define (gvector-set! g at item)
  (if (= at (growing-count g))
      (gvector-add! g item)
      (begin (check 'gvector-set! g at) (vector-set! (growing-items g) at item))))

(define (become! g items)
  (set-growing-items! g (list->vector (append items '(#f))))
  (set-growing-count! g (length items)))
(define (gvector-insert! g at item)
  (let-values ([(before after) (split-at (gvector->list g) at)]) (become! g (append before (cons item after)))))
(define (gvector-remove! g at)
  (check 'gvector-remove! g at)
  (let-values ([(before after) (split-at (gvector->list g) at)]) (become! g (append before (cdr after)))))
(define (gvector-remove-last! g)
  (let ([item (gvector-ref g (- (growing-count g) 1))])
    (set-growing-count! g (- (growing-count g) 1))
    item))

(define (gvector->vector g) (vector-copy (growing-items g) 0 (growing-count g)))
(define (gvector->list g) (vector->list (gvector->vector g)))
(define (vector->gvector items) (list->gvector (vector->list items)))
(define (list->gvector items) (let ([g (make-gvector)]) (apply gvector-add! g items) g))
(define (in-gvector g) (gvector->list g))
(define-syntax-rule (for/gvector clauses body ...) (list->gvector (for/list clauses body ...)))
(define-syntax-rule (for*/gvector clauses body ...) (list->gvector (for*/list clauses body ...)))
