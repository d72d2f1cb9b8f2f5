;;; literature-review.scm -- 120 papers, and a review in which every citation is real.
;;;
;;; Problem   More papers than a prompt holds, and models that invent references.
;;; Shape     paper -> one finding with its key (cheap) -> per topic a paragraph (cheap) -> the
;;;           review (smart); code checks each key and lists what was never cited
;;; Calls     N + T + 1 for N papers on T topics: 129 here.
;;; Run       cargo run --release -- run scripts/literature-review.scm \
;;;             --context scripts/data/papers.json --offline
;;;
;;; The wrong pattern for a dozen abstracts: they fit one prompt.

(define papers (string->json context))
(define keys (map (lambda (paper) (hash-ref paper 'key)) papers))

;; The key is put there by code: the model never has to remember it.
(define (finding paper)
  (define said
    (llm-query
      #:instruction "What does the method improve, cut, reduce or fail at? One sentence."
      #:data (hash-ref paper 'abstract)))
  (format "[~a] ~a" (hash-ref paper 'key) (syntax-e said)))

(define (topic paper) (cadr (string-split (hash-ref paper 'title) " for ")))

(define (paragraph topic findings)
  (llm-query
    #:instruction "Where does the method improve accuracy, and where does it fail? Keep the keys in brackets."
    #:data (string-join findings "\n")))

(define (review paragraphs)
  (llm-query
    #:instruction "For which topics does the method improve accuracy? Keep the keys in brackets."
    #:data (string-join (map (lambda (pair) (format "~a: ~a" (car pair) (cdr pair))) paragraphs) "\n\n")
    #:model "smart"))

(define text (hierarchical papers #:each finding #:group topic #:combine paragraph #:overview review))

(define cited (remove-duplicates (regexp-match* #rx"P[0-9][0-9][0-9]" text)))
(define invented (filter (lambda (key) (not (member key keys))) cited))

(finish
  (string-append
    text "\n\n"
    (format "~a papers, ~a cited, ~a of them invented" (length papers) (length cited) (length invented))))
