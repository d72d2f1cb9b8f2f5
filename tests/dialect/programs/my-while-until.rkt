#lang racket
(define-syntax while
  (syntax-rules ()
    [(_ test #:do body ...) (let loop () (when test body ... (loop)))]
    [(_ test body ...) (while test #:do body ...)]))
(define-syntax until
  (syntax-rules () [(_ test body ...) (while (not test) body ...)]))
(define-syntax for-range
  (syntax-rules (from to step)
    [(_ i from a to b step s body ...) (let loop ([i a]) (when (<= i b) body ... (loop (+ i s))))]
    [(_ i from a to b body ...) (for-range i from a to b step 1 body ...)]))
(define-syntax-rule (push! x lst) (set! lst (cons x lst)))
(define-syntax-rule (pop! lst) (begin0 (car lst) (set! lst (cdr lst))))
(define-syntax-rule (with-log (log-name) body ...)
  (let ([entries '()])
    (define (log-name fmt . args) (push! (apply format fmt args) entries))
    body ...
    (reverse entries)))
(define-syntax cond-let
  (syntax-rules (else)
    [(_ [else e ...]) (let () e ...)]
    [(_ [(name v) e ...] clause ...)
     (let ([name v]) (if name (let () e ...) (cond-let clause ...)))]))
(define-syntax my-let*
  (syntax-rules ()
    [(_ () body ...) (let () body ...)]
    [(_ ([x v] . rest) body ...) (let ([x v]) (my-let* rest body ...))]))
(define n 3)
(while (positive? n) (display n) (set! n (sub1 n)))
(newline)
(until (= n 2) (set! n (add1 n)) (printf "n=~a " n))
(newline)
(for-range i from 0 to 10 step 5 (printf "~a " i))
(for-range i from 1 to 3 (printf "<~a>" i))
(newline)
(define stack '())
(push! 'a stack)
(push! 'b stack)
(list (pop! stack) stack)
(with-log (note)
  (note "start ~a" 1)
  (for ([i 2]) (note "step ~a" i))
  (note "end"))
(cond-let [(x (assq 'z '((a 1)))) (cadr x)]
          [(y (assq 'a '((a 1)))) (list 'found (cadr y))]
          [else 'nothing])
(my-let* ([a 1] [b (* a 10)] [c (+ a b)]) (list a b c))
(define loop 'not-captured)
(while (eq? loop 'not-captured) (set! loop 'changed))
loop
