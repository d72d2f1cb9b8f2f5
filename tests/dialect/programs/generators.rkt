#lang racket
(require racket/generator)

;; By call/cc
(define (tree->generator tree)
  (define caller #f)
  (define (loop node)
    (cond
      [(null? node) 'skip]
      [(pair? node) (loop (car node)) (loop (cdr node))]
      [else
       (call/cc
        (lambda (rest-of-tree)
          (set! resume (lambda () (rest-of-tree 'resumed)))
          (caller node)))]))
  (define resume
    (lambda ()
      (loop tree)
      (caller '*done*)))
  (lambda ()
    (call/cc
     (lambda (k)
       (set! caller k)
       (resume)))))

(define (same-fringe? a b)
  (define ga (tree->generator a))
  (define gb (tree->generator b))
  (let loop ()
    (define x (ga))
    (define y (gb))
    (cond
      [(not (eqv? x y)) #f]
      [(eq? x '*done*) #t]
      [else (loop)])))

(define g (tree->generator '(1 (2 (3 4)) 5)))
(let loop ([x (g)])
  (unless (eq? x '*done*)
    (display x)
    (display " ")
    (loop (g))))
(newline)
(displayln (same-fringe? '(1 (2 3)) '((1 2) 3)))
(displayln (same-fringe? '(1 2 3) '(1 (3 2))))

;; By racket/generator
(define countdown
  (generator (n)
    (let loop ([i n])
      (cond [(zero? i) 'liftoff]
            [else (yield i) (loop (sub1 i))]))))
(displayln (list (countdown 3) (countdown) (countdown) (countdown)))
(displayln (for/list ([x (in-generator (for ([i 3]) (yield (* i 10))))]) x))
