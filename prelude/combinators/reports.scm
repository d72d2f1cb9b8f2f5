;;; reports.scm -- texts of parts made one text.
;;;
;;; Family: Combinators

;;@doc
;; (report-aggregate results #:separator "\n\n---\n\n") -> hash
;;
;; Strings the results of a `map-reduce` together. Gives a hash of `'full-report`, `'total-sections`, `'models` and
;; `'total-output-tokens`, as far as the tokens are known.
;;
;; RESULTS list: Hashes with `'result`, `'model` and `'usage`.
;;
;; SEPARATOR string: What stands between two sections.
;;
;; ```scheme
;; (hash-ref (report-aggregate (list (hash 'result "A" 'model "m") (hash 'result "B" 'model "m")) #:separator "; ")
;;           'full-report) ;; => A; B
;; ```
(define (report-aggregate . given)
  (%called 'report-aggregate given
    (lambda (results separator)
      (define (all key) (filter identity (map (lambda (result) (hash-ref result key #f)) results)))
      (hash 'full-report (string-join (map (lambda (text) (format "~a" text)) (all 'result)) separator)
            'total-sections (length results)
            'models (remove-duplicates (all 'model))
            'total-output-tokens (apply + (map (lambda (usage) (hash-ref usage 'output 0)) (all 'usage)))))))

;;@doc
;; (progressive-summary text #:instruction #f #:model "cheap" #:levels '(paragraph section document)) -> string
;;
;; Summarises a long text step by step: each paragraph, then the summaries of each section, then those of the whole. The
;; parts of a level are summarised side by side. A part that is one summary already goes on as it is, and so do headings.
;;
;; A section begins with a Markdown heading; in a text without any, ten paragraphs are one.
;;
;; TEXT string: Of any length.
;;
;; INSTRUCTION any: What a summary should say; `#f` for a few sentences with the facts and figures that matter.
;;
;; MODEL any: Which model is asked.
;;
;; LEVELS list: Which levels there are: `'paragraph`, `'section`, `'document`, in this order. Where one is left out, the next
;; gets the text itself.
;;
;; ```scheme
;; (progressive-summary "Acme made kettles.\n\nIn May they were recalled." #:levels '(document))
;; ```
(define (progressive-summary . given)
  (%called 'progressive-summary given
    (lambda (text instruction model levels)
      (define wanted (or levels '(paragraph section document)))
      (define said
        (or instruction "Summarise this text in a few sentences. Keep the facts and figures that matter."))
      (define (ask text) (llm-query #:instruction said #:data text #:model model))
      (define (level name parts)
        (if (memq name wanted)
            (%side-by-side 'progressive-summary (lambda (part) (if (%heading? part) part (ask part))) parts)
            parts))
      (define (section paragraphs)
        (let ([parts (level 'paragraph paragraphs)])
          (if (and (null? (cdr parts)) (memq 'paragraph wanted))
              (car parts)
              (car (level 'section (list (string-join parts "\n\n")))))))
      (%check-levels wanted)
      (let ([sections (%side-by-side 'progressive-summary section (%sections text))])
        (cond [(null? sections) ""]
              [(and (null? (cdr sections)) (or (memq 'section wanted) (memq 'paragraph wanted))) (car sections)]
              [else (car (level 'document (list (string-join sections "\n\n"))))])))))

(define (%check-levels levels)
  (for-each (lambda (name)
              (unless (memq name '(paragraph section document))
                (%misuse 'progressive-summary
                         (format "`#:levels` may hold `'paragraph`, `'section` and `'document`, not `~s`" name))))
            levels))

(define (%heading? paragraph)
  (and (string-prefix? paragraph "#") (not (string-contains? paragraph "\n"))))

;; Lists of paragraphs.
(define (%sections text)
  (let* ([pieces (map string-trim (string-split text "\n\n"))]
         [paragraphs (filter (lambda (paragraph) (> (string-length paragraph) 0)) pieces)])
    (if (ormap %heading? paragraphs)
        (%split-before %heading? paragraphs)
        (chunks-of paragraphs 10))))

(define (%split-before begins? items)
  (let loop ([items items] [open '()] [done '()])
    (cond [(null? items) (reverse (if (null? open) done (cons (reverse open) done)))]
          [(and (begins? (car items)) (pair? open)) (loop (cdr items) (list (car items)) (cons (reverse open) done))]
          [else (loop (cdr items) (cons (car items) open) done)])))
