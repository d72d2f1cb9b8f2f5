;;; budgets.scm -- parameters that bound what calls may take.
;;;
;;; (parameterize ([call-budget 50]) …) opens a scope: every call made in it, in whatever fiber, is charged to it and to the
;;; scopes around it.  The counting is in Rust (ledger.rs); here is only which scopes are bound where a call is made.

;; A parameter whose value is a scope; called, it gives the scope's limit. A scope is what a parameterize opens: a budget
;; that a call could set would bind nothing.
(define (%budget-parameter name)
  (let ([scope (make-parameter #f (lambda (limit) (%budget name limit)))])
    (lambda args
      (cond [(null? args) (%budget-limit (scope))]
            [(eq? (car args) %parameter-key) (scope %parameter-key)]
            [else (%not-set name (car args))]))))

(define token-budget (%budget-parameter 'token-budget))
(define call-budget (%budget-parameter 'call-budget))
(define cost-budget (%budget-parameter 'cost-budget))

(define (budget-left) (%budget-left (car %dyn)))
(define (tokens-used . options) (%used 'tokens-used options (car %dyn)))
(define (cost-used . options) (%used 'cost-used options (car %dyn)))

;; The host answers it at once, as it answers a call.
(define (rate-limits . args)
  (string->json (syntax-e (%finished (%submit 'rate-limits args #f)))))
