;; Procedures: definitions, optional, keyword and rest arguments, case-lambda, what they print as.

(define (plain a b) (list a b))
(define (optional a [b 2] [c (+ a b)]) (list a b c))
(define (all . args) args)
(define (some a . more) (list a more))
(define (greet name #:greeting [greeting "Hello"] #:mark [mark "!"]) (string-append greeting ", " name mark))
(define (required #:x x #:y y) (- x y))
(define (mixed a [b 'b] #:k [k 'k] . rest) (list a b k rest))
(define ((curried a) b) (+ a b))
(define area
  (case-lambda
    [(side) (* side side)]
    [(width height) (* width height)]
    [(a b . more) (list a b more)]))

(check (plain 1 2) => (1 2))
(check (optional 1) => (1 2 3))
(check (optional 1 5) => (1 5 6))
(check (optional 1 5 9) => (1 5 9))
(check (all) => ())
(check (all 1 2 3) => (1 2 3))
(check (some 1) => (1 ()))
(check (some 1 2 3) => (1 (2 3)))
(check (greet "Ann") => "Hello, Ann!")
(check (greet "Ann" #:greeting "Hi") => "Hi, Ann!")
(check (greet #:mark "?" "Ann" #:greeting "Hi") => "Hi, Ann?")
(check (greet #:greeting "Yo" #:mark "." "Ann") => "Yo, Ann.")
(check (required #:y 1 #:x 10) => 9)
(check (mixed 1) => (1 b k ()))
(check (mixed 1 2 3 4 #:k 5) => (1 2 5 (3 4)))
(check (mixed #:k 'z 1) => (1 b z ()))
(check ((curried 1) 2) => 3)
(check (area 3) => 9)
(check (area 3 4) => 12)
(check (area 1 2 3 4) => (1 2 (3 4)))
(check ((lambda args args) 1 2) => (1 2))
(check ((lambda (a . rest) rest) 1 2 3) => (2 3))
(check ((lambda (a [b 10]) (+ a b)) 1) => 11)
(check ((lambda (a #:b [b 10]) (+ a b)) 1 #:b 2) => 3)
(check ((lambda (#:a a #:b b) (list a b)) #:b 2 #:a 1) => (1 2))
(check (let ([f (lambda (x #:scale [s 2]) (* x s))]) (map f '(1 2 3))) => (2 4 6))
(check (keyword-apply greet '(#:greeting #:mark) '("Hey" "?") '("Bo")) => "Hey, Bo?")
(check (apply greet '("Bo") #:mark ".") => "Hello, Bo.")
(check (apply optional '(1 2)) => (1 2 3))
(check-error (plain 1) => "plain")
(check-error (plain 1 2 3) => "plain")
(check-error (greet) => "greet")
(check-error (greet "Ann" #:unknown 1) => "greet")
(check-error (required #:x 1) => "required")
(check-error (area) => "area")
(check-output (display car) => "#<procedure:car>")
(check-output (display plain) => "#<procedure:plain>")
(check-output (write (list plain)) => "(#<procedure:plain>)")
(check (object-name plain) => plain)

;; Closures and state
(define (make-counter)
  (let ([n 0])
    (lambda () (set! n (+ n 1)) n)))
(define counter (make-counter))
(define other (make-counter))
(define (make-account balance)
  (define (withdraw amount)
    (if (> amount balance)
        "Insufficient funds"
        (begin (set! balance (- balance amount)) balance)))
  (define (deposit amount) (set! balance (+ balance amount)) balance)
  (lambda (message . args)
    (case message
      [(withdraw) (apply withdraw args)]
      [(deposit) (apply deposit args)]
      [(balance) balance]
      [else (error 'account "unknown request: ~a" message)])))
(check (list (counter) (counter) (other)) => (1 2 1))
(check (let ([account (make-account 100)]) (list (account 'withdraw 30) (account 'deposit 50) (account 'withdraw 500))) => (70 120 "Insufficient funds"))
(check-error ((make-account 100) 'close) => "account: unknown request: close")

;; Recursion, mutual and nested
(define (even-steps? n) (if (= n 0) #t (odd-steps? (- n 1))))
(define (odd-steps? n) (if (= n 0) #f (even-steps? (- n 1))))
(define (fib n)
  (define (go a b n) (if (zero? n) a (go b (+ a b) (sub1 n))))
  (go 0 1 n))
(define (ackermann m n)
  (cond [(zero? m) (+ n 1)]
        [(zero? n) (ackermann (- m 1) 1)]
        [else (ackermann (- m 1) (ackermann m (- n 1)))]))
(define (deep n) (if (zero? n) 0 (+ 1 (deep (- n 1)))))
(check (even-steps? 10000) => #t)
(check (map fib (range 10)) => (0 1 1 2 3 5 8 13 21 34))
(check (fib 90) => 2880067194370816120)
(check (ackermann 2 3) => 9)
(check (deep 50000) => 50000)
(check (let loop ([i 0]) (if (< i 300000) (loop (+ i 1)) i)) => 300000)
(check (letrec ([even? (lambda (n) (or (zero? n) (odd? (sub1 n))))] [odd? (lambda (n) (and (positive? n) (even? (sub1 n))))]) (even? 101)) => #f)

;; Several values
(define (min-max lst) (values (apply min lst) (apply max lst)))
(check (call-with-values (lambda () (min-max '(3 1 2))) list) => (1 3))
(check (let-values ([(lo hi) (min-max '(3 1 2))]) (- hi lo)) => 2)
(check (call-with-values (lambda () (values)) list) => ())
(check (+ 1 (values 2)) => 3)

;; Names that are elsewhere keywords or procedures
(check (let ([fn (lambda (x) x)]) (fn 1)) => 1)
(check (let ([list '(1 2)]) (car list)) => 1)
(check (let ([string "x"]) string) => "x")
(check ((lambda (fn lst) (map fn lst)) add1 '(1 2)) => (2 3))
(check (let ([if (lambda (a b c) 'shadowed)]) (if 1 2 3)) => shadowed)
(check (let ([void 5] [vector 6] [hash 7]) (+ void vector hash)) => 18)

;; inner procedures have names as well
(check (let ([f (lambda (x) x)]) (object-name f)) => f)
(check (letrec ([go (lambda (x) (if x (go #f) go))]) (object-name (go #t))) => go)
(check (object-name (let () (define (inner) 1) inner)) => inner)
(check (format "~a" (let loop ([i 0]) (if (= i 2) loop (loop (+ i 1))))) => "#<procedure:loop>")
(check (let () (define n 0) (define (count!) (set! n (+ n 1)) n) (list (object-name count!) (count!) (count!))) => (count! 1 2))
(check (map parameter? (list current-output-port car (make-parameter 1) (lambda () 1))) => (#t #f #t #f))

;; Curried definitions with parameters that may be left out
(define ((curried-keyed a) b #:c [c 0]) (list a b c))
(check (list ((curried-keyed 1) 2) ((curried-keyed 1) 2 #:c 3)) => ((1 2 0) (1 2 3)))
(define (collects a) (lambda args (list a args)))
(check (list ((collects 1) 2 '(x)) ((collects 1) 2 3 '(x) 4)) => ((1 (2 (x))) (1 (2 3 (x) 4))))
(define named-within (let ([memo (make-hash)]) (lambda (x) x)))
(check (object-name named-within) => named-within)
(check (object-name 'symbol) => #f)

;; What procedures take
(check (map procedure-arity (list car cons (lambda (x) x) (case-lambda [(a) 1] [(a b c) 2]) (lambda (x #:k k) x))) => (1 2 1 (1 3) 1))
(check (map procedure-arity (list (lambda (a [b 1]) a) (case-lambda [(a) 1] [(a b) 2]))) => ((1 2) (1 2)))
(define (keyed a [b 2] #:c c #:a [d c] . rest) (list a b c d rest))
(check (call-with-values (lambda () (procedure-keywords keyed)) list) => ((#:c) (#:a #:c)))
(check (list (procedure-arity-includes? keyed 1) (procedure-arity-includes? keyed 1 #t) (procedure-arity-includes? keyed 0 #t)) => (#f #t #f))
(check (list (normalize-arity '(3 1 2 2)) (arity=? 1 '(1)) (arity-includes? (arity-at-least 1) 3) (procedure-arity? 'a)) => ((1 2 3) #t #t #f))
(check (list (keyword-apply keyed '(#:a #:c) '(1 3) 5 '(6 7)) (keyword-apply keyed '(#:c) '(3) 5 #:a 9 '())) => ((5 6 3 1 (7)) (5 2 3 9 ())))
(define two-only (procedure-reduce-arity (procedure-rename list 'two-only) 2))
(check (list (two-only 1 2) (procedure-arity two-only) (object-name two-only)) => ((1 2) 2 two-only))
(check-error (two-only 1) => "two-only: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: 2\n  given: 1")
(check ((lambda (a #:b [b 5] [c (+ b 1)]) (list a b c)) 1) => (1 5 6))

;; Inner procedures that sort their arguments out themselves, and call themselves.
(check (let () (define (f n [s 0]) (if (= n 0) s (f (- n 1)))) (f 3)) => 0)
(check (let () (define (go t [depth 0]) (if (pair? t) (go (cdr t) (+ depth 1)) depth)) (go '(1 2 3))) => 3)
(check (letrec ([f (λ (n [s 0]) (if (= n 0) s (f (- n 1) (+ s 1))))]) (f 4)) => 4)
(check (letrec ([g (λ (n) (if (= n 0) 'done (f (- n 1))))] [f (λ (n [k 1]) (g n))]) (g 3)) => done)
(check (let () (define (f a #:k [k 1]) (if (> a 3) k (f (+ a 1) #:k (* k 2)))) (f 0)) => 16)
(check (let () (define (f a [b 2]) (if (pair? a) (map f a) a)) (list (f '(1 (2))) (procedure-arity f))) => ((1 (2)) (1 2)))
(check (let () (define (f a [b 2]) a) (set! f f) (list (f 1) (object-name f))) => (1 f))
(check ((λ (a #:b [b 5] [c (+ b 1)]) (list a b c)) 1) => (1 5 6))
(check ((λ ([x 1] #:y [y (* x 10)] [z (+ x y)]) (list x y z)) 2 #:y 3) => (2 3 5))
(check (let-values ([(results cpu real gc) (time-apply + '(1 2))]) results) => (3))

;; Currying, one argument at a time or none, several cases, keywords
(define (three x y z) (list x y z))
(define three-or-five (case-lambda [(a b c) 3] [(a b c d e) 5]))
(check (((((((curry three)) 1)) 2)) 3) => (1 2 3))
(check (list (((curry three 1) 2) 3) ((((curry three-or-five) 1 2 3 4)) 5) (((curryr three 1) 2) 3)) => ((1 2 3) 5 (3 2 1)))
(define (with-key a b #:c c) (list a b c))
(check (((curry with-key #:c 3) 1) 2) => (1 2 3))
(check-error (compose add1 1 sub1) => "compose: contract violation\n  expected: procedure?\n  given: 1\n  argument position: 2nd")
(check-error (curry 5) => "curry: contract violation\n  expected: procedure?\n  given: 5")
(check (object-name (compose add1 sub1)) => composed)

;; Too many lists for a procedure
(check-error (map car '(1 2) '(3 4)) => "map: argument mismatch;\n the given procedure's expected number of arguments does not match the given number of lists\n  given procedure: car\n  expected: 1\n  given: 2\n  argument lists...: \n   '(1 2)\n   '(3 4)")
(check-error (for-each three '(1)) => "for-each: argument mismatch;\n the given procedure's expected number of arguments does not match the given number of lists\n  given procedure: three\n  expected: 3")

;; Names that begin with a sign or a digit, or have other signs in them
(define (+/dual . args) args)
(define ->list (lambda (x) (list x)))
(define (1+x x) x)
(define (∑ . all) all)
(define (|two words|) 1)
(check (format "~a ~a ~a ~a ~a" +/dual ->list 1+x ∑ |two words|)
  => "#<procedure:+/dual> #<procedure:->list> #<procedure:1+x> #<procedure:∑> #<procedure:two words>")
(check (let () (define (-x y) y) (format "~a" -x)) => "#<procedure:-x>")
