#lang racket
(require racket/set)
(define (parse rows)
  (for*/set ([(row y) (in-indexed rows)]
             [(c x) (in-indexed (string->list row))]
             #:when (char=? c #\#))
    (cons x y)))
(define (neighbours p)
  (for*/list ([dx '(-1 0 1)] [dy '(-1 0 1)] #:unless (and (zero? dx) (zero? dy)))
    (cons (+ dx (car p)) (+ dy (cdr p)))))
(define (step cells)
  (define counts
    (for*/fold ([h (hash)]) ([c (in-set cells)] [n (neighbours c)])
      (hash-update h n add1 0)))
  (for/set ([(p n) (in-hash counts)]
            #:when (or (= n 3) (and (= n 2) (set-member? cells p))))
    p))
(define (show cells w h)
  (for ([y h])
    (displayln (apply string (for/list ([x w]) (if (set-member? cells (cons x y)) #\# #\.))))))
(define glider (parse '(".#..." "..#.." "###.." "....." ".....")))
(for/fold ([g glider] #:result (void)) ([i 3])
  (printf "generation ~a, ~a alive\n" i (set-count g))
  (show g 5 5)
  (step g))
(define blinker (parse '("..." "###" "...")))
(equal? blinker (step (step blinker)))
(equal? blinker (step blinker))
(sort (set-map (step blinker) values) < #:key cdr)
