;;; checks.scm -- rackunit's checks: silent when they hold; else they tell stderr, and the program goes on.
;;;
;;; A check that fails ends the test case that it stands in, if it stands in one.  More of rackunit, which programs must
;;; require, is in library/rackunit.scm.

;; What leaves the test case that is running.
(define %test-exit (make-parameter #f))
;; How many tests went well, failed, and raised something.
(define %tests (vector 0 0 0))

(define (%tested! at) (vector-set! %tests at (+ 1 (vector-ref %tests at))))

(define (%check name holds? . fields)
  (unless holds? (%fails name fields)))

(define (%fails name fields)
  (%report "FAILURE" (cons "name" (cons name fields)))
  (let ([exit (%test-exit)]) (when exit (exit 1))))

(define (%report what fields)
  (eprintf "--------------------\n~a\n" what)
  (let next ([left fields])
    (unless (null? left)
      (eprintf (if (symbol? (cadr left)) "~a:~a~a\n" "~a:~a~s\n")
               (car left)
               (make-string (max 1 (- 11 (string-length (car left)))) #\space)
               (cadr left))
      (next (cddr left))))
  (eprintf "--------------------\n"))

(define (%said message) (if (null? message) '() (list "message" (car message))))

(define (%check-all name holds? fields message)
  (unless holds? (%fails name (append fields (%said message)))))

(define (check-equal? actual expected . message)
  (%check-all 'check-equal? (equal? actual expected) (list "actual" actual "expected" expected) message))
(define (check-not-equal? actual expected . message)
  (%check-all 'check-not-equal? (not (equal? actual expected)) (list "actual" actual) message))
(define (check-eqv? actual expected . message)
  (%check-all 'check-eqv? (eqv? actual expected) (list "actual" actual "expected" expected) message))
(define (check-not-eqv? actual expected . message)
  (%check-all 'check-not-eqv? (not (eqv? actual expected)) (list "actual" actual) message))
(define (check-eq? actual expected . message)
  (%check-all 'check-eq? (eq? actual expected) (list "actual" actual "expected" expected) message))
(define (check-not-eq? actual expected . message)
  (%check-all 'check-not-eq? (not (eq? actual expected)) (list "actual" actual) message))
(define (check-true value . message) (%check-all 'check-true (eq? value #t) (list "actual" value) message))
(define (check-false value . message) (%check-all 'check-false (eq? value #f) (list "actual" value) message))
(define (check-not-false value . message) (%check-all 'check-not-false value '() message))
(define (check-pred pred value . message) (%check-all 'check-pred (pred value) (list "actual" value) message))
(define (check compare a b . message) (%check-all 'check (compare a b) (list "first" a "second" b) message))
(define (check-= a b epsilon . message)
  (%check-all 'check-= (<= (abs (- a b)) epsilon) (list "actual" a "expected" b) message))
(define (check-within a b [epsilon 0.001] . message)
  (%check-all 'check-within (%within? a b epsilon) (list "actual" a "expected" b) message))
(define (%within? a b epsilon)
  (cond [(equal? a b) #t]
        [(and (number? a) (number? b)) (<= (abs (- a b)) epsilon)]
        [(and (pair? a) (pair? b)) (and (%within? (car a) (car b) epsilon) (%within? (cdr a) (cdr b) epsilon))]
        [(and (vector? a) (vector? b)) (%within? (vector->list a) (vector->list b) epsilon)]
        [else #f]))
(define (check-regexp-match pattern text . message)
  (%check-all 'check-regexp-match (regexp-match pattern text) (list "regexp" pattern "string" text) message))
(define (check-exn what thunk . message)
  (let* ([none (list 'none)]
         [raised (%with-handler (lambda (e) e) (lambda () (thunk) none))]
         [fits (cond [(eq? raised none) #f]
                     [(procedure? what) (what raised)]
                     [else (and (exn? raised) (regexp-match? what (exn-message raised)))])])
    (%check-all 'check-exn
                fits
                (cond [(eq? raised none) (list "message" "No exception raised")]
                      [(exn? raised) (list "exn-message" (exn-message raised))]
                      [else (list "raised" raised)])
                message)))
(define (check-not-exn thunk . message)
  (let ([raised (%with-handler (lambda (e) (list e)) (lambda () (thunk) #f))])
    (%check-all 'check-not-exn
                (not raised)
                (if raised
                    (list "exception-message" (if (exn? (car raised)) (exn-message (car raised)) (car raised)))
                    '())
                message)))
(define (fail . message) (%fails 'fail (%said message)))

(define-syntax-rule (test-case name body ...) (%test name (lambda () body ...)))
(define-syntax-rule (test-begin body ...) (%test #f (lambda () body ...)))

(define (%test name thunk)
  (%tested!
   (let/ec exit
     (%with-handler (lambda (e)
                      (%report "ERROR" (list "name" (or name 'test) "message" (if (exn? e) (exn-message e) e)))
                      2)
                    (lambda ()
                      (parameterize ([%test-exit exit]) (thunk))
                      0)))))

(define (%test-of name check args) (%test name (lambda () (apply check args))))
(define (test-equal? name . args) (%test-of name check-equal? args))
(define (test-true name . args) (%test-of name check-true args))
(define (test-false name . args) (%test-of name check-false args))
(define (test-not-false name . args) (%test-of name check-not-false args))
(define (test-pred name . args) (%test-of name check-pred args))
(define (test-exn name . args) (%test-of name check-exn args))

(define (check-match-fail value) (%check 'check-match #f "actual" value))
(define-syntax check-match
  (syntax-rules ()
    [(_ value pattern) (let ([v value]) (match v [pattern (void)] [_ (check-match-fail v)]))]
    [(_ value pattern test) (let ([v value]) (match v [pattern #:when test (void)] [_ (check-match-fail v)]))]))

;; A suite's body is run by `run-tests`.
(struct %suite (name body))
(define-syntax test-suite
  (syntax-rules ()
    [(_ name #:before before #:after after body ...)
     (%suite name (lambda () (dynamic-wind before (lambda () (%run-suite body) ...) after)))]
    [(_ name #:before before body ...) (%suite name (lambda () (before) (%run-suite body) ...))]
    [(_ name #:after after body ...) (%suite name (lambda () (dynamic-wind void (lambda () (%run-suite body) ...) after)))]
    [(_ name body ...) (%suite name (lambda () (%run-suite body) ... (void)))]))
(define-syntax-rule (define-test-suite name body ...) (define name (test-suite 'name body ...)))
(define (%run-suite value) (when (%suite? value) ((%suite-body value))))

(define (run-tests suite . verbosity)
  (vector-fill! %tests 0)
  (%run-suite suite)
  (let* ([good (vector-ref %tests 0)] [failures (vector-ref %tests 1)] [errors (vector-ref %tests 2)])
    (printf "~a success(es) ~a failure(s) ~a error(s) ~a test(s) run\n" good failures errors (+ good failures errors))
    (+ failures errors)))
