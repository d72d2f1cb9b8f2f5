#lang racket/base
(require racket/list racket/string racket/match)

;; Tokens are (list type text)
(define token-specs
  (list (cons 'number #px"^[0-9]+(\\.[0-9]+)?")
        (cons 'ident #px"^[a-zA-Z_][a-zA-Z0-9_]*")
        (cons 'op #px"^(==|<=|>=|[-+*/=<>])")
        (cons 'lparen #rx"^[(]")
        (cons 'rparen #rx"^[)]")))

(define (next-token str)
  (for/or ([spec (in-list token-specs)])
    (define m (regexp-match (cdr spec) str))
    (and m (list (car spec) (car m)))))

(define (tokenize str)
  (let loop ([s (string-trim str)] [acc '()])
    (cond
      [(string=? s "") (reverse acc)]
      [(next-token s)
       => (lambda (tok)
            (loop (string-trim (substring s (string-length (second tok))) #:right? #f)
                  (cons tok acc)))]
      [else (error 'tokenize "unexpected character: ~a" (string-ref s 0))])))

(define (show tokens)
  (string-join (map (lambda (t) (format "~a:~a" (first t) (second t))) tokens) " "))

(for ([input '("x = 3.14 * (y + 2)" "a<=b" "  spaced   out ")])
  (printf "~s -> ~a\n" input (show (tokenize input))))

(with-handlers ([exn:fail? (lambda (e) (printf "error: ~a\n" (exn-message e)))])
  (tokenize "price @ 5"))

(match (tokenize "n + 1")
  [(list (list 'ident name) (list 'op op) (list 'number n))
   (printf "~a is applied to ~a and ~a\n" op name (string->number n))])
