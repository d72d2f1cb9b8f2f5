;;; checks.scm -- rackunit's simple checks: silent when they hold, an error when not.
;;;
;;; Not here: suites and cases that go on after a failure.

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
