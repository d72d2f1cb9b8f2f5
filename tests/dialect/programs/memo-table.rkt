#lang racket/base
(require racket/list)

(define memo (make-hash))
(define-syntax-rule (define/memo (name arg ...) body ...)
  (define name
    (let ([table (make-hash)])
      (lambda (arg ...)
        (define key (list arg ...))
        (cond
          [(hash-ref table key #f) => (lambda (found) (car found))]
          [else
           (define result (let () body ...))
           (hash-set! table key (list result))
           result])))))

(define/memo (fib n)
  (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))

(define/memo (paths rows cols)
  (if (or (= rows 1) (= cols 1))
      1
      (+ (paths (sub1 rows) cols) (paths rows (sub1 cols)))))

(define/memo (lcs a b)
  (cond
    [(or (null? a) (null? b)) '()]
    [(equal? (car a) (car b)) (cons (car a) (lcs (cdr a) (cdr b)))]
    [else
     (define x (lcs (cdr a) b))
     (define y (lcs a (cdr b)))
     (if (>= (length x) (length y)) x y)]))

(define/memo (change amount coins)
  (cond
    [(zero? amount) 1]
    [(or (negative? amount) (null? coins)) 0]
    [else (+ (change (- amount (car coins)) coins)
             (change amount (cdr coins)))]))

(fib 100)
(paths 10 10)
(list->string (lcs (string->list "nematode knowledge") (string->list "empty bottle")))
(change 100 '(50 25 10 5 1))
(define (collatz n)
  (hash-ref! memo n
             (lambda ()
               (if (= n 1) 1 (add1 (collatz (if (even? n) (quotient n 2) (add1 (* 3 n)))))))))
(collatz 27)
(argmax collatz (range 1 1000))
