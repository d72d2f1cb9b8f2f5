#lang racket
(define md
  (string-join
   '("# Title" "" "Some *emphasis* and **strong** text with `code`." "" "- one" "- two" "" "## Sub" "1. first" "2. second" "> quoted")
   "\n"))
(define (inline s)
  (let* ([s (regexp-replace* #px"\\*\\*(.+?)\\*\\*" s "<b>\\1</b>")]
         [s (regexp-replace* #px"\\*(.+?)\\*" s "<i>\\1</i>")]
         [s (regexp-replace* #px"`([^`]+)`" s "<code>\\1</code>")])
    s))
(define (classify line)
  (match line
    [(regexp #px"^(#+) (.*)$" (list _ hashes text)) (list 'heading (string-length hashes) text)]
    [(regexp #px"^- (.*)$" (list _ text)) (list 'item text)]
    [(regexp #px"^\\d+\\. (.*)$" (list _ text)) (list 'numbered text)]
    [(regexp #px"^> (.*)$" (list _ text)) (list 'quote text)]
    ["" '(blank)]
    [_ (list 'text line)]))
(define (render blocks)
  (match blocks
    ['() '()]
    [(list (list 'heading n t) rest ...)
     (cons (format "<h~a>~a</h~a>" n (inline t) n) (render rest))]
    [(list (list 'item ts) ..1 rest ...)
     #:when (not (and (pair? rest) (eq? 'item (caar rest))))
     (append (list "<ul>")
             (map (λ (t) (format "  <li>~a</li>" (inline t))) ts)
             (list "</ul>")
             (render rest))]
    [(list (list 'blank) rest ...) (render rest)]
    [(list (list kind t) rest ...)
     (define tag (case kind [(text) "p"] [(quote) "blockquote"] [else "div"]))
     (cons (format "<~a>~a</~a>" tag (inline t) tag) (render rest))]))
(define blocks (map classify (string-split md "\n" #:trim? #f)))
(for-each displayln (render blocks))
(take blocks 3)
(define headings (for/list ([b blocks] #:when (eq? 'heading (first b))) (cons (second b) (third b))))
headings
