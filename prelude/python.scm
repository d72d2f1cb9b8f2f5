;;;; python.scm -- Python's procedures: what Python asks of models is charged to the budgets around the call.
;;;
;;; The work is done in Rust (table/python.rs); the documentation is there too.

(define (py-eval . args) (%just (%python 'py-eval args (car %dyn))))
(define (py-exec . args) (%just (%python 'py-exec args (car %dyn))))
(define (py-set! . args) (%just (%python 'py-set! args (car %dyn))))
(define (py-call . args) (%just (%python 'py-call args (car %dyn))))
(define (py-import . args) (%just (%python 'py-import args (car %dyn))))
