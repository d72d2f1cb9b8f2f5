#lang racket/base
(require racket/match racket/set)
(define (free-vars e)
  (match e
    [(? symbol? x) (seteq x)]
    [`(λ (,x) ,b) (set-remove (free-vars b) x)]
    [`(,f ,a) (set-union (free-vars f) (free-vars a))]))
(define counter 0)
(define (fresh x)
  (set! counter (add1 counter))
  (string->symbol (format "~a~a" x counter)))
(define (subst e x v)
  (match e
    [(? symbol? y) (if (eq? x y) v e)]
    [`(λ (,y) ,b)
     (cond
       [(eq? x y) e]
       [(set-member? (free-vars v) y)
        (define z (fresh y))
        `(λ (,z) ,(subst (subst b y z) x v))]
       [else `(λ (,y) ,(subst b x v))])]
    [`(,f ,a) `(,(subst f x v) ,(subst a x v))]))
(define (step e)
  (match e
    [`((λ (,x) ,b) ,a) (subst b x a)]
    [`(,f ,a)
     (define f2 (step f))
     (if f2 `(,f2 ,a) (let ([a2 (step a)]) (and a2 `(,f ,a2))))]
    [`(λ (,x) ,b) (let ([b2 (step b)]) (and b2 `(λ (,x) ,b2)))]
    [_ #f]))
(define (normalize e [fuel 100])
  (if (zero? fuel)
      (error 'normalize "out of fuel")
      (let ([next (step e)])
        (if next (normalize next (sub1 fuel)) e))))
(define (church n)
  `(λ (f) (λ (x) ,(for/fold ([b 'x]) ([_ n]) `(f ,b)))))
(define plus '(λ (m) (λ (n) (λ (f) (λ (x) ((m f) ((n f) x)))))))
(define (unchurch e)
  (match (normalize e)
    [`(λ (,f) (λ (,x) ,b)) (let count ([b b]) (match b [`(,_ ,c) (add1 (count c))] [_ 0]))]))
(displayln (normalize '((λ (x) x) y)))
(displayln (normalize '((λ (x) (λ (y) x)) y)))
(displayln (unchurch `((,plus ,(church 2)) ,(church 3))))
(displayln (sort (map symbol->string (set->list (free-vars '(λ (x) ((x y) z))))) string<?))
(with-handlers ([exn:fail? (lambda (e) (displayln (exn-message e)))])
  (normalize '((λ (x) (x x)) (λ (x) (x x)))))
(church 2)
