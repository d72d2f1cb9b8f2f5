;;; transduce.scm -- Steel's transducers and streams, as plain procedures.
;;;
;;; Steel's own run their closures in a machine of their own, in which no fiber can park.  Here a transducer is a procedure
;;; from list to list and a reducer one from list to value; what they call may block like anything else.
;;;
;;; Not here: transducers over streams and ports.

(define (mapping f) (lambda (items) (map f items)))
(define (filtering keep?) (lambda (items) (filter keep? items)))
(define (flat-mapping f) (lambda (items) (apply append (map f items))))
(define (flattening) (lambda (items) (apply append items)))
(define (taking n) (lambda (items) (if (< (length items) n) items (take items n))))
(define (dropping n) (lambda (items) (if (< (length items) n) '() (list-tail items n))))
(define (extending more) (lambda (items) (append items more)))
(define (enumerating) (lambda (items) (map list (range 0 (length items)) items)))
(define (zipping other) (lambda (items) (map list items other)))
(define (interleaving other) (lambda (items) (apply append (map list items other))))

(define (compose . transducers)
  (lambda (items)
    (foldl (lambda (transducer so-far) (transducer so-far)) items transducers)))

(define (into-list) (lambda (items) items))
(define (into-vector) (lambda (items) (list->vector items)))
(define (into-string) (lambda (items) (list->string items)))
(define (into-hashset) (lambda (items) (apply hashset items)))
(define (into-count) length)
(define (into-sum) (lambda (items) (apply + items)))
(define (into-product) (lambda (items) (apply * items)))
(define (into-max) (lambda (items) (apply max items)))
(define (into-min) (lambda (items) (apply min items)))
(define (into-last) last)
(define (into-nth n) (lambda (items) (list-ref items n)))
(define (into-for-each f) (lambda (items) (for-each f items)))
(define (into-reducer f init)
  (lambda (items) (foldl (lambda (item acc) (f acc item)) init items)))
(define (into-hashmap)
  (lambda (items) (foldl (lambda (pair table) (hash-insert table (car pair) (cadr pair))) (hash) items)))

(define (transduce items . steps)
  (let loop ([items (if (list? items) items (vector->list items))] [steps steps])
    (if (null? steps)
        items
        (loop ((car steps) items) (cdr steps)))))

;; ---- streams: a vector of the head and a thunk for the rest

(define empty-stream (vector))
(define (stream-empty? stream) (= 0 (vector-length stream)))
(define (stream-cons head rest) (vector head rest))
(define (stream-car stream) (vector-ref stream 0))
(define (stream-cdr stream) ((vector-ref stream 1)))
