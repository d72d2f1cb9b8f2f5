#lang racket/base
(require racket/list)

(struct cache (capacity [order #:mutable] table))
(define (make-cache n) (cache n '() (make-hash)))

(define (touch! c key)
  (set-cache-order! c (cons key (remove key (cache-order c)))))

(define (cache-get! c key [default #f])
  (cond
    [(hash-has-key? (cache-table c) key)
     (touch! c key)
     (hash-ref (cache-table c) key)]
    [else default]))

(define (cache-put! c key value)
  (hash-set! (cache-table c) key value)
  (touch! c key)
  (when (> (length (cache-order c)) (cache-capacity c))
    (define oldest (last (cache-order c)))
    (set-cache-order! c (drop-right (cache-order c) 1))
    (hash-remove! (cache-table c) oldest)))

(define c (make-cache 2))
(cache-put! c 'a 1)
(cache-put! c 'b 2)
(displayln (cache-get! c 'a))
(cache-put! c 'c 3)
(displayln (cache-get! c 'b 'evicted))
(displayln (cache-get! c 'a))
(displayln (cache-order c))
(displayln (hash-count (cache-table c)))

(define hits 0)
(define misses 0)
(define (fetch key)
  (define v (cache-get! c key 'miss))
  (if (eq? v 'miss)
      (begin (set! misses (add1 misses)) (cache-put! c key (* key key)))
      (set! hits (add1 hits))))
(for-each fetch '(1 2 1 3 1 2 2 4 1))
(printf "hits ~a, misses ~a\n" hits misses)
