#lang racket
;; Queue by two lists, stack by closure.
(struct queue (front back) #:transparent)
(define empty-queue (queue '() '()))
(define (enqueue q x) (queue (queue-front q) (cons x (queue-back q))))
(define (dequeue q)
  (match q
    [(queue '() '()) (error 'dequeue "empty queue")]
    [(queue '() back) (dequeue (queue (reverse back) '()))]
    [(queue (cons x front) back) (values x (queue front back))]))

(define q (foldl (lambda (x q) (enqueue q x)) empty-queue '(1 2 3)))
q
(define-values (first-out q2) (dequeue q))
first-out
q2

(define (make-stack)
  (define items '())
  (define (push! x) (set! items (cons x items)))
  (define (pop!)
    (if (null? items)
        (error "stack underflow")
        (let ([x (car items)])
          (set! items (cdr items))
          x)))
  (lambda (msg . args)
    (cond
      [(eq? msg 'push!) (for-each push! args)]
      [(eq? msg 'pop!) (pop!)]
      [(eq? msg 'size) (length items)]
      [(eq? msg 'items) items])))

(define s (make-stack))
(s 'push! 'a 'b 'c)
(s 'pop!)
(s 'size)
(s 'items)
(with-handlers ([exn:fail? exn-message])
  (s 'pop!) (s 'pop!) (s 'pop!))
