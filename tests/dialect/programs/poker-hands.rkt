#lang racket
(define (parse-card s)
  (define rank (substring s 0 (sub1 (string-length s))))
  (define suit (string->symbol (substring s (sub1 (string-length s)))))
  (cons (match rank ["J" 11] ["Q" 12] ["K" 13] ["A" 14] [n (string->number n)]) suit))
(define (parse-hand str) (map parse-card (string-split str)))
(define (rank-counts hand)
  (sort (map (λ (g) (cons (length g) (car (first g)))) (group-by car hand))
        (λ (a b) (or (> (car a) (car b)) (and (= (car a) (car b)) (> (cdr a) (cdr b)))))))
(define (classify hand)
  (define counts (rank-counts hand))
  (define ranks (sort (map car hand) >))
  (define flush? (= 1 (length (remove-duplicates (map cdr hand)))))
  (define straight?
    (and (= 5 (length (remove-duplicates ranks)))
         (= 4 (- (first ranks) (last ranks)))))
  (match* ((map car counts) flush? straight?)
    [(_ #t #t) 'straight-flush]
    [((list 4 1) _ _) 'four]
    [((list 3 2) _ _) 'full-house]
    [(_ #t _) 'flush]
    [(_ _ #t) 'straight]
    [((list 3 _ ...) _ _) 'three]
    [((list 2 2 1) _ _) 'two-pairs]
    [((list 2 _ ...) _ _) 'pair]
    [(_ _ _) 'high-card]))
(define order '(high-card pair two-pairs three straight flush full-house four straight-flush))
(define (strength hand) (cons (index-of order (classify hand)) (map cdr (rank-counts hand))))
(define (beats? a b)
  (let loop ([a (strength a)] [b (strength b)])
    (cond [(null? a) #f]
          [(= (car a) (car b)) (loop (cdr a) (cdr b))]
          [else (> (car a) (car b))])))
(define hands
  (map parse-hand
       '("10h Jh Qh Kh Ah" "9c 9d 9h 9s 2d" "3c 3d 3h 6s 6d" "2h 7h 9h Jh Kh" "4c 5d 6h 7s 8d"
         "Qc Qd Qh 2s 5d" "Jc Jd 4h 4s Ad" "10c 10d 2h 7s Kd" "2c 5d 9h Js Ad")))
(for ([h hands]) (printf "~a ~a\n" (~a (classify h) #:min-width 15) (map cdr (rank-counts h))))
(map classify (sort (reverse hands) beats?))
(beats? (parse-hand "2c 2d 3h 4s 5d") (parse-hand "Ac Kd Qh Js 9d"))
(first hands)
