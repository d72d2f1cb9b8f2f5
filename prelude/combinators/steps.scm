;;; steps.scm -- one thing after the other.
;;;
;;; Each step needs the one before it, so nothing here runs side by side.  Not here: steps that improve a draft
;;; (refine.scm).
;;;
;;; Family: Combinators

;;@doc
;; (sequence steps …) -> procedure
;;
;; A procedure that calls the first of STEPS on its arguments, and each other one on what the one before it gave. A handle
;; or a response goes on as its text.
;;
;; ```scheme
;; ((sequence string-trim string-upcase string-length) "  recall ") ;; => 6
;; ```
(define (sequence . steps)
  (%checked-procedures 'sequence steps)
  (unless (null? steps) (for-each %takes-a-value (cdr steps)))
  (define (then step value) (%plain (step value)))
  (lambda arguments
    (if (null? steps)
        (apply values arguments)
        (foldl then (%plain (apply (car steps) arguments)) (cdr steps)))))

;; Said before the first step is made.
(define (%takes-a-value step)
  (%can-take 'sequence "each step but the first is called with what came of the one before" step 1 "it is written `(lambda (value) …)`"))

;;@doc
;; (fold-sequential f init items) -> any
;;
;; Carries a value through ITEMS, one after the other: INIT at first, then what F makes of it and of the next item. For
;; work in which each step needs what came of the steps before.
;;
;; F procedure(so-far item): Of the value so far and an item; it gives the next value.
;;
;; ITEMS any: A list or a vector.
;;
;; ```scheme
;; (fold-sequential (lambda (story line) (string-append story line ".")) "" '("One" "Two")) ;; => One.Two.
;; ```
(define (fold-sequential . given)
  (%called 'fold-sequential given
    (lambda (f init items)
      (foldl (lambda (item so-far) (%plain (f so-far item)))
             (%plain init)
             (%checked-items 'fold-sequential items)))))

;;@doc
;; (iterate-until f done? init #:max-iter 10) -> any
;;
;; Applies F again and again, first to INIT, until DONE? holds of the value or F has been called MAX-ITER times, and gives
;; the last value. DONE? is asked before each step.
;;
;; F procedure(value): Of the value so far; it gives the next.
;;
;; DONE? procedure(value): Of the value so far.
;;
;; MAX-ITER natural: How often F is called at most.
;;
;; ```scheme
;; (iterate-until (lambda (n) (* n 2)) (lambda (n) (> n 100)) 1) ;; => 128
;; ```
(define (iterate-until . given)
  (%called 'iterate-until given
    (lambda (f done? init max-iter)
      (let loop ([value (%plain init)] [left max-iter])
        (if (or (done? value) (= left 0))
            value
            (loop (%plain (f value)) (- left 1)))))))
