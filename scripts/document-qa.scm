;;; document-qa.scm -- questions about a long document, with the places that answer them.
;;;
;;; Problem   Several questions, a document that fits no prompt, answers that can be checked.
;;; Shape     chunks with overlap, so that what stands on a border is whole in one of them ->
;;;           the best 4 for each question, without a model -> one smart call per question
;;; Calls     Q for Q questions, side by side, whatever the document's length.
;;; Run       cargo run --release -- run scripts/document-qa.scm \
;;;             --context scripts/data/contract.md --offline
;;;
;;; The wrong pattern for "how many" and "list all": those need every chunk (map-reduce-document).

(define questions
  '("How long is the warranty on the parts?"
    "What happens when an invoice is paid late?"
    "How can the agreement be ended, and with how many days of notice?"))

(define chunks (chunk-document context #:tokens 80 #:overlap 20 #:by 'markdown))

(define (quoted chunk)
  (format "[~a-~a]\n~a" (hash-ref chunk 'start) (hash-ref chunk 'end) (hash-ref chunk 'text)))

(define (answer question)
  (define places (top-k question chunks #:k 4))
  (define said
    (llm-query
      #:instruction (string-append question " Answer from the passages alone, and name the one that says it.")
      #:data (string-join (map quoted places) "\n\n")
      #:model "smart"))
  (format "~a\n  ~a\n" question (syntax-e said)))

(finish (string-join (map-async answer questions) "\n"))
