#lang racket
(define lines '((0 1 2) (3 4 5) (6 7 8) (0 3 6) (1 4 7) (2 5 8) (0 4 8) (2 4 6)))

(define (winner board)
  (for/or ([line lines])
    (match (map (curry list-ref board) line)
      [(list 'x 'x 'x) 'x]
      [(list 'o 'o 'o) 'o]
      [_ #f])))

(define (full? board) (not (memq '_ board)))
(define (moves board) (indexes-of board '_))
(define (other p) (if (eq? p 'x) 'o 'x))

(define (score board player)
  (define w (winner board))
  (cond
    [(eq? w 'x) 1]
    [(eq? w 'o) -1]
    [(full? board) 0]
    [else
     (define scores
       (map (lambda (m) (score (list-set board m player) (other player))) (moves board)))
     (if (eq? player 'x) (apply max scores) (apply min scores))]))

(define (best-move board player)
  (define pick (if (eq? player 'x) argmax argmin))
  (pick (lambda (m) (score (list-set board m player) (other player))) (moves board)))

(define (show board)
  (for ([row 3])
    (displayln (string-join (map symbol->string (take (drop board (* 3 row)) 3)) " ")))
  (newline))

(define start '(x o x
                _ o _
                _ _ _))
(show start)
(let loop ([board start] [player 'x])
  (cond
    [(winner board) => (lambda (w) (printf "~a wins\n" w))]
    [(full? board) (displayln "draw")]
    [else
     (define m (best-move board player))
     (printf "~a plays ~a\n" player m)
     (loop (list-set board m player) (other player))]))
