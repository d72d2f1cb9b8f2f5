;;; evaluation.scm -- which model is right how often, at what price?
;;;
;;; Problem   A choice between models, and some items whose answer is known.
;;; Shape     every item to every model side by side -> compared with the gold labels -> accuracy,
;;;           misses and tokens per model
;;; Calls     M * N for N items and M models.
;;; Run       cargo run --release -- run scripts/evaluation.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when right and wrong are a matter of taste: let people compare pairs.

(define reports (string->json context))

;; From scripts/data/README.md.
(define gold
  '("IR-002" "IR-004" "IR-007" "IR-010" "IR-012" "IR-015" "IR-018" "IR-021" "IR-023"
    "IR-026" "IR-029" "IR-031" "IR-034" "IR-037" "IR-040" "IR-043" "IR-046" "IR-049"))

(define (classify report model)
  (define answer
    (llm-query
      #:instruction "Is a product recalled here? Quote the sentence, or say NO."
      #:data (hash-ref report 'body)
      #:model model
      #:temperature 0.0))
  (string-contains? (string-downcase (syntax-e answer)) "recall"))

(define (evaluate model)
  (define said (map-async (lambda (report) (classify report model)) reports #:label model))
  (define (how-many claimed true)
    (count identity
           (for/list ([one said] [report reports])
             (and (eq? one claimed)
                  (eq? true (and (member (hash-ref report 'id) gold) #t))))))
  (format "~a: ~a of ~a right, ~a missed, ~a false alarms"
          model
          (+ (how-many #t #t) (how-many #f #f)) (length reports)
          (how-many #f #t) (how-many #t #f)))

(finish (string-join (map-async evaluate '("cheap" "smart") #:label "models") "\n"))
