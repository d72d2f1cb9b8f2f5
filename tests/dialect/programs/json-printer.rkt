#lang racket
;; A small JSON serializer, pretty and compact.
(define (json-escape s)
  (string-append
   "\""
   (apply string-append
          (for/list ([c (in-string s)])
            (case c
              [(#\") "\\\""]
              [(#\\) "\\\\"]
              [(#\newline) "\\n"]
              [(#\tab) "\\t"]
              [else (string c)])))
   "\""))

(define (->json v)
  (cond
    [(eq? v 'null) "null"]
    [(boolean? v) (if v "true" "false")]
    [(and (number? v) (exact? v) (not (integer? v))) (number->string (exact->inexact v))]
    [(number? v) (number->string v)]
    [(string? v) (json-escape v)]
    [(symbol? v) (json-escape (symbol->string v))]
    [(hash? v)
     (format "{~a}"
             (string-join
              (for/list ([k (sort (hash-keys v) symbol<?)])
                (format "~a:~a" (json-escape (symbol->string k)) (->json (hash-ref v k))))
              ","))]
    [(list? v) (string-append "[" (string-join (map ->json v) ",") "]")]
    [(vector? v) (->json (vector->list v))]
    [else (error '->json "cannot serialize: ~s" v)]))

(define (pretty v [indent 0])
  (define pad (make-string indent #\space))
  (define inner (make-string (+ indent 2) #\space))
  (cond
    [(and (list? v) (pair? v))
     (string-append "[\n"
                    (string-join (map (λ (x) (string-append inner (pretty x (+ indent 2)))) v) ",\n")
                    "\n" pad "]")]
    [(and (hash? v) (not (hash-empty? v)))
     (string-append "{\n"
                    (string-join
                     (for/list ([k (sort (hash-keys v) symbol<?)])
                       (string-append inner (->json k) ": " (pretty (hash-ref v k) (+ indent 2))))
                     ",\n")
                    "\n" pad "}")]
    [else (->json v)]))

(define doc
  (hash 'name "Widget \"Pro\""
        'tags '("a" "b\tc")
        'price 1/4
        'stock #f
        'parts (vector 1 2.5 'null)
        'meta (hash 'empty '() 'nested (hash 'x 1))))
(displayln (->json doc))
(displayln (pretty doc))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))])
  (->json (list 1 (box 2))))
