#lang racket
(define (type-of e env)
  (match e
    [(? exact-integer?) 'int]
    [(? boolean?) 'bool]
    [(? string?) 'str]
    [(? symbol? x)
     (hash-ref env x (λ () (error 'type "unbound ~a" x)))]
    [`(if ,c ,t ,f)
     (expect c 'bool env)
     (define tt (type-of t env))
     (expect f tt env)
     tt]
    [`(fun (,x : ,tx) ,body)
     `(-> ,tx ,(type-of body (hash-set env x tx)))]
    [`(let ,x ,v ,body) (type-of body (hash-set env x (type-of v env)))]
    [`(,(and op (or '+ '* '-)) ,a ,b) (expect a 'int env) (expect b 'int env) 'int]
    [`(,(or '< '=) ,a ,b) (expect a 'int env) (expect b 'int env) 'bool]
    [`(,f ,a)
     (match (type-of f env)
       [`(-> ,from ,to) (expect a from env) to]
       [t (error 'type "~s is no function but ~a" f t)])]))
(define (expect e want env)
  (define got (type-of e env))
  (unless (equal? got want)
    (error 'type "~s is ~a, not ~a" e (show got) (show want))))
(define (show t)
  (match t
    [`(-> ,a ,b) (format "(~a -> ~a)" (show a) (show b))]
    [_ (symbol->string t)]))
(define examples
  '((+ 1 2)
    (if (< 1 2) "a" "b")
    (fun (x : int) (= x 0))
    ((fun (x : int) (* x x)) 5)
    (let twice (fun (f : (-> int int)) (fun (x : int) (f (f x)))) twice)
    (+ 1 #t)
    (if 1 2 3)
    (5 5)
    (fun (x : int) y)))
(for ([e examples])
  (printf "~s\n  : ~a\n" e
          (with-handlers ([exn:fail? exn-message])
            (show (type-of e (hash))))))
