#lang racket
(struct node (key value left right) #:transparent)
(define (insert t k v)
  (match t
    [#f (node k v #f #f)]
    [(node key value left right)
     (cond
       [(< k key) (struct-copy node t [left (insert left k v)])]
       [(> k key) (struct-copy node t [right (insert right k v)])]
       [else (struct-copy node t [value v])])]))
(define (lookup t k [fail (lambda () (error 'lookup "no key ~a" k))])
  (cond
    [(not t) (if (procedure? fail) (fail) fail)]
    [(= k (node-key t)) (node-value t)]
    [(< k (node-key t)) (lookup (node-left t) k fail)]
    [else (lookup (node-right t) k fail)]))
(define (fold f init t)
  (if t
      (fold f (f (node-key t) (node-value t) (fold f init (node-left t))) (node-right t))
      init))
(define (height t) (if t (add1 (max (height (node-left t)) (height (node-right t)))) 0))
(define (keys t) (reverse (fold (lambda (k v acc) (cons k acc)) '() t)))
(define (build pairs) (for/fold ([t #f]) ([p pairs]) (insert t (car p) (cdr p))))

(define t (build '((5 . "five") (2 . "two") (8 . "eight") (1 . "one") (9 . "nine"))))
(keys t)
(height t)
(lookup t 8)
(lookup t 7 'missing)
(lookup t 7 (lambda () "computed"))
(with-handlers ([exn:fail? exn-message]) (lookup t 42))
(insert (insert #f 1 'a) 2 'b)
(node-left (insert t 2 "TWO"))
(fold (lambda (k v acc) (+ k acc)) 0 t)
(define (show t [depth 0])
  (when t
    (show (node-right t) (+ depth 1))
    (printf "~a~a\n" (make-string (* 3 depth) #\space) (node-key t))
    (show (node-left t) (+ depth 1))))
(show t)
