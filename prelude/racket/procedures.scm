;;; procedures.scm -- procedures made of procedures, and boxes.
;;;
;;; Rest parameters throughout where others would write optional ones: they cost less.

;; As a value; a call is Steel's.
(define (apply f first . rest) (#%prim.apply (%callable f) (#%prim.apply %spread first rest)))

(define (identity value) value)
(define (const value) (%inner-named (lambda args value) 'const))
(define (const* . all) (lambda args (apply values all)))

(define (compose1 . procedures) (%composed 'compose1 procedures))

;; Right to left; what one gives, one value or several, the next is given.
(define (compose . procedures) (%composed 'compose procedures))

(define (%composed name procedures)
  (%need-procedures name procedures)
  (%in-turn procedures))
(define (%in-turn procedures)
  (cond [(null? procedures) values]
        [(null? (cdr procedures)) (car procedures)]
        [else
         (let ([outer (car procedures)] [inner (%in-turn (cdr procedures))])
           (%inner-named (lambda args (call-with-values (lambda () (apply inner args)) outer)) 'composed))]))

;; What F gives, as a list, and the milliseconds that it took: of the processor, by the clock, collecting.
(define (time-apply f args)
  (let* ([cpu (current-process-milliseconds)]
         [start (current-milliseconds)]
         [results (call-with-values (lambda () (apply f args)) list)])
    (values results (- (current-process-milliseconds) cpu) (- (current-milliseconds) start) 0)))

;; The first that is none is told with its position.
(define (%need-procedures name procedures)
  (let next ([left procedures] [at 0])
    (cond [(null? left) (void)]
          [(procedure? (car left)) (next (cdr left) (+ at 1))]
          [else (apply raise-argument-error name "procedure?" at procedures)])))

(define (negate f)
  (unless (procedure? f) (raise-argument-error 'negate "procedure?" f))
  (lambda args (not (apply f args))))

(define (conjoin . predicates)
  (%need-procedures 'conjoin predicates)
  (lambda args
    (let loop ([left predicates] [value #t])
      (cond [(null? left) value]
            [else (let ([value (apply (car left) args)]) (and value (loop (cdr left) value)))]))))

(define (disjoin . predicates)
  (%need-procedures 'disjoin predicates)
  (lambda args
    (let loop ([left predicates])
      (if (null? left) #f (or (apply (car left) args) (loop (cdr left)))))))

(define (procedure-rename f name . realm) (%known-like (lambda args (apply f args)) f name))

;; ---- boxes

(define (box-immutable value) (box value))
(define (box-cas! b old new)
  (and (eq? (unbox b) old) (begin (set-box! b new) #t)))
