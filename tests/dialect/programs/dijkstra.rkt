#lang racket
;; Shortest paths over a weighted graph, with a sorted list as the priority queue.
(define edges
  '((s a 7) (s b 2) (a b 3) (a t 4) (b a 1) (b c 8) (c t 1)))

(define (neighbours n)
  (for/list ([e edges] #:when (eq? (first e) n))
    (cons (second e) (third e))))

(define (insert item queue)
  (cond
    [(null? queue) (list item)]
    [(<= (car item) (caar queue)) (cons item queue)]
    [else (cons (car queue) (insert item (cdr queue)))]))

(define (dijkstra source)
  (define dist (make-hash))
  (define prev (make-hash))
  (hash-set! dist source 0)
  (let loop ([queue (list (cons 0 source))])
    (unless (null? queue)
      (match-define (cons d node) (car queue))
      (if (> d (hash-ref dist node +inf.0))
          (loop (cdr queue))
          (loop
           (for/fold ([q (cdr queue)]) ([nb (neighbours node)])
             (match-define (cons m w) nb)
             (define candidate (+ d w))
             (cond
               [(< candidate (hash-ref dist m +inf.0))
                (hash-set! dist m candidate)
                (hash-set! prev m node)
                (insert (cons candidate m) q)]
               [else q]))))))
  (values dist prev))

(define-values (dist prev) (dijkstra 's))

(define (path-to n)
  (let loop ([n n] [path '()])
    (if n (loop (hash-ref prev n #f) (cons n path)) path)))

(for ([n (sort (hash-keys dist) symbol<?)])
  (printf "~a: ~a via ~a\n" n (hash-ref dist n) (string-join (map symbol->string (path-to n)) " -> ")))
