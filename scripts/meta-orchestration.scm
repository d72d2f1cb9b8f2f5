;;; meta-orchestration.scm -- a model chooses the strategy, code carries it out.
;;;
;;; Problem   Questions of all kinds come in, and each has its own right way: one fact is looked up, a count
;;;           needs every piece, a summary needs levels. One fixed pipeline is wrong for most of them.
;;; Shape     question and what the document looks like -> a strategy of a closed list (smart) -> carried out
;;; Calls     1 a question for the choice, + what the strategy takes: 1 to look up, N + 1 to read all,
;;;           a loop of its own to explore.
;;; Run       cargo run --release -- run scripts/meta-orchestration.scm \
;;;             --context scripts/data/incident-review.md --offline
;;;
;;; The wrong pattern when all questions are of one kind: choose once, yourself.

(define questions
  '("Which single passage should we look up to learn when the alarm went off?"
    "Survey the whole: what was damaged?"
    "Explore what the robots did wrong."))

;; What the strategies are is code; a model only names one.  A schema holds it to the list.
(define strategies
  (hash
    'lookup (lambda (question)
              (define best (top-k question (chunk-text context #:tokens 400) #:k 3))
              (llm-query #:instruction question #:data (string-join best "\n\n")))
    'survey (lambda (question)
              (define notes
                (map-async (lambda (chunk) (llm-query-async #:instruction question #:data chunk))
                           (chunk-text context #:tokens 3000)))
              (llm-query #:instruction question #:data (string-join notes "\n\n") #:model "smart"))
    'explore (lambda (question)
               (rlm-query #:instruction question #:data context))))

(define (strategy question)
  (define chosen
    (llm-query
      #:instruction (string-append "Which strategy answers the question best? lookup: one passage is enough. "
                                   "survey: every part matters. explore: neither is clear.")
      #:data (format "~a The document has ~a characters." question (string-length context))
      #:schema (hash 'type "object"
                     'properties (hash 'strategy (hash 'type "string" 'enum '("lookup" "survey" "explore")))
                     'required '("strategy")
                     'additionalProperties #f)
      #:model "smart"))
  (string->symbol (hash-ref (response-json chosen) 'strategy)))

(for ([question questions])
  (define chosen (strategy question))
  (define answer ((hash-ref strategies chosen) question))
  (printf "~a\n  by ~a: ~a\n" question chosen (syntax-e answer)))
