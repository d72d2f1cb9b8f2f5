;;; batch-rate-limit.scm -- many items for a service that takes only so many at a time.
;;;
;;; Problem   A service with a limit that bessemer does not know of: so many calls, then a pause.
;;; Shape     batch of 10 side by side -> pause -> next batch
;;; Calls     N for N items, never more than 10 under way.
;;; Run       cargo run --release -- run scripts/batch-rate-limit.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern for models: retries and their limits are kept by bessemer itself, and
;;; `map-async` with a window has no idle gaps between batches.

(define reports (string->json context))

(define (headline report)
  (format "~a ~a"
          (hash-ref report 'id)
          (syntax-e (llm-query
                      #:instruction "What was damaged? One short sentence."
                      #:data (hash-ref report 'body)))))

(define headlines
  (batch-process headline reports #:batch-size 10 #:pause 0.1)) ; a minute's pause for "10 a minute"

(finish (string-join (take headlines 12) "\n"))
