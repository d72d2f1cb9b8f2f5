#lang racket
;; A metacircular evaluator, SICP-like, with R7RS flavour.

(define (make-env parent) (mcons (make-hasheq) parent))
(define (env-lookup env name)
  (cond
    [(not env) (error 'lookup "unbound: ~a" name)]
    [(hash-has-key? (mcar env) name) (hash-ref (mcar env) name)]
    [else (env-lookup (mcdr env) name)]))
(define (env-define! env name v) (hash-set! (mcar env) name v))
(define (env-set! env name v)
  (cond [(not env) (error 'set! "unbound: ~a" name)]
        [(hash-has-key? (mcar env) name) (hash-set! (mcar env) name v)]
        [else (env-set! (mcdr env) name v)]))

(define (meval e env)
  (match e
    [(? symbol?) (env-lookup env e)]
    [(? (lambda (x) (or (number? x) (string? x) (boolean? x)))) e]
    [`(quote ,d) d]
    [`(if ,c ,t ,f) (if (meval c env) (meval t env) (meval f env))]
    [`(define (,name . ,params) . ,body) (env-define! env name (closure params body env))]
    [`(define ,name ,v) (env-define! env name (meval v env))]
    [`(set! ,name ,v) (env-set! env name (meval v env))]
    [`(lambda ,params . ,body) (closure params body env)]
    [`(let ([,names ,vals] ...) . ,body)
     (meval `((lambda ,names ,@body) ,@vals) env)]
    [`(begin ,es ...) (for/last ([x es]) (meval x env))]
    [`(cond [else ,e]) (meval e env)]
    [`(cond [,c ,e] ,more ...) (if (meval c env) (meval e env) (meval `(cond ,@more) env))]
    [`(,f ,args ...) (mapply (meval f env) (map (lambda (a) (meval a env)) args))]))

(struct closure (params body env))

(define (mapply f args)
  (cond
    [(procedure? f) (apply f args)]
    [(closure? f)
     (define env (make-env (closure-env f)))
     (let bind ([ps (closure-params f)] [as args])
       (cond [(null? ps) (void)]
             [(symbol? ps) (env-define! env ps as)]
             [else (env-define! env (car ps) (car as))
                   (bind (cdr ps) (cdr as))]))
     (for/last ([b (closure-body f)]) (meval b env))]
    [else (error 'apply "not a procedure: ~s" f)]))

(define global (make-env #f))
(for ([(k v) (in-hash (hasheq '+ + '- - '* * '= = '< < 'cons cons 'car car 'cdr cdr 'null? null? 'list list 'display display 'newline newline))])
  (env-define! global k v))

(define program
  '((define (fact n) (if (= n 0) 1 (* n (fact (- n 1)))))
    (fact 20)
    (define (my-map f l) (if (null? l) '() (cons (f (car l)) (my-map f (cdr l)))))
    (my-map (lambda (x) (* x x)) '(1 2 3 4))
    (define counter (let ([n 0]) (lambda () (set! n (+ n 1)) n)))
    (begin (counter) (counter) (counter))
    ((lambda args args) 1 2 3)
    (define (fib n) (cond [(< n 2) n] [else (+ (fib (- n 1)) (fib (- n 2)))]))
    (fib 12)
    (let ([x 1] [y 2]) (list x y))
    (undefined-thing 1)
    ("notproc" 2)
    (car '())))

(for ([form program])
  (with-handlers ([exn:fail? (λ (e) (printf "ERROR ~a\n" (exn-message e)))])
    (define v (meval form global))
    (unless (void? v) (printf "~s => ~s\n" form v))))
