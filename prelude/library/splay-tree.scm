;;; splay-tree.scm -- data/splay-tree: keys in order, and what each stands for.
;;;
;;; Expanded into a program that requires it.

(require data/order)
(provide make-splay-tree make-adjustable-splay-tree splay-tree? adjustable-splay-tree? splay-tree-ref splay-tree-set! splay-tree-remove! splay-tree-remove-range!
         splay-tree-count splay-tree-contract! splay-tree-expand! splay-tree-iterate-first splay-tree-iterate-next splay-tree-iterate-key
         splay-tree-iterate-value splay-tree-iterate-least splay-tree-iterate-greatest splay-tree-iterate-least/>? splay-tree-iterate-least/>=?
         splay-tree-iterate-greatest/<? splay-tree-iterate-greatest/<=? splay-tree-iter? splay-tree->list)

;; KEYS and VALUES are vectors with room for more than COUNT, in order.
(struct sorted (order adjustable? [keys #:mutable] [values #:mutable] [count #:mutable])
  #:methods gen:dict
  [(define (dict-ref table key . fail) (apply splay-tree-ref table key fail))
   (define (dict-set! table key value) (splay-tree-set! table key value))
   (define (dict-remove! table key) (splay-tree-remove! table key))
   (define (dict-count table) (splay-tree-count table))
   (define (dict-iterate-first table) (splay-tree-iterate-first table))
   (define (dict-iterate-next table at) (splay-tree-iterate-next table at))
   (define (dict-iterate-key table at) (splay-tree-iterate-key table at))
   (define (dict-iterate-value table at) (splay-tree-iterate-value table at))]
  #:property prop:custom-write (lambda (table port mode) (write-string "#<splay-tree>" port)))
;; Where a walk is: at a key.
(struct position (key) #:property prop:custom-write (lambda (at port mode) (write-string "#<splay-tree-iter>" port)))

(define (make-splay-tree [order datum-order] #:key-contract [key/c #f] #:value-contract [value/c #f])
  (sorted order #f (make-vector 8 #f) (make-vector 8 #f) 0))
(define (make-adjustable-splay-tree #:key-contract [key/c #f] #:value-contract [value/c #f])
  (sorted real-order #t (make-vector 8 #f) (make-vector 8 #f) 0))
(define (splay-tree? value) (sorted? value))
(define (adjustable-splay-tree? value) (and (sorted? value) (sorted-adjustable? value)))
(define (splay-tree-iter? value) (position? value))
(define (need name table) (unless (sorted? table) (raise-argument-error name "splay-tree?" table)))

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

(define (splay-tree-ref table key [fail (lambda () (missing key))])
  (need 'splay-tree-ref table)
  (let ([at (place table key)])
    (cond [(found? table at key) (vector-ref (sorted-values table) at)]
          [(procedure? fail) (fail)]
          [else fail])))
(define (missing key) (error 'splay-tree-ref "no value found for key: ~e" key))
(define (splay-tree-set! table key value)
  (need 'splay-tree-set! table)
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
(define (splay-tree-remove! table key)
  (need 'splay-tree-remove! table)
  (let ([at (place table key)]) (when (found? table at key) (cut! table at (+ at 1)))))
(define (splay-tree-remove-range! table from to)
  (need 'splay-tree-remove-range! table)
  (cut! table (place table from) (place table to)))
(define (splay-tree-count table) (need 'splay-tree-count table) (sorted-count table))
(define (moved! table from by)
  (for ([at (in-range from (sorted-count table))])
    (vector-set! (sorted-keys table) at (+ by (vector-ref (sorted-keys table) at)))))
(define (need-adjustable name table)
  (unless (adjustable-splay-tree? table) (raise-argument-error name "adjustable-splay-tree?" table)))
(define (splay-tree-contract! table from to)
  (need-adjustable 'splay-tree-contract! table)
  (let ([start (place table from)])
    (cut! table start (place table to))
    (moved! table start (- from to))))
(define (splay-tree-expand! table from to)
  (need-adjustable 'splay-tree-expand! table)
  (moved! table (place table from) (- to from)))

(define (at-place table at)
  (and (< -1 at (sorted-count table)) (position (vector-ref (sorted-keys table) at))))
(define (splay-tree-iterate-first table) (at-place table 0))
(define (splay-tree-iterate-least table) (at-place table 0))
(define (splay-tree-iterate-greatest table) (at-place table (- (sorted-count table) 1)))
(define (behind table key) (let ([at (place table key)]) (if (found? table at key) (+ at 1) at)))
(define (splay-tree-iterate-next table at) (at-place table (behind table (position-key at))))
(define (splay-tree-iterate-key table at) (position-key at))
(define (splay-tree-iterate-value table at) (splay-tree-ref table (position-key at)))
(define (splay-tree-iterate-least/>? table key) (at-place table (behind table key)))
(define (splay-tree-iterate-least/>=? table key) (at-place table (place table key)))
(define (splay-tree-iterate-greatest/<? table key) (at-place table (- (place table key) 1)))
(define (splay-tree-iterate-greatest/<=? table key) (at-place table (- (behind table key) 1)))
(define (splay-tree->list table)
  (for/list ([at (in-range (sorted-count table))])
    (cons (vector-ref (sorted-keys table) at) (vector-ref (sorted-values table) at))))
