#lang racket
;; What a record that prints itself is told of the quotes round it
(struct s (v) #:transparent #:methods gen:custom-write [(define (write-proc x port mode) (write mode port) (print (s-v x) port mode))])
(s 'a)
(list (s 'a))
(list (s '(a)))
(vector (s 'a))
(hash 1 (s 'a))
(print (list (s 'a)))
