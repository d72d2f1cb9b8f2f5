#lang racket/base
(define table '((apple . 3) (banana . 0)))
(define (stock item)
  (cond
    [(assq item table) => (lambda (p) (if (zero? (cdr p)) "sold out" (format "~a left" (cdr p))))]
    [(memq item '(cherry damson)) => (lambda (rest) (format "~a on order with ~a more" item (length (cdr rest))))]
    [else "unknown"]))
(for-each (lambda (i) (printf "~a: ~a\n" i (stock i))) '(apple banana cherry damson egg))
(define (grade n)
  (cond
    [(not (real? n)) 'not-a-number]
    [(> n 100) 'too-high]
    [(>= n 90) 'a]
    [(>= n 80) 'b]
    [(>= n 0) 'c]
    [else 'negative]))
(map grade '(95 85 10 -5 101 "x"))
(define (day-kind d)
  (case d
    [(saturday sunday) 'weekend]
    [(monday tuesday wednesday thursday friday) 'weekday]
    [else (string->symbol (string-append "no-" (symbol->string d)))]))
(map day-kind '(monday sunday someday))
(define (char-kind c)
  (case c
    [(#\a #\e #\i #\o #\u) "vowel"]
    [(#\space #\tab) "space"]
    [("not a char") "string"]
    [else "other"]))
(map char-kind (list #\a #\space #\z "not a char"))
(define (numeric-case n)
  (case (modulo n 4) ((0) 'zero) ((1 3) 'odd) (else 'two)))
(map numeric-case '(0 1 2 3 4))
(let ([v (or (assv 5 '((1 . one))) (assv 1 '((1 . one))))]) (and v (cdr v)))
(and (pair? table) (cdar table))
(when (assq 'apple table) (displayln "found") 'result)
(unless #f 'a 'b)
(cond [(values 5)])
(cond [#f 'x])
(if (or #f '()) "empty list is true" "false")
(not 0)
(let loop ([n 27] [steps 0])
  (cond
    [(= n 1) steps]
    [(even? n) (loop (/ n 2) (+ steps 1))]
    [else (loop (+ 1 (* 3 n)) (+ steps 1))]))
