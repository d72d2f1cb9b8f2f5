;;; refine.scm -- a draft, what is wrong with it, a better draft.
;;;
;;; Rests on nothing but calls in a row.  When neither stop nor good-enough is given, every round is made: two calls a
;;; round.  Not here: answers that are right or wrong (with-validation in guards.scm).
;;;
;;; Family: Combinators

;;@doc
;; (critique-refine generate critique refine #:max-iter 3 #:accept? #f) -> any
;;
;; Makes a draft and improves it: a critique of it, a better draft after that critique, MAX-ITER times or until a critique
;; is accepted. Gives the last draft.
;;
;; GENERATE procedure(): Of no arguments; it gives the first draft.
;;
;; CRITIQUE procedure(draft): Of a draft; it says what is wrong with it.
;;
;; REFINE procedure(draft critique): Of a draft and its critique; it gives a better draft.
;;
;; MAX-ITER natural: How many drafts are made after the first, at most.
;;
;; ACCEPT? procedure(critique) or #f: Of a critique: whether the draft is good as it is. `#f` to go on in any case.
;;
;; ```scheme
;; (critique-refine (lambda () "a")
;;                  (lambda (draft) (if (< (string-length draft) 3) "longer" "fine"))
;;                  (lambda (draft critique) (string-append draft "a"))
;;                  #:accept? (lambda (critique) (equal? critique "fine"))) ;; => aaa
;; ```
(define (critique-refine . given)
  (%called 'critique-refine given
    (lambda (generate critique refine max-iter accept?)
      (let loop ([draft (%plain (generate))] [left max-iter])
        (if (= left 0)
            draft
            (let ([said (%plain (critique draft))])
              (if (and accept? (accept? said))
                  draft
                  (loop (%plain (refine draft said)) (- left 1)))))))))

;;@doc
;; (refine-until draft critique refine #:good-enough? #f #:max-iter 4) -> any
;;
;; Improves a DRAFT that is there already, MAX-ITER times or until it is good enough: which is asked before each critique.
;;
;; CRITIQUE procedure(draft): Of a draft; it says what is wrong with it.
;;
;; REFINE procedure(draft critique): Of a draft and its critique; it gives a better draft.
;;
;; GOOD-ENOUGH? procedure(draft) or #f: Of a draft: whether it is. `#f` to go on in any case.
;;
;; MAX-ITER natural: How many drafts are made, at most.
;;
;; ```scheme
;; (refine-until "a" string-length (lambda (draft length) (format "~a~a" draft length))
;;               #:good-enough? (lambda (draft) (> (string-length draft) 2))) ;; => a12
;; ```
(define (refine-until . given)
  (%called 'refine-until given
    (lambda (draft critique refine good-enough? max-iter)
      (let loop ([draft (%plain draft)] [left max-iter])
        (if (or (= left 0) (and good-enough? (good-enough? draft)))
            draft
            (loop (%plain (refine draft (%plain (critique draft)))) (- left 1)))))))
