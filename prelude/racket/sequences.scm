;;; sequences.scm -- sequences as lists, and streams over promises.

;; The elements of any sequence, for NAME's messages.
(define (%sequence->list value) (%elements-of 'for value))

(define (%elements-of name value)
  (or (%elements value)
      (if (or (%stream? value) (promise? value)) (stream->list value) (%no-sequence name value))))

;; What a loop goes along: a list or, of a stream, a pair of its first element and the stream, with which it goes on.
(define (%walked value)
  (let ([value (%looked-at value)])
    (if (%stream? value) (cons (stream-first value) value) (%sequence->list value))))
(define (%walked-on stream) (%walked (stream-rest stream)))
(define (%further left) (if (%stream? left) (%walked-on left) left))

(define (sequence->list value) (%elements-of 'sequence->list value))
(define (in-list items)
  (unless (list? items) (raise-argument-error 'in-list "list?" items))
  items)
(define (in-vector items . bounds)
  (if (= (length bounds) 3)
      (map (lambda (at) (vector-ref items at))
           (range (car bounds) (or (cadr bounds) (vector-length items)) (caddr bounds)))
      (apply vector->list items bounds)))
(define (in-string text . range) (string->list (if (null? range) text (apply substring text range))))
(define (in-hash hash . order) (%entries 'in-hash hash))
(define (in-hash-pairs hash . order) (%entries 'in-hash-pairs hash))
(define (in-hash-keys hash . order) (hash-keys hash))
(define (in-hash-values hash . order) (hash-values hash))
(define (in-mutable-hash hash . order) (%entries 'in-mutable-hash hash))
(define (in-immutable-hash hash . order) (%entries 'in-immutable-hash hash))
(define (in-value value) (list value))
(define (in-sequences . all) (append* (map %sequence->list all)))
(define (in-parallel . all) (apply map list (%shortest (map %sequence->list all))))
(define (in-indexed value)
  (let ([items (%sequence->list value)]) (map list items (range (length items)))))
(define (in-stream value) (stream->list value))
(define (in-sequence value) (%sequence->list value))
(define (in-slice size value)
  (let loop ([left (%sequence->list value)] [all '()])
    (cond [(null? left) (reverse all)]
          [(< (length left) size) (reverse (cons left all))]
          [else (loop (drop left size) (cons (take left size) all))])))

(define (%shortest lists)
  (let ([size (apply min (map length lists))]) (map (lambda (items) (take items size)) lists)))

;; As many as nobody comes to the end of: a stream.
(define (in-naturals . start)
  (let from ([n (if (null? start) 0 (car start))])
    (%stream-cons (make-promise n) (%promise (lambda () (from (+ n 1)))))))
(define (in-cycle . all)
  (let ([items (append* (map %sequence->list all))])
    (if (null? items)
        empty-stream
        (let around ([left items])
          (if (null? left)
              (around items)
              (%stream-cons (make-promise (car left)) (%promise (lambda () (around (cdr left))))))))))

;; Two procedures: whether there is more, and what comes next.
(define (sequence-generate value)
  (define left (%walked value))
  (values (lambda () (pair? left))
          (lambda ()
            (when (null? left) (error 'sequence-generate "no more elements"))
            (begin0 (car left)
                    (set! left (%further (cdr left)))))))
(define (stop-before value stop?) (takef (%sequence->list value) (lambda (one) (not (stop? one)))))
(define (stop-after value stop?)
  (let-values ([(before after) (splitf-at (%sequence->list value) (lambda (one) (not (stop? one))))])
    (if (null? after) before (append before (list (car after))))))
(define (sequence->stream value) (if (%stream? value) value (%sequence->list value)))

(define (random-ref value) (let ([all (%sequence->list value)]) (list-ref all (random (length all)))))

(define (sequence-length value) (length (%sequence->list value)))
(define (sequence-ref value at) (if (%stream? value) (stream-ref value at) (list-ref (%sequence->list value) at)))
(define (sequence-map f value) (map f (%sequence->list value)))
(define (sequence-filter keep? value) (filter keep? (%sequence->list value)))
(define (sequence-for-each f value) (for-each f (%sequence->list value)))
(define (sequence-fold f init value) (fold-left f init (%sequence->list value)))
(define (sequence-andmap f value) (andmap f (%sequence->list value)))
(define (sequence-ormap f value) (ormap f (%sequence->list value)))
(define (sequence-count f value) (count f (%sequence->list value)))
(define (sequence-append . all) (append* (map %sequence->list all)))
(define (sequence-tail value at) (drop (%sequence->list value) at))
(define (sequence-add-between value between) (add-between (%sequence->list value) between))
(define (empty-sequence) '())

;; ---- streams: the empty one is the empty list, and lists are streams

(%define-list (%stream-type %stream-of %stream? %stream-head %stream-tail %m1 %m2)
              (%record-type 'stream #f '(first rest) 0 #f '(#f #f) #f #f '()))

(define empty-stream '())
(define stream-nil '())
(define the-empty-stream '())
(define (%stream-cons first rest) (%stream-of first rest))
;; `stream-lazy` makes a promise of a stream.
(define (%looked-at value) (if (promise? value) (%looked-at (force value)) value))
(define (stream? value) (or (%stream? value) (list? value) (promise? value)))
(define (stream-pair? value) (or (%stream? value) (pair? value)))
(define (stream-null? value) (null? value))
(define (stream-empty? value)
  (cond [(%stream? value) #f]
        [(list? value) (null? value)]
        [(promise? value) (stream-empty? (%looked-at value))]
        [else (null? (%elements-of 'stream-empty? value))]))

(define (%need-stream name value)
  (unless (or (%stream? value) (and (%elements value) (not (null? (%elements value)))))
    (raise-argument-error name "(and/c stream? (not/c stream-empty?))" value)))

(define (stream-first value)
  (let ([value (%looked-at value)])
    (%need-stream 'stream-first value)
    (if (%stream? value) (force (%stream-head value)) (car (%elements value)))))
(define (stream-rest value)
  (let ([value (%looked-at value)])
    (%need-stream 'stream-rest value)
    (if (%stream? value) (%looked-at (%stream-tail value)) (cdr (%elements value)))))
(define (stream-car value) (stream-first value))
(define (stream-cdr value) (stream-rest value))

(define (stream->list value . count)
  (cond [(null? count) (%stream->list value #f)]
        [(number? value) (%stream->list (car count) value)] ; SRFI 41's order
        [else (%stream->list value (car count))]))
(define (%stream->list value count)
  (let loop ([left value] [count count] [all '()])
    (if (or (and count (= count 0)) (stream-empty? left))
        (reverse all)
        (loop (stream-rest left) (and count (- count 1)) (cons (stream-first left) all)))))

(define (list->stream items) items)
(define (stream-ref value at) (if (= at 0) (stream-first value) (stream-ref (stream-rest value) (- at 1))))
(define (stream-tail value at) (if (= at 0) value (stream-tail (stream-rest value) (- at 1))))
(define (stream-length value) (length (stream->list value)))
(define (stream-take value count)
  (if (or (= count 0) (stream-empty? value))
      empty-stream
      (%stream-cons (%promise (lambda () (stream-first value)))
                    (%promise (lambda () (stream-take (stream-rest value) (- count 1)))))))
(define (stream-head value count) (stream->list value count))

(define (stream-map f value . more)
  (let loop ([streams (cons value more)])
    (if (ormap stream-empty? streams)
        empty-stream
        (%stream-cons (%promise (lambda () (apply f (map stream-first streams))))
                      (%promise (lambda () (loop (map stream-rest streams))))))))
(define (stream-filter keep? value)
  (let loop ([left value])
    (cond [(stream-empty? left) empty-stream]
          [(keep? (stream-first left))
           (%stream-cons (make-promise (stream-first left)) (%promise (lambda () (loop (stream-rest left)))))]
          [else (loop (stream-rest left))])))
(define (stream-for-each f value)
  (unless (stream-empty? value) (f (stream-first value)) (stream-for-each f (stream-rest value))))
(define (stream-fold f init value)
  (if (stream-empty? value) init (stream-fold f (f init (stream-first value)) (stream-rest value))))
(define (stream-append . all)
  (cond [(null? all) empty-stream]
        [(stream-empty? (car all)) (apply stream-append (cdr all))]
        [else
         (let ([first (car all)])
           (%stream-cons (%promise (lambda () (stream-first first)))
                         (%promise (lambda () (apply stream-append (stream-rest first) (cdr all))))))]))
(define (stream-count f value) (count f (stream->list value)))
(define (stream-andmap f value) (andmap f (stream->list value)))
(define (stream-ormap f value)
  (and (not (stream-empty? value)) (or (f (stream-first value)) (stream-ormap f (stream-rest value)))))
(define (stream-take-while keep? value)
  (if (or (stream-empty? value) (not (keep? (stream-first value))))
      empty-stream
      (%stream-cons (make-promise (stream-first value))
                    (%promise (lambda () (stream-take-while keep? (stream-rest value)))))))
(define (stream-drop-while drop? value)
  (if (and (not (stream-empty? value)) (drop? (stream-first value)))
      (stream-drop-while drop? (stream-rest value))
      value))
(define (stream-drop value count) (stream-tail value count))
(define (stream-add-between value between)
  (if (or (stream-empty? value) (stream-empty? (stream-rest value)))
      value
      (%stream-cons (make-promise (stream-first value))
                    (%promise (lambda ()
                                (%stream-cons (make-promise between)
                                              (%promise (lambda ()
                                                          (stream-add-between (stream-rest value) between)))))))))
(define (stream-from n . step)
  (%stream-cons (make-promise n)
                (%promise (lambda () (apply stream-from (+ n (if (null? step) 1 (car step))) step)))))
