;;; needle-in-a-haystack.scm -- one fact in a long text, found without reading all of it.
;;;
;;; Problem   A question that one or two places answer, in a text of hundreds of pages.
;;; Shape     chunks -> the k best by words (no model) -> asked side by side -> first answer in
;;;           the order of the text; if none has it, the rest is asked as well
;;; Calls     k when the words lead there (8 here); N at worst for N chunks.
;;; Run       cargo run --release -- run scripts/needle-in-a-haystack.scm \
;;;             --context scripts/data/incident-review.md --offline
;;;
;;; The wrong pattern when the answer is spread over the text (map-reduce-document), or when the
;;; question says in other words what the text says: then let a model write the query.

(define question "Which lubricant was contaminated in the juicer that was recalled?")
(define chunks (chunk-document context #:tokens 400 #:overlap 40 #:by 'markdown))

;; A chunk that does not say is told apart by a word that no answer has.
(define (look-in chunk)
  (define answer
    (llm-query
      #:instruction (string-append question " Quote the sentence, or say NOTHING.")
      #:data (hash-ref chunk 'text)))
  (cons chunk (syntax-e answer)))

(define (says? found)
  (and (not (string-contains? (cdr found) "NOTHING"))
       (string-contains? (cdr found) "recall")
       (string-contains? (cdr found) "juicer")))

(define (search chunks) (filter says? (map-async look-in chunks #:label "chunks")))

(define likely (top-k question chunks #:k 8))
(define rest-of-them (filter (lambda (chunk) (not (member chunk likely))) chunks))
(define found
  (let ([found (search likely)])
    (if (null? found) (search rest-of-them) found)))

(finish
  (if (null? found)
      "The text does not say."
      (let ([chunk (car (car found))])
        (format "characters ~a to ~a of ~a:\n~a"
                (hash-ref chunk 'start) (hash-ref chunk 'end) (string-length context) (cdr (car found))))))
