#lang racket
(struct input (str [pos #:mutable]))
(define (peek in)
  (if (< (input-pos in) (string-length (input-str in)))
      (string-ref (input-str in) (input-pos in))
      eof))
(define (next! in) (begin0 (peek in) (set-input-pos! in (add1 (input-pos in)))))
(define (fail in what) (error 'json "expected ~a at ~a" what (input-pos in)))
(define (ws! in) (when (and (char? (peek in)) (char-whitespace? (peek in))) (next! in) (ws! in)))
(define (expect! in c) (unless (eqv? (peek in) c) (fail in c)) (next! in))
(define (parse-value in)
  (ws! in)
  (define c (peek in))
  (begin0
    (cond
      [(eof-object? c) (fail in "a value")]
      [(char=? c #\{) (next! in) (parse-object in)]
      [(char=? c #\[) (next! in) (parse-array in)]
      [(char=? c #\") (next! in) (parse-string in)]
      [(or (char-numeric? c) (char=? c #\-)) (parse-number in)]
      [else (parse-word in)])
    (ws! in)))
(define (parse-string in)
  (let loop ([acc '()])
    (match (next! in)
      [#\" (list->string (reverse acc))]
      [#\\ (loop (cons (match (next! in) [#\n #\newline] [#\t #\tab]
                         [#\u (let ([hex (for/list ([_ 4]) (next! in))])
                                (integer->char (string->number (list->string hex) 16)))]
                         [c c])
                       acc))]
      [(? eof-object?) (fail in "end of string")]
      [c (loop (cons c acc))])))
(define (parse-number in)
  (match-define (list text) (regexp-match #px"^-?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?" (substring (input-str in) (input-pos in))))
  (set-input-pos! in (+ (input-pos in) (string-length text)))
  (string->number text))
(define (parse-word in)
  (define rest (substring (input-str in) (input-pos in)))
  (define found
    (for/first ([w '(("true" . #t) ("false" . #f) ("null" . null))] #:when (string-prefix? rest (car w))) w))
  (unless found (fail in "a value"))
  (set-input-pos! in (+ (input-pos in) (string-length (car found))))
  (cdr found))
(define (parse-sequence in close item)
  (ws! in)
  (if (eqv? (peek in) close)
      (begin (next! in) '())
      (let loop ([acc (list (item in))])
        (match (next! in)
          [#\, (loop (cons (item in) acc))]
          [(== close) (reverse acc)]
          [_ (fail in close)]))))
(define (parse-array in) (parse-sequence in #\] parse-value))
(define (parse-object in)
  (make-immutable-hasheq
   (parse-sequence in #\}
                   (λ (in)
                     (ws! in)
                     (expect! in #\")
                     (define key (parse-string in))
                     (ws! in)
                     (expect! in #\:)
                     (cons (string->symbol key) (parse-value in))))))
(define (parse str)
  (define in (input str 0))
  (define v (parse-value in))
  (unless (eof-object? (peek in)) (fail in "end of input"))
  v)
(parse "[1, -2.5, 3e2, true, null, \"a\\nb\\u0041\"]")
(define doc (parse "{\"name\": \"x\", \"tags\": [\"a\", {\"deep\": []}]}"))
(hash-ref doc 'name)
(second (hash-ref doc 'tags))
(for ([bad '("[1, 2" "{\"a\" 1}" "nope" "1 2" "\"open")])
  (printf "~a\n" (with-handlers ([exn:fail? exn-message]) (parse bad))))
