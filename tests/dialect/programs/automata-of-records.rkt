#lang racket
;; pretty printer, AST optimizer, free vars, CFG/regex to NFA
(define (optimize e)
  (match e
    [(list '+ (? number? a) (? number? b)) (+ a b)]
    [(list '* 0 _) 0] [(list '* _ 0) 0]
    [(or (list '* 1 x) (list '* x 1) (list '+ 0 x) (list '+ x 0)) (optimize x)]
    [(list op a b)
     (let ([a* (optimize a)] [b* (optimize b)])
       (if (and (equal? a a*) (equal? b b*)) e (optimize (list op a* b*))))]
    [_ e]))
(optimize '(+ (* 1 x) (* 0 y)))
(optimize '(* (+ 1 2) (+ z 0)))
(define (to-infix e [prec 0])
  (match e
    [(list (and op (or '+ '- '* '/)) a b)
     (define p (if (memq op '(+ -)) 1 2))
     (define s (format "~a ~a ~a" (to-infix a p) op (to-infix b (add1 p))))
     (if (< p prec) (format "(~a)" s) s)]
    [x (~a x)]))
(to-infix '(* (+ a b) (- c (- d e))))
(struct state (id [eps #:mutable] [trans #:mutable]))
(define n 0)
(define (new-state) (set! n (add1 n)) (state n '() '()))
(define (eps! a b) (set-state-eps! a (cons b (state-eps a))))
(define (build r)
  (define s (new-state)) (define e (new-state))
  (match r
    [(? char? c) (set-state-trans! s (list (cons c e)))]
    [`(cat ,a ,b) (let-values ([(s1 e1) (build a)] [(s2 e2) (build b)]) (eps! s s1) (eps! e1 s2) (eps! e2 e))]
    [`(alt ,a ,b) (let-values ([(s1 e1) (build a)] [(s2 e2) (build b)]) (eps! s s1) (eps! s s2) (eps! e1 e) (eps! e2 e))]
    [`(star ,a) (let-values ([(s1 e1) (build a)]) (eps! s s1) (eps! s e) (eps! e1 s1) (eps! e1 e))])
  (values s e))
(define (closure ss)
  (let loop ([todo (set->list ss)] [seen ss])
    (match todo ['() seen]
      [(cons s r) (define new (filter (λ (x) (not (set-member? seen x))) (state-eps s))) (loop (append new r) (set-union seen (list->seteq new)))])))
(define (accepts? r str)
  (define-values (s e) (build r))
  (set-member? (for/fold ([cur (closure (seteq s))]) ([c str])
                 (closure (for*/seteq ([st cur] [t (state-trans st)] #:when (char=? c (car t))) (cdr t)))) e))
(define rx '(cat #\a (star (alt #\b #\c))))
(map (curry accepts? rx) '("a" "abcb" "b" "ad"))
(define (cnf e) (match e [`(not (not ,x)) (cnf x)] [`(not (and ,a ,b)) `(or ,(cnf `(not ,a)) ,(cnf `(not ,b)))] [`(not (or ,a ,b)) `(and ,(cnf `(not ,a)) ,(cnf `(not ,b)))] [`(,op ,a ,b) (list op (cnf a) (cnf b))] [x x]))
(cnf '(not (and p (not (or q r)))))
(define (truth-table vars f) (for*/list ([a '(#t #f)] [b '(#t #f)]) (list a b (f a b))))
(truth-table '(a b) (λ (a b) (or (not a) b)))
(define env0 (hash 'x 3))
(define (ev e env) (match e [(? number? n) n] [(? symbol? s) (hash-ref env s (λ () (error 'ev "unbound ~a" s)))] [`(let ([,x ,v]) ,b) (ev b (hash-set env x (ev v env)))] [`(λ (,x) ,b) (λ (v) (ev b (hash-set env x v)))] [`(,(and op (or '+ '* '-)) ,es ...) (apply (case op [(+) +] [(*) *] [(-) -]) (map (curryr ev env) es))] [`(,f ,a) ((ev f env) (ev a env))]))
(ev '(let ([y 4]) (* x y)) env0)
(ev '((λ (z) (- z x 1)) 10) env0)
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (ev 'q env0))
(define (sexp->string s) (with-output-to-string (λ () (write s))))
(sexp->string '(a "b" #\c (d . e) #(1)))
(define (depth x) (if (pair? x) (add1 (apply max 0 (map depth x))) 0))
(depth '(1 (2 (3)) ()))
(define (subst new old x) (cond [(equal? x old) new] [(pair? x) (cons (subst new old (car x)) (subst new old (cdr x)))] [else x]))
(subst 'z '(b) '(a (b) c))
(pretty-write '(define (f x) (cond [(zero? x) 'done] [else (printf "x is ~a and more text to wrap the line\n" x) (f (sub1 x))])))
