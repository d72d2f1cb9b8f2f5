;; The three forms of the conformance suite, for Racket and for Bessemer alike. What runs a file puts this before it and
;; the number of its line into each assertion: `(check EXPR => DATUM)` becomes `(check 12 EXPR => DATUM)`.
;;
;; An assertion tells on standard output what came of it; who runs the file reads that. Nothing stops at a failure.
;;
;;   @@pass 12                                     the value is `equal?` to the quoted datum
;;   @@fail 12 … @@end                             it is not, or something was raised
;;   @@output 12 … @@wanted … @@end                what was printed, what was to be printed
;;   @@message 12 … @@wanted … @@end               the message of what was raised, the part of it that was wanted
(define-syntax check
  (syntax-rules (=>)
    ((_ line expr => datum) (harness-check line (lambda () expr) 'datum))))

(define-syntax check-output
  (syntax-rules (=>)
    ((_ line expr => text) (harness-output line (lambda () expr) text))))

(define-syntax check-error
  (syntax-rules (=>)
    ((_ line expr => part) (harness-error line (lambda () expr) part))))

(define (harness-message e)
  (if (exn? e) (exn-message e) (format "~s" e)))

(define (harness-run thunk then)
  ((with-handlers ([(lambda (e) #t) (lambda (e) (lambda () (then #f (harness-message e))))])
     (let ([value (thunk)])
       (lambda () (then #t value))))))

(define (harness-check line thunk datum)
  (harness-run thunk
    (lambda (returned? value)
      (cond
        [(not returned?) (printf "\n@@fail ~a\nraised: ~a\nwanted: ~s\n@@end\n" line value datum)]
        [(and (equal? value datum) (or (hash? datum) (equal? (format "~s" value) (format "~s" datum))))
         (printf "\n@@pass ~a\n" line)]
        [else (printf "\n@@fail ~a\n   got: ~s\nwanted: ~s\n@@end\n" line value datum)]))))

(define (harness-output line thunk text)
  (printf "\n@@output ~a\n" line)
  (harness-run thunk
    (lambda (returned? value)
      (if returned? (void) (printf "\n@@raised ~a" value))
      (printf "\n@@wanted\n~a\n@@end\n" text))))

(define (harness-error line thunk part)
  (harness-run thunk
    (lambda (returned? value)
      (if returned?
          (printf "\n@@fail ~a\n   got: ~s\nwanted: an error that says ~s\n@@end\n" line value part)
          (printf "\n@@message ~a\n~a\n@@wanted\n~a\n@@end\n" line value part)))))

