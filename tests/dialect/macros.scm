;; Macros: syntax-rules, define-syntax-rule, local macros, hygiene.
(define-syntax-rule (swap! a b)
  (let ([tmp a]) (set! a b) (set! b tmp)))
(check (let ([x 1] [y 2]) (swap! x y) (list x y)) => (2 1))
(check (let ([tmp 1] [other 2]) (swap! tmp other) (list tmp other)) => (2 1))

(define-syntax while
  (syntax-rules ()
    [(_ test body ...) (let loop () (when test body ... (loop)))]))
(check (let ([i 0] [acc '()]) (while (< i 3) (set! acc (cons i acc)) (set! i (+ i 1))) acc) => (2 1 0))

(define-syntax my-or
  (syntax-rules ()
    [(_) #f]
    [(_ e) e]
    [(_ e rest ...) (let ([t e]) (if t t (my-or rest ...)))]))
(check (my-or) => #f)
(check (my-or #f 5) => 5)
(check (let ([t 5]) (my-or #f t)) => 5)

(define-syntax my-and
  (syntax-rules ()
    ((my-and) #t)
    ((my-and test) test)
    ((my-and test1 test2 ...) (if test1 (my-and test2 ...) #f))))
(check (list (my-and) (my-and 1 2 3) (my-and 1 #f 3)) => (#t 3 #f))

(define-syntax my-if
  (syntax-rules (then else)
    [(_ c then t else e) (if c t e)]))
(check (my-if #t then 1 else 2) => 1)
(check (my-if (> 1 2) then 'yes else 'no) => no)

(define-syntax for-in
  (syntax-rules (in)
    [(_ x in lst body ...) (for-each (lambda (x) body ...) lst)]))
(check-output (for-in x in '(1 2 3) (display (* x x)) (display " ")) => "1 4 9 ")

(define-syntax my-let
  (syntax-rules ()
    [(_ ([name value] ...) body ...) ((lambda (name ...) body ...) value ...)]))
(check (my-let ([a 1] [b 2]) (+ a b)) => 3)

(define-syntax my-let*
  (syntax-rules ()
    [(_ () body ...) (let () body ...)]
    [(_ ([n v] rest ...) body ...) (let ([n v]) (my-let* (rest ...) body ...))]))
(check (my-let* ([a 1] [b (+ a 1)] [c (* b 2)]) (list a b c)) => (1 2 4))

(define-syntax my-cond
  (syntax-rules (else)
    [(_ [else e ...]) (begin e ...)]
    [(_ [c e ...] clause ...) (if c (begin e ...) (my-cond clause ...))]))
(check (my-cond [#f 1] [(= 1 1) 2] [else 3]) => 2)
(check (my-cond [#f 1] [else 3]) => 3)

;; Depth of ellipses
(define-syntax my-cases
  (syntax-rules ()
    [(_ (name (key value) ...) ...) (list (list 'name (list (cons key value) ...)) ...)]))
(check (my-cases (a (1 2) (3 4)) (b)) => ((a ((1 . 2) (3 . 4))) (b ())))
(define-syntax flatten-pairs
  (syntax-rules ()
    [(_ ((a b) ...) ...) '(a ... ... b ... ...)]))
(check (flatten-pairs ((1 2) (3 4)) ((5 6))) => (1 3 5 2 4 6))
(define-syntax last-of
  (syntax-rules ()
    [(_ x ... y) 'y]))
(check (last-of 1 2 3) => 3)
(define-syntax dotted
  (syntax-rules ()
    [(_ a . b) '(a b)]))
(check (dotted 1 2 3) => (1 (2 3)))
(define-syntax with-vector
  (syntax-rules ()
    [(_ #(a b ...)) (list a '(b ...))]))
(check (with-vector #(1 2 3)) => (1 (2 3)))
(define-syntax matched
  (syntax-rules ()
    [(_ "text" x) (list 'text x)]
    [(_ 5 x) (list 'five x)]
    [(_ _ x) (list 'any x)]))
(check (list (matched "text" 1) (matched 5 2) (matched foo 3)) => ((text 1) (five 2) (any 3)))
(define-syntax be-like-begin
  (syntax-rules ()
    [(_ name)
     (define-syntax name
       (syntax-rules ()
         [(_ expr (... ...)) (begin expr (... ...))]))]))
(be-like-begin sequence-of)
(check (sequence-of 1 2 3 4) => 4)

;; Hygiene
(define-syntax-rule (twice e) (let ([x e]) (+ x x)))
(check (let ([x 10]) (twice (+ x 1))) => 22)
(define-syntax my-unless
  (syntax-rules () [(_ c body ...) (if c #f (begin body ...))]))
(check (let ([if list]) (my-unless #f 1 2)) => 2)
(define helper-value 100)
(define-syntax-rule (get-helper) helper-value)
(check (let ([helper-value 1]) (get-helper)) => 100)
(define-syntax-rule (bind name value body) (let ([name value]) body))
(check (bind z 5 (* z 2)) => 10)
(define-syntax capture-free
  (syntax-rules ()
    [(_ body) (let ([it 42]) body)]))
(check (let ([it 1]) (capture-free it)) => 1)

;; Macros that define
(define-syntax-rule (define-getter name value) (define (name) value))
(define-getter get-five 5)
(check (get-five) => 5)
(define-syntax define-constants
  (syntax-rules ()
    [(_ (name value) ...) (begin (define name value) ...)]))
(define-constants (red 1) (green 2))
(check (list red green) => (1 2))
(define-syntax-rule (define-tested name args body) (define (name . args) body))
(define-tested add-up (a b) (+ a b))
(check (add-up 1 2) => 3)
(define-syntax-rule (my-define (name arg ...) body ...) (define name (lambda (arg ...) body ...)))
(my-define (triple x) (* 3 x))
(check (triple 4) => 12)

;; Local macros
(check (let-syntax ([double (syntax-rules () [(_ x) (* 2 x)])]) (double 5)) => 10)
(check (letrec-syntax ([count-args (syntax-rules () [(_) 0] [(_ a rest ...) (+ 1 (count-args rest ...))])]) (count-args a b c)) => 3)
(check (let () (define-syntax-rule (inc x) (+ x 1)) (inc 5)) => 6)
(check (let () (define-syntax sq (syntax-rules () [(_ x) (* x x)])) (map (lambda (n) (sq n)) '(1 2 3))) => (1 4 9))

;; Control by macros
(define-syntax repeat
  (syntax-rules (times)
    [(_ n times body ...) (for ([i (in-range n)]) body ...)]))
(check-output (repeat 3 times (display "x")) => "xxx")
(define-syntax unless2
  (syntax-rules ()
    [(unless2 condition . body) (when (not condition) . body)]))
(check (unless2 #f 1 2) => 2)
(define-syntax try
  (syntax-rules (catch)
    [(_ body ... (catch e handler ...))
     (with-handlers ([exn:fail? (lambda (e) handler ...)]) body ...)]))
(check (try (error "boom") (catch e (exn-message e))) => "boom")
(check (try 1 2 (catch e 'failed)) => 2)
(define-syntax my-list-of
  (syntax-rules (for in if)
    [(_ expr for x in lst) (map (lambda (x) expr) lst)]
    [(_ expr for x in lst if test) (map (lambda (x) expr) (filter (lambda (x) test) lst))]))
(check (my-list-of (* x x) for x in '(1 2 3)) => (1 4 9))
(check (my-list-of (* x x) for x in '(1 2 3 4) if (even? x)) => (4 16))
(define-syntax ->>
  (syntax-rules ()
    [(_ x) x]
    [(_ x (f a ...) rest ...) (->> (f a ... x) rest ...)]
    [(_ x f rest ...) (->> (f x) rest ...)]))
(check (->> '(1 2 3 4) (filter even?) (map sqr) (apply +)) => 20)
(check (->> 5 add1 number->string) => "6")
(define-syntax inc!
  (syntax-rules ()
    [(_ x) (inc! x 1)]
    [(_ x n) (set! x (+ x n))]))
(check (let ([n 1]) (inc! n) (inc! n 10) n) => 12)
(define-syntax-rule (unquoted-list x ...) `(x ... ,(+ 1 2)))
(check (unquoted-list a b) => (a b 3))
(define-syntax-rule (timed-label label e) (let ([v e]) (format "~a: ~a" label v)))
(check (timed-label "sum" (+ 1 2)) => "sum: 3")
(define-syntax my-delay (syntax-rules () [(_ e) (lambda () e)]))
(check ((my-delay (+ 1 2))) => 3)
