;;; rackunit.scm -- what is seldom used of rackunit; the rest is in racket/checks.scm.
;;;
;;; Expanded into a program that requires it.

(provide define-check define-simple-check define-binary-check fail-check with-check-info test-not-exn test-eq? test-eqv?
         test-not-equal? test-= test-within test-check check-not-pred before after around test-not-eq? test-not-eqv?)

(define (fail-check . message) (apply fail message))

(define-syntax-rule (define-check (name param ...) body ...)
  (define (name param ... . message) body ... (void)))
(define-syntax-rule (define-simple-check (name param ...) body ...)
  (define (name param ... . message)
    (unless (let () body ...) (fail 'name))))
(define-syntax define-binary-check
  (syntax-rules ()
    [(_ (name pred actual expected))
     (define (name actual expected . message) (unless (pred actual expected) (fail 'name)))]
    [(_ (name actual expected) body ...)
     (define (name actual expected . message) (unless (let () body ...) (fail 'name)))]))
(define-syntax-rule (with-check-info (info ...) body ...) (let () body ...))

(define-syntax-rule (before do body ...) (begin do body ...))
(define-syntax-rule (after body ... do) (dynamic-wind void (lambda () body ...) (lambda () do)))
(define-syntax-rule (around first body ... last) (dynamic-wind (lambda () first) (lambda () body ...) (lambda () last)))

(define (check-not-pred pred value . message) (unless (not (pred value)) (fail 'check-not-pred)))
(define (test-not-exn name thunk) (test-case name (check-not-exn thunk)))
(define (test-eq? name a b) (test-case name (check-eq? a b)))
(define (test-eqv? name a b) (test-case name (check-eqv? a b)))
(define (test-not-eq? name a b) (test-case name (check-not-eq? a b)))
(define (test-not-eqv? name a b) (test-case name (check-not-eqv? a b)))
(define (test-not-equal? name a b) (test-case name (check-not-equal? a b)))
(define (test-= name a b epsilon) (test-case name (check-= a b epsilon)))
(define (test-within name a b epsilon) (test-case name (check-within a b epsilon)))
(define (test-check name compare a b) (test-case name (check compare a b)))
