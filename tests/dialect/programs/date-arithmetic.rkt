#lang racket/base
(require racket/list racket/format)

(define (leap? y)
  (or (and (zero? (modulo y 4)) (not (zero? (modulo y 100))))
      (zero? (modulo y 400))))
(define (days-in-month y m)
  (case m
    [(1 3 5 7 8 10 12) 31]
    [(4 6 9 11) 30]
    [else (if (leap? y) 29 28)]))

(define (date->days y m d)
  (+ (for/sum ([yy (in-range 1970 y)]) (if (leap? yy) 366 365))
     (for/sum ([mm (in-range 1 m)]) (days-in-month y mm))
     (sub1 d)))

(define (days->date n)
  (let loop ([n n] [y 1970])
    (define len (if (leap? y) 366 365))
    (if (>= n len)
        (loop (- n len) (add1 y))
        (let month-loop ([n n] [m 1])
          (define dim (days-in-month y m))
          (if (>= n dim)
              (month-loop (- n dim) (add1 m))
              (list y m (add1 n)))))))

(define weekdays '("Thu" "Fri" "Sat" "Sun" "Mon" "Tue" "Wed"))
(define (weekday y m d) (list-ref weekdays (modulo (date->days y m d) 7)))
(define (pad n) (~r n #:min-width 2 #:pad-string "0"))
(define (iso date) (format "~a-~a-~a" (first date) (pad (second date)) (pad (third date))))

(displayln (date->days 2000 3 1))
(displayln (iso (days->date 11017)))
(displayln (weekday 2026 11 21))
(displayln (- (date->days 2026 12 25) (date->days 2026 11 21)))
(displayln (iso (days->date (+ 100 (date->days 2026 11 21)))))
(for ([y '(1900 2000 2023 2024)])
  (printf "~a ~a\n" y (if (leap? y) "leap" "common")))
(for/list ([m (in-range 1 13)]) (days-in-month 2024 m))
