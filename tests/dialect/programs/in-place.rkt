#lang racket
;; vectors, boxes, bytes, in-place work
(define v (vector 5 3 8 1 9 2))
(define (bubble-sort! v)
  (define n (vector-length v))
  (for* ([i (in-range n)] [j (in-range (- n i 1))])
    (when (> (vector-ref v j) (vector-ref v (add1 j)))
      (define tmp (vector-ref v j))
      (vector-set! v j (vector-ref v (add1 j)))
      (vector-set! v (add1 j) tmp))))
(bubble-sort! v)
v
(define (quicksort l)
  (match l
    ['() '()]
    [(cons p xs) (let-values ([(lo hi) (partition (curryr < p) xs)]) (append (quicksort lo) (list p) (quicksort hi)))]))
(quicksort '(3 1 4 1 5 9 2 6))
(define (merge-sort l [lt? <])
  (define (merge a b)
    (cond [(null? a) b] [(null? b) a]
          [(lt? (car b) (car a)) (cons (car b) (merge a (cdr b)))]
          [else (cons (car a) (merge (cdr a) b))]))
  (if (or (null? l) (null? (cdr l))) l
      (let-values ([(a b) (split-at l (quotient (length l) 2))]) (merge (merge-sort a lt?) (merge-sort b lt?)))))
(merge-sort '("delta" "alpha" "charlie" "bravo") string<?)
(define (binary-search vec x)
  (let loop ([lo 0] [hi (sub1 (vector-length vec))])
    (and (<= lo hi)
         (let* ([mid (quotient (+ lo hi) 2)] [y (vector-ref vec mid)])
           (cond [(= x y) mid] [(< x y) (loop lo (sub1 mid))] [else (loop (add1 mid) hi)])))))
(list (binary-search v 8) (binary-search v 7))
(define b (box 10))
(set-box! b (* 2 (unbox b)))
b
(define s (make-string 5 #\.))
(string-set! s 2 #\X)
s
(define str (string-copy "hello"))
(string-set! str 0 #\J)
(displayln str)
(string-fill! s #\z)
(list s (string-length s))
(define bs (bytes 1 2 3))
(bytes-set! bs 0 255)
bs
(bytes->list bs)
(vector-copy #(1 2 3 4) 1 3)
(vector-take #(1 2 3) 2)
(vector-drop #(1 2 3) 2)
(vector-count even? #(1 2 4))
(vector-empty? #())
(build-vector 4 sqr)
(vector-fill! v 0)
v
(define rows (for/vector ([r 2]) (make-vector 3 r)))
(vector-set! (vector-ref rows 1) 0 'x)
rows
(let ([v2 (vector-copy #(9 8 7))]) (vector-set! v2 0 1) (list v2 (vector->list v2)))
(vector-map! add1 (vector 1 2))
(vector-argmax string-length #("a" "abc" "ab"))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (string-set! "literal" 0 #\x))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (vector-set! #(1) 0 2))
(define-values (l r) (vector-split-at #(1 2 3 4) 1))
(list l r)
(list->vector (map add1 '(1 2)))
