#lang racket
;; A client that retries, with the waits added up instead of slept.
(struct failure (class message) #:transparent)
(define clock 0)
(define (pretend-sleep! s) (set! clock (+ clock s)))
(define (flaky script)
  (define left script)
  (λ ()
    (define next (car left))
    (set! left (cdr left))
    (match next
      ['ok "answer"]
      [(? symbol? class) (raise (failure class (format "~a happened" class)))]
      [(? string? s) s])))
(define (call-with-retries thunk #:attempts [attempts 4] #:base [base 1] #:on-retry [on-retry void])
  (let loop ([n 1])
    (define result
      (with-handlers ([failure? values]) (thunk)))
    (cond
      [(not (failure? result)) result]
      [(memq (failure-class result) '(auth bad-request)) (raise result)]
      [(= n attempts) (raise result)]
      [else
       (on-retry n (failure-class result))
       (pretend-sleep! (* base (expt 2 (sub1 n))))
       (loop (add1 n))])))
(define (report n class) (printf "attempt ~a: ~a, waiting\n" n class))
(call-with-retries (flaky '(rate-limit timeout ok)) #:on-retry report)
clock
(with-handlers ([failure? failure-message])
  (call-with-retries (flaky '(auth ok)) #:on-retry report))
(with-handlers ([failure? (λ (f) f)])
  (call-with-retries (flaky '(server server)) #:attempts 2 #:on-retry report))
(call-with-retries (flaky '("direct")))
(define results
  (for/list ([script '((ok) (timeout ok) (auth) (server server server server))])
    (with-handlers ([failure? (λ (f) (list 'failed (failure-class f)))])
      (call-with-retries (flaky script)))))
results
(define-values (good bad) (partition string? results))
(printf "~a succeeded, ~a failed after ~a seconds\n" (length good) (length bad) clock)
