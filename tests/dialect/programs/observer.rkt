#lang racket/base
(define (make-subject)
  (define observers '())
  (define (subscribe! name handler)
    (set! observers (append observers (list (cons name handler))))
    (lambda () (set! observers (filter-out name observers))))
  (define (filter-out name lst)
    (cond
      [(null? lst) '()]
      [(equal? name (caar lst)) (filter-out name (cdr lst))]
      [else (cons (car lst) (filter-out name (cdr lst)))]))
  (define (notify! . args)
    (for ([o (in-list observers)])
      (with-handlers ([exn:fail? (lambda (e) (printf "~a failed: ~a\n" (car o) (exn-message e)))])
        (apply (cdr o) args))))
  (values subscribe! notify!))
(define-values (on-price set-price!) (make-subject))
(define history '())
(define cancel-log (on-price 'log (lambda (sym p) (set! history (cons (cons sym p) history)))))
(define cancel-alert (on-price 'alert (lambda (sym p) (when (> p 100) (printf "ALERT ~a at ~a\n" sym p)))))
(define cancel-broken (on-price 'broken (lambda (sym p) (when (negative? p) (error 'broken "negative price for ~a" sym)))))
(set-price! 'abc 50)
(set-price! 'abc 150)
(set-price! 'xyz -1)
(cancel-log)
(set-price! 'xyz 500)
(reverse history)
(define (memoize f)
  (define table (make-hash))
  (define calls 0)
  (lambda args
    (cond
      [(equal? args '(stats)) (list 'entries (hash-count table) 'computed calls)]
      [else (hash-ref! table args (lambda () (set! calls (add1 calls)) (apply f args)))])))
(define slow-add (memoize (lambda (a b) (+ a b))))
(for/list ([p '((1 . 2) (1 . 2) (3 . 4))]) (slow-add (car p) (cdr p)))
(slow-add 'stats)
(define (throttle n f)
  (let ([count 0])
    (lambda args
      (set! count (add1 count))
      (if (<= count n) (apply f args) 'throttled))))
(define limited (throttle 2 +))
(list (limited 1 2) (limited 3 4) (limited 5 6))
