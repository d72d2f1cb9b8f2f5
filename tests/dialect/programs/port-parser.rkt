#lang racket
;; hand-written JSON parser on string ports & printer
(define (skip-ws in) (when (regexp-try-match #px"^\\s+" in) (void)))
(define (parse in)
  (skip-ws in)
  (define c (peek-char in))
  (cond
    [(eof-object? c) (error 'parse "unexpected end")]
    [(char=? c #\{) (read-char in) (parse-object in)]
    [(char=? c #\[) (read-char in) (parse-array in)]
    [(char=? c #\") (read-char in) (parse-string in)]
    [(or (char-numeric? c) (char=? c #\-))
     (string->number (bytes->string/utf-8 (car (regexp-match #px"^-?[0-9.eE+]+" in))))]
    [(regexp-try-match #rx"^true" in) #t]
    [(regexp-try-match #rx"^false" in) #f]
    [(regexp-try-match #rx"^null" in) 'null]
    [else (error 'parse "unexpected character ~s" c)]))
(define (expect in ch)
  (skip-ws in)
  (define c (read-char in))
  (unless (eqv? c ch) (error 'parse "expected ~a but got ~a" ch c)))
(define (parse-string in)
  (let loop ([acc '()])
    (match (read-char in)
      [#\" (list->string (reverse acc))]
      [#\\ (loop (cons (match (read-char in) [#\n #\newline] [#\t #\tab] [c c]) acc))]
      [(? eof-object?) (error 'parse "unterminated string")]
      [c (loop (cons c acc))])))
(define (parse-array in)
  (skip-ws in)
  (if (eqv? (peek-char in) #\])
      (begin (read-char in) '())
      (let loop ([acc (list (parse in))])
        (skip-ws in)
        (case (read-char in)
          [(#\,) (loop (cons (parse in) acc))]
          [(#\]) (reverse acc)]
          [else (error 'parse "bad array")]))))
(define (parse-object in)
  (let loop ([acc '()])
    (skip-ws in)
    (match (peek-char in)
      [#\} (read-char in) (reverse acc)]
      [#\, (read-char in) (loop acc)]
      [_ (expect in #\")
         (let ([k (parse-string in)])
           (expect in #\:)
           (loop (cons (cons (string->symbol k) (parse in)) acc)))])))
(define (json s) (parse (open-input-string s)))
(json "[1, 2.5, \"a\\nb\", true, null, []]")
(json "{\"a\": {\"b\": [1, {\"c\": -3e2}]}, \"d\": \"x\"}")
(define (->json v)
  (cond [(number? v) (number->string v)]
        [(string? v) (format "~s" v)]
        [(eq? v 'null) "null"]
        [(boolean? v) (if v "true" "false")]
        [(and (pair? v) (pair? (car v)) (symbol? (caar v)))
         (string-append "{" (string-join (for/list ([p v]) (format "~s:~a" (symbol->string (car p)) (->json (cdr p)))) ",") "}")]
        [(list? v) (string-append "[" (string-join (map ->json v) ",") "]")]))
(displayln (->json (json "{\"a\": {\"b\": [1, {\"c\": -3}]}, \"d\": \"x\", \"e\": false}")))
(for ([bad '("[1 2]" "{\"a\" 1}" "\"abc" "" "@")])
  (with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (json bad)))
(define (assq-ref al k) (cdr (assq k al)))
(assq-ref (json "{\"k\": 5}") 'k)
