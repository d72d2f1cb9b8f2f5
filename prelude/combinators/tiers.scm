;;; tiers.scm -- the cheap model for most, the expensive one for the rest.
;;;
;;; Not here: a cheap try whose result is checked (with-validation and try-fallback in guards.scm).
;;;
;;; Family: Combinators

;;@doc
;; (tiered cheap expensive items) -> any
;;
;; Calls CHEAP on every item, side by side, and EXPENSIVE once, on the list of all that came of it.
;;
;; CHEAP procedure(item): Of one item.
;;
;; EXPENSIVE procedure(results): Of the list of results, in the order of the items.
;;
;; ITEMS any: A list or a vector.
;;
;; ```scheme
;; (tiered string-length (lambda (lengths) (apply max lengths)) '("one" "three")) ;; => 5
;; ```
(define (tiered . given)
  (%called 'tiered given
    (lambda (cheap expensive items)
      (%plain (expensive (%side-by-side 'tiered cheap items))))))

;;@doc
;; (active-learning cheap expensive uncertainty items #:threshold 0.7) -> list
;;
;; Calls CHEAP on every item, side by side, and EXPENSIVE on those of which CHEAP is not certain. Gives for every item what
;; the one or the other came to.
;;
;; CHEAP procedure(item): Of one item.
;;
;; EXPENSIVE procedure(item): Of one item.
;;
;; UNCERTAINTY procedure(value): Of what CHEAP gave; from 0 (certain) to 1.
;;
;; ITEMS any: A list or a vector.
;;
;; THRESHOLD number: From which uncertainty on EXPENSIVE is asked.
;;
;; ```scheme
;; (active-learning (lambda (n) (/ n 10.0)) (lambda (n) 'asked) identity '(2 9 5)) ;; => (0.2 asked 0.5)
;; ```
(define (active-learning . given)
  (%called 'active-learning given
    (lambda (cheap expensive uncertainty items threshold)
      (define (unsure? guess)
        (let ([value (uncertainty guess)])
          (unless (number? value)
            (%misuse 'active-learning (format "`uncertainty` gave `~s`, which is no number" value)))
          (>= value threshold)))
      (%side-by-side 'active-learning
                     (lambda (item)
                       (let ([guess (%plain (cheap item))])
                         (if (unsure? guess) (expensive item) guess)))
                     items))))
