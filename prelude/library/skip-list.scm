;;; skip-list.scm -- data/skip-list: keys in order, and what each stands for.
;;;
;;; Expanded into a program that requires it.

(require data/order)
(provide make-skip-list make-adjustable-skip-list skip-list? adjustable-skip-list? skip-list-ref skip-list-set! skip-list-remove! skip-list-remove-range!
         skip-list-count skip-list-contract! skip-list-expand! skip-list-iterate-first skip-list-iterate-next skip-list-iterate-key
         skip-list-iterate-value skip-list-iterate-least skip-list-iterate-greatest skip-list-iterate-least/>? skip-list-iterate-least/>=?
         skip-list-iterate-greatest/<? skip-list-iterate-greatest/<=? skip-list-iter? skip-list->list)

;; KEYS and VALUES are vectors with room for more than COUNT, in order.
(struct sorted (order adjustable? [keys #:mutable] [values #:mutable] [count #:mutable])
  #:methods gen:dict
  [(define (dict-ref table key . fail) (apply skip-list-ref table key fail))
   (define (dict-set! table key value) (skip-list-set! table key value))
   (define (dict-remove! table key) (skip-list-remove! table key))
   (define (dict-count table) (skip-list-count table))
   (define (dict-iterate-first table) (skip-list-iterate-first table))
   (define (dict-iterate-next table at) (skip-list-iterate-next table at))
   (define (dict-iterate-key table at) (skip-list-iterate-key table at))
   (define (dict-iterate-value table at) (skip-list-iterate-value table at))]
  #:property prop:custom-write (lambda (table port mode) (write-string "#<skip-list>" port)))
;; Where a walk is: at a key.
(struct position (key) #:property prop:custom-write (lambda (at port mode) (write-string "#<skip-list-iter>" port)))

(define (make-skip-list [order datum-order] #:key-contract [key/c #f] #:value-contract [value/c #f])
  (sorted order #f (make-vector 8 #f) (make-vector 8 #f) 0))
(define (make-adjustable-skip-list #:key-contract [key/c #f] #:value-contract [value/c #f])
  (sorted real-order #t (make-vector 8 #f) (make-vector 8 #f) 0))
(define (skip-list? value) (sorted? value))
(define (adjustable-skip-list? value) (and (sorted? value) (sorted-adjustable? value)))
(define (skip-list-iter? value) (position? value))
(define (need name table) (unless (sorted? table) (raise-argument-error name "skip-list?" table)))

;; How many keys come before this one.
(define (place table key)
  (let ([keys (sorted-keys table)] [compare (order-comparator (sorted-order table))])
    (let find ([low 0] [high (sorted-count table)])
      (if (= low high)
          low
          (let ([middle (quotient (+ low high) 2)])
            (if (eq? (compare (vector-ref keys middle) key) '<) (find (+ middle 1) high) (find low middle)))))))
(define (found? table at key)
  (and (< at (sorted-count table))
       (eq? '= ((order-comparator (sorted-order table)) (vector-ref (sorted-keys table) at) key))))

(define (skip-list-ref table key [fail (lambda () (missing key))])
  (need 'skip-list-ref table)
  (let ([at (place table key)])
    (cond [(found? table at key) (vector-ref (sorted-values table) at)]
          [(procedure? fail) (fail)]
          [else fail])))
(define (missing key) (raise-arguments-error 'skip-list-ref "no mapping found for key" "key" key))
(define (skip-list-set! table key value)
  (need 'skip-list-set! table)
  (let ([at (place table key)] [count (sorted-count table)])
    (cond [(found? table at key) (vector-set! (sorted-values table) at value)]
          [else
           (when (= count (vector-length (sorted-keys table)))
             (set-sorted-keys! table (wider (sorted-keys table)))
             (set-sorted-values! table (wider (sorted-values table))))
           (insert! (sorted-keys table) at count key)
           (insert! (sorted-values table) at count value)
           (set-sorted-count! table (+ count 1))])))
(define (wider items)
  (let ([new (make-vector (* 2 (vector-length items)) #f)])
    (vector-copy! new 0 items)
    new))
(define (insert! items at count item)
  (vector-copy! items (+ at 1) items at count)
  (vector-set! items at item))
(define (cut! table from to)
  (let ([count (sorted-count table)])
    (for ([items (list (sorted-keys table) (sorted-values table))])
      (vector-copy! items from items to count)
      (vector-fill! items #f (- count (- to from)) count))
    (set-sorted-count! table (- count (- to from)))))
(define (skip-list-remove! table key)
  (need 'skip-list-remove! table)
  (let ([at (place table key)]) (when (found? table at key) (cut! table at (+ at 1)))))
(define (skip-list-remove-range! table from to)
  (need 'skip-list-remove-range! table)
  (cut! table (place table from) (place table to)))
(define (skip-list-count table) (need 'skip-list-count table) (sorted-count table))
(define (moved! table from by)
  (for ([at (in-range from (sorted-count table))])
    (vector-set! (sorted-keys table) at (+ by (vector-ref (sorted-keys table) at)))))
(define (need-adjustable name table)
  (unless (adjustable-skip-list? table) (raise-argument-error name "adjustable-skip-list?" table)))
(define (skip-list-contract! table from to)
  (need-adjustable 'skip-list-contract! table)
  (let ([start (place table from)])
    (cut! table start (place table to))
    (moved! table start (- from to))))
(define (skip-list-expand! table from to)
  (need-adjustable 'skip-list-expand! table)
  (moved! table (place table from) (- to from)))

(define (at-place table at)
  (and (< -1 at (sorted-count table)) (position (vector-ref (sorted-keys table) at))))
(define (skip-list-iterate-first table) (at-place table 0))
(define (skip-list-iterate-least table) (at-place table 0))
(define (skip-list-iterate-greatest table) (at-place table (- (sorted-count table) 1)))
(define (behind table key) (let ([at (place table key)]) (if (found? table at key) (+ at 1) at)))
(define (skip-list-iterate-next table at) (at-place table (behind table (position-key at))))
(define (skip-list-iterate-key table at) (position-key at))
(define (skip-list-iterate-value table at) (skip-list-ref table (position-key at)))
(define (skip-list-iterate-least/>? table key) (at-place table (behind table key)))
(define (skip-list-iterate-least/>=? table key) (at-place table (place table key)))
(define (skip-list-iterate-greatest/<? table key) (at-place table (- (place table key) 1)))
(define (skip-list-iterate-greatest/<=? table key) (at-place table (- (behind table key) 1)))
(define (skip-list->list table)
  (for/list ([at (in-range (sorted-count table))])
    (cons (vector-ref (sorted-keys table) at) (vector-ref (sorted-values table) at))))
