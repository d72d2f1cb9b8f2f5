;;; control.scm -- racket/control: parts of a program's rest as procedures.
;;;
;;; Expanded into a program that requires it.  Not here: tags, and `control0` and kin.

(provide reset shift prompt control call/prompt abort % fcontrol)

;; What is to be gone on with, innermost first: whether it is a prompt, and what takes a thunk and goes on with its value.
(define open '())

(define (leave thunk)
  (let ([innermost (cdar open)])
    (set! open (cdr open))
    (innermost thunk)))

;; Runs a thunk within a prompt. What leaves by it says what is to be done behind it.
(define (within thunk)
  ((call/cc
    (lambda (rest)
      (set! open (cons (cons #t rest) open))
      (call-with-values thunk (lambda all (leave (lambda () (apply values all)))))))))

;; Goes to the innermost prompt; gives what lay before it.
(define (to-prompt name)
  (let next ([before '()])
    (cond [(null? open)
           (set! open (reverse before))
           (raise (exn:fail:contract (string-append name ": no corresponding prompt in the continuation")
                                                  (current-continuation-marks)))]
          [(caar open) (reverse before)]
          [else
           (let ([one (car open)])
             (set! open (cdr open))
             (next (cons one before)))])))

;; What is taken is run within a prompt again, or joins those that are open then.
(define (taken f name prompt?)
  ((call/cc
    (lambda (rest)
      (define before (to-prompt name))
      (define (again . all)
        ((call/cc
          (lambda (behind)
            (set! open (append before (cons (cons prompt? behind) open)))
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
