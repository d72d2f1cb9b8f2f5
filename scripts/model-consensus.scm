;;; model-consensus.scm -- three models, and an answer only where they agree (ensemble voting,
;;; consensus with safe failure).
;;;
;;; Problem   A decision that one model must not take alone, and for which no answer is better than
;;;           a wrong one.
;;; Shape     the same question to three models side by side -> vote -> the answer, or a person
;;; Calls     3 for each item; fewer where two differ at once, as the third is cancelled.
;;; Run       cargo run --release -- run scripts/model-consensus.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when the models share their mistakes (the same family, the same prompt), or
;;; when an answer is long text: texts are hardly ever the same, so vote on a decision.

(define models '("cheap" "smart" "gpt-4.1"))

(define (decision report model)
  (lambda ()
    (define said
      (llm-query
        #:instruction "Is a product recalled here? Quote the sentence, or say NO."
        #:data (hash-ref report 'body)
        #:model model))
    (if (string-contains? (string-downcase (syntax-e said)) "recall") "recall" "no recall")))

;; 'majority takes what two of three say.
(define (agreed report)
  (with-handlers ([(lambda (e) (eq? (failure-class e) 'validation))
                   (lambda (e) "not agreed: a person decides")])
    (vote (map (lambda (model) (decision report model)) models) #:method 'consensus)))

(define reports (take (string->json context) 12))
(define answers (map-async agreed reports #:label "reports"))

(finish
  (string-join
    (for/list ([report reports] [answer answers])
      (format "~a ~a" (hash-ref report 'id) answer))
    "\n"))
