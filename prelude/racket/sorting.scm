;;; sorting.scm -- sort and kin: stable, by any procedure.
;;;
;;; A comparison of the language's own on plain keys is done in Rust (src/interp/dialect/sorting.rs).  Others are done by
;;; merging lists, as a procedure may park its fiber.

(define (sort items less? . options)
  (if (null? options)
      (%sort 'sort items less? #f)
      (apply %sort-by items less? options)))

(define (%sort-by items less? #:key [key #f] #:cache-keys? [cache? #f])
  (%sort 'sort items less? key))

(define (%sort name items less? key)
  (cond [(and (list? items) (procedure? less?)) (%sorted-list items less? key)]
        [(and (procedure? items) (or (list? less?) (vector? less?))) (%sort name less? items key)] ; R6RS's order
        [(not (procedure? less?)) (raise-argument-error name "(any/c any/c . -> . any/c)" less?)]
        [(vector? items) (list->vector (%sorted-list (vector->list items) less? key))]
        [else (raise-argument-error name "list?" items)]))

(define (%sorted-list items less? key)
  (let* ([keys (if key (map key items) items)]
         [order (%order less?)]
         [plain (and order (%sort-plain items keys order))])
    (cond [plain plain]
          [key (map cdr (%merge-sort (map cons keys items) (lambda (a b) (less? (car a) (car b)))))]
          [else (%merge-sort items less?)])))

;; Takes runs of two together, then of four, ….
(define (%merge-sort items less?)
  (let sort ([items items] [size (length items)])
    (cond [(< size 2) (if (= size 0) '() (list (car items)))]
          [(= size 2)
           (let ([a (car items)] [b (car (cdr items))])
             (if (less? b a) (list b a) (list a b)))]
          [else
           (let ([half (quotient size 2)])
             (%merge (sort items half) (sort (list-tail items half) (- size half)) less?))])))

;; Of equal ones the first list's come first.
(define (%merge a b less?)
  (let loop ([a a] [b b] [all '()])
    (cond [(null? a) (append-reverse all b)]
          [(null? b) (append-reverse all a)]
          [(less? (car b) (car a)) (loop a (cdr b) (cons (car b) all))]
          [else (loop (cdr a) b (cons (car a) all))])))

(define (list-sort less? items) (%sort 'list-sort items less? #f))
(define (stable-sort items less?) (%sort 'sort items less? #f))
(define (merge-sort items less?) (%sort 'sort items less? #f))

(define (vector-sort items less? [start 0] [end #f] #:key [key #f] #:cache-keys? [cache? #f])
  (if (procedure? items)
      (vector-sort less? items)
      (list->vector (%sorted-part items less? start end key))))
(define (vector-sort! items less? [start 0] [end #f] #:key [key #f] #:cache-keys? [cache? #f])
  (vector-copy! items start (list->vector (%sorted-part items less? start end key))))
(define (%sorted-part items less? start end key)
  (%sorted-list (vector->list items start (or end (vector-length items))) less? key))

(define (sorted? items less? #:key [key identity])
  (let loop ([left items])
    (cond [(or (null? left) (null? (cdr left))) #t]
          [(less? (key (car (cdr left))) (key (car left))) #f]
          [else (loop (cdr left))])))
