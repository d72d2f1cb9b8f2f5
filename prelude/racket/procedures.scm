;;; procedures.scm -- procedures made of procedures, and boxes.
;;;
;;; Rest parameters throughout where others would write optional ones: they cost less.

(define (identity value) value)
(define (const value) (lambda args value))
(define (const* . all) (lambda args (apply values all)))

(define (compose1 . procedures) (%composed procedures))

;; Right to left; what one gives, one value or several, the next is given.
(define (compose . procedures) (%composed procedures))

(define (%composed procedures)
  (cond [(null? procedures) values]
        [(null? (cdr procedures)) (car procedures)]
        [else
         (let ([outer (car procedures)] [inner (%composed (cdr procedures))])
           (lambda args (call-with-values (lambda () (apply inner args)) outer)))]))

(define (negate f)
  (unless (procedure? f) (raise-argument-error 'negate "procedure?" f))
  (lambda args (not (apply f args))))

(define (conjoin . predicates)
  (lambda args
    (let loop ([left predicates] [value #t])
      (cond [(null? left) value]
            [else (let ([value (apply (car left) args)]) (and value (loop (cdr left) value)))]))))

(define (disjoin . predicates)
  (lambda args
    (let loop ([left predicates])
      (if (null? left) #f (or (apply (car left) args) (loop (cdr left)))))))

;; Racket's curry goes on until there are as many arguments as the procedure takes, which is not always known here: then
;; the second call is the one.
(define (curry f . given) (%curried f given (lambda (first more) (append first more))))
(define (curryr f . given) (%curried f given (lambda (first more) (append more first))))

(define (%curried f given join)
  (let ([wanted (%least-arity f)])
    (let collect ([given given] [calls 0])
      (if (and (pair? given) wanted (>= (length given) wanted) (> wanted 0))
          (if (= calls 0) (%curried-more f given join) (apply f given))
          (lambda more
            (let ([all (join given more)])
              (if (or (not wanted) (>= (length all) wanted))
                  (apply f all)
                  (collect all (+ calls 1)))))))))

(define (%curried-more f given join)
  (lambda more (apply f (join given more))))

(define (%least-arity f)
  (let ([arity (procedure-arity f)])
    (cond [(number? arity) arity]
          [(pair? arity) (if (number? (car arity)) (car arity) #f)]
          [else #f])))

(define (procedure-arity f)
  (unless (procedure? f) (raise-argument-error 'procedure-arity "procedure?" f))
  (or (%arity f) (%closure-arity f)))

;; What Steel knows of its own closures: a number, or a list of the least when there are more.
(define (%closure-arity f)
  (%with-handler (lambda (e) #f)
                 (lambda ()
                   (let ([arity (function-arity f)])
                     (if (number? arity) arity #f)))))

(define (procedure-arity-includes? f count . more)
  (let ([arity (procedure-arity f)])
    (cond [(number? arity) (= arity count)]
          [(pair? arity) (and (memv count arity) #t)]
          [else #t])))

(define (procedure-rename f name) f)
(define (procedure-reduce-arity f arity . more) f)
(define (object-name value)
  (cond [(symbol? value) value] [else #f]))
(define (thunk? value) (procedure? value))

;; ---- boxes

(define (box-immutable value) (box value))
(define (box-cas! b old new)
  (and (eq? (unbox b) old) (begin (set-box! b new) #t)))
