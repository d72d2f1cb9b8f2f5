;;; contracts.scm -- racket/contract: what is promised of arguments, results and values, and checked.
;;;
;;; Expanded into a program that names some of it.  Contracts on what a module provides are read and not checked; nothing
;;; here tells the modules that meet at a contract apart, so a caller is blamed as `program`.

(provide (rename-out [attach %attach]) provide/contract
         define/contract struct/contract contract -> ->* ->i any/c none/c or/c first-or/c and/c not/c listof
         non-empty-listof list/c list*of cons/c vectorof vector/c vector-immutableof hash/c hash/dc set/c one-of/c symbols
         between/c real-in integer-in </c >/c <=/c >=/c =/c natural-number/c string-len/c box/c parameter/c struct/c flat-contract
         flat-named-contract contract? flat-contract? contract-name predicate/c rename-contract unconstrained-domain->
         exn:fail:contract:blame? exn:fail:contract:blame-object maybe/c
         chaperone-contract? promise/c syntax/c stream/c suggest/c procedure-arity-includes/c)

(struct exn:fail:contract:blame exn:fail:contract (object))

;; TEST looks at a value from outside; PROJECT gives the value as it may be used, or complains.
(struct ctc (name test project flat?)
  #:property prop:procedure (lambda (self value) ((ctc-test self) value)))

;; WHO is checked, what it is called, whether it is the one that promised, and the whole contract.
(struct blamed (who from own? whole))
(define (turned b) (blamed (blamed-who b) (blamed-from b) (not (blamed-own? b)) (blamed-whole b)))

(define (name-of c)
  (cond [(ctc? c) (ctc-name c)]
        [(procedure? c) (or (object-name c) '???)]
        [(or (symbol? c) (null? c)) (list 'quote c)]
        [else c]))

(define (passes? c value)
  (cond [(ctc? c) ((ctc-test c) value)]
        [(procedure? c) (c value)]
        [(regexp? c) (and (string? value) (regexp-match? c value))]
        [else (equal? c value)]))

(define (project c value b path)
  (cond [(ctc? c) ((ctc-project c) value b path)]
        [(passes? c value) value]
        [else (complain b path (name-of c) value)]))

(define (is-flat? c) (or (not (ctc? c)) (ctc-flat? c)))

(define (complain b path expected value)
  (let ([in (append path (regexp-split #rx"\n" (pretty-format (blamed-whole b) 48 #:mode 'write)))]
        [own? (blamed-own? b)]
        [from (blamed-from b)])
    (raise
     (exn:fail:contract:blame
      (format "~a: ~a\n  ~a: ~a\n  ~a: ~e\n  in: ~a\n  contract from: ~a\n  blaming: ~a\n   (assuming the contract is correct)"
              (blamed-who b)
              (if own? "broke its own contract" "contract violation")
              (if own? "promised" "expected")
              (if (string? expected) expected (spelt expected))
              (if own? "produced" "given")
              value
              (string-join in "\n      ")
              from
              (if own? from "program"))
      (current-continuation-marks)
      b))))

;; Without the short form of quote.
(define (spelt datum)
  (cond [(pair? datum)
         (string-append "(" (string-join (map spelt datum) " ") ")")]
        [else (format "~s" datum)]))

(define (attach c value who from own?)
  (project c value (blamed who from own? (name-of c)) '()))

(define (contract c value positive negative . more)
  (attach c value positive positive #t))

(define-syntax define/contract
  (syntax-rules ()
    [(_ (f . formals) c body ...)
     (define f (attach c (letrec ([f (lambda formals body ...)]) f) 'f '(function f) #t))]
    [(_ x c value) (define x (attach c value 'x '(definition x) #t))]))

(define-syntax-rule (provide/contract pair ...) (provide (contract-out pair ...)))

(define-syntax struct/contract
  (syntax-rules ()
    [(_ name ([field c] ...) option ...)
     (struct name (field ...)
       #:guard (field-guard 'name (list c ...))
       option ...)]
    [(_ name super ([field c] ...) option ...)
     (struct name super (field ...)
       #:guard (field-guard 'name (list c ...))
       option ...)]))

;; The last fields are the struct's own, and behind them stands its name.
(define (field-guard name contracts)
  (lambda given
    (let* ([fields (drop-right given 1)]
           [above (- (length fields) (length contracts))]
           [whole `(-> ,@(map name-of contracts) symbol? any)]
           [b (blamed name (list 'struct name) #f whole)])
      (apply values
             (append (take fields above)
                     (for/list ([c contracts] [field (drop fields above)] [at (in-naturals (+ above 1))])
                       (project c field b (list (argument at)))))))))

(define (argument at)
  (format "the ~a argument of" (nth at)))

(define (nth at)
  (let ([ending (cond [(memv (modulo at 100) '(11 12 13)) "th"]
                      [else (case (modulo at 10) [(1) "st"] [(2) "nd"] [(3) "rd"] [else "th"])])])
    (format "~a~a" at ending)))

;; ---- procedures

;; The language's own procedure `any` stands for whatever a procedure gives.
(define-syntax ->
  (syntax-rules (values)
    [(_ domain ... (values range ...)) (arrow '-> (list domain ...) '() #f (list range ...))]
    [(_ domain ... range) (arrow '-> (list domain ...) '() #f range)]))

(define-syntax ->*
  (syntax-rules (values)
    [(_ (domain ...) (optional ...) #:rest more (values range ...))
     (arrow '->* (list domain ...) (list optional ...) more (list range ...))]
    [(_ (domain ...) (optional ...) #:rest more range) (arrow '->* (list domain ...) (list optional ...) more range)]
    [(_ (domain ...) (optional ...) (values range ...))
     (arrow '->* (list domain ...) (list optional ...) #f (list range ...))]
    [(_ (domain ...) (optional ...) range) (arrow '->* (list domain ...) (list optional ...) #f range)]
    [(_ (domain ...) #:rest more range) (arrow '->* (list domain ...) '() more range)]
    [(_ (domain ...) range) (arrow '->* (list domain ...) '() #f range)]))

;; Contracts in order, and those of keywords as pairs.
(define (sorted-out items)
  (let next ([left items] [plain '()] [keyed '()])
    (cond [(null? left) (list (reverse plain) keyed)]
          [(keyword? (car left)) (next (cddr left) plain (cons (cons (car left) (cadr left)) keyed))]
          [else (next (cdr left) (cons (car left) plain) keyed)])))

(define (names items) (map (lambda (c) (if (keyword? c) c (name-of c))) items))

(define (arrow word domains optionals more range)
  (let* ([required (sorted-out domains)]
         [optional (sorted-out optionals)]
         [positional (append (car required) (car optional))]
         [least (length (car required))]
         [most (length positional)]
         [keyed (append (cadr required) (cadr optional))]
         [ranges (if (list? range) `(values ,@(map name-of range)) (name-of range))]
         [name (if (eq? word '->)
                   `(-> ,@(names domains) ,ranges)
                   `(->* ,(names domains) ,(names optionals) ,@(if more (list '#:rest (name-of more)) '()) ,ranges))])
    (ctc name
         procedure?
         (lambda (f b path)
           (if (procedure? f)
               (procedure-rename
                (lambda args
                  (let ([count (length (car (sorted-out args)))])
                    (when (or (< count least) (and (not more) (> count most)))
                      (miscounted (blamed-who b) least (if more #f most) args)))
                  (let ([given (checked args positional keyed more (turned b) path)])
                    (if (eq? range any)
                        (apply f given)
                        (call-with-values (lambda () (apply f given))
                                          (lambda results (results-checked results range b path))))))
                (blamed-who b))
               (complain b path 'procedure? f)))
         #f)))

(define (miscounted who least most args)
  (raise
   (exn:fail:contract:arity
    (format "~a: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: ~a\n  given: ~a~a"
            who
            (cond [(not most) (format "at least ~a" least)]
                  [(= least most) least]
                  [else (format "between ~a and ~a" least most)])
            (length args)
            (if (null? args) "" (apply string-append "\n  arguments...:" (map (lambda (arg) (format "\n   ~v" arg)) args))))
    (current-continuation-marks))))

(define (checked args positional keyed more b path)
  (let next ([left args] [contracts positional] [at 1] [done '()])
    (cond [(null? left) (reverse done)]
          [(and (keyword? (car left)) (assq (car left) keyed))
           => (lambda (entry)
                (let ([value (project (cdr entry) (cadr left) b (cons (format "the ~a argument of" (car left)) path))])
                  (next (cddr left) contracts at (list* value (car left) done))))]
          [(keyword? (car left)) (next (cddr left) contracts at (list* (cadr left) (car left) done))]
          [(null? contracts)
           (append (reverse done) (if more (project more left b (cons "the rest argument of" path)) left))]
          [else
           (let ([value (project (car contracts) (car left) b (cons (argument at) path))])
             (next (cdr left) (cdr contracts) (+ at 1) (cons value done)))])))

(define (results-checked results range b path)
  (cond [(and (list? range) (= (length range) (length results)))
         (apply values (map (lambda (c value) (project c value b (cons "the range of" path))) range results))]
        [(or (list? range) (not (= (length results) 1)))
         (complain b path (format "~a values" (if (list? range) (length range) 1)) results)]
        [else (project range (car results) b (cons "the range of" path))]))

;; What depends on arguments is given them by name.
(define-syntax ->i
  (syntax-rules (any values)
    [(_ (domain ...) any) (dependent (list (clause domain) ...) 0 #f)]
    [(_ (domain ...) (optional ...) any)
     (dependent (list (clause domain) ... (clause optional) ...) (length '(optional ...)) #f)]
    [(_ (domain ...) ([name . more] ...) range)
     (dependent (list (clause domain) ... (clause [name . more]) ...) (length '(name ...)) (clause range))]
    [(_ (domain ...) range) (dependent (list (clause domain) ...) 0 (clause range))]))

(define-syntax clause
  (syntax-rules ()
    [(_ [x (other ...) c]) (list 'x '(other ...) (lambda (other ...) c) 'c)]
    [(_ [x c]) (list 'x '() (lambda () c) 'c)]
    [(_ (x ...)) (list '_ '() (lambda () any/c) 'any)]))

(define (dependent domains optional range)
  (define (shown clause) (if (null? (cadr clause)) (list (car clause) (cadddr clause)) (list (car clause) (cadr clause) '...)))
  (define (contract-of clause known)
    (apply (caddr clause) (map (lambda (name) (cdr (or (assq name known) (cons name #f)))) (cadr clause))))
  (ctc `(->i ,(map shown domains) ,(if range (shown range) 'any))
       procedure?
       (lambda (f b path)
         (lambda args
           (let* ([values-by-name (map (lambda (clause value) (cons (car clause) value))
                                       (take domains (min (length args) (length domains)))
                                       (take args (min (length args) (length domains))))]
                  [given (for/list ([value args] [at (in-naturals)])
                           (if (< at (length domains))
                               (let ([clause (list-ref domains at)])
                                 (project (contract-of clause values-by-name) value (turned b)
                                          (cons (format "the ~a argument of" (car clause)) path)))
                               value))]
                  [result (apply f given)])
             (if range
                 (project (contract-of range (cons (cons (car range) result) values-by-name)) result b
                          (cons (format "the ~a result of" (car range)) path))
                 result))))
       #f))

(define (unconstrained-domain-> range)
  (ctc `(unconstrained-domain-> ,(name-of range))
       procedure?
       (lambda (f b path) (lambda args (project range (apply f args) b (cons "the range of" path))))
       #f))

(define (procedure-arity-includes/c count)
  (flat `(procedure-arity-includes/c ,count) (lambda (f) (and (procedure? f) (procedure-arity-includes? f count)))))

;; ---- what is known at once

(define (flat name test)
  (ctc name
       test
       (lambda (value b path) (if (test value) value (complain b path name value)))
       #t))

(define any/c (flat 'any/c (lambda (value) #t)))
(define none/c (flat 'none/c (lambda (value) #f)))
(define (flat-contract test) (if (ctc? test) test (flat (name-of test) test)))
(define (flat-named-contract name test . more) (flat name (lambda (value) (passes? test value))))
(define (rename-contract c name) (ctc name (lambda (value) (passes? c value)) (lambda (v b path) (project c v b path)) (is-flat? c)))
(define predicate/c (flat 'predicate/c procedure?))
(define natural-number/c (flat 'natural-number/c exact-nonnegative-integer?))
(define (not/c c) (flat `(not/c ,(name-of c)) (lambda (value) (not (passes? c value)))))
(define (one-of/c . all)
  (flat `(one-of/c ,@(map name-of all)) (lambda (value) (and (member value all) #t))))
(define (symbols . all) (flat `(or/c ,@(map name-of all)) (lambda (value) (and (memq value all) #t))))
(define (between/c low high)
  (flat `(between/c ,low ,high) (lambda (n) (and (real? n) (<= low n high)))))
(define (real-in low high) (flat `(real-in ,low ,high) (lambda (n) (and (real? n) (<= low n high)))))
(define (integer-in low high)
  (flat `(integer-in ,low ,high)
        (lambda (n) (and (exact-integer? n) (or (not low) (<= low n)) (or (not high) (<= n high))))))
(define (</c limit) (flat `(</c ,limit) (lambda (n) (and (real? n) (< n limit)))))
(define (>/c limit) (flat `(>/c ,limit) (lambda (n) (and (real? n) (> n limit)))))
(define (<=/c limit) (flat `(<=/c ,limit) (lambda (n) (and (real? n) (<= n limit)))))
(define (>=/c limit) (flat `(>=/c ,limit) (lambda (n) (and (real? n) (>= n limit)))))
(define (=/c limit) (flat `(=/c ,limit) (lambda (n) (and (number? n) (= n limit)))))
(define (string-len/c most) (flat `(string-len/c ,most) (lambda (s) (and (string? s) (< (string-length s) most)))))

(define (or/c . all)
  (let ([name `(or/c ,@(map name-of all))]
        [test (lambda (value) (ormap (lambda (c) (passes? c value)) all))])
    (ctc name
         test
         (lambda (value b path)
           (let ([fits (filter (lambda (c) (passes? c value)) all)])
             (if (null? fits)
                 (complain b path name value)
                 (project (or (findf is-flat? fits) (car fits)) value b path))))
         (andmap is-flat? all))))
(define first-or/c or/c)
(define (maybe/c c) (or/c #f c))

(define (and/c . all)
  (ctc `(and/c ,@(map name-of all))
       (lambda (value) (andmap (lambda (c) (passes? c value)) all))
       (lambda (value b path)
         (foldl (lambda (c value) (project c value b (cons "an and/c case of" path))) value all))
       (andmap is-flat? all)))

;; ---- what holds other things: OUTSIDE is what is expected of a value that is none of these

(define (holding name outside outside? parts all-parts? rebuilt flat?)
  (ctc name
       (lambda (value) (and (outside? value) (all-parts? value)))
       (lambda (value b path)
         (if (outside? value) (rebuilt value b path) (complain b path outside value)))
       flat?))

(define (every-item name outside outside? c)
  (holding name outside outside? #f
           (lambda (items) (andmap (lambda (item) (passes? c item)) items))
           (lambda (items b path)
             (let ([done (map (lambda (item) (project c item b (cons "an element of" path))) items)])
               (if (is-flat? c) items done)))
           (is-flat? c)))

(define (listof c) (every-item `(listof ,(name-of c)) 'list? list? c))
(define (non-empty-listof c)
  (every-item `(non-empty-listof ,(name-of c)) '(and/c list? pair?) (lambda (v) (and (pair? v) (list? v))) c))
(define list*of listof)
(define (stream/c c) (flat `(stream/c ,(name-of c)) stream?))

(define (list/c . all)
  (let ([count (length all)])
    (ctc `(list/c ,@(map name-of all))
         (lambda (value) (and (list? value) (= (length value) count) (andmap passes? all value)))
         (lambda (value b path)
           (cond [(not (list? value)) (complain b path "a list" value)]
                 [(not (= (length value) count))
                  (complain b path (format "a list of ~a elements" count) value)]
                 [else
                  (for/list ([c all] [item value] [at (in-naturals 1)])
                    (project c item b (cons (format "the ~a element of" (nth at)) path)))]))
         (andmap is-flat? all))))

(define (cons/c first rest)
  (ctc `(cons/c ,(name-of first) ,(name-of rest))
       (lambda (value) (and (pair? value) (passes? first (car value)) (passes? rest (cdr value))))
       (lambda (value b path)
         (if (pair? value)
             (cons (project first (car value) b (cons "the car of" path))
                   (project rest (cdr value) b (cons "the cdr of" path)))
             (complain b path 'pair? value)))
       (and (is-flat? first) (is-flat? rest))))

(define (vectorof c #:immutable [immutable 'either] #:flat? [flat? #f])
  (ctc `(vectorof ,(name-of c))
       (lambda (value) (and (vector? value) (for/and ([item value]) (passes? c item))))
       (lambda (value b path)
         (if (vector? value)
             (begin (for ([item value]) (project c item b (cons "an element of" path))) value)
             (complain b path 'vector? value)))
       (is-flat? c)))
(define vector-immutableof vectorof)

(define (vector/c . all)
  (ctc `(vector/c ,@(map name-of all))
       (lambda (value)
         (and (vector? value) (= (vector-length value) (length all)) (andmap passes? all (vector->list value))))
       (lambda (value b path)
         (cond [(not (vector? value)) (complain b path "a vector" value)]
               [(not (= (vector-length value) (length all)))
                (complain b path (format "a vector of ~a elements" (length all)) value)]
               [else
                (for ([c all] [item value] [at (in-naturals)])
                  (project c item b (cons (format "the ~a element of" (nth at)) path)))
                value]))
       (andmap is-flat? all)))

(define (hash/c key value-contract #:immutable [immutable 'either] #:flat? [flat? #f])
  (ctc `(hash/c ,(name-of key) ,(name-of value-contract))
       (lambda (value)
         (and (hash? value) (for/and ([(k v) value]) (and (passes? key k) (passes? value-contract v)))))
       (lambda (value b path)
         (cond [(hash? value)
                (for ([(k v) value])
                  (project key k b (cons "the keys of" path))
                  (project value-contract v b (cons "the values of" path)))
                value]
               [else (complain b path "a hash" value)]))
       (and (is-flat? key) (is-flat? value-contract))))
(define (hash/dc . clauses) (flat 'hash/dc hash?))

(define (set/c c #:kind [kind 'immutable] #:cmp [cmp 'dont-care])
  (ctc `(set/c ,(name-of c))
       (lambda (value) (and (generic-set? value) (for/and ([item value]) (passes? c item))))
       (lambda (value b path)
         (if (generic-set? value)
             (begin (for ([item value]) (project c item b (cons "an element of" path))) value)
             (complain b path 'set? value)))
       (is-flat? c)))

(define (box/c c) (flat `(box/c ,(name-of c)) (lambda (value) (and (box? value) (passes? c (unbox value))))))
(define (parameter/c c . more) (flat `(parameter/c ,(name-of c)) parameter?))
(define (promise/c c) (flat `(promise/c ,(name-of c)) promise?))
(define (syntax/c c) (flat `(syntax/c ,(name-of c)) (lambda (value) #f)))
(define (suggest/c c . more) c)

(define-syntax struct/c
  (syntax-rules ()
    [(_ name c ...) (fields-contract 'name (list c ...))]))

(define (fields-contract name contracts)
  (flat `(struct/c ,name ,@(map name-of contracts))
        (lambda (value)
          (and (struct? value)
               (let ([fields (cdr (vector->list (struct->vector value)))])
                 (and (= (length fields) (length contracts)) (andmap passes? contracts fields)))))))

;; ---- contracts as values

(define (contract? value)
  (or (ctc? value) (procedure? value) (symbol? value) (boolean? value) (number? value) (string? value) (char? value)
      (null? value) (keyword? value) (regexp? value)))
(define (flat-contract? value) (and (contract? value) (is-flat? value)))
(define (chaperone-contract? value) (contract? value))
(define (contract-name c) (name-of c))
