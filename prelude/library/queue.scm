;;; queue.scm -- data/queue: queues that change.
;;;
;;; Expanded into a program that requires it.

(provide make-queue queue? enqueue! enqueue-front! dequeue! queue->list queue-length queue-empty? non-empty-queue?
         queue-filter! in-queue)

;; What comes first, in order, and what came last, the latest first.
(struct queue ([front #:mutable] [back #:mutable])
  #:property prop:sequence (lambda (q) (queue->list q)))

(define (make-queue) (queue '() '()))
(define (queue-empty? q) (and (null? (queue-front q)) (null? (queue-back q))))
(define (non-empty-queue? q) (and (queue? q) (not (queue-empty? q))))
(define (queue-length q) (+ (length (queue-front q)) (length (queue-back q))))
(define (queue->list q) (append (queue-front q) (reverse (queue-back q))))
(define (enqueue! q item) (set-queue-back! q (cons item (queue-back q))))
(define (enqueue-front! q item) (set-queue-front! q (cons item (queue-front q))))

(define (dequeue! q)
  (when (queue-empty? q) (raise-argument-error 'dequeue! "non-empty-queue?" q))
  (when (null? (queue-front q))
    (set-queue-front! q (reverse (queue-back q)))
    (set-queue-back! q '()))
  (let ([item (car (queue-front q))])
    (set-queue-front! q (cdr (queue-front q)))
    item))

(define (queue-filter! q keep?)
  (set-queue-front! q (filter keep? (queue->list q)))
  (set-queue-back! q '()))
(define (in-queue q) (queue->list q))
