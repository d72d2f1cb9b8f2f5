;;; multi-stage.scm -- extract, categorise, aggregate: each stage with the model it needs.
;;;
;;; Problem   Counting what stands in prose: no model counts well, but a model can turn prose
;;;           into rows that code can count.
;;; Shape     row extraction per document (cheap) -> a category per row (cheap) -> counts (code)
;;;           -> what they mean (smart)
;;; Calls     N + R + 1 for N documents with R rows.
;;; Run       cargo run --release -- run scripts/multi-stage.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when the categories are the question: let a model propose them from a sample
;;; first, then run this.

(define categories '("battery" "latch" "plastic" "firmware" "label" "lubricant"))

;; #:json promises JSON and not its shape: whatever is no row is left out.
(define (rows report)
  (define answer
    (string->json
      (syntax-e (llm-query
                  #:instruction "List every product recall. Return JSON: [{product: string, reason: string}]"
                  #:data (hash-ref report 'body)
                  #:json #t))))
  (filter (lambda (row) (and (hash? row) (hash-has-key? row 'reason)))
          (if (list? answer) answer (list answer))))

;; The model may say more than the one word; code looks for the category that it names.
(define (category row)
  (define said
    (llm-query
      #:instruction (format "Which one is the reason: ~a? One word." (string-join categories ", "))
      #:data (hash-ref row 'reason)))
  (or (findf (lambda (name) (string-contains? (string-downcase (syntax-e said)) name)) categories)
      "other"))

(define all-rows (append* (map-async rows (string->json context) #:label "reports")))
(define named (map-async category all-rows #:label "rows"))

(define counts
  (for/list ([name (append categories '("other"))])
    (cons name (count (lambda (other) (equal? other name)) named))))
(define table
  (string-join
    (for/list ([entry (sort counts > #:key cdr)] #:when (> (cdr entry) 0))
      (format "~a recalls: ~a" (cdr entry) (car entry)))
    "\n"))

(define meaning
  (llm-query #:instruction "Which reason for recalls should be dealt with first?" #:data table #:model "smart"))

(finish (string-append table "\n\n" (syntax-e meaning)))
