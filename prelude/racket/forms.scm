;;; forms.scm -- forms that are macros.
;;;
;;; The larger ones are in Rust (src/interp/expand/forms/).  What they stand on begins with % and is in control.scm, in
;;; the other files here, or in src/interp/dialect/.

;; ---- handlers

(define-syntax-rule (with-handler handler body ...)
  (%with-handler handler (lambda () body ...)))

;; HANDLER is given the message alone.
(define-syntax try
  (syntax-rules (on-error)
    [(_ expr on-error handler) (%with-handler (lambda (e) (handler (%message-of e))) (lambda () expr))]))

;; The first predicate that holds says whose handler it is; without one, the value is raised again.
(define-syntax-rule (with-handlers ([test handler] ...) body ...)
  (%with-handlers (list (cons test handler) ...) (lambda () body ...)))

(define (%with-handlers handlers thunk)
  (%with-handler
   (lambda (e)
     (let next ([left handlers])
       (cond [(null? left) (raise e)]
             [((car (car left)) e) ((cdr (car left)) e)]
             [else (next (cdr left))])))
   thunk))

(define-syntax-rule (with-handlers* ([test handler] ...) body ...)
  (with-handlers ([test handler] ...) body ...))

(define-syntax-rule (guard (e clause ...) body ...)
  (%with-handler (lambda (e) (%guard-clauses e clause ...)) (lambda () body ...)))

(define-syntax %guard-clauses
  (syntax-rules (else =>)
    [(_ e) (raise e)]
    [(_ e [else body ...]) (let () body ...)]
    [(_ e [test => receiver] clause ...)
     (let ([t test]) (if t (receiver t) (%guard-clauses e clause ...)))]
    [(_ e [test] clause ...) (or test (%guard-clauses e clause ...))]
    [(_ e [test body ...] clause ...) (if test (let () body ...) (%guard-clauses e clause ...))]))

;; ---- parameters and continuations

(define-syntax-rule (parameterize ([parameter value] ...) body ...)
  (%parameterize (list (cons parameter value) ...) (lambda () body ...)))

(define-syntax parameterize*
  (syntax-rules ()
    [(_ () body ...) (let () body ...)]
    [(_ (binding more ...) body ...) (parameterize (binding) (parameterize* (more ...) body ...))]))

(define-syntax block
  (syntax-rules ()
    [(_) (void)]
    [(_ body ...) (let () body ...)]))
(define-syntax-rule (let/cc k body ...) (call-with-current-continuation (lambda (k) body ...)))
(define-syntax-rule (let/ec k body ...) (call-with-current-continuation (lambda (k) body ...)))

;; ---- small ones

(define-syntax-rule (begin0 first rest ...)
  (let ([value first]) rest ... value))

(define-syntax-rule (while test body ...)
  (let loop () (when test body ... (loop))))

(define-syntax-rule (until test body ...)
  (let loop () (unless test body ... (loop))))

(define-syntax-rule (thunk body ...) (lambda () body ...))
(define-syntax-rule (thunk* body ...) (lambda ignored body ...))

(define-syntax-rule (nand value ...) (not (and value ...)))
(define-syntax-rule (nor value ...) (not (or value ...)))
(define-syntax-rule (implies a b) (if a b #t))

(define-syntax set!-values
  (syntax-rules ()
    [(_ () values) (%several 0 values)]
    [(_ (name ...) values) (%set!-values () (name ...) values)]))

;; Each variable with a temporary of its own.
(define-syntax %set!-values
  (syntax-rules ()
    [(_ ([name new] ...) () values)
     (let-values ([(new ...) values]) (set! name new) ... (void))]
    [(_ (pair ...) (name more ...) values)
     (%set!-values (pair ... [name new]) (more ...) values)]))

(define-syntax time
  (syntax-rules ()
    [(_ body ...)
     (let* ([start (current-inexact-milliseconds)]
            [value (let () body ...)]
            [ms (inexact->exact (round (- (current-inexact-milliseconds) start)))])
       (printf "cpu time: ~a real time: ~a gc time: 0\n" ms ms)
       value)]))
(define-syntax-rule (local (definition ...) body ...) (let () definition ... body ...))

(define-syntax help
  (syntax-rules ()
    [(_) (%help "")]
    [(_ name) (%help 'name)]))

;; ---- several values

(define (call-with-values thunk receiver)
  (apply receiver (%values->list (thunk))))

;; ---- promises and streams (their procedures are in promises.scm, sequences.scm and generators.scm)

(define-syntax-rule (delay body ...) (%delayed (lambda () body ...)))
(define-syntax-rule (delay/name body ...) (%by-name (lambda () body ...)))
(define-syntax-rule (delay-force body ...) (%promise (lambda () body ...)))
(define-syntax-rule (lazy body ...) (%promise (lambda () body ...)))

(define-syntax stream-cons
  (syntax-rules ()
    [(_ #:eager first rest ...) (%stream-cons-to (make-promise first) rest ...)]
    [(_ first rest ...) (%stream-cons-to (%promise (lambda () first)) rest ...)]))
(define-syntax %stream-cons-to
  (syntax-rules ()
    [(_ first #:eager rest) (%stream-cons first (make-promise rest))]
    [(_ first rest) (%stream-cons first (%promise (lambda () rest)))]))
(define-syntax stream
  (syntax-rules ()
    [(_) empty-stream]
    [(_ first rest ...) (stream-cons first (stream rest ...))]))
(define-syntax stream*
  (syntax-rules ()
    [(_ tail) tail]
    [(_ first rest ...) (stream-cons first (stream* rest ...))]))
(define-syntax-rule (stream-lazy body ...) (%promise (lambda () body ...)))
(define-syntax-rule (define-stream (name . formals) body ...) (define (name . formals) body ...))



(define-syntax-rule (generator formals body ...) (%generator (lambda formals body ...)))
(define-syntax-rule (infinite-generator body ...) (%generator (lambda () (let again () body ... (again)))))
(define-syntax in-generator
  (syntax-rules ()
    [(_ #:arity count body ...) (%generated (lambda () body ...))]
    [(_ body ...) (%generated (lambda () body ...))]))
