#lang racket
;; Interpreter for a small Lisp with closures, environments as hashes, error reporting.
(struct closure (params body env))
(define global
  (make-hash
   (list (cons '+ +) (cons '- -) (cons '* *) (cons '< <) (cons '= =) (cons 'list list) (cons 'car car) (cons 'cdr cdr) (cons 'cons cons) (cons 'null? null?)
         (cons 'print (λ (x) (printf "~a\n" x) x)))))
(define (lookup x env)
  (cond [(null? env) (hash-ref global x (λ () (error 'eval "unbound variable: ~a" x)))]
        [(hash-has-key? (car env) x) (hash-ref (car env) x)]
        [else (lookup x (cdr env))]))
(define (evaluate e env)
  (match e
    [(? symbol?) (lookup e env)]
    [(or (? number?) (? string?) (? boolean?)) e]
    [(list 'quote x) x]
    [(list 'if c t f) (if (evaluate c env) (evaluate t env) (evaluate f env))]
    [(list 'lambda params body ...) (closure params body env)]
    [(list 'define (list name params ...) body ...) (hash-set! global name (closure params body env)) name]
    [(list 'define name v) (hash-set! global name (evaluate v env)) name]
    [(list 'let (list (list xs vs) ...) body ...) (evaluate `((lambda ,xs ,@body) ,@vs) env)]
    [(list 'begin es ...) (for/last ([x es]) (evaluate x env))]
    [(list 'cond (list tests bodies) ...)
     (let loop ([ts tests] [bs bodies])
       (cond [(null? ts) (void)]
             [(or (eq? (car ts) 'else) (evaluate (car ts) env)) (evaluate (car bs) env)]
             [else (loop (cdr ts) (cdr bs))]))]
    [(cons f args) (apply-proc (evaluate f env) (map (λ (a) (evaluate a env)) args))]))
(define (apply-proc f args)
  (match f
    [(? procedure?) (apply f args)]
    [(closure params body env)
     (unless (= (length params) (length args))
       (error 'apply "arity mismatch: expected ~a, got ~a" (length params) (length args)))
     (define frame (make-hash (map cons params args)))
     (for/last ([b body]) (evaluate b (cons frame env)))]
    [_ (error 'apply "not a procedure: ~v" f)]))
(define program
  "(define (fact n) (if (< n 1) 1 (* n (fact (- n 1)))))
   (define (map f l) (if (null? l) '() (cons (f (car l)) (map f (cdr l)))))
   (fact 10)
   (map (lambda (x) (* x x)) '(1 2 3))
   (let ((a 1) (b 2)) (+ a b))
   (define add (lambda (n) (lambda (m) (+ n m))))
   ((add 3) 4)
   (cond ((< 2 1) 'a) (else 'b))
   (print \"hi\")
   (undefined-thing 1)
   (1 2)
   (fact 1 2)
   (car 5)")
(define in (open-input-string program))
(let loop ()
  (define form (read in))
  (unless (eof-object? form)
    (with-handlers ([exn:fail? (λ (e) (printf "! ~a\n" (exn-message e)))])
      (printf "~s\n" (evaluate form '())))
    (loop)))
