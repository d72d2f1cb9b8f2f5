;;; fibers.scm -- blocking calls park the fiber that makes them, not the program.
;;;
;;; A fiber is a continuation that waits in the scheduler (sched.rs) for an operation to end.  The main program's forms
;;; run as fibers too, each under its own loop.  Every fiber is started by the loop, so that no continuation contains
;;; another; the loop's own continuation is captured once and re-entered.
;;;
;;; Captured with the raw call/cc throughout: Scheme's own would run dynamic-wind's thunks at every park.

;; The dynamic environment of the running fiber: parameters . winders (control.scm).  Each park keeps its fiber's own.
(define %dyn (cons '() #f))
;; The loop.
(define %loop #f)
;; What the last form of the main program came to: a pair of #t and its value, or of #f and the failure.
(define %outcome #f)

;; Leaves the running fiber for good or, after a park, until it is resumed: straight for another that waits to go on, or
;; for the loop, which waits for something to happen.
(define (%leave!)
  (let ([k (%resumed!)])
    (if k (k 0) (%loop 0))))

;; The one place where a fiber waits: until operation ID has ended.
(define (%park! id)
  (if (%looping?)
      (let ([dyn %dyn])
        (#%prim.call/cc (lambda (k) (%park-here! id k) (%leave!)))
        (set! %dyn dyn))
      (%main (lambda () (%park! id)))))

;; THUNK's value as (#t . value), or its failure as (#f . failure).  Errors leave through a continuation, so that a
;; handler never runs on the stack of what failed.
(define (%outcome-of thunk)
  (let ([dyn %dyn])
    ((#%prim.call/cc
      (lambda (k)
        (#%prim.call-with-exception-handler
         (lambda (err) (k (lambda () (let ([e (%caught err)]) (%unwind! dyn) (cons #f e)))))
         (lambda () (let ([v (thunk)]) (lambda () (cons #t v))))))))))

(define (%value-of outcome)
  (if (car outcome) (cdr outcome) (raise (cdr outcome))))

;; Runs THUNK as a fiber, and others while it waits, until it has ended.  Every top-level form of a program that is no
;; definition is wrapped in this; a blocking call outside a fiber wraps itself.
(define (%main thunk)
  (if (%looping?)
      (thunk)
      (let ([dyn %dyn])
        (%enter! (lambda (_)
                   (set! %dyn dyn)
                   (set! %outcome (%outcome-of thunk))
                   (%exit!)
                   (%leave!)))
        (#%prim.call/cc (lambda (k) (set! %loop k)))
        ((%event!) 0)
        (set! %dyn dyn)
        (%value-of %outcome))))
