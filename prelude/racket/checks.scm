;;; checks.scm -- rackunit's simple checks: silent when they hold, an error when not.
;;;
;;; Not here: cases that go on after a failure.

(define (%check name holds? . fields)
  (unless holds?
    (apply raise-arguments-error name "check failed" fields)))

(define (check-equal? actual expected . message)
  (%check 'check-equal? (equal? actual expected) "actual" actual "expected" expected))
(define (check-not-equal? actual expected . message)
  (%check 'check-not-equal? (not (equal? actual expected)) "actual" actual))
(define (check-eqv? actual expected . message)
  (%check 'check-eqv? (eqv? actual expected) "actual" actual "expected" expected))
(define (check-eq? actual expected . message)
  (%check 'check-eq? (eq? actual expected) "actual" actual "expected" expected))
(define (check-true value . message) (%check 'check-true (eq? value #t) "actual" value))
(define (check-false value . message) (%check 'check-false (eq? value #f) "actual" value))
(define (check-not-false value . message) (%check 'check-not-false value))
(define (check-pred pred value . message) (%check 'check-pred (pred value) "actual" value))
(define (check compare a b . message) (%check 'check (compare a b) "first" a "second" b))
(define (check-= a b epsilon . message) (%check 'check-= (<= (abs (- a b)) epsilon) "actual" a "expected" b))
(define (check-within a b epsilon . message)
  (%check 'check-within
          (or (equal? a b) (and (number? a) (number? b) (<= (abs (- a b)) epsilon)))
          "actual" a "expected" b))
(define (check-exn what thunk . message)
  (let* ([none (list 'none)]
         [raised (%with-handler (lambda (e) e) (lambda () (thunk) none))])
    (%check 'check-exn
            (and (not (eq? raised none))
                 (or (not (procedure? what)) (what raised)))
            "raised" (if (eq? raised none) 'nothing raised))))
(define (check-not-exn thunk . message) (thunk) (void))
(define (fail . message) (apply raise-arguments-error 'fail (if (null? message) "failed" (car message)) '()))

(define-syntax-rule (test-case name body ...) (let () body ... (void)))
(define-syntax-rule (test-begin body ...) (let () body ... (void)))
(define-syntax-rule (test-suite name body ...) (lambda () body ... (void)))
(define (run-tests suite . mode) (suite) 0)
(define (test-equal? name actual expected) (%check name (equal? actual expected) "actual" actual "expected" expected))
(define (test-true name value) (%check name (eq? value #t) "actual" value))
(define (test-false name value) (%check name (eq? value #f) "actual" value))
(define (test-not-false name value) (%check name value))
(define (test-pred name pred value) (%check name (pred value) "actual" value))
(define (test-exn name what thunk) (check-exn what thunk))
(define (check-not-eq? actual expected . message)
  (%check 'check-not-eq? (not (eq? actual expected)) "actual" actual))
(define (check-match-fail value) (%check 'check-match #f "actual" value))
(define-syntax check-match
  (syntax-rules ()
    [(_ value pattern) (let ([v value]) (match v [pattern (void)] [_ (check-match-fail v)]))]
    [(_ value pattern test) (let ([v value]) (match v [pattern #:when test (void)] [_ (check-match-fail v)]))]))
