;;; entity-extraction.scm -- who and what is named where, over many documents, with no hurry.
;;;
;;; Problem   A job of thousands of calls that is not to stand in the way of people who wait.
;;; Shape     rows per document at batch priority -> code merges the same names -> a list
;;; Calls     N for N documents.
;;; Run       cargo run --release -- run scripts/entity-extraction.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when names must be told apart (two people called Jensen): that takes a second
;;; stage with both passages in one prompt.

(define reports (string->json context))

(define (extract report)
  (llm-query-async
    #:instruction "Which products are recalled? Return JSON: [{product: string}]"
    #:data (hash-ref report 'body)
    #:json #t
    #:priority 'batch))

;; A report that failed for good stands as a failure in its place, and the others are kept.
(define answers (map-async extract reports #:on-error 'keep #:label "reports"))

(define mentions
  (append*
    (for/list ([answer answers] [report reports] #:unless (failure? answer))
      (define rows (string->json answer))
      (for/list ([row (if (list? rows) rows '())] #:when (hash? row))
        (cons (string-trim (format "~a" (hash-ref row 'product ""))) (hash-ref report 'id))))))

(define failed (count failure? answers))

(finish
  (string-append
    (string-join
      (for/list ([group (group-by car mentions)])
        (format "~a: ~a" (string-join (remove-duplicates (map cdr group)) ", ") (car (car group))))
      "\n")
    (if (> failed 0) (format "\n~a reports could not be read" failed) "")))
