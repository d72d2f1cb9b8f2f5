;;; contract-audit.scm -- every clause checked, every quotation verified.
;;;
;;; Problem   An answer that must not be made up: what it quotes has to stand in the text.
;;; Shape     clause -> JSON with a quotation -> code looks for the quotation in the clause; if
;;;           it is not there, asked again, at most twice -> else a person is to look
;;; Calls     N for N clauses when all are right at once, 3N at most.
;;; Run       cargo run --release -- run scripts/contract-audit.scm \
;;;             --context scripts/data/contract.md --offline
;;;
;;; The wrong pattern when no code can tell right from wrong: then let a second model judge
;;; (refinement-chain).

;; What stands before the first heading is no clause.
(define clauses (cdr (string-split context "\n## ")))

(define (title clause) (car (string-split clause "\n")))

(define (audit clause)
  (string->json
    (syntax-e (llm-query
                #:instruction "Which sentence sets a deadline in days, months or years, or limits what a party may do?
Return JSON: {quote: string}, word for word."
                #:data clause
                #:json #t))))

(define (verified? clause)
  (lambda (finding)
    (and (hash? finding)
         (string? (hash-ref finding 'quote #f))
         (> (string-length (hash-ref finding 'quote)) 10)
         (string-contains? clause (hash-ref finding 'quote)))))

(define (line clause)
  (define checked (with-validation audit (verified? clause) #:retries 2))
  (define found
    (with-handlers ([(lambda (e) (eq? (failure-class e) 'validation))
                     (lambda (e) (hash 'quote "NOT VERIFIED: a person has to look"))])
      (checked clause)))
  (format "~a\n  ~a" (title clause) (hash-ref found 'quote)))

(finish (string-join (map-async line clauses #:label "clauses") "\n"))
