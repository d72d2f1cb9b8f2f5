;;; sequences.scm -- sequences as lists, and streams over promises.  Those that are walked are in walks.scm.

;; The elements of any sequence, for NAME's messages.
(define (%sequence->list value) (%elements-of 'for value))

(define (%elements-of name value)
  (or (%elements value)
      (cond [(%lazy? value) (%walked ((%lazy-start value)))]
            [(or (%stream? value) (promise? value)) (stream->list value)]
            [else (%no-sequence name value)])))

(define (sequence? value) (or (%sequence? value) (%unmade? value)))
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
(define (%in-hash hash . order) (%entries 'in-hash hash))
(define (in-hash hash . order) (%of-pairs (%entries 'in-hash hash)))
(define (in-hash-pairs hash . order) (%entries 'in-hash-pairs hash))
(define (in-hash-keys hash . order) (hash-keys hash))
(define (in-hash-values hash . order) (hash-values hash))
(define (in-mutable-hash hash . order) (%of-pairs (%entries 'in-mutable-hash hash)))
(define (in-immutable-hash hash . order) (%of-pairs (%entries 'in-immutable-hash hash)))
(define (in-value value) (list value))
(define (in-stream value) (stream->list value))
(define (in-sequence value) (%sequence->list value))

;; Chosen as Racket does: each item takes the place of one before it by chance.
(define (random-sample value count [generator #f] #:replacement? [replacement? #t])
  (unless (exact-nonnegative-integer? count) (raise-argument-error 'random-sample "exact-nonnegative-integer?" count))
  (let ([all (%sequence->list value)] [chosen (make-vector count #f)])
    (cond [(not replacement?)
           (when (< (length all) count)
             (raise-argument-error 'random-sample "integer less than or equal to sequence length" count))
           (for ([item all] [at (in-naturals)])
             (cond [(< at count) (vector-set! chosen at item)]
                   [(< (random (+ at 1)) count) (vector-set! chosen (random count) item)]))]
          [(and (null? all) (> count 0)) (raise-argument-error 'random-sample "non-empty sequence for n>0" value)]
          [else
           (for ([item all] [at (in-naturals)])
             (for ([place (in-range count)])
               (when (or (= at 0) (= 0 (random (+ at 1)))) (vector-set! chosen place item))))])
    (vector->list chosen)))
(define (random-ref value [generator #f])
  (let ([all (%sequence->list value)])
    (when (null? all) (raise-argument-error 'random-ref "non-empty sequence" value))
    (car (random-sample all 1))))

;; As many as nobody comes to the end of: a stream.
(define (in-naturals . start)
  (let from ([n (if (null? start) 0 (car start))])
    (%stream-cons (make-promise n) (%promise (lambda () (from (+ n 1)))))))

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
(define (stream-tail value at)
  (let loop ([left value] [count at])
    (cond [(= count 0) left]
          [(stream-empty? left) (raise-arguments-error 'stream-tail "stream ended before index" "index" at)]
          [else (loop (stream-rest left) (- count 1))])))
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
