;;; srfi-2.scm -- srfi/2: bindings that all must be true.
;;;
;;; Expanded into a program that requires it.

(provide and-let*)

(define-syntax and-let*
  (syntax-rules ()
    [(_ ()) #t]
    [(_ () form ...) (let () form ...)]
    [(_ ([name value])) value]
    [(_ ([test])) test]
    [(_ ([name value] clause ...) form ...) (let ([name value]) (if name (and-let* (clause ...) form ...) #f))]
    [(_ ([test] clause ...) form ...) (if test (and-let* (clause ...) form ...) #f)]
    [(_ (name)) name]
    [(_ (name clause ...) form ...) (if name (and-let* (clause ...) form ...) #f)]))
