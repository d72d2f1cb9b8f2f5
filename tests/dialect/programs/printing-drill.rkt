#lang racket
'sym
"str"
#\a
'(1 "two" #\3)
(list 'quote 'a)
''a
'(a . b)
'(1 2 . 3)
#(1 2)
(vector 'a "b")
'()
#t
(box 5)
(hash 'a 1)
(make-hash '((k . v)))
(set 1)
car
(define (named-function x) x)
named-function
(string->symbol "with space")
'|a b|
#rx"ab+"
#px"\\d"
#"bytes"
'#:keyword
(void)
(list (void))
eof
3.0
1/2
(list 1 (list 2 (list 3)))
(list "a" (vector "b" (list #\c)))
(cons 1 (cons 2 '()))
(display '("a" #\b c)) (newline)
(write '("a" #\b c)) (newline)
(print '("a" #\b c)) (newline)
(displayln "x")
(writeln "x")
(println "x")
(println '(a "b"))
(printf "~a ~s ~v\n" '("x" y) '("x" y) '("x" y))
(~a '("x" #\y))
(~s '("x" #\y))
(~v '("x" #\y))
(display #\newline)
(write #\newline) (newline)
(values 1 2)
