;;; srfi-26.scm -- srfi/26: procedures of what a call leaves open.
;;;
;;; Expanded into a program that requires it.

(provide cut cute)

(define-syntax cut (syntax-rules () [(_ part ...) (cutting () () part ...)]))
(define-syntax cute (syntax-rules () [(_ part ...) (cutting-early () () () part ...)]))

;; The parameters and the call so far, and what is left of it.
(define-syntax cutting
  (syntax-rules (<> <...>)
    [(_ (name ...) (item ...)) (lambda (name ...) (item ...))]
    [(_ (name ...) (item ...) <...>) (lambda (name ... . rest) (apply item ... rest))]
    [(_ (name ...) (item ...) <> part ...) (cutting (name ... x) (item ... x) part ...)]
    [(_ names (item ...) other part ...) (cutting names (item ... other) part ...)]))

;; What is not open is reckoned once, before.
(define-syntax cutting-early
  (syntax-rules (<> <...>)
    [(_ bindings (name ...) (item ...)) (let bindings (lambda (name ...) (item ...)))]
    [(_ bindings (name ...) (item ...) <...>) (let bindings (lambda (name ... . rest) (apply item ... rest)))]
    [(_ bindings (name ...) (item ...) <> part ...) (cutting-early bindings (name ... x) (item ... x) part ...)]
    [(_ (binding ...) names (item ...) other part ...)
     (cutting-early (binding ... [held other]) names (item ... held) part ...)]))
