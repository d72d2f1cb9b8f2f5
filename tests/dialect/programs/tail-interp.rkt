#lang racket/base
;; An evaluator in continuation-passing style with its own call/cc.
(require racket/match racket/list)
(define (ev e env k)
  (match e
    [(? number?) (k e)]
    [(? boolean?) (k e)]
    [(? symbol?)
     (define p (assq e env))
     (if p (k (unbox (cdr p))) (error 'ev "unbound ~a" e))]
    [(list 'if c t f) (ev c env (lambda (v) (ev (if v t f) env k)))]
    [(list 'lambda (list ps ...) body)
     (k (lambda (args k2)
          (ev body (append (map (lambda (p a) (cons p (box a))) ps args) env) k2)))]
    [(list 'letrec (list (list n v)) body)
     (define b (box #f))
     (define env2 (cons (cons n b) env))
     (ev v env2 (lambda (x) (set-box! b x) (ev body env2 k)))]
    [(list 'call/cc f)
     (ev f env (lambda (fv) (fv (list (lambda (args _k) (k (car args)))) k)))]
    [(list 'set! n v)
     (ev v env (lambda (x) (set-box! (cdr (assq n env)) x) (k (void))))]
    [(list 'begin e) (ev e env k)]
    [(list 'begin e es ...) (ev e env (lambda (_) (ev (cons 'begin es) env k)))]
    [(list f args ...)
     (ev f env
         (lambda (fv)
           (let loop ([args args] [vals '()])
             (if (null? args)
                 (fv (reverse vals) k)
                 (ev (first args) env (lambda (v) (loop (rest args) (cons v vals))))))))]))
(define (prim f) (box (lambda (args k) (k (apply f args)))))
(define base (list (cons '+ (prim +)) (cons '* (prim *)) (cons '- (prim -)) (cons '= (prim =)) (cons 'list (prim list))))
(define (run e) (ev e base values))
(run '(+ 1 (* 2 3)))
(run '((lambda (x y) (list y x)) 1 2))
(run '(letrec ((f (lambda (n) (if (= n 0) 1 (* n (f (- n 1))))))) (f 10)))
(run '(letrec ((loop (lambda (n acc) (if (= n 0) acc (loop (- n 1) (+ acc n)))))) (loop 5000 0)))
(run '(+ 1 (call/cc (lambda (k) (* 100 (k 41))))))
(run '((lambda (x) (begin (set! x (+ x 1)) x)) 5))
(with-handlers ([exn:fail? (lambda (e) (exn-message e))]) (run '(+ 1 nope)))
