#lang racket/base
(require (only-in racket/list first second range)
         (prefix-in s: racket/string)
         racket/format)
(provide greet
         (struct-out person)
         main)

#| A program laid out as a module:
   definitions, then main. |#
(struct person (name age) #:transparent)

(define (greet p)
  (~a "Hello, " (person-name p) " (" (person-age p) ")"))

#;(define (greet p) "commented out")

(define (parse-person text)
  (define parts (s:string-split text ","))
  (person (s:string-trim (first parts)) (string->number (s:string-trim (second parts)))))

(define (main)
  (define people (map parse-person '("Ann, 34" "Bob, 27")))
  (for ([p (in-list people)])
    (displayln (greet p)))
  (printf "total age: ~a\n" (apply + (map person-age people)))
  (for ([i (range 3)]) (display i))
  (newline))

(module+ test
  (error "tests do not run with the program"))

(module+ main
  (main)
  (displayln "main submodule done"))
