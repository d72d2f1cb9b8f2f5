;;; control.scm -- racket/control: operators that take a program's rest up to a prompt as a procedure.
;;;
;;; Expanded into a program that requires it.  They differ in whether a prompt stays where one was (`reset` against `reset0`)
;;; and whether the rest brings one along (`shift` against `control`).  Not here: `spawn`, `splitter`, `set` and `cupto`.

(require racket/private/continuations)
(provide abort abort/cc call/comp call/prompt new-prompt % fcontrol
         prompt prompt-at prompt0 prompt0-at control control-at control0 control0-at
         reset reset-at reset0 reset0-at shift shift-at shift0 shift0-at)

(define call/prompt call-with-continuation-prompt)
(define call/comp call-with-composable-continuation)
(define abort/cc abort-current-continuation)
(define (new-prompt) (make-continuation-prompt-tag))
(define (abort . all)
  (abort-current-continuation (default-continuation-prompt-tag) (lambda () (apply values all))))

(define (within tag thunk)
  (call-with-continuation-prompt thunk tag (lambda (next) (next))))
(define (taken tag f)
  (call-with-composable-continuation (lambda (rest) (abort-current-continuation tag (lambda () (f rest)))) tag))
(define (with-prompt tag rest)
  (lambda all (within tag (lambda () (apply rest all)))))

(define-syntax-rule (prompt-at tag form ...) (within tag (lambda () form ...)))
(define-syntax-rule (prompt form ...) (prompt-at (default-continuation-prompt-tag) form ...))
(define-syntax-rule (control0-at tag name form ...) (taken tag (lambda (name) form ...)))
(define-syntax-rule (control0 name form ...) (control0-at (default-continuation-prompt-tag) name form ...))
(define-syntax-rule (control-at tag name form ...)
  (let ([here tag]) (control0-at here name (within here (lambda () form ...)))))
(define-syntax-rule (control name form ...) (control-at (default-continuation-prompt-tag) name form ...))
(define-syntax-rule (shift0-at tag name form ...)
  (let ([here tag]) (control0-at here rest (let ([name (with-prompt here rest)]) form ...))))
(define-syntax-rule (shift0 name form ...) (shift0-at (default-continuation-prompt-tag) name form ...))
(define-syntax-rule (shift-at tag name form ...)
  (let ([here tag]) (shift0-at here name (within here (lambda () form ...)))))
(define-syntax-rule (shift name form ...) (shift-at (default-continuation-prompt-tag) name form ...))

(define-syntax-rule (reset form ...) (prompt form ...))
(define-syntax-rule (reset-at tag form ...) (prompt-at tag form ...))
(define-syntax-rule (reset0 form ...) (prompt form ...))
(define-syntax-rule (reset0-at tag form ...) (prompt-at tag form ...))
(define-syntax-rule (prompt0 form ...) (prompt form ...))
(define-syntax-rule (prompt0-at tag form ...) (prompt-at tag form ...))

;; What fcontrol is given goes to the handler of `%` with the rest up to there.
(define-syntax %
  (syntax-rules ()
    [(_ form) (prompt form)]
    [(_ form handler)
     (call-with-continuation-prompt (lambda () form) (default-continuation-prompt-tag) handler)]))
(define (fcontrol value #:tag [tag (default-continuation-prompt-tag)])
  (call-with-composable-continuation (lambda (rest) (abort-current-continuation tag value rest)) tag))
