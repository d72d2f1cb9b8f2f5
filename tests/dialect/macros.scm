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

;; Corners of syntax-rules
(define-syntax tail-after
  (syntax-rules ()
    [(_ (a ... . rest)) '((a ...) rest)]))
(check (tail-after (1 2 3)) => ((1 2 3) ()))
(check (tail-after (1 2 . 3)) => ((1 2) 3))
(define-syntax middle
  (syntax-rules ()
    [(_ first mid ... last) '(first (mid ...) last)]))
(check (middle 1 2 3 4) => (1 (2 3) 4))
(check (middle 1 2) => (1 () 2))
(define-syntax two-deep
  (syntax-rules ()
    [(_ ((k v ...) ...)) '((k ...) (v ... ...) ((v ... k) ...))]))
(check (two-deep ((a 1 2) (b) (c 3))) => ((a b c) (1 2 3) ((1 2 a) (b) (3 c))))
(define-syntax pair-up
  (syntax-rules ()
    [(_ (a ...) (b ...)) '((a b) ...)]))
(check (pair-up (1 2 3) (x y z)) => ((1 x) (2 y) (3 z)))
(define-syntax spread
  (syntax-rules ()
    [(_ x (y ...)) '((x y) ...)]))
(check (spread a (1 2 3)) => ((a 1) (a 2) (a 3)))
(check (spread a ()) => ())
(define-syntax quoted-ellipsis
  (syntax-rules ()
    [(_ x) '(x (... ...))]))
(check (quoted-ellipsis a) => (a ...))
(define-syntax only-literals
  (syntax-rules (=> ->)
    [(_ a => b) (list 'fat 'a 'b)]
    [(_ a -> b) (list 'thin 'a 'b)]
    [(_ a op b) (list 'other 'op)]))
(check (list (only-literals 1 => 2) (only-literals 1 -> 2) (only-literals 1 + 2)) => ((fat 1 2) (thin 1 2) (other +)))
(define-syntax nested-quote
  (syntax-rules ()
    [(_ x y ...) `(x ,(list 'y ...) ,@(list 'y ...) . end)]))
(check (nested-quote a b c) => (a (b c) b c . end))
(define-syntax strings-and-chars
  (syntax-rules ()
    [(_ #\a) 'char]
    [(_ "s") 'string]
    [(_ #t) 'true]
    [(_ ()) 'empty]
    [(_ 1.5) 'number]
    [(_ other) 'other]))
(check (list (strings-and-chars #\a) (strings-and-chars "s") (strings-and-chars #t) (strings-and-chars ()) (strings-and-chars 1.5) (strings-and-chars z)) => (char string true empty number z))

;; Hygiene further
(define-syntax-rule (with-temp e) (let ([temp 1]) (+ temp e)))
(check (let ([temp 10]) (with-temp temp)) => 11)
(check (let ([temp 10]) (with-temp (with-temp temp))) => 12)
(define-syntax my-let2
  (syntax-rules () [(_ n v b) (let ([n v]) b)]))
(check (let ([x 1]) (my-let2 x 2 (my-let2 y x (list x y)))) => (2 2))
(define-syntax define-twice
  (syntax-rules () [(_ a b) (begin (define hidden 5) (define a hidden) (define b (* 2 hidden)))]))
(define-twice five ten)
(check (list five ten) => (5 10))
(check (let () (define-twice p q) (define hidden 99) (list p q hidden)) => (5 10 99))
(define-syntax-rule (loop-until done body ...) (let loop () (unless done body ... (loop))))
(check (let ([n 0]) (loop-until (= n 3) (set! n (+ n 1))) n) => 3)
(check (let ([list vector]) (let-syntax ([m (syntax-rules () [(_ a) (list a)])]) (let ([list cons]) (m 1)))) => #(1))
(define-syntax-rule (shadow-list e) (let ([list (lambda args 'shadowed)]) e))
(check (shadow-list (list 1 2)) => (1 2))
(check (let loop ([i 0]) (my-or (and (> i 2) i) (loop (+ i 1)))) => 3)
(check (let ([else #f]) (cond [else 1] [#t 2])) => 2)
(check (let ([=> #f]) (cond [#t => 'ok])) => ok)
(define-syntax while*
  (syntax-rules ()
    [(_ (var init) test body ...)
     (let ([var init]) (let loop () (if test (begin body ... (loop)) var)))]))
(check (while* (i 0) (< i 5) (set! i (+ i 2))) => 6)
(define-syntax my-do
  (syntax-rules ()
    [(_ ([v i s] ...) (t r) b ...) (let lp ([v i] ...) (if t r (begin b ... (lp s ...))))]))
(check (my-do ([i 0 (+ i 1)] [acc '() (cons i acc)]) ((= i 3) acc)) => (2 1 0))
(check (my-do ([lp 0 (+ lp 1)]) ((= lp 2) lp)) => 2)

;; Macros inside bodies, and macros that use later definitions
(check (let ()
         (define-syntax-rule (later x) (helper x))
         (define (helper x) (* 3 x))
         (later 4)) => 12)
(define (uses-local-macro n)
  (define-syntax-rule (scaled x) (* n x))
  (define base 10)
  (+ (scaled 2) (scaled base)))
(check (uses-local-macro 3) => 36)
(check (letrec-syntax ([ev? (syntax-rules () [(_) #t] [(_ x . r) (od? . r)])] [od? (syntax-rules () [(_) #f] [(_ x . r) (ev? . r)])]) (list (ev? a b) (ev? a b c))) => (#t #f))
(check (let ([x 'outer]) (define-syntax-rule (get) x) (let ([x 'inner]) (get))) => outer)
(define-syntax define-op
  (syntax-rules () [(_ (name a b) body) (define (name a b) body)]))
(check (let () (define-op (plus x y) (+ x y)) (plus 1 2)) => 3)
(define-syntax-rule (lazy-value e) (let ([done #f] [v #f]) (lambda () (unless done (set! v e) (set! done #t)) v)))
(check (let* ([n 0] [l (lazy-value (begin (set! n (+ n 1)) n))]) (list (l) (l) n)) => (1 1 1))
(define-syntax my-struct
  (syntax-rules ()
    [(_ name field ...) (struct name (field ...) #:transparent)]))
(my-struct box3 a b c)
(check (box3-b (box3 1 2 3)) => 2)
(define-syntax-rule (assert-that e) (unless e (error 'assert-that "failed: ~s" 'e)))
(check-error (assert-that (= 1 2)) => "assert-that: failed: (= 1 2)")
(define-syntax match-pair
  (syntax-rules () [(_ e a b body) (match e [(cons a b) body])]))
(check (match-pair '(1 . 2) x y (list y x)) => (2 1))
(define-syntax-rule (collect (x lst) body) (for/list ([x lst]) body))
(check (collect (n '(1 2 3)) (* n n)) => (1 4 9))
(define-syntax-rule (kw-call f v) (f 1 #:key v))
(check (let ([f (lambda (a #:key k) (list a k))]) (kw-call f 'given)) => (1 given))
(define-syntax-rule (optional-proc name) (define (name a [b (* a 2)] #:c [c b]) (list a b c)))
(optional-proc with-defaults)
(check (list (with-defaults 1) (with-defaults 1 5) (with-defaults 1 #:c 9)) => ((1 2 2) (1 5 5) (1 2 9)))

;; syntax-case and syntax-parse where nothing is computed
(define-syntax (case-swap! stx)
  (syntax-case stx ()
    [(_ a b) #'(let ([tmp a]) (set! a b) (set! b tmp))]))
(define-syntax case-unless
  (lambda (stx) (syntax-case stx () [(_ c body ...) #'(if c #f (begin body ...))])))
(define-syntax (always-five stx) #'5)
(check (let ([tmp 1] [y 2]) (case-swap! tmp y) (list tmp y)) => (2 1))
(check (list (case-unless #f 1 2) (case-unless #t 1 2)) => (2 #f))
(check (+ 1 (always-five)) => 6)
