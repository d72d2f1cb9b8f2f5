#lang racket
;; A discrete event simulation: customers at one counter.
(struct event (time kind who) #:transparent)
(define (earlier? a b)
  (or (< (event-time a) (event-time b))
      (and (= (event-time a) (event-time b)) (symbol<? (event-kind a) (event-kind b)))))
(define agenda '())
(define (schedule! t kind who)
  (set! agenda (sort (cons (event t kind who) agenda) earlier?)))

(define waiting '())
(define busy? #f)
(define served 0)
(define total-wait 0)
(define arrivals (make-hash))

(define (start-service! now who)
  (set! busy? #t)
  (set! total-wait (+ total-wait (- now (hash-ref arrivals who))))
  (schedule! (+ now 4) 'leave who))

(define (handle e)
  (match e
    [(event now 'arrive who)
     (hash-set! arrivals who now)
     (if busy?
         (set! waiting (append waiting (list who)))
         (start-service! now who))]
    [(event now 'leave who)
     (set! served (add1 served))
     (printf "~a: ~a leaves\n" (~r now #:min-width 3) who)
     (cond
       [(pair? waiting)
        (define next (car waiting))
        (set! waiting (cdr waiting))
        (start-service! now next)]
       [else (set! busy? #f)])]))

(for ([t '(0 1 2 10 11)] [who '(ann bob cid dee eve)])
  (schedule! t 'arrive who))
(let run ()
  (unless (null? agenda)
    (define e (car agenda))
    (set! agenda (cdr agenda))
    (handle e)
    (run)))
(printf "served ~a, mean wait ~a\n" served (~r (/ total-wait served) #:precision 2))
(event 1 'arrive 'zoe)
