;;; heap.scm -- data/heap: binary heaps that change.
;;;
;;; Expanded into a program that requires it.

(provide make-heap heap? heap-count heap-add! heap-add-all! heap-min heap-remove-min! heap-remove! heap-remove-eq! heap-copy
         heap->vector vector->heap in-heap in-heap/consume! heap-sort!)

;; ITEMS is a vector with room for more than COUNT.
(struct heap (<=? [items #:mutable] [count #:mutable]))

(define (make-heap <=?) (heap <=? (make-vector 8 #f) 0))

(define (grown items count)
  (if (< count (vector-length items))
      items
      (let ([new (make-vector (* 2 (vector-length items)) #f)])
        (vector-copy! new 0 items)
        new)))

(define (swap! items a b)
  (let ([held (vector-ref items a)])
    (vector-set! items a (vector-ref items b))
    (vector-set! items b held)))

(define (heap-add! h . all) (for-each (lambda (item) (add-one! h item)) all))
(define (heap-add-all! h items) (for ([item items]) (add-one! h item)))

(define (add-one! h item)
  (let* ([count (heap-count h)] [items (grown (heap-items h) count)] [<=? (heap-<=? h)])
    (vector-set! items count item)
    (set-heap-items! h items)
    (set-heap-count! h (+ count 1))
    (let up ([at count])
      (let ([parent (quotient (- at 1) 2)])
        (when (and (> at 0) (not (<=? (vector-ref items parent) (vector-ref items at))))
          (swap! items parent at)
          (up parent))))))

(define (heap-min h)
  (if (= (heap-count h) 0)
      (error 'heap-min "empty heap")
      (vector-ref (heap-items h) 0)))

(define (heap-remove-min! h)
  (let* ([items (heap-items h)] [last (- (heap-count h) 1)] [<=? (heap-<=? h)])
    (when (< last 0) (error 'heap-remove-min! "empty heap"))
    (vector-set! items 0 (vector-ref items last))
    (vector-set! items last #f)
    (set-heap-count! h last)
    (let down ([at 0])
      (let* ([left (+ (* 2 at) 1)]
             [right (+ left 1)]
             [least (if (and (< left last) (not (<=? (vector-ref items at) (vector-ref items left)))) left at)]
             [least (if (and (< right last) (not (<=? (vector-ref items least) (vector-ref items right)))) right least)])
        (unless (= least at)
          (swap! items at least)
          (down least))))))

(define (heap-remove! h item #:same? [same? equal?])
  (let* ([all (vector->list (vector-copy (heap-items h) 0 (heap-count h)))]
         [found (memf (lambda (other) (same? other item)) all)])
    (and
     found
     (let ([left (append (take all (- (length all) (length found))) (cdr found))])
       (set-heap-items! h (make-vector 8 #f))
       (set-heap-count! h 0)
       (heap-add-all! h left)
       #t))))

(define (heap-remove-eq! h item) (heap-remove! h item #:same? eq?))

(define (heap-copy h) (heap (heap-<=? h) (vector-copy (heap-items h)) (heap-count h)))

(define (heap->list h)
  (let ([copy (heap-copy h)])
    (let next ([all '()])
      (if (= (heap-count copy) 0)
          (reverse all)
          (let ([item (heap-min copy)])
            (heap-remove-min! copy)
            (next (cons item all)))))))

(define (heap->vector h) (list->vector (heap->list h)))
(define (vector->heap <=? items)
  (let ([h (make-heap <=?)]) (heap-add-all! h items) h))
(define (in-heap h) (heap->list h))
(define (in-heap/consume! h)
  (let ([all (heap->list h)])
    (set-heap-count! h 0)
    all))
(define (heap-sort! items <=?) (vector-copy! items 0 (heap->vector (vector->heap <=? items))))
