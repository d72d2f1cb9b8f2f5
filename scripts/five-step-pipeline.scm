;;; five-step-pipeline.scm -- batch, group, map-reduce per group, progressive summary, refinement.
;;;
;;; Problem   A pile of documents, and a short report that a director will read.
;;; Shape     1 notes in batches (cheap) -> 2 groups (code) -> 3 per group map and reduce (cheap)
;;;           -> 4 the groups' texts summarised -> 5 one critique and one better version (smart)
;;; Calls     N + 2G + 2 + 2R for N documents, G groups and R rounds, where each group fits one
;;;           chunk: 50 + 18 + 2 + 2 here.
;;; Run       cargo run --release -- run scripts/five-step-pipeline.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern until one of its steps alone has been shown not to do: take them one by one
;;; (batch-rate-limit, hierarchical-overview, map-reduce-document, progressive-summary,
;;; refinement-chain).

(define reports (string->json context))

;; 1. A note on each report.
(define (note report)
  (define said
    (llm-query #:instruction "What happened and what was the cause? One sentence." #:data (hash-ref report 'body)))
  (cons (hash-ref report 'site) (syntax-e said)))
(define notes (batch-process note reports #:batch-size 25 #:pause 0))

;; 2. By site.
(define groups (group-by car notes))

;; 3. What each site has to say.
(define (site-text group)
  (define site (car (car group)))
  (define-values (text summary)
    (map-reduce (string-join (map cdr group) "\n\n")
      #:map (lambda (chunk info)
              (llm-query #:instruction "Which cause was it, and what did it cost?" #:data chunk #:model (hash-ref info 'model)))
      #:reduce (lambda (results)
                 (llm-query #:instruction "Name the cause that matters most."
                            #:data (string-join (map (lambda (r) (hash-ref r 'result)) results) "\n")))))
  (format "# ~a\n\n~a" site text))
(define sites (map-async site-text groups #:label "sites"))

;; 4. All sites in one text.
(define summary
  (progressive-summary (string-join sites "\n\n")
    #:instruction "Which causes do the sites report?"
    #:levels '(document)))

;; 5. Read once more.
(finish
  (refine-until summary
    (lambda (draft)
      (llm-query #:instruction "Which site or cause is left out?" #:data (string-append draft "\n\n" (string-join sites "\n")) #:model "smart"))
    (lambda (draft remarks)
      (llm-query #:instruction "Which causes do the sites report? Take in what the reader says is left out."
                 #:data (string-append draft "\n\nReader:\n" remarks) #:model "smart"))
    #:max-iter 1))
