;;; speculative.scm -- the second step begins before the first has decided which it is to be.
;;;
;;; Problem   Two calls in a row, where the first only chooses between a few second ones, and
;;;           somebody waits.
;;; Shape     decision + both drafts at once -> the draft that was chosen; the other is cancelled
;;; Calls     3 for each item in the time of one call; 2 would do in the time of two.
;;; Run       cargo run --release -- run scripts/speculative.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when nobody waits: what is thrown away is paid for, unless it is cancelled
;;; before the model has begun.

(define reports (take (string->json context) 6))

(define (answer report)
  (define body (hash-ref report 'body))
  (define notice
    (llm-query-async #:instruction "Which product is recalled, and why? Word it for its owners." #:data body))
  (define memo
    (llm-query-async #:instruction "What happened, in one sentence for the file?" #:data body))
  (define decision
    (llm-query #:instruction "Is a product recalled here? Quote the sentence, or say NO." #:data body))
  (define recall? (string-contains? (string-downcase (syntax-e decision)) "recall"))
  (define text (syntax-e (await (if recall? notice memo))))
  (cancel (if recall? memo notice))
  (format "~a ~a: ~a" (hash-ref report 'id) (if recall? "NOTICE" "memo") text))

(finish (string-join (map-async answer reports #:label "reports") "\n"))
