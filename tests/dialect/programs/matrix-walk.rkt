#lang racket
(define grid
  '("S.#....."
    "..#.##.#"
    ".##..#.."
    "....#..E"))
(define rows (length grid))
(define cols (string-length (first grid)))
(define (cell r c)
  (and (<= 0 r (sub1 rows)) (<= 0 c (sub1 cols))
       (string-ref (list-ref grid r) c)))
(define (find-char ch)
  (for*/first ([r rows] [c cols] #:when (eqv? (cell r c) ch)) (cons r c)))
(define directions '((-1 . 0) (1 . 0) (0 . -1) (0 . 1)))
(define (open-neighbours pos)
  (for*/list ([d directions]
              [p (in-value (cons (+ (car pos) (car d)) (+ (cdr pos) (cdr d))))]
              #:when (let ([ch (cell (car p) (cdr p))]) (and ch (not (char=? ch #\#)))))
    p))
(define (shortest start end)
  (define came-from (make-hash (list (cons start #f))))
  (let loop ([frontier (list start)])
    (cond
      [(null? frontier) #f]
      [(member end frontier)
       (let back ([p end] [path '()])
         (if p (back (hash-ref came-from p) (cons p path)) path))]
      [else
       (loop
        (for*/fold ([next '()] #:result (reverse next))
                   ([p frontier] [n (open-neighbours p)]
                    #:unless (hash-has-key? came-from n))
          (hash-set! came-from n p)
          (cons n next)))])))
(define path (shortest (find-char #\S) (find-char #\E)))
(printf "length ~a\n" (sub1 (length path)))
(for ([r rows])
  (for ([c cols])
    (display (cond [(memv (cell r c) '(#\S #\E)) (cell r c)]
                   [(member (cons r c) path) #\*]
                   [else (cell r c)])))
  (newline))
(take path 4)
(shortest '(0 . 0) '(0 . 2))
