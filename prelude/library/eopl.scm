;;; eopl.scm -- the data types of "Essentials of Programming Languages", as the library eopl has them, and its errors.
;;;
;;; Expanded into a program that requires it.

(provide define-datatype cases eopl:error eopl:printf eopl:pretty-print list-of always? maybe)

;; How each variant is told and taken apart, by its name: its type's name, its predicate, its accessor.
(define variants (make-hasheq))

(define-syntax define-datatype
  (syntax-rules ()
    [(_ type type? (variant (field good?) ...) ...)
     (begin
       (define (type? value) (of-type? 'type value))
       (define variant
         (let-values ([(kind make made? part change!)
                       (make-struct-type 'variant #f (length '(field ...)) 0 #f '() #f)])
           (hash-set! variants 'variant (list 'type made? part))
           (procedure-rename
            (lambda (field ...)
              (unless (good? field)
                (raise (exn:fail:contract (format "~a: bad value for ~a field: ~e" 'variant 'field field)
                                          (current-continuation-marks))))
              ...
              (make field ...))
            'variant)))
       ...)]
    [(_ type (variant (field good?) ...) ...)
     (define-datatype type unnamed? (variant (field good?) ...) ...)]))

(define (of-type? type value)
  (for/or ([variant (in-hash-values variants)])
    (and (eq? (car variant) type) ((cadr variant) value))))

(define-syntax cases
  (syntax-rules ()
    [(_ type value clause ...)
     (let ([given value])
       (unless (of-type? 'type given)
         (raise (exn:fail:contract (format "cases: not a ~a: ~e" 'type given) (current-continuation-marks))))
       (cases-of given clause ...))]))

(define-syntax cases-of
  (syntax-rules (else)
    [(_ given) (error 'cases "no branch for ~e" given)]
    [(_ given (else body ...)) (let () body ...)]
    [(_ given (variant (field ...) body ...) clause ...)
     (let ([how (hash-ref variants 'variant)])
       (if ((cadr how) given)
           (apply (lambda (field ...) body ...) (parts (caddr how) given (length '(field ...))))
           (cases-of given clause ...)))]))

(define (parts part value count) (for/list ([at (in-range count)]) (part value at)))

(define (eopl:error who template . values) (error (apply format (string-append "~a: " template) who values)))
(define eopl:printf printf)
(define eopl:pretty-print pretty-print)

(define (list-of good?) (lambda (value) (and (list? value) (andmap good? value))))
(define (always? value) #t)
(define (maybe good?) (lambda (value) (or (not value) (good? value))))
