;;; tree-aggregation.scm -- so many findings that even they fit no prompt.
;;;
;;; Problem   Partial results that outgrow the one prompt in which map-reduce would put them.
;;; Shape     note per item -> groups of 5 merged side by side -> groups of those -> one
;;; Calls     N notes and about N/4 merges for N items: 50 + 10 + 2 + 1 here.
;;; Run       cargo run --release -- run scripts/tree-aggregation.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when order matters across groups (cumulative-fold), or when all notes fit
;;; one prompt: each level loses detail.

(define (note report)
  (llm-query #:instruction "What failed, and why? One sentence." #:data (hash-ref report 'body)))

(define (merge . notes)
  (llm-query
    #:instruction "Merge: keep each cause of failure once, the frequent ones first."
    #:data (string-join notes "\n")))

(finish (tree-reduce merge (string->json context) #:leaf-fn note #:branch-factor 5))
