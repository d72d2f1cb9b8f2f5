#lang racket
;; A small Lisp with closures, conditionals and recursion.
(struct closure (params body env))

(define (lookup env name)
  (match env
    ['() (error 'eval "unbound variable: ~a" name)]
    [(cons frame rest)
     (if (hash-has-key? frame name) (hash-ref frame name) (lookup rest name))]))

(define (extend env names vals)
  (cons (make-hasheq (map cons names vals)) env))

(define (evaluate e env)
  (match e
    [(? number?) e]
    [(? boolean?) e]
    [(? string?) e]
    [(? symbol?) (lookup env e)]
    [`(quote ,v) v]
    [`(if ,c ,t ,f) (if (evaluate c env) (evaluate t env) (evaluate f env))]
    [`(lambda (,ps ...) ,body) (closure ps body env)]
    [`(let ([,ns ,vs] ...) ,body)
     (evaluate body (extend env ns (map (λ (v) (evaluate v env)) vs)))]
    [`(define ,n ,v) (hash-set! (car env) n (evaluate v env))]
    [`(begin ,es ... ,last)
     (for ([x es]) (evaluate x env))
     (evaluate last env)]
    [`(,f ,args ...)
     (call (evaluate f env) (map (λ (a) (evaluate a env)) args))]))

(define (call f args)
  (match f
    [(? procedure?) (apply f args)]
    [(closure ps body env)
     (unless (= (length ps) (length args))
       (error 'eval "expected ~a arguments, got ~a" (length ps) (length args)))
     (evaluate body (extend env ps args))]
    [_ (error 'eval "not a procedure: ~v" f)]))

(define global
  (list (make-hasheq (list (cons '+ +) (cons '- -) (cons '* *) (cons '< <) (cons '= =)
                           (cons 'cons cons) (cons 'car car) (cons 'list list)))))

(define (run . forms)
  (for/last ([f forms]) (evaluate f global)))

(run '(define fact (lambda (n) (if (< n 2) 1 (* n (fact (- n 1))))))
     '(fact 10))
(run '(let ([x 5] [y 6]) (+ x y)))
(run '(define adder (lambda (n) (lambda (m) (+ n m))))
     '((adder 3) 4))
(run '(begin 1 2 (list 1 (quote a) "s")))
(for ([bad '((undefined-thing) ((lambda (x) x) 1 2) (5 5))])
  (with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))])
    (run bad)))
