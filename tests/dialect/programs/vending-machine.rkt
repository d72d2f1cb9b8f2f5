#lang racket
;; State transitions with structs and match, a log of what happened.
(struct machine (state balance stock log) #:transparent)
(define prices (hash 'cola 150 'chips 100))
(define (note m fmt . args)
  (struct-copy machine m [log (cons (apply format fmt args) (machine-log m))]))

(define (step m action)
  (match* ((machine-state m) action)
    [('off 'power) (note (struct-copy machine m [state 'idle]) "on")]
    [('off _) (note m "ignored ~a" action)]
    [((or 'idle 'paid) (list 'coin n))
     #:when (memv n '(10 20 50 100))
     (note (struct-copy machine m [state 'paid] [balance (+ n (machine-balance m))]) "coin ~a" n)]
    [(_ (list 'coin n)) (note m "rejected ~a" n)]
    [('paid (list 'select item))
     (define price (hash-ref prices item #f))
     (define left (hash-ref (machine-stock m) item 0))
     (cond
       [(not price) (note m "no such item ~a" item)]
       [(zero? left) (note m "~a sold out" item)]
       [(< (machine-balance m) price)
        (note m "need ~a more" (- price (machine-balance m)))]
       [else
        (define change (- (machine-balance m) price))
        (note (struct-copy machine m
                           [state 'idle]
                           [balance 0]
                           [stock (hash-update (machine-stock m) item sub1)])
              "~a, change ~a" item change)])]
    [(_ 'power) (note (struct-copy machine m [state 'off]) "off")]
    [(s a) (note m "~a does not allow ~a" s a)]))

(define start (machine 'off 0 (hash 'cola 1 'chips 0) '()))
(define end
  (foldl (lambda (a m) (step m a)) start
         '((coin 50) power (coin 3) (select cola) (coin 100) (select cola) (coin 50)
           (select chips) (select tea) (select cola) power)))
(for ([line (reverse (machine-log end))] [i (in-naturals 1)])
  (printf "~a. ~a\n" (~a i #:width 2 #:align 'right) line))
(machine-state end)
(hash-ref (machine-stock end) 'cola)
