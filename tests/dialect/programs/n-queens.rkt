#lang racket
(define (safe? queens col)
  (for/and ([q queens] [d (in-naturals 1)])
    (and (not (= q col))
         (not (= (abs (- q col)) d)))))

(define (solve n)
  (let place ([row 0] [queens '()])
    (if (= row n)
        (list (reverse queens))
        (append*
         (for/list ([col n] #:when (safe? queens col))
           (place (add1 row) (cons col queens)))))))

(define (first-solution n)
  (let/ec return
    (let place ([row 0] [queens '()])
      (when (= row n) (return (reverse queens)))
      (for ([col (in-range n)])
        (when (safe? queens col)
          (place (add1 row) (cons col queens)))))
    #f))

(define (draw queens)
  (define n (length queens))
  (for ([q queens])
    (displayln (build-string n (lambda (i) (if (= i q) #\Q #\.))))))

(for ([n (in-range 1 8)])
  (printf "~a queens: ~a solutions\n" n (length (solve n))))
(draw (first-solution 6))
(first-solution 3)
(first-solution 8)
