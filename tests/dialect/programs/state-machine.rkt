#lang racket
;; A table-driven machine that recognises numbers, and a traffic light.
(define (classify c)
  (cond [(char-numeric? c) 'digit]
        [(memv c '(#\+ #\-)) 'sign]
        [(char=? c #\.) 'dot]
        [else 'other]))

(define transitions
  (hash '(start . digit) 'int
        '(start . sign) 'signed
        '(signed . digit) 'int
        '(int . digit) 'int
        '(int . dot) 'point
        '(point . digit) 'frac
        '(frac . digit) 'frac))
(define accepting '(int frac))

(define (run str)
  (let loop ([state 'start] [cs (string->list str)] [trace '(start)])
    (cond
      [(null? cs) (values (and (memq state accepting) #t) (reverse trace))]
      [else
       (define next (hash-ref transitions (cons state (classify (car cs))) #f))
       (if next
           (loop next (cdr cs) (cons next trace))
           (values #f (reverse (cons 'error trace))))])))

(for ([s '("42" "-3.14" "3." "+" "1a" "")])
  (define-values (ok? trace) (run s))
  (printf "~a ~a ~a\n" (~s s #:min-width 8) (if ok? "yes" "no ") trace))

(define (next-light light)
  (case light
    [(green) 'yellow]
    [(yellow) 'red]
    [(red) 'green]))
(for/list ([i 5] [l (in-producer (let ([s 'red]) (lambda () (begin0 s (set! s (next-light s))))) #f)])
  l)
