;;; exceptions.scm -- Racket's tree of exceptions as record types, and R7RS's handlers.
;;;
;;; What errors raise is a failure of Bessemer's own, which carries its kind; a program may also make exceptions, and types
;;; below these.  The predicates hold for both.  `error` and its kin are in Rust (src/interp/dialect/exceptions.rs).

(define (%exn-type name parent fields)
  (%record-type name parent fields 0 #f (map (lambda (field) #f) fields) #t #f '()))

(define-syntax %define-exn
  (syntax-rules ()
    [(_ name make parent type maker predicate)
     (begin
       (define %all (%exn-type 'name parent '()))
       (define type (car %all))
       (define maker (cadr %all))
       (define make maker)
       (define (predicate value) (%exn-is? value 'name))
       (%define-record name type maker predicate
                       ((message exn-message #f) (continuation-marks exn-continuation-marks #f))))]))

(define %exn-parts (%exn-type 'exn #f '(message continuation-marks)))
(define struct:exn (car %exn-parts))
(define make-exn (cadr %exn-parts))
(define (exn? value) (%exn-is? value 'exn))
(%define-record exn struct:exn make-exn exn?
                ((message exn-message #f) (continuation-marks exn-continuation-marks #f)))

(%define-exn exn:fail make-exn:fail struct:exn struct:exn:fail %exn:fail exn:fail?)
(%define-exn exn:fail:contract make-exn:fail:contract struct:exn:fail struct:exn:fail:contract
             %exn:fail:contract exn:fail:contract?)
(%define-exn exn:fail:contract:arity make-exn:fail:contract:arity struct:exn:fail:contract
             struct:exn:fail:contract:arity %exn:fail:contract:arity exn:fail:contract:arity?)
(%define-exn exn:fail:contract:continuation make-exn:fail:contract:continuation struct:exn:fail:contract
             struct:exn:fail:contract:continuation %exn:fail:contract:continuation exn:fail:contract:continuation?)
(%define-exn exn:fail:contract:divide-by-zero make-exn:fail:contract:divide-by-zero struct:exn:fail:contract
             struct:exn:fail:contract:divide-by-zero %exn:fail:contract:divide-by-zero
             exn:fail:contract:divide-by-zero?)
(%define-exn exn:fail:contract:non-fixnum-result make-exn:fail:contract:non-fixnum-result struct:exn:fail:contract
             struct:exn:fail:contract:non-fixnum-result %exn:fail:contract:non-fixnum-result
             exn:fail:contract:non-fixnum-result?)
(%define-exn exn:fail:contract:variable make-exn:fail:contract:variable struct:exn:fail:contract
             struct:exn:fail:contract:variable %exn:fail:contract:variable exn:fail:contract:variable?)
(%define-exn exn:fail:user make-exn:fail:user struct:exn:fail struct:exn:fail:user %exn:fail:user exn:fail:user?)
(%define-exn exn:fail:read make-exn:fail:read struct:exn:fail struct:exn:fail:read %exn:fail:read exn:fail:read?)
(%define-exn exn:fail:syntax make-exn:fail:syntax struct:exn:fail struct:exn:fail:syntax
             %exn:fail:syntax exn:fail:syntax?)
(%define-exn exn:fail:filesystem make-exn:fail:filesystem struct:exn:fail struct:exn:fail:filesystem
             %exn:fail:filesystem exn:fail:filesystem?)
(%define-exn exn:fail:network make-exn:fail:network struct:exn:fail struct:exn:fail:network
             %exn:fail:network exn:fail:network?)
(%define-exn exn:fail:out-of-memory make-exn:fail:out-of-memory struct:exn:fail struct:exn:fail:out-of-memory
             %exn:fail:out-of-memory exn:fail:out-of-memory?)
(%define-exn exn:fail:unsupported make-exn:fail:unsupported struct:exn:fail struct:exn:fail:unsupported
             %exn:fail:unsupported exn:fail:unsupported?)
(%define-exn exn:break make-exn:break struct:exn struct:exn:break %exn:break exn:break?)

;; ---- R7RS's

(define (exn:fail:read:eof? value)
  (and (exn:fail:read? value) (regexp-match? #rx"expected a |end-of-file" (exn-message value))))
(define (exn:misc:match? value)
  (and (exn:fail? value) (string-prefix? (exn-message value) "match") #t))
(define (read-error? value) (exn:fail:read? value))
(define (file-error? value) (exn:fail:filesystem? value))
(define (error-message value) (exn-message value))
(define (error-irritants value) (error-object-irritants value))
(define (condition? value) (exn? value))
(define (error-message-string value) (exn-message value))

;; The handlers of with-exception-handler, innermost first.
(define %handlers (make-parameter '()))

;; HANDLER sees what THUNK raises.  What it gives is the value of raise-continuable or, for what cannot go on, of the whole.
(define (with-exception-handler handler thunk)
  (let ([outer (%handlers)])
    (%with-handler handler
                   (lambda () (parameterize ([%handlers (cons handler outer)]) (thunk))))))

(define (raise-continuable value)
  (let ([handlers (%handlers)])
    (if (null? handlers)
        (raise value)
        (parameterize ([%handlers (cdr handlers)]) ((car handlers) value)))))

;; Racket's: what HANDLER gives is raised on, for the handlers round it.
(define (call-with-exception-handler handler thunk)
  (with-exception-handler (lambda (value) (raise (handler value))) thunk))

(define (call-with-escape-continuation f) (call-with-current-continuation f))
(define (call/ec f) (call-with-current-continuation f))

(define (assert value . message)
  (unless value (raise (%exn:fail "assert: assertion failed" (current-continuation-marks)))))
(define (assert-unreachable)
  (raise (exn:fail:contract "assert-unreachable: unreachable code reached" (current-continuation-marks))))

;; Ends the script, as finish without a value does.
(define (exit . code) (finish (void)))
(define (emergency-exit . code) (finish (void)))
