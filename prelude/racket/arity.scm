;;; arity.scm -- how many arguments procedures take, and what follows from it: currying.

;; Called the first time, what curry gives calls F only when it has as many arguments as F can take; after that, as soon
;; as F takes as many as there are.  Arguments that curry itself is given are the first call's.
(define (curry f . given) (%curry f given (lambda (first more) (append first more))))
(define (curryr f . given) (%curry f given (lambda (first more) (append more first))))

(define (%curry f given join)
  (define (collect given)
    (lambda more
      (let ([all (join given more)])
        (if (procedure-arity-includes? f (length all)) (apply f all) (collect all)))))
  (define (first-call . args)
    (if (equal? (%most-arguments f) (length args)) (apply f args) (collect args)))
  (if (null? given) first-call (apply first-call given)))

;; The most arguments that F takes, or #f for no end.
(define (%most-arguments f)
  (let ([arity (%arity f)])
    (and (pair? arity) (integer? (last arity)) (last arity))))

;; The natives have arities as lists of integers and, for so many and more, of lists of one integer.
(define (%arity-shown items)
  (let ([shown (map (lambda (item) (if (pair? item) (arity-at-least (car item)) item)) items)])
    (if (and (pair? shown) (null? (cdr shown))) (car shown) shown)))
(define (%arity-items who arity)
  (unless (procedure-arity? arity) (raise-argument-error who "procedure-arity?" arity))
  (map (lambda (item) (if (arity-at-least? item) (list (arity-at-least-value item)) item))
       (if (list? arity) arity (list arity))))

(define (procedure-arity? value)
  (define (one? value)
    (or (exact-nonnegative-integer? value)
        (and (arity-at-least? value) (exact-nonnegative-integer? (arity-at-least-value value)))))
  (or (one? value) (and (list? value) (andmap one? value))))

(define (procedure-arity f) (%arity-shown (or (%arity f) '((0)))))
(define (normalize-arity arity) (%arity-shown (%normal-arity (%arity-items 'normalize-arity arity))))
(define (arity=? a b) (equal? (normalize-arity a) (normalize-arity b)))
(define (arity-includes? a b)
  (%arity-within? (%normal-arity (%arity-items 'arity-includes? b)) (%normal-arity (%arity-items 'arity-includes? a))))

;; As an integer whose bit N tells whether N arguments are taken.
(define (procedure-arity-mask f)
  (foldl (lambda (item mask)
           (bitwise-ior mask (if (pair? item) (arithmetic-shift -1 (car item)) (arithmetic-shift 1 item))))
         0
         (or (%arity f) '((0)))))

(define (procedure-keywords f) (apply values (%keywords f)))
(define (procedure-result-arity f) (if (memq f (list values call-with-values apply)) #f (and (%arity f) 1)))

;; F, and an error of its own for what ARITY does not take.
(define (procedure-reduce-arity f arity . more)
  (let ([items (%normal-arity (%arity-items 'procedure-reduce-arity arity))]
        [name (if (and (pair? more) (car more)) (car more) (object-name f))])
    (unless (%arity-within? items (or (%arity f) '((0))))
      (raise-arguments-error 'procedure-reduce-arity
                             "arity of procedure does not include requested arity"
                             "procedure" f
                             "requested arity" arity))
    (%reduced f items name '() '())))

(define (%reduced f items name required allowed)
  (letrec ([reduced (lambda args
                      (let ([count (%positional args)] [name (or name 'procedure)])
                        (cond [(procedure-arity-includes? reduced count #t) (apply f args)]
                              [(and (pair? items) (null? (cdr items)) (integer? (car items)))
                               (apply %miscounted name (car items) (car items) args)]
                              [else (%no-case name count #f)])))])
    (%known-as reduced name items required allowed)))
(define (%positional args)
  (cond [(null? args) 0]
        [(and (keyword? (car args)) (pair? (cdr args))) (%positional (cddr args))]
        [else (+ 1 (%positional (cdr args)))]))

(define (procedure-reduce-keyword-arity f arity required allowed . more)
  (%reduced f
            (%normal-arity (%arity-items 'procedure-reduce-keyword-arity arity))
            (if (and (pair? more) (car more)) (car more) (object-name f))
            required
            allowed))

(struct arity-at-least (value) #:transparent)

(define (thunk? value) (and (procedure? value) (procedure-arity-includes? value 0)))

;; KEYWORDS and their values, in two lists; the last argument is a list of the others.  More keywords may stand before it.
(define (keyword-apply f keywords values . args)
  (let next ([left args] [keyed (%paired keywords values)] [plain '()])
    (cond [(and (pair? left) (null? (cdr left))) (apply f (append keyed (reverse plain) (car left)))]
          [(and (keyword? (car left)) (pair? (cddr left)))
           (next (cddr left) (append keyed (list (car left) (cadr left))) plain)]
          [else (next (cdr left) keyed (cons (car left) plain))])))
(define (%paired keywords values)
  (if (null? keywords) '() (list* (car keywords) (car values) (%paired (cdr keywords) (cdr values)))))

;; What it makes is given its keywords in order, their values, and the other arguments.
(define (make-keyword-procedure keyed . plain)
  (%inner-takes
   (lambda args
     (let next ([left args] [keys '()] [others '()])
       (cond [(null? left)
              (let ([keys (sort keys keyword<? #:key car)] [others (reverse others)])
                (if (and (null? keys) (pair? plain))
                    (apply (car plain) others)
                    (apply keyed (map car keys) (map cdr keys) others)))]
             [(and (keyword? (car left)) (pair? (cdr left)))
              (next (cddr left) (cons (cons (car left) (cadr left)) keys) others)]
             [else (next (cdr left) keys (cons (car left) others))])))
   "0+ *"
   0))
