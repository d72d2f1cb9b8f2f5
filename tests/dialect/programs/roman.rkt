#lang racket
(define numerals
  '((1000 . "M") (900 . "CM") (500 . "D") (400 . "CD") (100 . "C") (90 . "XC")
    (50 . "L") (40 . "XL") (10 . "X") (9 . "IX") (5 . "V") (4 . "IV") (1 . "I")))

(define (number->roman n)
  (let loop ([n n] [table numerals] [acc ""])
    (cond
      [(zero? n) acc]
      [(>= n (caar table)) (loop (- n (caar table)) table (string-append acc (cdar table)))]
      [else (loop n (cdr table) acc)])))

(define letter-values
  (hash #\I 1 #\V 5 #\X 10 #\L 50 #\C 100 #\D 500 #\M 1000))

(define (roman->number s)
  (define-values (total _)
    (for/fold ([total 0] [previous 0]) ([c (reverse (string->list s))])
      (define v (hash-ref letter-values c))
      (values (if (< v previous) (- total v) (+ total v))
              (max v previous))))
  total)

(for ([n '(1 4 9 14 40 90 400 1994 2026 3999)])
  (define r (number->roman n))
  (printf "~a ~a ~a\n" (~r n #:min-width 4) (~a r #:min-width 10) (roman->number r)))
(for/and ([n (in-range 1 4000)]) (= n (roman->number (number->roman n))))
(roman->number "MCMXCIX")
(with-handlers ([exn:fail:contract? (lambda (e) 'bad-numeral)])
  (roman->number "ABC"))
