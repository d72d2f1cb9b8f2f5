;;; stream-processing.scm -- results are worked on as they come.
;;;
;;; Problem   A long job whose first results are wanted now: to be shown, stored, counted.
;;; Shape     items -> cheap model, ten at a time -> a consumer that gets each result as it comes,
;;;           one at a time, so that it needs no lock
;;; Calls     N for N items.
;;; Run       cargo run --release -- run scripts/stream-processing.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when the results are only wanted together: map-async gives them in order.

(define reports (list->vector (string->json context)))
(define recalls (make-hash)) ; index -> sentence, so that the order in which they come is no matter
(define read 0)

(define (ask report)
  (llm-query-async
    #:instruction "Is a product recalled? Quote the sentence."
    #:data (hash-ref report 'body)))

(define (consume index sentence)
  (set! read (+ read 1))
  (when (string-contains? (string-downcase sentence) "recall")
    (hash-set! recalls index sentence))
  (when (= 0 (modulo read 10))
    (printf "~a reports read\n" read)))

(map-async-stream ask reports consume #:max-concurrent 10 #:label "reports")

(define (line index) (format "~a: ~a" (hash-ref (vector-ref reports index) 'id) (hash-ref recalls index)))
(finish (string-join (cons (format "\n~a recalls" (hash-count recalls)) (map line (sort (hash-keys recalls) <))) "\n"))
