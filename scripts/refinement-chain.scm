;;; refinement-chain.scm -- a draft, its critique, a better draft.
;;;
;;; Problem   A first answer is plausible but leaves things out.
;;; Shape     generate -> (critique -> refine) x rounds, until the critic is content
;;; Calls     1 + 2R for R rounds, at most 5 here. Drafts by the cheap model, critiques by the
;;;           smart one.
;;; Run       cargo run --release -- run scripts/refinement-chain.scm \
;;;             --context scripts/data/contract.md --offline
;;;
;;; The wrong pattern when an answer is simply right or wrong: check it (contract-audit). More
;;; than three rounds seldom help.

(define (draft)
  (llm-query #:instruction "Who has to pay, how much, and within how many days?" #:data context))

;; The critic sees the source, or it could only judge the style.
(define (critique draft)
  (llm-query
    #:instruction "Which duties to pay are left out or wrong in the draft? If none, say DONE."
    #:data (string-append "First version:\n" draft "\n\nContract:\n" context)
    #:model "smart"))

(define (refine draft remarks)
  (llm-query
    #:instruction "Improve the draft on payments and interest after these remarks. Leave the rest as it is."
    #:data (string-append "Reader:\n" remarks "\n\nFirst version:\n" draft "\n\nContract:\n" context)))

(define (content? remarks) (string-prefix? (string-trim remarks) "DONE"))

(finish (critique-refine draft critique refine #:max-iter 2 #:accept? content?))
