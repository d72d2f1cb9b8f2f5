#lang racket

;; A tiny arithmetic language: tokenizer, recursive descent parser, evaluator

(struct token (type value) #:transparent)
(struct num (v) #:transparent)
(struct var (name) #:transparent)
(struct binop (op l r) #:transparent)
(struct assign (name e) #:transparent)

(define token-specs
  (list (cons #px"^\\s+" #f)
        (cons #px"^\\d+(\\.\\d+)?" 'num)
        (cons #px"^[a-zA-Z_]\\w*" 'id)
        (cons #px"^[-+*/=()]" 'op)))

(define (tokenize s)
  (let loop ([s s] [acc '()])
    (if (string=? s "")
        (reverse acc)
        (let ([hit (for/or ([spec token-specs])
                     (define m (regexp-match (car spec) s))
                     (and m (cons (cdr spec) (car m))))])
          (unless hit (error 'tokenize "bad character ~v" (string-ref s 0)))
          (loop (substring s (string-length (cdr hit)))
                (if (car hit) (cons (token (car hit) (cdr hit)) acc) acc))))))

(define tokens (make-parameter '()))
(define (peek) (if (null? (tokens)) #f (car (tokens))))
(define (next!) (begin0 (peek) (tokens (cdr (tokens)))))
(define (op? t s) (match t [(token 'op (== s)) #t] [_ #f]))

(define (parse-expr)
  (let loop ([left (parse-term)])
    (match (peek)
      [(token 'op (and o (or "+" "-"))) (next!) (loop (binop o left (parse-term)))]
      [_ left])))
(define (parse-term)
  (let loop ([left (parse-factor)])
    (match (peek)
      [(token 'op (and o (or "*" "/"))) (next!) (loop (binop o left (parse-factor)))]
      [_ left])))
(define (parse-factor)
  (match (next!)
    [(token 'num v) (num (string->number v))]
    [(token 'id v) (var (string->symbol v))]
    [(token 'op "(") (let ([e (parse-expr)])
                       (unless (op? (next!) ")") (error "expected )"))
                       e)]
    [(token 'op "-") (binop "-" (num 0) (parse-factor))]
    [t (error 'parse "unexpected ~a" t)]))
(define (parse-statement)
  (match (tokens)
    [(list (token 'id n) (token 'op "=") more ...)
     (tokens more)
     (assign (string->symbol n) (parse-expr))]
    [_ (parse-expr)]))

(define env (make-hasheq))
(define (ev e)
  (match e
    [(num v) v]
    [(var n) (hash-ref env n (λ () (error 'eval "unbound variable: ~a" n)))]
    [(binop op l r) ((case op [("+") +] [("-") -] [("*") *] [("/") /]) (ev l) (ev r))]
    [(assign n e) (let ([v (ev e)]) (hash-set! env n v) v)]))

(define (run s)
  (with-handlers ([exn:fail? (λ (e) (format "! ~a" (exn-message e)))])
    (parameterize ([tokens (tokenize s)])
      (ev (parse-statement)))))

(for ([line '("1 + 2 * 3" "x = 10" "y = x / 4" "(x + y) * -2" "z + 1" "3 $ 4" "2.5 * 4" "1 / 0" ")")])
  (printf "~a -> ~a\n" line (run line)))
(parameterize ([tokens (tokenize "a = 1 + b*2")]) (parse-statement))
