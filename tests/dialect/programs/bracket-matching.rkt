#lang racket
(define pairs '((#\) . #\() (#\] . #\[) (#\} . #\{)))
(define (check-brackets str)
  (let loop ([i 0] [stack '()])
    (cond
      [(= i (string-length str))
       (if (null? stack) 'balanced (list 'unclosed (reverse (map cdr stack))))]
      [else
       (define c (string-ref str i))
       (cond
         [(memv c '(#\( #\[ #\{)) (loop (add1 i) (cons (cons c i) stack))]
         [(assv c pairs)
          => (λ (p)
               (cond
                 [(null? stack) `(unexpected ,c at ,i)]
                 [(char=? (caar stack) (cdr p)) (loop (add1 i) (cdr stack))]
                 [else `(mismatch ,(caar stack) ,c at ,i)]))]
         [else (loop (add1 i) stack)])])))
(for ([s '("(a[b]{c})" "(]" "((" ")" "" "{[()]}[")])
  (printf "~a ~s\n" (~s s #:width 12) (check-brackets s)))
(define (depth str)
  (for/fold ([d 0] [m 0] #:result m) ([c str])
    (define d2 (case c [(#\() (add1 d)] [(#\)) (sub1 d)] [else d]))
    (values d2 (max m d2))))
(depth "((a)(b(c)))")
(define (parse-sexp str)
  (define in (open-input-string str))
  (read in))
(parse-sexp "(define (f x) [list x \"s\" #\\a])")
(define (balanced-strings n)
  (let loop ([open n] [close n] [acc ""])
    (cond
      [(and (zero? open) (zero? close)) (list acc)]
      [else
       (append
        (if (> open 0) (loop (sub1 open) close (string-append acc "(")) '())
        (if (> close open) (loop open (sub1 close) (string-append acc ")")) '()))])))
(balanced-strings 3)
(map (compose length balanced-strings) '(0 1 2 3 4 5))
