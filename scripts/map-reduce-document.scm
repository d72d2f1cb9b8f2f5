;;; map-reduce-document.scm -- what does a document say that is longer than any prompt?
;;;
;;; Problem   One document, too long to send whole or too long for a model to read with care.
;;; Shape     cut at its headings -> cheap model per chunk, five workers (map) -> one smart call
;;;           over the chunks' findings (reduce)
;;; Calls     N + 1 for N chunks; N is about tokens / 1200 here, tokens / 5650 by default.
;;; Run       cargo run --release -- run scripts/map-reduce-document.scm \
;;;             --context scripts/data/incident-review.md --offline
;;;
;;; The wrong pattern when the document fits one prompt, when one place in it is looked for
;;; (needle-in-a-haystack), or when each part can only be understood after the one before
;;; (cumulative-fold).

(define (findings chunk info)
  (llm-query
    #:instruction "List what broke down or went wrong, with its cause. One line each."
    #:data chunk
    #:model (hash-ref info 'model)
    #:temperature 0.0))

;; A chunk that failed is missing here; the summary says how many did.
(define (synthesis results)
  (define notes
    (for/list ([result results])
      (format "[part ~a]\n~a" (hash-ref result 'id) (hash-ref result 'result))))
  (llm-query
    #:instruction "What broke down most often, and why? Name the parts that say so."
    #:data (string-join notes "\n\n")
    #:model "smart"))

(define-values (answer summary)
  (map-reduce context
    #:map findings
    #:reduce synthesis
    #:chunk-tokens 1200
    #:overlap 0            ; headings part what belongs together; a running text wants 5 to 10 %
    #:by 'markdown
    #:workers 5
    #:models '("cheap")))

(printf "~a of ~a parts read\n\n" (hash-ref summary 'processed-chunks) (hash-ref summary 'total-chunks))
(finish answer)
