;;; recursive-delegation.scm -- parts too large and too different for one instruction: each part gets an explorer.
;;;
;;; Problem   What is asked of each part can be said, but not how to find it there: one site has four
;;;           reports and another has nine, and what matters in them is not known beforehand.
;;; Shape     a loop of its own for each part (a root model that writes programs, in a session of its
;;;           own) -> one comparison (smart)
;;; Calls     G loops for G parts, each of at least 2 calls, + 1. A loop is bounded by --max-depth,
;;;           and all together by --max-calls, --max-cost.
;;; Run       cargo run --release -- run scripts/recursive-delegation.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when one instruction does for every part: hierarchical-overview asks the same
;;; in far fewer calls.

(define reports (string->json context))
(define sites (group-by (lambda (report) (hash-ref report 'site)) reports))

;; A list of strings is the loop's `context`, whatever its size: the root model never sees it whole.
(define (explored site)
  (rlm-query-async
    #:instruction "Which cause of damage comes up in these reports more than once? Name the reports."
    #:data (map (lambda (report) (format "~a: ~a" (hash-ref report 'id) (hash-ref report 'body))) site)))

(define answers
  (map-async explored sites
    #:label "sites"
    #:on-error (lambda (failure site) (string-append "not explored: " (failure-message failure)))))

(define parts
  (for/list ([site sites] [answer answers])
    (format "~a (~a reports): ~a" (hash-ref (car site) 'site) (length site) answer)))
(for-each displayln parts)

(define comparison
  (llm-query
    #:instruction "Which causes do the sites share?"
    #:data (string-join parts "\n")
    #:model "smart"))

(finish (string-append "\nShared: " (syntax-e comparison)))
