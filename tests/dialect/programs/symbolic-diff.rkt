#lang racket
(define (simplify e)
  (match e
    [`(+ 0 ,x) x]
    [`(+ ,x 0) x]
    [`(* 0 ,_) 0]
    [`(* ,_ 0) 0]
    [`(* 1 ,x) x]
    [`(* ,x 1) x]
    [`(expt ,x 1) x]
    [`(expt ,_ 0) 1]
    [`(+ ,(? number? a) ,(? number? b)) (+ a b)]
    [`(* ,(? number? a) ,(? number? b)) (* a b)]
    [`(* ,(? number? a) (* ,(? number? b) ,x)) `(* ,(* a b) ,x)]
    [_ e]))

(define (deep-simplify e)
  (define s
    (match e
      [(list op args ...) (simplify (cons op (map deep-simplify args)))]
      [_ e]))
  (if (equal? s e) e (deep-simplify s)))

(define (d e x)
  (match e
    [(? number?) 0]
    [(? symbol? s) (if (eq? s x) 1 0)]
    [`(+ ,a ,b) `(+ ,(d a x) ,(d b x))]
    [`(* ,a ,b) `(+ (* ,(d a x) ,b) (* ,a ,(d b x)))]
    [`(expt ,a ,(? number? n)) `(* (* ,n (expt ,a ,(- n 1))) ,(d a x))]
    [`(sin ,a) `(* (cos ,a) ,(d a x))]
    [else (error 'd "cannot differentiate ~s" e)]))

(define (show e)
  (match e
    [(list (and op (or '+ '*)) a b) (format "(~a ~a ~a)" (show a) op (show b))]
    [`(expt ,a ,n) (format "~a^~a" (show a) (show n))]
    [(list f a) (format "~a(~a)" f (show a))]
    [_ (~a e)]))

(for ([e '((+ x 3) (* x x) (expt x 3) (* 5 (expt x 2)) (sin (* 2 x)) (+ (* a x) b))])
  (define r (deep-simplify (d e 'x)))
  (printf "d/dx ~a = ~a\n" (show e) (show r)))
(deep-simplify (d '(* 3 (expt x 4)) 'x))
(with-handlers ([exn:fail? (lambda (e) (exn-message e))]) (d '(log x) 'x))
