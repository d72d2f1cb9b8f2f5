#lang racket
(define (var? x) (and (symbol? x) (char=? #\? (string-ref (symbol->string x) 0))))
(define (walk x s)
  (cond [(and (var? x) (assq x s)) => (lambda (p) (walk (cdr p) s))]
        [else x]))
(define (occurs? v x s)
  (let ([x (walk x s)])
    (cond [(eq? v x) #t]
          [(pair? x) (or (occurs? v (car x) s) (occurs? v (cdr x) s))]
          [else #f])))
(define (unify a b s)
  (and s
       (let ([a (walk a s)] [b (walk b s)])
         (cond
           [(equal? a b) s]
           [(var? a) (and (not (occurs? a b s)) (cons (cons a b) s))]
           [(var? b) (unify b a s)]
           [(and (pair? a) (pair? b))
            (unify (cdr a) (cdr b) (unify (car a) (car b) s))]
           [else #f]))))
(define (substitute x s)
  (let ([x (walk x s)])
    (if (pair? x) (cons (substitute (car x) s) (substitute (cdr x) s)) x)))
(define facts
  '((parent tom bob) (parent tom liz) (parent bob ann) (parent bob pat) (parent pat jim)))
(define (query patterns [s '()])
  (if (null? patterns)
      (list s)
      (append*
       (for/list ([f facts])
         (define s2 (unify (car patterns) f s))
         (if s2 (query (cdr patterns) s2) '())))))
(unify '(f ?x b) '(f a ?y) '())
(unify '(f ?x) '(g a) '())
(unify '?x '(f ?x) '())
(substitute '(h ?x ?y) (unify '(?x ?y) '((k ?y) 3) '()))
(for/list ([s (query '((parent bob ?c)))]) (substitute '?c s))
(for/list ([s (query '((parent ?g ?p) (parent ?p ?c)))]) (substitute '(?g ?c) s))
(length (query '((parent ?x ?y))))
