;;; trace.scm -- racket/trace: what is called, and what it gives.
;;;
;;; Expanded into a program that requires it.  A call in the place of another shows as one within it.

(provide trace untrace trace-define trace-lambda trace-let trace-call current-trace-notify current-prefix-in
         current-prefix-out)

(define current-trace-notify (make-parameter (lambda (line) (displayln line))))
(define current-prefix-in (make-parameter ">"))
(define current-prefix-out (make-parameter "<"))
(define depth 0)
;; What is traced, and what it was.
(define traced (make-hasheq))

(define (mark prefix depth)
  (define blank (make-string (string-length prefix) #\space))
  (define (marks count) (string-append* (for/list ([at count]) (if (even? at) prefix blank))))
  (if (< depth 10) (marks (+ depth 1)) (string-append (marks 7) "[" (number->string depth) "] ")))
(define (shown value) (let ([port (open-output-string)]) (print value port) (get-output-string port)))

(define (show-call name depth keys values items)
  ((current-trace-notify)
   (string-append (mark (current-prefix-in) depth)
                  "("
                  (string-join (append (list (format "~a" name))
                                       (map shown items)
                                       (append-map (lambda (key value) (list (format "~s" key) (shown value))) keys values)))
                  ")")))
(define (show-results depth results)
  ((current-trace-notify) (string-append (mark (current-prefix-out) depth) (string-join (map shown results) "\n "))))

(define (watched name procedure)
  (define (through keys values items call)
    (let ([at depth])
      (show-call name at keys values items)
      (call-with-values
       (lambda ()
         (dynamic-wind
          (lambda () (set! depth (+ at 1)))
          call
          (lambda () (set! depth at))))
       (lambda results
         (show-results at results)
         (apply values-of results)))))
  (let ([new (make-keyword-procedure
              (lambda (keys values . items) (through keys values items (lambda () (keyword-apply procedure keys values items))))
              (lambda items (through '() '() items (lambda () (apply procedure items)))))])
    (hash-set! traced new procedure)
    new))
(define (values-of . all) (apply values all))
(define (unwatched procedure) (hash-ref traced procedure procedure))
(define (trace-call name procedure #:keys [keys '()] . items) (apply (watched name procedure) items))

(define-syntax-rule (trace name ...) (begin (set! name (watched 'name name)) ... (void)))
(define-syntax-rule (untrace name ...) (begin (set! name (unwatched name)) ... (void)))
(define-syntax trace-define
  (syntax-rules ()
    [(_ (name . formals) form ...) (define name (watched 'name (lambda formals form ...)))]
    [(_ name value) (define name (watched 'name value))]))
(define-syntax trace-lambda
  (syntax-rules ()
    [(_ #:name name formals form ...) (watched 'name (lambda formals form ...))]
    [(_ formals form ...) (watched 'lambda (lambda formals form ...))]))
(define-syntax-rule (trace-let name ([var value] ...) form ...)
  ((letrec ([name (watched 'name (lambda (var ...) form ...))]) name) value ...))
