#lang racket
(define (fizz n)
  (cond [(zero? (modulo n 15)) "FizzBuzz"]
        [(zero? (modulo n 3)) "Fizz"]
        [(zero? (modulo n 5)) "Buzz"]
        [else n]))
(for ([i (in-range 1 16)]) (printf "~a " (fizz i)))
(newline)
(define (fizz/match n)
  (match* ((modulo n 3) (modulo n 5))
    [(0 0) 'fizzbuzz]
    [(0 _) 'fizz]
    [(_ 0) 'buzz]
    [(_ _) n]))
(map fizz/match (range 1 16))
(define rules '((3 . "Fizz") (5 . "Buzz") (7 . "Bazz")))
(define (fizz/rules n)
  (define s
    (string-append*
     (for/list ([r rules] #:when (zero? (remainder n (car r)))) (cdr r))))
  (if (non-empty-string? s) s (number->string n)))
(string-join (map fizz/rules '(1 3 5 7 15 21 35 105)) ", ")
(let loop ([i 1])
  (unless (> i 5)
    (displayln (case (gcd i 15) [(15) "both"] [(3) "three"] [(5) "five"] [else i]))
    (loop (add1 i))))
(do ([i 1 (add1 i)])
    ((= i 4) 'done)
  (write (fizz i))
  (write-char #\space))
(for/fold ([acc '()] #:result (reverse acc)) ([i (in-range 9 16 3)])
  (cons (fizz i) acc))
