#lang racket
;; At the top level of a module each expression has a prompt, and its value is shown within that

(define saved-k #f)

(define (save-it!)
  (call-with-composable-continuation
   (λ (k)
     (set! saved-k k) ;; k is a continuation
     0)))

(+ 1 (+ 2 (+ 3 (+ (save-it!) 4 5))))

(continuation? saved-k)
(saved-k 20) ;; 35

(define (saved-k-fn v)
  (+ 1 (+ 2 (+ 3 (+ v 4 5)))))
(= 35 (saved-k-fn 20))


(define accumulator #f)
(define (accumulate!)
  (let ([i 0])
    (call-with-composable-continuation
     (λ (x) (set! accumulator x)))
    (set! i (add1 i))
    i))





(define save-k #f)

(define (save-that!)
  (call-with-composable-continuation (lambda (v) (set! save-k v) 0)))

(+ 1 (+ 1 (+ 1 (save-that!))))

(save-k 0)
(displayln save-k)


(define (sum n)
  (if (zero? n)
      (save-that!)
      (+ n (sum (sub1 n)))))

(sum 5)


(save-k 10)



