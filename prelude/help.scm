;;; help.scm -- (help name) takes the bare name, as one would type it.
;;;
;;; Its documentation is in the table of primitives (src/interp/table/help.rs).

(define-syntax help
  (syntax-rules ()
    [(_) (%help "")]
    [(_ name) (%help 'name)]))
