#lang racket
;; A module within the program, and what is run last.
(module counting racket
  (provide count-up (struct-out tally) (rename-out [bump increment]))
  (struct tally (n) #:transparent)
  (define (bump t) (tally (add1 (tally-n t))))
  (define (helper n) (for/list ([i n]) (* i i)))
  (define (count-up n) (helper n))
  "the module counts")
(module unused racket (displayln "never"))
(module+ main
  (displayln "main is last")
  (report))
(module+ test (error "tests are run by others"))
(require 'counting)
(define (helper) 'mine)
(define (report) (printf "~a ~a\n" (helper) (increment (tally 4))))
(count-up 4)
(match (tally 3) [(tally n) n])
"the program"
