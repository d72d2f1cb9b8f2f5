#lang racket
;; simply typed lambda calculus checker with pretty error messages
(struct exn:type exn:fail (expr))
(define (type-error e fmt . args) (raise (exn:type (apply format fmt args) (current-continuation-marks) e)))
(define (show-type t) (match t [(list '-> a b) (format "(~a -> ~a)" (show-type a) (show-type b))] [_ (symbol->string t)]))
(define (check e [env (hasheq)])
  (match e
    [(? exact-integer?) 'int]
    [(? boolean?) 'bool]
    [(? string?) 'str]
    [(? symbol? x) (hash-ref env x (λ () (type-error e "unbound ~a" x)))]
    [`(λ (,x : ,t) ,body) `(-> ,t ,(check body (hash-set env x t)))]
    [`(let ,x = ,v in ,body) (check body (hash-set env x (check v env)))]
    [`(if ,c ,a ,b)
     (unless (eq? 'bool (check c env)) (type-error c "condition must be bool, got ~a" (show-type (check c env))))
     (define ta (check a env)) (define tb (check b env))
     (if (equal? ta tb) ta (type-error e "branches differ: ~a vs ~a" (show-type ta) (show-type tb)))]
    [`(,f ,a)
     (match (check f env)
       [`(-> ,from ,to) #:when (equal? from (check a env)) to]
       [`(-> ,from ,_) (type-error a "expected ~a, got ~a" (show-type from) (show-type (check a env)))]
       [t (type-error f "~a is not a function" (show-type t))])]))
(define env (hasheq 'inc '(-> int int) 'zero? '(-> int bool) 'len '(-> str int)))
(define tests
  '((inc 5) (λ (x : int) (zero? x)) (if (zero? 0) "a" "b") (if 1 2 3) (if #t 1 "x") (inc "s") (5 6) y
    (let f = (λ (g : (-> int int)) (g (g 1))) in (f inc)) (len (if #t "q" "r"))))
(for ([t tests])
  (with-handlers ([exn:type? (λ (x) (printf "~s: type error: ~a (in ~s)\n" t (exn-message x) (exn:type-expr x)))])
    (printf "~s : ~a\n" t (show-type (check t env)))))
(define (free-vars e)
  (match e
    [(? symbol?) (seteq e)]
    [`(λ (,x : ,_) ,b) (set-remove (free-vars b) x)]
    [(list es ...) (apply set-union (seteq) (map free-vars es))]
    [_ (seteq)]))
(sort (set->list (free-vars '(λ (x : int) (f (x y))))) symbol<?)
(define-syntax-rule (check-equal got want) (let ([g got] [w want]) (printf "~a ~s\n" (if (equal? g w) "PASS" "FAIL") 'got)))
(check-equal (+ 1 2) 3)
(check-equal (check '(inc 1) env) 'bool)
(define (fresh-names) (define n 0) (λ ([base 'v]) (set! n (add1 n)) (string->symbol (format "~a~a" base n))))
(define fresh (fresh-names))
(list (fresh) (fresh 'tmp) (fresh))
(let*-values ([(q r) (quotient/remainder 7 2)] [(s) (* q r)]) (list q r s))
(exn:type "m" (current-continuation-marks) 'e)
(with-handlers ([exn:fail? (λ (e) (printf "~a|~a\n" (exn:type? e) (exn-message e)))]) (check '(boom 1)))
