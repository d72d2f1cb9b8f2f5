;; match and kin.

;; Literals and variables
(define (name-of v)
  (match v
    [1 'one]
    ["two" 'two]
    ['three 'three]
    [#\4 'four]
    [#t 'true]
    ['() 'nothing]
    [5.0 'five]
    [_ 'other]))
(check (map name-of (list 1 "two" 'three #\4 #t '() 5.0 'x)) => (one two three four true nothing five other))
(check (match 5 [x (* x 2)]) => 10)
(check (match '(1 2) [(list a b) (+ a b)]) => 3)
(check (match '(1 2 3) [(list a b) 'two] [(list a b c) 'three]) => three)
(check (match '() [(list) 'empty]) => empty)
(check (match '(1 2 3) [(cons h t) (list h t)]) => (1 (2 3)))
(check (match '(1 2 3 4) [(list* a b rest) (list a b rest)]) => (1 2 (3 4)))
(check (match '(1 2 3) [(list-rest a rest) (list a rest)]) => (1 (2 3)))
(check (match '(a . b) [(cons x y) (list x y)]) => (a b))
(check (match '(1 (2 3)) [(list a (list b c)) (list a b c)]) => (1 2 3))
(check (match 'x ['y 1] ['x 2]) => 2)
(check-error (match 5 [6 'six]) => "match")

;; Ellipses
(check (match '(1 2 3) [(list xs ...) xs]) => (1 2 3))
(check (match '(1 2 3) [(list x xs ...) (list x xs)]) => (1 (2 3)))
(check (match '(1 2 3) [(list xs ... x) (list xs x)]) => ((1 2) 3))
(check (match '((a 1) (b 2)) [(list (list k v) ...) (list k v)]) => ((a b) (1 2)))
(check (match '(1 2 3) [(list (? number? ns) ...) (apply + ns)]) => 6)
(check (match '(1 x 3) [(list (? number? ns) ...) 'numbers] [_ 'mixed]) => mixed)
(check (match '(1 2) [(list x ..2) x]) => (1 2))
(check (match '() [(list x ..1) x] [_ 'none]) => none)
(check (match '(1 2 3) [(list _ ...) 'list]) => list)
(check (match '(begin 1 2 3) [(list 'begin body ... last) last]) => 3)

;; Predicates, and, or, not, guards
(check (match 5 [(? string?) 'string] [(? number? n) (add1 n)]) => 6)
(check (match 5 [(? even?) 'even] [(? odd?) 'odd]) => odd)
(check (match 5 [(and n (? number?)) (list n)]) => (5))
(check (match 2 [(or 1 2 3) 'small] [_ 'large]) => small)
(check (match '(sub 5) [(list (or 'add 'sub) n) n]) => 5)
(check (match 5 [(not 6) 'not-six]) => not-six)
(check (match 5 [(and n (not (? even?))) (list 'odd n)]) => (odd 5))
(check (match 5 [n #:when (> n 10) 'big] [n #:when (> n 3) 'medium] [_ 'small]) => medium)
(check (match '(1 2) [(list a b) #:when (= a b) 'same] [(list a b) 'different]) => different)
(check (match '(1 1) [(list a a) 'same] [_ 'different]) => same)
(check (match '(1 2) [(list a a) 'same] [_ 'different]) => different)
(check (match 5 [n (=> next) (if (even? n) 'even (next))] [_ 'odd]) => odd)
(check (match "k=v" [(app (lambda (s) (string-split s "=")) (list k v)) (list k v)]) => ("k" "v"))
(check (match 9 [(app sqrt 3) 'nine]) => nine)
(check (match 'b [(or 'a 'b) 'ab]) => ab)
(check (match '(1 . 2) [(cons (? number? a) (? number? b)) (+ a b)]) => 3)

;; Quasi-patterns
(check (match '(+ 1 2) [`(+ ,a ,b) (+ a b)]) => 3)
(check (match '(let ((x 1)) x) [`(let ((,n ,v)) ,body) (list n v body)]) => (x 1 x))
(check (match '(lambda (a b) (+ a b)) [`(lambda ,args ,body) (list args body)]) => ((a b) (+ a b)))
(check (match '(f 1 2 3) [`(f ,args ...) args]) => (1 2 3))
(check (match '(f 1 2 3) [`(f . ,args) args]) => (1 2 3))
(check (match '(if #t 1 2) [`(if ,c ,t ,e) (list c t e)]) => (#t 1 2))
(check (match '(a b) [`(a ,(? symbol? s)) s]) => b)
(check (match '(x y) [`(a ,b) 'a] [`(x ,b) 'x]) => x)
(check (match '(define (f x) 1) [`(define (,name ,args ...) ,body) (list name args body)]) => (f (x) 1))

;; Vectors, hashes, strings, structs
(struct point (x y) #:transparent)
(struct point3 point (z) #:transparent)
(check (match #(1 2) [(vector a b) (+ a b)]) => 3)
(check (match #(1 2 3) [(vector a rest ...) rest]) => (2 3))
(check (match (hash 'a 1 'b 2) [(hash-table ('a a) ('b b)) (list a b)]) => (1 2))
(check (match (hash 'type 'circle 'r 5) [(hash-table ('type 'square)) 'square] [(hash-table ('type 'circle) ('r r)) r]) => 5)
(check (match (point 1 2) [(point x y) (list x y)]) => (1 2))
(check (match (point 1 2) [(struct point (x y)) (+ x y)]) => 3)
(check (match (list (point 1 2) (point 3 4)) [(list (point xs ys) ...) (list xs ys)]) => ((1 3) (2 4)))
(check (match (point3 1 2 3) [(point3 x y z) (list x y z)]) => (1 2 3))
(check (match (point3 1 2 3) [(point x y) (list x y)]) => (1 2))
(check (match (point 0 5) [(point 0 y) y] [_ 'off]) => 5)
(check (match "2026-11-21" [(regexp #rx"^([0-9]+)-([0-9]+)" (list _ y m)) (list y m)]) => ("2026" "11"))
(check (match "hello" [(pregexp #px"^h\\w+$") 'h-word]) => h-word)
(check (match "abc" [(? string? s) (string-length s)]) => 3)
(check (match (box 5) [(box v) v]) => 5)
(check (match '(1 2) [(quote (1 2)) 'literal]) => literal)
(check (match (list 1 (vector 2 (point 3 "x"))) [(list a (vector b (point c d))) (list a b c d)]) => (1 2 3 "x"))
(check (match '(3 1 2) [(list-no-order 1 2 x) x]) => 3)

;; match-let, match-define, match-lambda, match*
(check (match-let ([(list a b) '(1 2)] [(cons c _) '(3 . 4)]) (list a b c)) => (1 2 3))
(check (match-let* ([(list a b) '(1 2)] [(list c) (list (+ a b))]) c) => 3)
(check (let () (match-define (list a (cons b c)) '(1 (2 . 3))) (list a b c)) => (1 2 3))
(check ((match-lambda [(list a b) (+ a b)] [x 'other]) '(1 2)) => 3)
(check (map (match-lambda [(cons k v) v]) '((a . 1) (b . 2))) => (1 2))
(check ((match-lambda* [(list a b) (list 'two a b)] [(list a) (list 'one a)]) 5) => (one 5))
(check ((match-lambda** [((list a) b) (+ a b)] [(_ _) 'no]) '(1) 2) => 3)
(check (match* (1 '(2)) [(a (list b)) (+ a b)]) => 3)
(check (match* ('a 'b) [('a 'a) 1] [('a 'b) 2]) => 2)
(check (let-values ([(a b) (match '(1 2) [(list x y) (values y x)])]) (list a b)) => (2 1))
(define/match (power base exponent)
  [(_ 0) 1]
  [(b n) (* b (power b (sub1 n)))])
(check (power 2 5) => 32)
(match-define (list first-of-three _ third-of-three) '(10 20 30))
(check (list first-of-three third-of-three) => (10 30))
(match-define (point px py) (point 7 8))
(check (+ px py) => 15)
(check (for/list ([p '((1 . a) (2 . b))]) (match-define (cons n s) p) (list s n)) => ((a 1) (b 2)))

;; Interpreters
(define (evaluate e)
  (match e
    [(? number?) e]
    [`(+ ,a ,b) (+ (evaluate a) (evaluate b))]
    [`(* ,a ,b) (* (evaluate a) (evaluate b))]
    [(list '- a) (- (evaluate a))]
    [_ (error 'evaluate "bad expression: ~s" e)]))
(define (simplify e)
  (match e
    [(list '+ 0 x) (simplify x)]
    [(list '* 1 x) (simplify x)]
    [(list '* 0 _) 0]
    [(list op args ...) (cons op (map simplify args))]
    [_ e]))
(define (count-leaves tree)
  (match tree
    ['() 0]
    [(cons a d) (+ (count-leaves a) (count-leaves d))]
    [_ 1]))
(check (evaluate '(+ 1 (* 2 (- 3)))) => -5)
(check-error (evaluate '(/ 1 2)) => "evaluate: bad expression: (/ 1 2)")
(check (simplify '(f (+ 0 x) (* 1 (* 0 y)))) => (f x 0))
(check (count-leaves '((1 2) (3 (4)))) => 4)

;; Patterns' words are known by their letters
(check (let () (struct var (name) #:transparent) (match 5 [(var x) (list 'is x)])) => (is 5))
(check (match (hash 'a 1 'b 2) [(hash-table ('a x) _ ...) x]) => 1)
(check (match (hash 'a 1 'b 2) [(hash-table ('a x) (k v) ...) (list x k v)]) => (1 (b) (2)))
(check (let () (struct app (f a) #:transparent) (match (app 1 2) [(app x y) (list x y)])) => (1 2))
(check (match 4 [(app add1 n) n]) => 5)

;; What sends on to the next clause does not come back, wherever it is called
(check (match 1 [x (=> next) (begin (next) 3)] [_ 'second]) => second)
(check (match '(1 2) [(list a b) (=> next) (+ a (if (> b 1) (next) b))] [(list a _) (list 'one a)]) => (one 1))
(check (call-with-values (lambda () (match 1 [x (=> next) (values x 2)])) list) => (1 2))
(check (match* (1 2) [(a b) (=> next) (for ([i 3]) (when (= i b) (next))) 'first] [(_ _) 'second]) => second)

;; A name twice, one behind a stretch: the search goes on until both are equal
(check (match '(1 2 1 3) [(list a l ... a r ...) (list a l r)]) => (1 (2) (3)))
(check (match '(1 2 3 4 3 9) [(list a ... b c ... b d ...) (list a b c d)]) => ((1 2) 3 (4) (9)))
(check (match '(1 1) [(list a (or (list 5 a) a)) 'same]) => same)
(check (match-let ([(list x y) '(1 2)] [(list y z) '(2 3)]) (list x y z)) => (1 2 3))
(check-error (match-let ([(list x y) '(1 22)] [(list y z) '(2 3)]) x) => "match-let: no matching clause for '((1 22) (2 3))")
(check (parameterize ([match-equality-test eq?]) (match (list (list 1) (list 1)) [(list x x) 'same] [_ 'other])) => other)

;; On to the next clause, boxes, prefab records, patterns with a name
(check (match '(1 . 2) [(cons a b) (if (< a b) (failure-cont) 0)] [_ 1]) => 1)
(check (match '#&x ['#&y 1] ['#&x 2]) => 2)
(check (match '#s(move 1 2) [`#s(move ,a) a] [`#s(move ,a ,b) (list a b)]) => (1 2))
(define/match ((add-to a) b) [(0 b) b] [(a b) (+ a b)])
(check (list ((add-to 0) 5) ((add-to 2) 5)) => (5 7))
(define-match-expander pair-of (syntax-rules () [(_ a b) (list a b)]))
(check (match '(1 (2 3)) [(pair-of x (pair-of y z)) (list x y z)]) => (1 2 3))
(define-match-expander tagged
  (lambda (stx) (syntax-case stx () [(_ a) #'(cons 'tag a)]))
  (lambda (stx) (syntax-case stx () [(_ a) #'(cons 'tag a)])))
(check (match (tagged 5) [(tagged x) x]) => 5)

;; A procedure of several values fits as many patterns.
(check (match 5 [(app (λ (n) (values 0 n)) a b) (list a b)]) => (0 5))
(check (match '(17) [(list (app (λ (n) (quotient/remainder n 5)) q r)) (list q r)]) => (3 2))
