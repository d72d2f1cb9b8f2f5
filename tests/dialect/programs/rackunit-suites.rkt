#lang racket
;; TDD kata: bowling + string calculator + gilded-rose-lite, with failing checks shown on stderr only
(require rackunit rackunit/text-ui)
(define (bowling rolls)
  (let loop ([r rolls] [frame 1] [score 0])
    (cond [(> frame 10) score]
          [(= 10 (first r)) (loop (rest r) (add1 frame) (+ score 10 (second r) (third r)))]
          [(= 10 (+ (first r) (second r))) (loop (drop r 2) (add1 frame) (+ score 10 (third r)))]
          [else (loop (drop r 2) (add1 frame) (+ score (first r) (second r)))])))
(define (add s)
  (define-values (delims body)
    (match (regexp-match #px"^//(.)\n(.*)$" s)
      [(list _ d b) (values (regexp-quote d) b)]
      [#f (values "[,\n]" s)]))
  (define nums (map string->number (regexp-split (pregexp delims) body)))
  (define negs (filter negative? (filter values nums)))
  (unless (null? negs) (raise-user-error 'add "negatives not allowed: ~a" (string-join (map number->string negs) ", ")))
  (apply + (filter values nums)))
(define suite
  (test-suite "katas"
    (test-case "perfect game" (check-equal? (bowling (make-list 12 10)) 300))
    (test-case "gutter" (check-equal? (bowling (make-list 20 0)) 0))
    (test-case "spares" (check-equal? (bowling (make-list 21 5)) 150))
    (test-suite "calculator"
      (test-equal? "empty" (add "") 0)
      (test-equal? "two" (add "1,2") 3)
      (test-equal? "custom" (add "//;\n1;2") 3)
      (test-exn "negatives" exn:fail:user? (λ () (add "1,-2"))))))
(run-tests suite)
(check-equal? (+ 1 1) 3 "this one fails on stderr")
(displayln "still here")
(test-case "stops at first failure"
  (check-true #t)
  (check-true #f)
  (displayln "never printed"))
(check-exn #rx"not allowed: -1, -2" (λ () (add "-1,-2")))
(check-within '(1.0 2.0) '(1.001 2.001) 0.01)
(define-simple-check (check-even? n) (even? n))
(check-even? 4)
(add "1\n2,3")
