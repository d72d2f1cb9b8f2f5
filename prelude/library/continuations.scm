;;; continuations.scm -- racket/base's delimited continuations: prompts, and a program's rest up to one as a procedure.
;;;
;;; Expanded into programs that name one of these.  A rest is taken by call/cc, which takes all of it; what is run of it ends
;;; at the prompt, which goes on with whatever is next there.  Continuation marks are not here.

(provide (rename-out [any-continuation? continuation?])
         call-with-continuation-prompt abort-current-continuation call-with-composable-continuation
         make-continuation-prompt-tag default-continuation-prompt-tag continuation-prompt-tag?
         continuation-prompt-available?)

(struct continuation-prompt-tag (name)
  #:property prop:custom-write
  (lambda (tag port mode)
    (define name (continuation-prompt-tag-name tag))
    (fprintf port "#<continuation-prompt-tag~a>" (if name (format ":~a" name) ""))))
(define (make-continuation-prompt-tag [name #f]) (continuation-prompt-tag name))
(define default-tag (continuation-prompt-tag 'default))
(define (default-continuation-prompt-tag) default-tag)

;; What a fiber is to go on with: a prompt's tag or #f, what takes a thunk and goes on with its values, a prompt's handler.
(define next-tag car)
(define next-rest cadr)
(define next-handler caddr)

;; What each fiber is to go on with, innermost first.
(define fibers (make-hasheqv))
(define (open) (hash-ref fibers (%fiber) '()))
(define (open! all)
  (if (null? all) (hash-remove! fibers (%fiber)) (hash-set! fibers (%fiber) all)))

(define (leave thunk)
  (let ([all (open)])
    (open! (cdr all))
    ((next-rest (car all)) thunk)))

;; What is to be gone on with up to the innermost prompt of this tag, and from there on.
(define (split who tag)
  (let next ([before '()] [behind (open)])
    (cond [(null? behind)
           (raise (exn:fail:contract:continuation
                   (format "~a: no corresponding prompt in the continuation\n  tag: ~a" who tag)
                   (current-continuation-marks)))]
          [(eq? (next-tag (car behind)) tag) (values (reverse before) behind)]
          [else (next (cons (car behind) before) (cdr behind))])))

;; What leaves a prompt says what is to be done behind it; what is raised is raised there.
(define (call-with-continuation-prompt f [tag default-tag] [handler #f] . args)
  ((call/cc
    (lambda (rest)
      (open! (cons (list tag rest (or handler (lambda (thunk) (call-with-continuation-prompt thunk tag)))) (open)))
      (leave
       (with-handlers ([(lambda (raised) #t) (lambda (raised) (lambda () (raise raised)))])
         (call-with-values (lambda () (apply f args)) (lambda all (lambda () (apply values all))))))))))

(define (abort-current-continuation tag . all)
  (let-values ([(before behind) (split 'abort-current-continuation tag)])
    (open! behind)
    (leave (lambda () (apply (next-handler (car behind)) all)))))

(define (call-with-composable-continuation f [tag default-tag])
  ((call/cc
    (lambda (rest)
      (define-values (before behind) (split 'call-with-composable-continuation tag))
      (call-with-values (lambda () (f (composable before rest)))
                        (lambda all (lambda () (apply values all))))))))

;; What goes on with REST up to a prompt, and then with what comes after it.
(define (composable before rest)
  (car (list (lambda all
               ((call/cc
                 (lambda (after)
                   (open! (append before (cons (list #f after #f) (open))))
                   (rest (lambda () (apply values all))))))))))
(define a-composable (composable '() void))
(define (any-continuation? value)
  (or (continuation? value) (and (procedure? value) (%same-code? value a-composable))))

(define (continuation-prompt-available? tag)
  (or (eq? tag default-tag) (and (assq tag (open)) #t)))
