;;; sequences.scm -- sequences as lists, and streams over promises.  Those that are walked are in walks.scm.

;; The elements of any sequence, which VARIABLE stands for one by one.
(define (%sequence->list value . variable) (%elements-of 'for value (if (null? variable) 'x (car variable))))

;; The same for NAME's messages.
(define (%elements-of name value . variable)
  (or (%elements value)
      (cond [(or (%stream? value) (promise? value)) (stream->list value)]
            [(%unmade? value) (%walked (%walk value))]
            [else (%no-sequence name value (if (null? variable) 'x (car variable)))])))

(define (sequence? value) (or (%sequence? value) (and (%unmade? value) #t)))
(define (sequence->list value) (%elements-of 'sequence->list value))
(define (in-list items)
  (unless (list? items) (raise-argument-error 'in-list "list?" items))
  items)
(define (%in-hash hash . order) (%entries 'in-hash hash))
(define (in-hash hash . order) (%of-pairs (%entries 'in-hash hash)))
;; Those of one kind of hash say so when they are given another.
(define (%need-kind name hash wanted? wanted)
  (unless (and (hash? hash) (wanted? hash)) (raise-argument-error name wanted hash))
  hash)
(define (%strong hash name) (%need-kind name hash %changing? "(and/c hash? mutable? hash-strong?)"))
(define (%frozen hash name) (%need-kind name hash immutable? "(and/c hash? immutable?)"))
(define (%weak hash name) (%need-kind name hash %changing? "(and/c hash? hash-weak?)"))
(define (%changing? hash) (not (immutable? hash)))
(define (%in-hash-keys name hash) (map car (%entries name hash)))
(define (%in-hash-values name hash) (map cdr (%entries name hash)))

(define (in-hash-pairs hash . order) (%entries 'in-hash-pairs hash))
(define (in-hash-keys hash . order) (%in-hash-keys 'in-hash-keys hash))
(define (in-hash-values hash . order) (%in-hash-values 'in-hash-values hash))
(define (in-mutable-hash hash . gone) (%of-pairs (%entries 'in-mutable-hash (%strong hash 'in-mutable-hash))))
(define (in-mutable-hash-pairs hash . gone) (hash->list (%strong hash 'in-mutable-hash-pairs)))
(define (in-mutable-hash-keys hash . gone) (hash-keys (%strong hash 'in-mutable-hash-keys)))
(define (in-mutable-hash-values hash . gone) (hash-values (%strong hash 'in-mutable-hash-values)))
(define (in-immutable-hash hash . gone) (%of-pairs (hash->list (%frozen hash 'in-immutable-hash))))
(define (in-immutable-hash-pairs hash . gone) (hash->list (%frozen hash 'in-immutable-hash-pairs)))
(define (in-immutable-hash-keys hash . gone) (hash-keys (%frozen hash 'in-immutable-hash-keys)))
(define (in-immutable-hash-values hash . gone) (hash-values (%frozen hash 'in-immutable-hash-values)))
(define (in-weak-hash hash . gone) (%of-pairs (hash->list (%weak hash 'in-weak-hash))))
(define (in-weak-hash-pairs hash . gone) (hash->list (%weak hash 'in-weak-hash-pairs)))
(define (in-weak-hash-keys hash . gone) (hash-keys (%weak hash 'in-weak-hash-keys)))
(define (in-weak-hash-values hash . gone) (hash-values (%weak hash 'in-weak-hash-values)))
(define (in-ephemeron-hash hash . gone) (in-weak-hash hash))
(define (in-ephemeron-hash-pairs hash . gone) (in-weak-hash-pairs hash))
(define (in-ephemeron-hash-keys hash . gone) (in-weak-hash-keys hash))
(define (in-ephemeron-hash-values hash . gone) (in-weak-hash-values hash))
(define (in-mlist items)
  (cond [(null? items) '()]
        [(mpair? items) (%elements items)]
        [else (raise-argument-error 'in-mlist "(or/c mpair? null)" items)]))
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

;; ---- streams: the empty one is a stream of its own, and lists are streams too

(%define-list (%stream-type %stream-of %stream? %stream-head %stream-tail %m1 %m2)
              (%record-type 'stream #f '(first rest) 0 #f '(#f #f) #f #f '()))

(define empty-stream (%stream-of '() '()))
(define stream-nil empty-stream)
(define the-empty-stream empty-stream)
(define (%stream-cons first rest) (%stream-of first rest))
;; `stream-lazy` makes a promise of a stream.
(define (%looked-at value) (if (promise? value) (%looked-at (force value)) value))
;; What a record of the script's own has for a stream: procedures that tell whether it is empty, its first, its rest.
(define (%stream-methods value)
  (let ([own (%record-property value 'gen:stream)])
    (if own
        (map (lambda (name) (cond [(assq name own) => cdr] [else #f])) '(stream-empty? stream-first stream-rest))
        (let ([own (%record-property value 'prop:stream)]) (and own (vector->list own))))))
(define (%own-method value at)
  (let ([own (and (not (list? value)) (%stream-methods value))]) (and own (list-ref own at))))
(define (stream? value)
  (or (%stream? value) (list? value) (promise? value) (set? value) (and (%stream-methods value) #t)))
(define (stream-pair? value) (and (stream? value) (not (stream-empty? value))))
(define (stream-null? value) (and (stream? value) (stream-empty? value)))
(define (stream-empty? value)
  (cond [(%stream? value) (eq? value empty-stream)]
        [(null? value) #t]
        [(list? value) #f]
        [(promise? value) (stream-empty? (%looked-at value))]
        [(set? value) (set-empty? value)]
        [(%own-method value 0) => (lambda (empty?) (empty? value))]
        [else (null? (%elements-of 'stream-empty? value))]))

(define (%need-stream name value)
  (unless (or (and (%elements value) (not (null? (%elements value)))))
    (raise-argument-error name "(and/c stream? (not/c stream-empty?))" value)))

(define (stream-first value)
  (cond [(%full? value) (force (%stream-head value))]
        [(promise? value) (stream-first (%looked-at value))]
        [(%own-method value 1) => (lambda (first) (first value))]
        [else (%need-stream 'stream-first value) (car (%elements value))]))
(define (%full? value) (and (%stream? value) (not (eq? value empty-stream))))
(define (stream-rest value)
  (cond [(%full? value) (%looked-at (%stream-tail value))]
        [(promise? value) (stream-rest (%looked-at value))]
        [(%own-method value 2) => (lambda (rest) (rest value))]
        [else (%need-stream 'stream-rest value) (cdr (%elements value))]))
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
        ;; The first is looked at before the rest is.
        (let ([all (cons (stream-first left) all)])
          (loop (stream-rest left) (and count (- count 1)) all)))))

(define (list->stream items) items)
(define (%stream-ended name at) (raise-arguments-error name "stream ended before index" "index" at))
(define (stream-ref value at)
  (%need-place 'stream-ref at)
  (let loop ([left value] [count at])
    (cond [(stream-empty? left) (%stream-ended 'stream-ref at)]
          [(= count 0) (stream-first left)]
          [else (loop (stream-rest left) (- count 1))])))
(define (stream-tail value at)
  (%need-place 'stream-tail at)
  (let loop ([left value] [count at])
    (cond [(= count 0) left]
          [(stream-empty? left) (%stream-ended 'stream-tail at)]
          [else (loop (stream-rest left) (- count 1))])))
(define (stream-length value)
  (let loop ([left value] [count 0])
    (if (stream-empty? left) count (loop (stream-rest left) (+ count 1)))))
(define (stream-take value count)
  (%need-place 'stream-take count)
  (let from ([left value] [more count])
    (cond [(= more 0) empty-stream]
          [(stream-empty? left) (%stream-ended 'stream-take count)]
          [else
           (%stream-cons (%promise (lambda () (stream-first left)))
                         (%promise (lambda () (from (if (= more 1) empty-stream (stream-rest left)) (- more 1)))))])))
(define (stream-force value) (if (promise? value) (%looked-at value) value))
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
(define (stream-count f value)
  (stream-fold (lambda (count item) (if (f item) (+ count 1) count)) 0 value))
(define (stream-andmap f value)
  (let loop ([left value] [last #t])
    (if (stream-empty? left)
        last
        (let ([value (f (stream-first left))]) (and value (loop (stream-rest left) value))))))
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
