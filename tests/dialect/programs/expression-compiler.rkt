#lang racket/base
(require racket/match racket/list racket/string)
;; Shunting-yard to postfix and back to a tree.
(define precedence (hash "+" 1 "-" 1 "*" 2 "/" 2 "^" 3))
(define (op? t) (hash-has-key? precedence t))
(define (right-assoc? t) (equal? t "^"))
(define (lex s) (regexp-match* #px"\\d+|[-+*/^()]" s))
(define (->postfix tokens)
  (define (pop-while out ops pred)
    (if (and (pair? ops) (pred (car ops)))
        (pop-while (cons (car ops) out) (cdr ops) pred)
        (values out ops)))
  (let loop ([ts tokens] [out '()] [ops '()])
    (match ts
      ['() (append (reverse out) ops)]
      [(cons "(" rest) (loop rest out (cons "(" ops))]
      [(cons ")" rest)
       (define-values (out2 ops2) (pop-while out ops (lambda (o) (not (equal? o "(")))))
       (loop rest out2 (cdr ops2))]
      [(cons (? op? o) rest)
       (define p (hash-ref precedence o))
       (define-values (out2 ops2)
         (pop-while out ops
                    (lambda (top)
                      (and (op? top)
                           ((if (right-assoc? o) > >=) (hash-ref precedence top) p)))))
       (loop rest out2 (cons o ops2))]
      [(cons n rest) (loop rest (cons n out) ops)])))
(define (postfix->tree tokens)
  (car
   (for/fold ([stack '()]) ([t tokens])
     (if (op? t)
         (cons (list (string->symbol t) (second stack) (first stack)) (drop stack 2))
         (cons (string->number t) stack)))))
(define (evaluate tree)
  (match tree
    [(? number? n) n]
    [(list op a b)
     ((case op [(+) +] [(-) -] [(*) *] [(/) /] [(^) expt]) (evaluate a) (evaluate b))]))
(for ([s '("1 + 2 * 3" "(1 + 2) * 3" "2 ^ 3 ^ 2" "10 - 4 - 3" "7 / 2")])
  (define pf (->postfix (lex s)))
  (define tree (postfix->tree pf))
  (printf "~a | ~a | ~s | ~a\n" s (string-join pf " ") tree (evaluate tree)))
