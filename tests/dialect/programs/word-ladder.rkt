#lang racket
(define dictionary '("cat" "cot" "cog" "dog" "dot" "cut" "but" "bat" "bag" "big"))
(define (adjacent? a b)
  (= 1 (for/sum ([x a] [y b]) (if (char=? x y) 0 1))))
(define (ladder from to)
  (define parents (make-hash (list (list from))))
  (let bfs ([level (list from)])
    (cond
      [(null? level) '()]
      [(member to level)
       (let walk ([w to] [path '()])
         (if (null? w) path (walk (hash-ref parents w) (cons w path))))]
      [else
       (bfs
        (for*/list ([w level]
                    [n dictionary]
                    #:when (adjacent? w n)
                    #:unless (hash-has-key? parents n))
          (hash-set! parents n w)
          n))])))
(ladder "cat" "dog")
(ladder "bag" "cat")
(ladder "big" "cut")
(ladder "cat" "zzz")
(define graph
  (for/hash ([w dictionary])
    (values w (filter (curry adjacent? w) dictionary))))
(hash-ref graph "cat")
(define (degree w) (length (hash-ref graph w)))
(argmax degree dictionary)
(map degree dictionary)
(define (components)
  (define seen (mutable-set))
  (for/list ([w dictionary] #:unless (set-member? seen w))
    (let explore ([w w])
      (cond
        [(set-member? seen w) 0]
        [else
         (set-add! seen w)
         (add1 (for/sum ([n (hash-ref graph w)]) (explore n)))]))))
(components)
