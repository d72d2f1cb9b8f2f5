;;; xml.scm -- xml: lists and records as text, and text as those.
;;;
;;; Expanded into a program that requires it.  What a document says of its type is passed over.

(provide (struct-out location) (struct-out source) (struct-out document) (struct-out prolog) (struct-out document-type)
         (struct-out external-dtd) (struct-out element) (struct-out attribute) (struct-out pcdata) (struct-out cdata)
         (struct-out entity) (struct-out p-i) (struct-out comment)
         make-location make-source make-document make-prolog make-document-type make-external-dtd make-element
         make-attribute make-pcdata make-cdata make-entity make-p-i make-comment
         content/c exn:xml? xexpr? validate-xexpr correct-xexpr? xexpr->string write-xexpr xml-attribute-encode
         xml->xexpr xexpr->xml string->xexpr read-xml read-xml/document read-xml/element write-xml write-xml/content
         display-xml display-xml/content eliminate-whitespace xexpr-drop-empty-attributes collapse-whitespace
         read-comments permissive-xexprs empty-tag-shorthand html-empty-tags current-unescaped-tags html-unescaped-tags
         xml-count-bytes valid-char?)

(struct location (line char offset) #:transparent)
(struct source (start stop) #:transparent)
(struct external-dtd (system) #:transparent)
(struct document-type (name external inlined) #:transparent)
(struct comment (text) #:transparent)
(struct p-i source (target-name instruction) #:transparent)
(struct prolog (misc dtd misc2) #:transparent)
(struct document (prolog element misc) #:transparent)
(struct element source (name attributes content) #:transparent)
(struct attribute source (name value) #:transparent)
(struct pcdata source (string) #:transparent)
(struct cdata source (string) #:transparent)
(struct entity source (text) #:transparent)
(define (make-location line char offset) (location line char offset))
(define (make-source start stop) (source start stop))
(define (make-document before root after) (document before root after))
(define (make-prolog misc dtd misc2) (prolog misc dtd misc2))
(define (make-document-type name external inlined) (document-type name external inlined))
(define (make-external-dtd system) (external-dtd system))
(define (make-element start stop name attributes content) (element start stop name attributes content))
(define (make-attribute start stop name value) (attribute start stop name value))
(define (make-pcdata start stop text) (pcdata start stop text))
(define (make-cdata start stop text) (cdata start stop text))
(define (make-entity start stop text) (entity start stop text))
(define (make-p-i start stop name text) (p-i start stop name text))
(define (make-comment text) (comment text))

(struct wrong-xml exn:fail ())
(define (exn:xml? value) (wrong-xml? value))

(define xexpr-drop-empty-attributes (make-parameter #f))
(define collapse-whitespace (make-parameter #f))
(define read-comments (make-parameter #f))
(define permissive-xexprs (make-parameter #f))
(define xml-count-bytes (make-parameter #f))
(define html-empty-tags '(param meta link isindex input img hr frame col br basefont base area))
(define empty-tag-shorthand (make-parameter html-empty-tags))
(define html-unescaped-tags '(script style))
(define current-unescaped-tags (make-parameter '()))

(define (content/c value) (or (pcdata? value) (element? value) (entity? value) (comment? value) (cdata? value) (p-i? value)))
(define (valid-char? n)
  (and (exact-nonnegative-integer? n)
       (or (memv n '(9 10 13)) (<= 32 n #xD7FF) (<= #xE000 n #xFFFD) (<= #x10000 n #x10FFFF))
       #t))

;; ---- lists

;; What is wrong with a list, or #f.
(define (fault value)
  (cond [(or (string? value) (symbol? value) (exact-nonnegative-integer? value) (comment? value) (p-i? value) (cdata? value) (pcdata? value)) #f]
        [(and (list? value) (pair? value))
         (cond [(not (symbol? (car value)))
                (format "Expected a symbol as the element name, given ~s" (car value))]
               [(attributed? value) (or (ormap attribute-fault (cadr value)) (ormap fault (cddr value)))]
               [else (ormap fault (cdr value))])]
        [(permissive-xexprs) #f]
        [else
         (format "Expected a string, symbol, valid numeric entity, comment, processing instruction, or list, given ~v" value)]))
(define (attribute-fault one)
  (cond [(not (and (list? one) (= (length one) 2) (symbol? (car one))))
         (format "Expected a list with an attribute name and a value, given ~v" one)]
        [(string? (cadr one)) #f]
        [else (format "Expected an attribute value string, given ~v" (cadr one))]))
(define (xexpr? value) (not (fault value)))
(define (validate-xexpr value)
  (let ([wrong (fault value)])
    (if wrong (raise (exn:fail:contract wrong (current-continuation-marks))) #t)))
(define (correct-xexpr? value good bad)
  (let ([wrong (fault value)])
    (if wrong (bad (exn:fail:contract wrong (current-continuation-marks))) (good))))

(define (attributed? value)
  (and (pair? (cdr value)) (list? (cadr value)) (or (null? (cadr value)) (pair? (caadr value)))))
(define (attributes-of value) (if (attributed? value) (cadr value) '()))
(define (contents-of value) (if (attributed? value) (cddr value) (cdr value)))

(define (replaced text pairs)
  (foldl (lambda (pair text) (string-replace text (car pair) (cdr pair))) text pairs))
(define (escaped text) (replaced text '(("&" . "&amp;") ("<" . "&lt;") (">" . "&gt;"))))
(define (xml-attribute-encode text)
  (replaced text '(("&" . "&amp;") ("<" . "&lt;") (">" . "&gt;") ("\"" . "&quot;"))))
(define (shortened? name)
  (let ([which (empty-tag-shorthand)])
    (cond [(eq? which 'always) #t] [(eq? which 'never) #f] [else (and (memq name which) #t)])))

(define (write-xexpr value [port (current-output-port)] #:insert-newlines? [insert-newlines? #f])
  (define (put . texts) (for-each (lambda (text) (write-string text port)) texts))
  (let show ([value value])
    (cond [(string? value) (put (escaped value))]
          [(symbol? value) (put "&" (symbol->string value) ";")]
          [(number? value) (put "&#" (number->string value) ";")]
          [(pair? value)
           (let ([name (symbol->string (car value))] [inner (contents-of value)])
             (put "<" name)
             (for ([one (attributes-of value)])
               (put " " (symbol->string (car one)) "=\"" (xml-attribute-encode (cadr one)) "\""))
             (cond [(and (null? inner) (shortened? (car value))) (put "/>")]
                   [else (put ">") (for-each show inner) (put "</" name ">")]))]
          [else (show-content value port 'none 0)]))
  (void))
(define (xexpr->string value)
  (let ([wrong (fault value)])
    (when wrong (raise-argument-error 'xexpr->string "xexpr/c" value)))
  (let ([port (open-output-string)])
    (write-xexpr value port)
    (get-output-string port)))

(define (xexpr->xml value)
  (cond [(string? value) (pcdata 'racket 'racket value)]
        [(or (symbol? value) (number? value)) (entity 'racket 'racket value)]
        [(pair? value)
         (element 'racket 'racket (car value)
                  (map (lambda (one) (attribute 'scheme 'scheme (car one) (cadr one))) (attributes-of value))
                  (map xexpr->xml (contents-of value)))]
        [else value]))
(define (xml->xexpr value)
  (cond [(element? value)
         (let ([attributes (sort (map (lambda (one) (list (attribute-name one) (attribute-value one)))
                                      (element-attributes value))
                                 symbol<? #:key car)]
               [inner (map xml->xexpr (element-content value))])
           (if (and (null? attributes) (xexpr-drop-empty-attributes))
               (cons (element-name value) inner)
               (list* (element-name value) attributes inner)))]
        [(pcdata? value) (pcdata-string value)]
        [(entity? value) (entity-text value)]
        [(document? value) (xml->xexpr (document-element value))]
        [(or (comment? value) (p-i? value) (cdata? value) (permissive-xexprs)) value]
        [else (error 'xml->xexpr "expected content, given ~e" value)]))
(define (string->xexpr text) (xml->xexpr (document-element (read-xml (open-input-string text)))))

(define (blank? text) (andmap char-whitespace? (string->list text)))
(define (eliminate-whitespace [names '()] [choose (lambda (in?) in?)])
  (define (clean one)
    (if (element? one)
        (let ([inner (map clean (element-content one))])
          (element (source-start one) (source-stop one) (element-name one) (element-attributes one)
                   (if (choose (and (memq (element-name one) names) #t))
                       (filter (lambda (part) (not (and (pcdata? part) (blank? (pcdata-string part))))) inner)
                       inner)))
        one))
  clean)

;; ---- writing

;; KIND is `none`, or each part stands in a line of its own.
(define (show-content one port kind indent)
  (define (put . texts) (for-each (lambda (text) (write-string text port)) texts))
  (define (line) (unless (eq? kind 'none) (put "\n" (make-string indent #\space))))
  (cond [(element? one)
         (let ([name (symbol->string (element-name one))] [inner (element-content one)])
           (line)
           (put "<" name)
           (for ([each (element-attributes one)])
             (put " " (symbol->string (attribute-name each)) "=\"" (xml-attribute-encode (attribute-value each)) "\""))
           (cond [(and (null? inner) (shortened? (element-name one))) (put " />")]
                 [else
                  (put ">")
                  (for ([each inner]) (show-content each port kind (+ indent 2)))
                  (line)
                  (put "</" name ">")]))]
        [(pcdata? one) (line) (put (escaped (pcdata-string one)))]
        [(entity? one)
         (let ([text (entity-text one)])
           (if (symbol? text) (put "&" (symbol->string text) ";") (put "&#" (number->string text) ";")))]
        [(cdata? one) (line) (put (cdata-string one))]
        [(comment? one) (line) (put "<!--" (comment-text one) "-->")]
        [(p-i? one) (line) (put "<?" (symbol->string (p-i-target-name one)) " " (p-i-instruction one) "?>")])
  (void))
(define (show-misc all port)
  (for ([one all])
    (show-content one port 'none 0)
    (newline port)))
(define (show-document all port kind)
  (show-misc (prolog-misc (document-prolog all)) port)
  (show-misc (prolog-misc2 (document-prolog all)) port)
  (show-content (document-element all) port kind 0)
  (show-misc (document-misc all) port))
(define (write-xml all [port (current-output-port)]) (show-document all port 'none))
(define (write-xml/content one [port (current-output-port)]) (show-content one port 'none 0))
(define (display-xml all [port (current-output-port)] #:indentation [kind 'classic]) (show-document all port kind))
(define (display-xml/content one [port (current-output-port)] #:indentation [kind 'classic])
  (show-content one port kind 0))

;; ---- reading

;; A text, the places where its lines begin, and how far it is read.
(struct reader (text starts [at #:mutable]))

(define (reader-of port)
  (let* ([all (port->string port)] [text (if (eof-object? all) "" all)])
    (reader text
            (list->vector
             (cons 0 (for/list ([c (in-string text)] [at (in-naturals 1)] #:when (char=? c #\newline)) at)))
            0)))
(define (place in at)
  (let ([starts (reader-starts in)])
    (let find ([low 0] [high (vector-length starts)])
      (if (= (+ low 1) high)
          (location (+ low 1) (- at (vector-ref starts low)) (+ at 1))
          (let ([middle (quotient (+ low high) 2)])
            (if (<= (vector-ref starts middle) at) (find middle high) (find low middle)))))))
(define (here in) (place in (reader-at in)))
(define (shown where) (format "~a.~a/~a" (location-line where) (location-char where) (location-offset where)))

(define (wrong message . values)
  (raise (wrong-xml (string-append "read-xml: parse-error: " (apply format message values)) (current-continuation-marks))))
(define (wrong-here in message . values)
  (raise (wrong-xml (string-append "read-xml: lex-error: at position " (shown (here in)) ": " (apply format message values))
                    (current-continuation-marks))))
;; At the place of what was read last.
(define (wrong-before in message . values)
  (skip in -1)
  (apply wrong-here in message values))

(define (peeked in)
  (let ([at (reader-at in)]) (if (< at (string-length (reader-text in))) (string-ref (reader-text in) at) eof)))
(define (skip in count) (set-reader-at! in (+ (reader-at in) count)))
(define (next in)
  (let ([c (peeked in)])
    (when (eof-object? c) (wrong-here in "unexpected eof"))
    (skip in 1)
    c))
(define (begins? in text)
  (let ([end (+ (reader-at in) (string-length text))])
    (and (<= end (string-length (reader-text in)))
         (string=? text (substring (reader-text in) (reader-at in) end)))))
(define (while-chars in keep?)
  (let ([start (reader-at in)])
    (let loop ()
      (let ([c (peeked in)])
        (when (and (char? c) (keep? c))
          (skip in 1)
          (loop))))
    (substring (reader-text in) start (reader-at in))))
(define (skip-space in) (while-chars in char-whitespace?))
(define (plain-text in) (while-chars in (lambda (c) (not (memv c '(#\< #\&))))))
;; What stands before MARK, which is passed over.
(define (up-to in mark)
  (let ([start (reader-at in)])
    (let loop ()
      (unless (begins? in mark)
        (next in)
        (loop)))
    (let ([text (substring (reader-text in) start (reader-at in))])
      (skip in (string-length mark))
      text)))

(define (name-start? c) (or (char-alphabetic? c) (memv c '(#\_ #\:))))
(define (name-char? c) (or (name-start? c) (char-numeric? c) (memv c '(#\. #\-))))
(define (read-name in)
  (let ([c (peeked in)])
    (cond [(eof-object? c) (wrong-here in "unexpected eof")]
          [(name-start? c) (string->symbol (while-chars in name-char?))]
          [else
           (skip in 1)
           (wrong-here in "expected name, received ~s" c)])))

;; What stands behind an ampersand: a text, a number or a symbol.
(define (read-reference in)
  (define (end) (let ([c (next in)]) (unless (eqv? c #\;) (wrong-before in "expected ; at the end of an entity"))))
  (skip in 1)
  (cond [(eqv? (peeked in) #\#)
         (skip in 1)
         (let* ([hex? (eqv? (peeked in) #\x)]
                [digits (begin (when hex? (skip in 1)) (while-chars in (lambda (c) (string->number (string c) 16))))]
                [n (string->number digits (if hex? 16 10))])
           (end)
           (unless (valid-char? n) (wrong-here in "~a is not a well-formed numeric entity" digits))
           n)]
        [else
         (let ([name (read-name in)])
           (end)
           (case name [(lt) "<"] [(gt) ">"] [(amp) "&"] [(quot) "\""] [(apos) "'"] [else name]))]))

(define (read-attribute in)
  (let* ([start (here in)] [name (read-name in)])
    (skip-space in)
    (let ([c (next in)]) (unless (eqv? c #\=) (wrong-here in "expected = in attribute ~a" name)))
    (skip-space in)
    (let ([quote-mark (next in)])
      (unless (memv quote-mark '(#\" #\')) (wrong-here in "attribute values must be in ''s or in \"\"s"))
      (let loop ([parts '()])
        (let ([c (peeked in)])
          (cond [(eqv? c quote-mark)
                 (skip in 1)
                 (attribute start (here in) name (string-append* (reverse parts)))]
                [(eqv? c #\<) (wrong-here in "'<' not allowed in attribute")]
                [(eqv? c #\&)
                 (let ([it (read-reference in)])
                   (loop (cond [(string? it) (cons it parts)]
                               [(number? it) (cons (string (integer->char it)) parts)]
                               [else parts])))]
                [else (loop (cons (string (next in)) parts))]))))))

(define (read-attributes in)
  (let loop ([all '()])
    (skip-space in)
    (let ([c (peeked in)])
      (if (or (eof-object? c) (memv c '(#\> #\/ #\?))) (reverse all) (loop (cons (read-attribute in) all))))))

;; A comment, an instruction or a type; #f where none of these is next.
(define (read-misc in)
  (let ([start (here in)])
    (cond [(begins? in "<!--") (skip in 4) (comment (up-to in "-->"))]
          [(begins? in "<?")
           (skip in 2)
           (let ([name (read-name in)])
             (skip-space in)
             (let ([text (up-to in "?>")]) (p-i start (here in) name text)))]
          [(begins? in "<!DOCTYPE")
           (let loop ([depth 0])
             (let ([c (next in)])
               (cond [(eqv? c #\[) (loop (+ depth 1))]
                     [(eqv? c #\]) (loop (- depth 1))]
                     [(and (eqv? c #\>) (= depth 0)) 'type]
                     [else (loop depth)])))]
          [else #f])))
(define (kept? one) (or (p-i? one) (and (comment? one) (read-comments))))
(define (read-all-misc in)
  (let loop ([all '()])
    (skip-space in)
    (let ([one (read-misc in)])
      (cond [(not one) (reverse all)]
            [(kept? one) (loop (cons one all))]
            [else (loop all)]))))

(define (read-element in)
  (let ([start (here in)])
    (skip in 1)
    (let* ([name (read-name in)] [attributes (read-attributes in)])
      (cond [(begins? in "/>") (skip in 2) (element start (here in) name attributes '())]
            [(eqv? (peeked in) #\>)
             (skip in 1)
             (let ([inner (read-contents in name start (here in))]) (element start (here in) name attributes inner))]
            [(eof-object? (peeked in)) (wrong-here in "unexpected eof")]
            [else (wrong-here in "expected / to close empty element `~a'" name)]))))

(define (spaced text) (if (collapse-whitespace) (regexp-replace* #px"\\s+" text " ") text))

;; Up to the end of the element that began at START.
(define (read-contents in name start opened)
  (let loop ([all '()])
    (let ([c (peeked in)] [from (here in)])
      (cond [(eof-object? c) (wrong "unclosed `~a' tag at [~a ~a]" name (shown start) (shown opened))]
            [(begins? in "</")
             (skip in 2)
             (let ([end (read-name in)])
               (skip-space in)
               (next in)
               (unless (eq? end name)
                 (wrong "start tag `~a' at [~a ~a] doesn't match end tag `~a' at [~a ~a]" name (shown start)
                        (shown opened) end (shown from) (shown (here in))))
               (reverse all))]
            [(begins? in "<![CDATA[")
             (let ([text (string-append (up-to in "]]>") "]]>")]) (loop (cons (cdata from (here in) text) all)))]
            [(read-misc in) => (lambda (one) (loop (if (kept? one) (cons one all) all)))]
            [(eqv? c #\<) (loop (cons (read-element in) all))]
            [(eqv? c #\&)
             (let ([it (read-reference in)])
               (loop (cons (if (string? it) (pcdata from (here in) it) (entity from (here in) it)) all)))]
            [else (let ([text (plain-text in)]) (loop (cons (pcdata from (here in) (spaced text)) all)))]))))

(define (need-root in)
  (let ([c (peeked in)])
    (cond [(eof-object? c) (wrong "expected root element - received #<eof>")]
          [(not (eqv? c #\<)) (wrong "expected root element - received ~s" (plain-text in))])))
(define (read-xml [port (current-input-port)])
  (let* ([in (reader-of port)] [before (read-all-misc in)])
    (need-root in)
    (let* ([root (read-element in)] [behind (reader-at in)] [after (read-all-misc in)])
      (unless (eof-object? (peeked in))
        (set-reader-at! in behind)
        (let* ([from (here in)] [text (plain-text in)])
          (wrong "extra stuff at end of document ~v" (pcdata from (here in) text))))
      (document (prolog before #f '()) root after))))
(define (read-xml/document [port (current-input-port)]) (read-xml port))
(define (read-xml/element [port (current-input-port)])
  (let ([in (reader-of port)])
    (read-all-misc in)
    (need-root in)
    (read-element in)))
