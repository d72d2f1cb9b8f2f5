#lang racket
(define puzzle
  #(1 0 0 4
    0 0 1 0
    0 1 0 0
    4 0 0 1))
(define (row i) (quotient i 4))
(define (col i) (remainder i 4))
(define (box-of i) (+ (* 2 (quotient (row i) 2)) (quotient (col i) 2)))
(define peers
  (for/vector ([i 16])
    (for/list ([j 16]
               #:when (and (not (= i j))
                           (or (= (row i) (row j)) (= (col i) (col j)) (= (box-of i) (box-of j)))))
      j)))
(define (candidates board i)
  (define used (for/list ([j (vector-ref peers i)]) (vector-ref board j)))
  (for/list ([v (in-range 1 5)] #:unless (memv v used)) v))
(define steps 0)
(define (solve board)
  (set! steps (add1 steps))
  (define empties (for/list ([v board] [i (in-naturals)] #:when (zero? v)) i))
  (cond
    [(null? empties) board]
    [else
     (define i (argmin (λ (i) (length (candidates board i))) empties))
     (for/or ([v (candidates board i)])
       (define next (vector-copy board))
       (vector-set! next i v)
       (solve next))]))
(define solved (solve puzzle))
(for ([r 4])
  (displayln (string-join (for/list ([c 4]) (number->string (vector-ref solved (+ (* 4 r) c)))) " ")))
(printf "valid: ~a\n"
        (for*/and ([i 16] [j (vector-ref peers i)])
          (not (= (vector-ref solved i) (vector-ref solved j)))))
(solve #(1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0))
(candidates puzzle 5)
(vector-ref puzzle 3)
