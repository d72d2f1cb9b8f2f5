#lang racket/base
;; Makes random programs, each a list of forms for `#lang racket` that print a line each.
;;
;; An expression is made for a type, to a depth, in a scope: what it may name. Everything ends: a loop counts down, a
;; procedure calls what was defined before it, or itself with less of its first parameter, the fuel. Integers are kept
;; small by `m`.
(require racket/list racket/match)
(provide program prologue mistakes)

;; A variable that may be named: its type is one of the names below or (proc N), a procedure that N integers give an integer.
(struct variable (name type assignable?))

(define-syntax-rule (one-of e ...)
  ((pick (list (lambda () e) ...))))
(define (pick choices) (list-ref choices (random (length choices))))
(define (chance percent) (< (random 100) percent))
(define (between low high) (+ low (random (- high low -1))))
(define (times n make) (for/list ([_ n]) (make)))

;; In every other program names come again, so that inner ones hide outer ones.
(define names-made 0)
(define names-kept #f)
(define (fresh letter)
  (set! names-made (add1 names-made))
  (if names-kept
      (string->symbol (format "v~a" (modulo names-made names-kept)))
      (string->symbol (format "~a~a" letter names-made))))

(define (with scope type assignable? . names)
  (append (for/list ([name names]) (variable name type assignable?))
          (filter (lambda (v) (not (memq (variable-name v) names))) scope)))
(define (named type scope [assignable? #f])
  (for/list ([v scope] #:when (equal? (variable-type v) type) #:when (or (not assignable?) (variable-assignable? v)))
    (variable-name v)))
(define (arity v) (match (variable-type v) [`(proc ,n) n] [_ #f]))

;; An expression without parts.
(define (leaf type scope)
  (define names (named type scope))
  (if (and (pair? names) (chance 75))
      (pick names)
      (match type
        ['int (between -9 20)]
        ['bool (chance 50)]
        ['str (pick '("" "a" "b c" "xyz" "λx"))]
        ['list (one-of ''() `(list ,@(times (between 1 3) (lambda () (leaf 'int scope)))))]
        ['vec `(vector ,@(times (between 1 3) (lambda () (leaf 'int scope))))]
        ['hash (one-of '(hash) `(hash ,(leaf 'int scope) ,(leaf 'int scope)))]
        ['point `(point ,(leaf 'int scope) ,(leaf 'int scope))]
        [`(proc ,n) `(lambda ,(times n (lambda () (fresh 'p))) ,(leaf 'int scope))])))

(define (make type depth scope)
  (if (<= depth 0) (leaf type scope) (made type (sub1 depth) scope)))

(define (made type d scope)
  (match type
    ['int (int d scope)]
    ['bool (bool d scope)]
    ['str (str d scope)]
    ['list (lst d scope)]
    ['vec (vec d scope)]
    ['hash (hsh d scope)]
    ['point `(point ,(make 'int d scope) ,(make 'int d scope))]
    [`(proc ,n) (proc n d scope)]))

;; How many of a hundred forms are a mistake, for its message.
(define mistakes (make-parameter 0))

(define (mistake d scope)
  (define (I) (make 'int d scope))
  (define (S) (make 'str d scope))
  (define (L) (make 'list d scope))
  (define (V) (make 'vec d scope))
  (define (H) (make 'hash d scope))
  (define (P n) (make `(proc ,n) d scope))
  (define (wrong) (one-of (I) (S) (L) (V) (H) (make 'point d scope) (make 'bool d scope) ''sym #\c 1.5 1/2 '(void)))
  (one-of
   `(,(pick '(car cdr cadr first second rest last add1 sub1 abs sqrt even? zero? length reverse string-length string-upcase
              symbol->string string->symbol number->string string->number vector-length vector->list list->vector hash-keys
              hash-count char-upcase list->string string->list exact->inexact floor round exact char->integer integer->char
              unbox box? point-x apply max not null? hash->list vector-copy string-trim string-split force void sum))
     ,(wrong))
   `(,(pick '(+ - * / < = > max min quotient remainder modulo expt list-ref list-tail take drop vector-ref string-ref
              hash-ref hash-remove append cons member assoc memq string-append string=? string<? substring string-join
              string-prefix? string-contains? map for-each filter foldl sort apply andmap make-vector make-string build-list
              index-of remove list-set vector-fill! point regexp-match string-split exact->inexact arithmetic-shift gcd))
     ,(wrong) ,(wrong))
   `(,(pick '(substring vector-set! hash-set hash-ref foldl foldr map list-set string-replace hash-update hash-set! point
              regexp-replace build-list range vector-copy for-each string-pad if apply error raise-argument-error < +))
     ,(wrong) ,(wrong) ,(wrong))
   `(quotient ,(I) 0)
   `(/ ,(I) ,(pick '(0 0.0)))
   `(,(wrong) ,(wrong))
   `(,(P 1))
   `(,(P 1) ,(I) ,(I))
   `(map ,(P 2) ,(L))
   `(foldl ,(P 1) 0 ,(L))
   `(let-values ([(a b) ,(one-of (I) `(values 1 2 3))]) a)
   `(match ,(I) [(list a) a])
   `(for/list ([x ,(wrong)]) x)
   `(for/sum ([x (in-list ,(wrong))]) x)
   `(for/vector ([x (in-range ,(wrong))]) x)
   `(error ',(pick '(f some-name)) ,(pick '("plain" "with ~a" "with ~s and ~v")) ,@(times (random 3) wrong))
   `(error ,(pick '("plain" "plain:")) ,@(times (random 3) wrong))
   `(raise-argument-error 'f "integer?" ,(wrong))
   `(vector-ref ,(V) ,(I))
   `(list-ref ,(L) ,(I))
   `(string-ref ,(S) ,(I))
   `(substring ,(S) ,(I) ,(I))
   `(hash-ref ,(H) ,(I))
   `(let () (define (f a #:k [k 1]) a) ,(one-of '(f) '(f 1 2) '(f 1 #:z 2) '(f #:k 1)))
   `(let () (define (f a [b 1]) a) ,(one-of '(f) '(f 1 2 3)))
   `(let () (define (f a . r) a) (f))
   `(letrec ([a (lambda () b)] [b (a)]) b)
   `(point ,(I))
   `(set-point-x! ,(wrong) 1)
   `(raise ,(wrong))
   `((case-lambda [(a) 1] [(a b) 2]))))

;; What any type may be made by; #f where the choice does not fit.
(define (any type d scope)
  (define (E [type type] [scope scope] [d d]) (make type d scope))
  (define (B) (make 'bool d scope))
  (define (I) (make 'int d scope))
  (one-of
   `(if ,(B) ,(E) ,(E))
   `(cond [,(B) ,(E)] [,(B) ,@(statements d scope) ,(E)] [else ,(E)])
   `(cond [(and ,(B) ,(I)) => (lambda (,(string->symbol "it")) ,(E type (with scope 'int #t 'it)))] [else ,(E)])
   (let ([names (times (between 1 3) (lambda () (fresh 'v)))])
     `(let ,(for/list ([n names]) `[,n ,(I)]) ,@(body type d (apply with scope 'int #t names))))
   (let* ([a (fresh 'v)] [b (fresh 'v)] [inner (with scope 'int #t a)])
     `(let* ([,a ,(I)] [,b ,(E 'int inner)]) ,@(body type d (with inner 'int #t b))))
   (let ([kind (pick '(bool list vec hash point str (proc 0) (proc 1) (proc 2)))] [name (fresh 'u)])
     `(let ([,name ,(E kind)]) ,@(body type d (with scope kind (not (pair? kind)) name))))
   `(begin ,@(statements d scope) ,(E))
   `(begin0 ,(E) ,@(statements d scope))
   `(let () ,@(definitions type d scope))
   (let ([a (fresh 'a)] [b (fresh 'b)])
     `(let-values ([(,a ,b) ,(one-of `(values ,(I) ,(I)) `(if ,(B) (values ,(I) ,(I)) (values ,(I) ,(I))) `(quotient/remainder ,(I) 7))])
        ,@(body type d (with scope 'int #t a b))))
   (let ([k (fresh 'k)] [v (fresh 'v)])
     `(let/ec ,k (let ([,v (if ,(B) (,k ,(E)) ,(I))]) ,(E type (with scope 'int #t v)))))
   (let ([x (fresh 'x)])
     `(with-handlers ([number? (lambda (,x) ,(E type (with scope 'int #t x)))] [exn:fail? (lambda (_) ,(E))])
        ,(one-of `(raise ,(I)) `(if ,(B) (raise ,(I)) ,(E)) `(begin (vector-ref ,(E 'vec) ,(I)) ,(E)) (E))))
   `(case (modulo ,(I) 4) [(0) ,(E)] [(1 2) ,@(statements d scope) ,(E)] [else ,(E)])
   (let ([a (fresh 'm)] [b (fresh 'm)] [r (fresh 'r)])
     (define pair (with scope 'int #t a b))
     (one-of
      `(match (list ,(I) ,(I)) [(list ,a ,b) #:when ,(make 'bool d pair) ,@(body type d pair)] [(cons ,a _) ,(E type (with scope 'int #t a))])
      `(match ,(E 'list) [(list) ,(E)] [(list ,a) ,(E type (with scope 'int #t a))]
         [(list ,a ,b ,r ...) ,@(body type d (with pair 'list #t r))])
      `(match ,(E 'point) [(point 1 _) ,(E)] [(point ,a ,b) ,@(body type d pair)])
      `(match ,(I) [(? even? ,a) ,(E type (with scope 'int #t a))] [(and ,a (or 1 3 5)) ,(E type (with scope 'int #t a))] [_ ,(E)])))
   `(parameterize ([setting ,(I)]) ,@(body type d scope))
   `(dynamic-wind (lambda () ,@(statements 0 scope) (void)) (lambda () ,@(body type d scope)) (lambda () (void) ,@(statements 0 scope)))
   `(force (,(pick '(delay lazy)) ,(E)))
   (loop type d scope)
   (let ([x (fresh 'x)] [acc (fresh 'acc)])
     `(for/fold ([,acc ,(E)]) ([,x ,(sequence d scope)] ,@(if (chance 30) `(#:when ,(make 'bool (- d 1) (with scope 'int #t x))) '()))
        ,@(body type (sub1 d) (with (with scope type #t acc) 'int #t x))))
   (let ([names (times (random 3) (lambda () (fresh 'v)))])
     `((lambda ,names ,@(body type d (apply with scope 'int #t names))) ,@(map (lambda (_) (I)) names)))
   (let ([s (fresh 's)])
     `(let ([,s ,(E)]) ,@(statements d scope) (set! ,s ,(E type (with scope type #t s))) ,@(statements d (with scope type #t s)) ,s))))

(define (int d scope)
  (define (I) (make 'int d scope))
  (define (S) (make 'str d scope))
  (define procedures (filter arity scope))
  (define (call f) `(,(variable-name f) ,@(times (arity f) I)))
  (one-of
   `(m (,(pick '(+ - * min max)) ,(I) ,(I)))
   `(m (+ ,(I) (setting)))
   (any 'int d scope)
   (any 'int d scope)
   (any 'int d scope)
   (if (pair? procedures) (call (pick procedures)) (I))
   (if (pair? procedures) (call (pick procedures)) (I))
   `(,(pick '(length (lambda (l) (apply + l)))) ,(make 'list d scope))
   `(string-length ,(S))
   `(point-x ,(make 'point d scope))
   `(let ([v ,(make 'vec d scope)]) (vector-ref v (modulo ,(I) (vector-length v))))
   `(hash-ref ,(make 'hash d scope) ,(I) ,(one-of (I) `(lambda () ,(I))))
   `(for/sum ([(k v) ,(make 'hash d scope)]) (m (+ k v)))
   `(or (string->number ,(S)) ,(I))
   `(or (and ,(make 'bool d scope) ,(I)) ,(I))
   (let ([n (between 0 2)]) `(,(make `(proc ,n) d scope) ,@(times n I)))
   (let ([n (between 1 2)]) `(apply ,(make `(proc ,n) d scope) (list ,@(times n I))))
   (let ([x (fresh 'x)] [acc (fresh 'acc)])
     `(,(pick '(foldl foldr)) (lambda (,x ,acc) ,@(body 'int (sub1 d) (with scope 'int #t x acc))) ,(I) ,(make 'list d scope)))
   `(let ([w (when ,(make 'bool d scope) ,(I))]) (if (void? w) ,(I) w))
   (let ([f (fresh 'o)] [a (fresh 'a)] [b (fresh 'b)])
     (define inner (with scope 'int #t a))
     `(let () (define (,f ,a [,b ,(make 'int (sub1 d) inner)]) ,@(body 'int (sub1 d) (with inner 'int #t b)))
        (m (+ (,f ,(I)) (,f ,(I) ,(I))))))
   (let ([f (fresh 'o)] [a (fresh 'a)] [b (fresh 'b)])
     `(let () (define (,f ,a #:by [,b ,(I)]) ,@(body 'int (sub1 d) (with scope 'int #t a b)))
        (m (+ (,f ,(I)) (,f #:by ,(I) ,(I))))))
   (let ([a (fresh 'a)] [r (fresh 'r)])
     `((lambda (,a . ,r) ,@(body 'int d (with (with scope 'int #t a) 'list #t r))) ,@(times (between 1 4) I)))
   (let ([even (fresh 'even)] [odd (fresh 'odd)] [n (fresh 'n)])
     (define inner (with scope 'int #f n))
     `(letrec ([,even (lambda (,n) (if (<= ,n 0) ,(make 'int (sub1 d) inner) (,odd (- ,n 1))))]
               [,odd (lambda (,n) (if (<= ,n 0) ,(make 'int (sub1 d) inner)
                                      ,(one-of `(,even (- ,n 1)) `(m (+ 1 (,even (- ,n 1)))) `((lambda () (,even (- ,n 1)))))))])
        (,even ,(random 6))))
   `(let ([b (box ,(I))]) ,@(statements d scope) (set-box! b (m (+ ,(I) (unbox b)))) (unbox b))
   (let ([h (fresh 'h)])
     `(let ([,h (make-hash)]) (hash-set! ,h ,(I) ,(I)) (hash-update! ,h ,(I) (lambda (x) (m (+ x ,(I)))) ,(I)) (hash-ref ,h ,(I) (lambda () ,(I)))))))

(define (bool d scope)
  (define (I) (make 'int d scope))
  (define (B) (make 'bool d scope))
  (one-of
   `(,(pick '(< = > <= eqv? equal?)) ,(I) ,(I))
   `(even? ,(I))
   `(not ,(B))
   `(and ,(B) ,(B))
   `(or ,(B) ,(B))
   `(and ,(B) ,(I) ,(B))
   `(,(pick '(null? pair?)) ,(make 'list d scope))
   `(string<? ,(make 'str d scope) ,(make 'str d scope))
   `(,(pick '(memv member)) ,(I) ,(make 'list d scope))
   (let ([x (fresh 'x)])
     `(,(pick '(for/and for/or)) ([,x ,(sequence d scope)]) ,(make 'bool (sub1 d) (with scope 'int #t x))))
   (let ([x (fresh 'x)])
     `(,(pick '(andmap ormap)) (lambda (,x) ,(make 'bool (sub1 d) (with scope 'int #t x))) ,(make 'list d scope)))
   (any 'bool d scope)
   (any 'bool d scope)))

(define (str d scope)
  (define (S) (make 'str d scope))
  (one-of
   `(string-append ,(S) ,(S))
   `(number->string ,(make 'int d scope))
   `(format "~a" ,(make (pick '(int list bool vec point)) d scope))
   `(let ([s ,(S)]) (substring s 0 (min 2 (string-length s))))
   `(list->string (reverse (string->list ,(S))))
   `(string-upcase ,(S))
   `(with-output-to-string (lambda () (write ,(make (pick '(int list str)) d scope))))
   (any 'str d scope)
   (any 'str d scope)))

(define (lst d scope)
  (define (I) (make 'int d scope))
  (define (L) (make 'list d scope))
  (define (P n) (make `(proc ,n) d scope))
  (define x (fresh 'x))
  (define inner (with scope 'int #t x))
  (one-of
   `(list ,@(times (random 4) I))
   `(cons ,(I) ,(L))
   `(append ,(L) ,(L))
   `(reverse ,(L))
   `(map ,(P 1) ,(L))
   `(map (lambda (f) (f)) (list ,@(times (between 1 3) (lambda () (P 0)))))
   `(let ([l ,(L)]) (map ,(P 2) l (reverse l)))
   `(filter (lambda (,x) ,@(body 'bool (sub1 d) inner)) ,(L))
   `(sort ,(L) ,(pick '(< >)))
   `(sort ,(L) < #:key (lambda (,x) (modulo ,x ,(between 2 9))))
   `(remove-duplicates ,(L))
   `(vector->list ,(make 'vec d scope))
   `(sort (hash-keys ,(make 'hash d scope)) <)
   `(for/list ([,x ,(sequence d scope)]) ,@(body 'int (sub1 d) inner))
   `(for*/list ([,x ,(sequence d scope)] [y (in-range 2)]) (m (+ y ,(make 'int (sub1 d) inner))))
   `(let loop ([i ,(random 4)] [acc '()]) (if (= i 0) acc (loop (- i 1) (cons ,(make 'int (sub1 d) (with scope 'int #f 'i)) acc))))
   `(let ([again #f] [turns 0])
      (let ([v (call/cc (lambda (k) (set! again k) ,(I)))] ,@(if (chance 50) `([w ,(I)]) '()))
        (set! turns (+ turns 1))
        (if (< turns ,(between 1 3)) (again (m (+ v turns))) (list v turns))))
   `(for/list ([x (in-generator (for ([,x ,(sequence d scope)]) ,@(statements (sub1 d) inner) (yield ,(make 'int (sub1 d) inner))))]) x)
   `(let ([v ,(L)]) (let-values ([(a b) (partition even? v)]) (append b a)))
   (let ([made (fresh 'made)] [y (fresh 'y)])
     ;; Each turn's closure has variables of its own.
     `(let ([,made (for/list ([,x ,(sequence d scope)])
                     (let ([,y ,(make 'int (sub1 d) inner)])
                       (lambda () ,@(statements (sub1 d) (with inner 'int #t y)) (set! ,y (m (+ ,x ,y))) ,y)))])
        (append (map (lambda (f) (f)) ,made) (map (lambda (f) (f)) ,made))))
   (any 'list d scope)
   (any 'list d scope)))

(define (vec d scope)
  (define (V) (make 'vec d scope))
  (define (I) (make 'int d scope))
  (one-of
   `(vector ,@(times (between 1 3) I))
   `(let ([v (vector-copy ,(V))]) (vector-set! v 0 ,(I)) v)
   `(vector-map ,(make '(proc 1) d scope) ,(V))
   `(build-vector ,(between 1 3) ,(make '(proc 1) d scope))
   `(vector-append ,(V) ,(V))
   (any 'vec d scope)))

(define (hsh d scope)
  (define (H) (make 'hash d scope))
  (define (I) (make 'int d scope))
  (define x (fresh 'x))
  (one-of
   `(hash ,(I) ,(I))
   `(hash-set ,(H) ,(I) ,(I))
   `(hash-remove ,(H) ,(I))
   `(hash-update ,(H) ,(I) ,(make '(proc 1) d scope) ,(I))
   `(for/hash ([,x ,(sequence d scope)]) (values ,(make 'int (sub1 d) (with scope 'int #t x)) ,x))
   `(for/fold ([h ,(H)]) ([,x ,(sequence d scope)]) (hash-set h ,x ,(make 'int (sub1 d) (with (with scope 'int #t x) 'hash #f 'h))))
   (any 'hash d scope)))

(define (proc n d scope)
  (define type `(proc ,n))
  (define (plain)
    (define names (times n (lambda () (fresh 'p))))
    `(lambda ,names ,@(body 'int d (apply with scope 'int #t names))))
  (define names (named type scope))
  (one-of
   (plain)
   (plain)
   (if (pair? names) (pick names) (plain))
   (let ([v (fresh 'v)]) `(let ([,v ,(make 'int d scope)]) ,(make type d (with scope 'int #t v))))
   `(if ,(make 'bool d scope) ,(make type d scope) ,(make type d scope))
   `(begin ,@(statements d scope) ,(make type d scope))
   (let ([names (times n (lambda () (fresh 'p)))])
     `(case-lambda [,names ,@(body 'int d (apply with scope 'int #t names))] [others (length others)]))
   (let ([f (fresh 'f)] [names (times n (lambda () (fresh 'p)))])
     `(let () (define (,f ,@names) ,@(body 'int d (apply with scope 'int #t names))) ,f))
   (if (= n 1) `(compose ,(make type d scope) ,(make type d scope)) (plain))
   (if (= n 1) `(curry ,(make '(proc 2) d scope) ,(make 'int d scope)) (plain))))

(define (sequence d scope)
  (one-of `(in-range ,(random 5)) (random 4) `(in-list ,(make 'list d scope)) (make 'list d scope) `(in-vector ,(make 'vec d scope))
          `(in-range 0 ,(between 3 6) 2) (make 'vec d scope)))

;; A loop, its last turn's value of the type.
(define (loop type d scope)
  (define name (fresh 'loop))
  (define i (fresh 'i))
  (define others (times (random 3) (lambda () (fresh 'v))))
  (define inner (apply with (with scope 'int #f i) 'int #t others))
  (define next `(,name (- ,i 1) ,@(map (lambda (_) (make 'int (sub1 d) inner)) others)))
  (define turn
    (one-of next
            next
            `(begin ,@(statements (sub1 d) inner) ,next)
            `(let ([k (lambda () ,next)]) ,@(statements (sub1 d) inner) (k))
            `((lambda (x) ,next) ,(make 'int (sub1 d) inner))
            `(cond [,(make 'bool (sub1 d) inner) ,next] [else ,@(statements (sub1 d) inner) ,next])))
  (define start (map (lambda (v) `[,v ,(make 'int (sub1 d) scope)]) others))
  (one-of
   `(let ,name ([,i ,(random 5)] ,@start) (if (<= ,i 0) ,(make type (sub1 d) inner) ,turn))
   `(let ,name ([,i ,(random 5)] ,@start) (cond [(<= ,i 0) ,(make type (sub1 d) inner)] [else ,turn]))
   `(do ([,i ,(random 4) (- ,i 1)] ,@(map (lambda (clause) `[,@clause ,(make 'int (sub1 d) inner)]) start))
        ((<= ,i 0) ,(make type (sub1 d) inner))
      ,@(statements (sub1 d) inner))))

;; None or a few expressions for what they do.
(define (statements d scope)
  (define (I [scope scope]) (make 'int d scope))
  (define assignable (filter variable-assignable? scope))
  (define (assignment)
    (define v (pick assignable))
    ;; A procedure's new value calls no other, so that everything ends.
    (define inner (if (arity v) (filter (lambda (v) (not (arity v))) scope) scope))
    `(set! ,(variable-name v) ,(make (variable-type v) d inner)))
  (define (note) `(set! log (m (+ (* 3 log) ,(I)))))
  (times (pick '(0 1 1 2))
         (lambda ()
           (one-of
            (if (pair? assignable) (assignment) (note))
            (if (pair? assignable) (assignment) (note))
            (note)
            (I)
            (if (pair? assignable) `(,(pick '(when unless)) ,(make 'bool d scope) ,(assignment)) (note))
            (let ([vectors (named 'vec scope)])
              (if (pair? vectors) `(vector-set! ,(pick vectors) 0 ,(I)) (note)))
            (let ([points (named 'point scope)])
              (if (pair? points) `(set-point-x! ,(pick points) ,(I)) (note)))
            (if (> (length (named 'int scope #t)) 1)
                `(swap! ,(pick (named 'int scope #t)) ,(pick (named 'int scope #t)))
                (note))
            (let ([x (fresh 'x)])
              `(for-each (lambda (,x) ,(I (with scope 'int #t x)) (set! log (m (+ log ,x)))) ,(make 'list d scope)))))))

(define (body type d scope)
  (if (and (> d 1) (chance 15))
      (definitions type d scope)
      `(,@(if (chance 30) (statements (sub1 d) scope) '()) ,(make type d scope))))

;; A procedure that calls itself with less fuel, and the scope with a procedure that calls it with some.
(define (recursive d scope)
  (define name (fresh 'rec))
  (define fuel (fresh 'fuel))
  (define others (times (random 3) (lambda () (fresh 'p))))
  (define inner (apply with (with scope 'int #f fuel) 'int #t others))
  (define less `(- ,fuel 1))
  (define next `(,name ,less ,@(map (lambda (_) (make 'int (sub1 d) inner)) others)))
  (define (I) (make 'int (sub1 d) inner))
  (define thunk? (chance 35))
  (define again
    (if thunk?
        (one-of `(lambda () (,next)) `(let ([t ,next]) (lambda () (m (+ 1 (t))))) next
                `(let ([z ,(I)]) (lambda () (set! z (m (+ 1 z))) (m (+ z (,next))))))
        (one-of next
                `(m (+ ,(I) ,next))
                `(let ([k (lambda () ,next)]) (k))
                `((lambda (k) (k)) (lambda () ,next))
                `(apply ,name (list ,less ,@(map (lambda (_) (I)) others)))
                `(let loop ([j 2] [acc 0]) (if (= j 0) acc (loop (- j 1) (m (+ acc ,next)))))
                `(begin ,@(statements (sub1 d) inner) ,next)
                `(for/fold ([acc 0]) ([j 2]) (m (+ acc ,next)))
                `(with-handlers ([number? values]) (raise ,next)))))
  (define wrapper (fresh 'w))
  (define call `(,name ,(random 4) ,@others))
  (values `((define (,name ,fuel ,@others) (if (<= ,fuel 0) ,(if thunk? `(lambda () ,(I)) (I)) ,again))
            (define (,wrapper ,@others) ,(if thunk? (list call) call)))
          (with scope `(proc ,(length others)) #f wrapper)))

;; Definitions and what they are for, as in a body.
(define (definitions type d scope)
  (define-values (forms inner) (some-definitions (between 1 3) (sub1 d) scope))
  `(,@forms ,@(if (chance 30) (statements (sub1 d) inner) '()) ,(make type (sub1 d) inner)))

(define (some-definitions count d scope)
  (for/fold ([forms '()] [scope scope]) ([_ count])
    (define-values (new inner)
      (one-of
       (let ([v (fresh 'd)] [type (pick '(int int int bool list vec hash str point))])
         (values `((define ,v ,(make type d scope))) (with scope type #t v)))
       (let ([f (fresh 'g)] [names (times (random 3) (lambda () (fresh 'p)))])
         (values `((define (,f ,@names) ,@(body 'int d (apply with scope 'int #t names))))
                 (with scope `(proc ,(length names)) (chance 30) f)))
       (let ([a (fresh 'd)] [b (fresh 'd)])
         (values `((define-values (,a ,b) (values ,(make 'int d scope) ,(make 'int d scope)))) (with scope 'int #t a b)))
       (recursive d scope)))
    (values (append forms new) inner)))

;; The forms of a program, behind the prologue: the same for the same seed.
(define (program seed count depth)
  (random-seed seed)
  (set! names-made 0)
  (set! names-kept (and (odd? seed) 83))
  (define-values (forms scope)
    (for/fold ([forms '()] [scope '()]) ([_ count])
      (define-values (new inner)
        (if (chance 40) (some-definitions 1 (min 3 depth) scope) (values '() scope)))
      (define shown
        (if (chance (mistakes))
            (mistake depth inner)
            (make (pick '(int int int bool list str vec point)) depth inner)))
      (values (append forms new `((t ,shown))) inner)))
  forms)

;; What every program begins with. Only where mistakes are made their messages count.
(define (prologue)
  `((require racket/generator)
    (define log 0)
    (define setting (make-parameter 7))
    (struct point (x y) #:transparent #:mutable)
    (define (m x) (modulo x 1009))
    (define-syntax-rule (swap! a b) (let ([tmp a]) (set! a b) (set! b tmp)))
    (define-syntax-rule (t form)
      (begin (writeln (with-handlers ([exn:fail? (lambda (e) ,(if (zero? (mistakes)) ''failed '(list 'failed (exn-message e))))] [(lambda (_) #t) (lambda (x) (list 'raised x))]) form))
             (writeln log)))))
