;;; anytime-answer.scm -- the best answer there is when the time is up.
;;;
;;; Problem   Somebody waits: a plain answer in time is better than a fine one too late.
;;; Shape     quick answer -> better -> better, each kept as it comes; at the deadline the last one
;;;           kept is the answer and what is under way is cancelled
;;; Calls     1 + R for R rounds of improvement, fewer when the time is up before.
;;; Run       cargo run --release -- run scripts/anytime-answer.scm \
;;;             --context scripts/data/contract.md --offline
;;;
;;; The wrong pattern when nobody waits (refinement-chain).

(define seconds 60)
(define rounds 2)
(define best "No answer in time.")

(define (keep! answer) (set! best (syntax-e answer)))

(define (improve)
  (keep! (llm-query #:instruction "How can the agreement be ended?" #:data context))
  (for ([round rounds])
    (keep! (llm-query
             #:instruction "How can the agreement be ended, with which notice, and at once in which case?"
             #:data (string-append "So far:\n" best "\n\nContract:\n" context)
             #:model "smart")))
  best)

(finish (with-deadline seconds improve #:otherwise (lambda () best)))
