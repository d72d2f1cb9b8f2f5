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

(define (%most-arguments f)
  (let ([arity (%arity-of f)])
    (if (pair? arity) (cadr arity) arity)))

;; How many arguments F takes: an integer, a list of the least and the most, with #f for no end, or #f when nobody knows.
(define (%arity-of f) (or (%arity f) (%closure-arity f)))

;; What Steel knows of its own closures: of one with a rest parameter it tells only that there is one.
(define (%closure-arity f)
  (%with-handler (lambda (e) #f)
                 (lambda ()
                   (let ([arity (function-arity f)])
                     (if (and (number? arity) (not (multi-arity? f))) arity (list 0 #f))))))

(define (procedure-arity f)
  (let ([arity (%arity-of f)])
    (cond [(not (pair? arity)) arity]
          [(cadr arity) (range (car arity) (+ (cadr arity) 1))]
          [else (arity-at-least (car arity))])))

(define (procedure-arity-includes? f count [keywords? #f])
  (let ([arity (%arity-of f)])
    (cond [(number? arity) (= arity count)]
          [(pair? arity) (and (>= count (car arity)) (or (not (cadr arity)) (<= count (cadr arity))))]
          [else #t])))

(struct arity-at-least (value) #:transparent)

(define (thunk? value) (and (procedure? value) (procedure-arity-includes? value 0)))

;; KEYWORDS and their values, in two lists; the last argument is a list of the others.
(define (keyword-apply f keywords values . args)
  (apply f (append (append-map list keywords values) (apply list* args))))

;; What it makes is given its keywords in order, their values, and the other arguments.
(define (make-keyword-procedure keyed . plain)
  (lambda args
    (let next ([left args] [keys '()] [others '()])
      (cond [(null? left)
             (let ([keys (sort keys keyword<? #:key car)] [others (reverse others)])
               (if (and (null? keys) (pair? plain))
                   (apply (car plain) others)
                   (apply keyed (map car keys) (map cdr keys) others)))]
            [(and (keyword? (car left)) (pair? (cdr left)))
             (next (cddr left) (cons (cons (car left) (cadr left)) keys) others)]
            [else (next (cdr left) keys (cons (car left) others))]))))
