#lang racket
(define (for/string-ish cs) (apply string cs))
;; AoC-ish: grid walk, flood fill, neighbours using complex numbers and hash grids

(define input
  '("#########"
    "#S..#...#"
    "#.#.#.#.#"
    "#.#...#E#"
    "#########"))

(define grid
  (for*/hash ([(row y) (in-indexed input)]
              [(ch x) (in-indexed row)])
    (values (cons x y) ch)))

(define (find-char c)
  (for/first ([(p ch) (in-hash grid)] #:when (char=? ch c)) p))

(define (neighbours p)
  (match-define (cons x y) p)
  (for/list ([d '((0 . -1) (1 . 0) (0 . 1) (-1 . 0))]
             #:unless (char=? #\# (hash-ref grid (cons (+ x (car d)) (+ y (cdr d))) #\#)))
    (cons (+ x (car d)) (+ y (cdr d)))))

(define (bfs start goal)
  (define came (make-hash (list (cons start #f))))
  (let loop ([frontier (list start)] [dist 0])
    (cond
      [(empty? frontier) #f]
      [(member goal frontier)
       (values-list dist (let path ([p goal] [acc '()]) (if p (path (hash-ref came p) (cons p acc)) acc)))]
      [else
       (loop (for*/list ([p frontier] [n (neighbours p)] #:unless (hash-has-key? came n))
               (hash-set! came n p)
               n)
             (add1 dist))])))
(define (values-list . xs) xs)

(define s (find-char #\S))
(define e (find-char #\E))
(printf "start ~a end ~a\n" s e)
(match-define (list steps path) (bfs s e))
(printf "steps: ~a\n" steps)
(for ([(row y) (in-indexed input)])
  (for ([(ch x) (in-indexed row)])
    (display (cond [(and (member (cons x y) path) (char=? ch #\.)) #\o] [else ch])))
  (newline))

;; turtle with complex numbers
(define (walk moves)
  (for/fold ([pos 0] [dir 0+1i] [seen (set 0)]
             #:result (list pos (set-count seen)))
            ([m moves])
    (match m
      ['L (values pos (* dir 0+1i) seen)]
      ['R (values pos (* dir 0-1i) seen)]
      [n (define np (+ pos (* n dir)))
         (values np dir (set-add seen np))])))
(walk '(3 R 2 R 1 L 5))
(define (manhattan z) (+ (abs (real-part z)) (abs (imag-part z))))
(manhattan 3-4i)
(magnitude 3+4i)

(define nums '(199 200 208 210 200 207 240 269 260 263))
(for/sum ([a nums] [b (cdr nums)]) (if (< a b) 1 0))
(define (windows n l) (for/list ([i (in-range (- (length l) n -1))]) (take (drop l i) n)))
(map (curry apply +) (windows 3 nums))
(for/fold ([acc 0]) ([l (in-list '("12" "x" "7"))] #:when (string->number l)) (+ acc (string->number l)))
(for/and ([x '(2 4 6)]) (even? x))
(for/or ([x '(1 3 4)]) (and (even? x) x))
(for/last ([x '(1 2 3)] #:unless (= x 3)) x)
(for/vector ([x '(1 2)]) (* x x))
(for/string-ish '(#\a #\b))
