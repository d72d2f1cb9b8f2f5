;;; control.scm -- racket/control: parts of a program's rest as procedures.
;;;
;;; Expanded into a program that requires it.  Not here: tags, and `control0` and kin.

(provide reset shift prompt control call/prompt abort % fcontrol)

;; What each fiber is to go on with, innermost first: whether it is a prompt, and what takes a thunk and goes on with its value.
(define fibers (make-hasheqv))
(define (open) (hash-ref fibers (%fiber) '()))
(define (open! all)
  (if (null? all) (hash-remove! fibers (%fiber)) (hash-set! fibers (%fiber) all)))

(define (leave thunk)
  (let ([all (open)])
    (open! (cdr all))
    ((cdar all) thunk)))

;; Runs a thunk within a prompt. What leaves by it says what is to be done behind it; what is raised is raised there.
(define (within thunk)
  ((call/cc
    (lambda (rest)
      (open! (cons (cons #t rest) (open)))
      (leave
       (with-handlers ([(lambda (raised) #t) (lambda (raised) (lambda () (raise raised)))])
         (call-with-values thunk (lambda all (lambda () (apply values all))))))))))

;; Goes to the innermost prompt; gives what lay before it.
(define (to-prompt name)
  (let next ([before '()] [behind (open)])
    (cond [(null? behind)
           (raise (exn:fail:contract (string-append name ": no corresponding prompt in the continuation")
                                                  (current-continuation-marks)))]
          [(caar behind)
           (open! behind)
           (reverse before)]
          [else (next (cons (car behind) before) (cdr behind))])))

;; What is taken is run within a prompt again, or joins those that are open then.
(define (taken f name prompt?)
  ((call/cc
    (lambda (rest)
      (define before (to-prompt name))
      (define (again . all)
        ((call/cc
          (lambda (behind)
            (open! (append before (cons (cons prompt? behind) (open))))
            (rest (lambda () (apply values all)))))))
      (leave (lambda () (within (lambda () (f again)))))))))

(define-syntax-rule (reset form ...) (within (lambda () form ...)))
(define-syntax-rule (prompt form ...) (within (lambda () form ...)))
(define-syntax-rule (shift name form ...) (taken (lambda (name) form ...) "shift" #t))
(define-syntax-rule (control name form ...) (taken (lambda (name) form ...) "control" #f))
(define (call/prompt f . items) (within (lambda () (apply f items))))
(define (abort . all)
  (to-prompt "abort")
  (leave (lambda () (apply values all))))

;; Within `%`, values come as a thunk that gives them to what is behind it.
(define (handled thunk handler)
  ((within (lambda () (call-with-values thunk (lambda all (lambda (handler) (apply values all))))))
   handler))
(define-syntax %
  (syntax-rules ()
    [(_ form) (handled (lambda () form) (lambda (value rest) value))]
    [(_ form handler) (let ([f handler]) (handled (lambda () form) f))]))
(define (fcontrol value)
  (taken (lambda (rest) (lambda (handler) (handler value (lambda all ((apply rest all) handler))))) "fcontrol" #f))
