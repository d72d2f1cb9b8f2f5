;;; memory.scm -- what has been computed is not computed again.
;;;
;;; Within one run.  Not here: answers kept from run to run (`#:cache`), values kept by name (checkpoint).
;;;
;;; Family: Combinators

;;@doc
;; (memoized f #:key-fn #f) -> procedure
;;
;; A procedure that calls F once for each key, and gives what came of it to all who ask, those who ask while it is under
;; way included. What failed is computed again when it is asked for again.
;;
;; F procedure: Any.
;;
;; KEY-FN procedure(arguments) or #f: Of the list of arguments: calls with the same key are the same. By default the list is the key.
;;
;; ```scheme
;; (let* ([calls 0] [square (memoized (lambda (x) (set! calls (+ calls 1)) (* x x)))])
;;   (list (square 3) (square 3) calls)) ;; => (9 9 1)
;; ```
(define (memoized . given)
  (%called 'memoized given
    (lambda (f key-fn)
      (define under-way (make-hash)) ; key → handle of what computes it
      (lambda arguments
        (%shared under-way
                 (if key-fn (key-fn arguments) arguments)
                 (lambda () (%plain (apply f arguments))))))))

(define (%shared under-way key compute)
  (let ([known (hash-ref under-way key #f)])
    (if known
        ;; Whoever began it may have been cancelled: that is not the fault of those who wait.
        (with-handlers ([(lambda (e) (eq? (failure-class e) 'cancelled))
                         (lambda (e)
                           (%forget! under-way key known)
                           (%shared under-way key compute))])
          (await known))
        (let ([handle (spawn compute)])
          (hash-set! under-way key handle)
          (with-handlers ([(lambda (e) #t)
                           (lambda (e)
                             (%forget! under-way key handle)
                             (raise e))])
            (await handle))))))

;; Somebody else may have begun anew.
(define (%forget! under-way key handle)
  (when (equal? (hash-ref under-way key #f) handle)
    (hash-remove! under-way key)))
