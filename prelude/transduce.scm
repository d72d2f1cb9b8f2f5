;;; transduce.scm -- Steel's transducers and streams, as plain procedures.
;;;
;;; Steel's own run their closures in a machine of their own, in which no fiber can park.  Here a transducer is a procedure
;;; from list to list and a reducer one from list to value; what they call may block like anything else.
;;;
;;; Not here: transducers over streams and ports.
;;;
;;; Family: Transducers and streams


;;@doc
;; (mapping f) -> procedure
;;
;; A transducer that calls F on every item.
;;
;; F procedure: Of one item.
;;
;; ```scheme
;; (transduce '(1 2) (mapping (lambda (x) (* x x))) (into-list)) ;; => (1 4)
;; ```
(define (mapping f) (lambda (items) (map f items)))

;;@doc
;; (filtering keep?) -> procedure
;;
;; A transducer that keeps the items for which KEEP? holds.
;;
;; KEEP? procedure: Of one item.
;;
;; ```scheme
;; (transduce '(1 2 3) (filtering odd?) (into-list)) ;; => (1 3)
;; ```
(define (filtering keep?) (lambda (items) (filter keep? items)))

;;@doc
;; (flat-mapping f) -> procedure
;;
;; A transducer that calls F on every item and strings the lists it gives together.
;;
;; F procedure: Of one item; it gives a list.
;;
;; ```scheme
;; (transduce '(1 2) (flat-mapping (lambda (x) (list x x))) (into-list)) ;; => (1 1 2 2)
;; ```
(define (flat-mapping f) (lambda (items) (apply append (map f items))))
(define (flattening) (lambda (items) (apply append items)))

;;@doc
;; (taking n) -> procedure
;;
;; A transducer that keeps the first N items.
;;
;; N natural: How many.
;;
;; ```scheme
;; (transduce '(1 2 3) (taking 2) (into-list)) ;; => (1 2)
;; ```
(define (taking n) (lambda (items) (if (< (length items) n) items (take items n))))

;;@doc
;; (dropping n) -> procedure
;;
;; A transducer that leaves out the first N items.
;;
;; N natural: How many.
;;
;; ```scheme
;; (transduce '(1 2 3) (dropping 2) (into-list)) ;; => (3)
;; ```
(define (dropping n) (lambda (items) (if (< (length items) n) '() (list-tail items n))))
(define (extending more) (lambda (items) (append items more)))
(define (enumerating) (lambda (items) (map list (range 0 (length items)) items)))
(define (zipping other) (lambda (items) (map list items other)))
(define (interleaving other) (lambda (items) (apply append (map list items other))))


;;@doc
;; (into-list) -> procedure
;;
;; A reducer that gives the items as a list.
;;
;; ```scheme
;; (transduce '(1 2) (into-list)) ;; => (1 2)
;; ```
(define (into-list) (lambda (items) items))
(define (into-vector) (lambda (items) (list->vector items)))
(define (into-string) (lambda (items) (list->string items)))
(define (into-hashset) (lambda (items) (apply hashset items)))
(define (into-count) length)

;;@doc
;; (into-sum) -> procedure
;;
;; A reducer that adds the items up.
;;
;; ```scheme
;; (transduce '(1 2) (into-sum)) ;; => 3
;; ```
(define (into-sum) (lambda (items) (apply + items)))
(define (into-product) (lambda (items) (apply * items)))
(define (into-max) (lambda (items) (apply max items)))
(define (into-min) (lambda (items) (apply min items)))
(define (into-last) last)
(define (into-nth n) (lambda (items) (list-ref items n)))
(define (into-for-each f) (lambda (items) (for-each f items)))

;;@doc
;; (into-reducer f init) -> procedure
;;
;; A reducer that folds the items: F is given what has been gathered so far, INIT at first, and an item.
;;
;; F procedure: Of so-far and item.
;;
;; ```scheme
;; (transduce '(1 2 3) (into-reducer (lambda (sum x) (+ sum x)) 10)) ;; => 16
;; ```
(define (into-reducer f init)
  (lambda (items) (foldl (lambda (item acc) (f acc item)) init items)))
(define (into-hashmap)
  (lambda (items) (foldl (lambda (pair table) (hash-insert table (car pair) (cadr pair))) (hash) items)))


;;@doc
;; (transduce items step …) -> any
;;
;; Hands ITEMS through the steps: transducers, and a reducer at the end. What they call may block like anything else.
;;
;; ITEMS any: A list or a vector.
;;
;; ```scheme
;; (transduce '(1 2 3) (mapping (lambda (x) (* 2 x))) (into-sum)) ;; => 12
;; ```
(define (transduce items . steps)
  (let loop ([items (if (list? items) items (vector->list items))] [steps steps])
    (if (null? steps)
        items
        (loop ((car steps) items) (cdr steps)))))
