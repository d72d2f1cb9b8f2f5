#lang racket
(define graph
  (hash 'a '(b c)
        'b '(d)
        'c '(d e)
        'd '(f)
        'e '(f)
        'f '()))

(define (bfs start goal)
  (let loop ([queue (list (list start))] [visited (set start)])
    (cond
      [(empty? queue) #f]
      [else
       (define path (first queue))
       (define node (first path))
       (cond
         [(eq? node goal) (reverse path)]
         [else
          (define nexts
            (filter (lambda (n) (not (set-member? visited n))) (hash-ref graph node '())))
          (loop (append (rest queue) (map (lambda (n) (cons n path)) nexts))
                (for/fold ([v visited]) ([n nexts]) (set-add v n)))])])))

(define (dfs start)
  (define visited (mutable-set))
  (define order '())
  (define (visit node)
    (unless (set-member? visited node)
      (set-add! visited node)
      (set! order (cons node order))
      (for-each visit (hash-ref graph node))))
  (visit start)
  (reverse order))

(define (topological-sort)
  (define done (make-hasheq))
  (define result '())
  (define (visit n)
    (unless (hash-ref done n #f)
      (hash-set! done n #t)
      (for ([m (in-list (hash-ref graph n))]) (visit m))
      (set! result (cons n result))))
  (for ([n (sort (hash-keys graph) symbol<?)]) (visit n))
  result)

(displayln (bfs 'a 'f))
(displayln (bfs 'b 'a))
(displayln (dfs 'a))
(displayln (topological-sort))
(printf "in-degrees: ~a\n"
        (for/list ([n (sort (hash-keys graph) symbol<?)])
          (cons n (count (lambda (targets) (memq n targets)) (hash-values graph)))))
