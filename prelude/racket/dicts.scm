;;; dicts.scm -- positions in hashes, and racket/dict: hashes, vectors, association lists, and records with methods of `gen:dict`.
;;;
;;; A record needs `dict-ref` and the four that walk it; what else it lacks is made of these.

(define (%own-dict dict) (%record-property dict 'gen:dict))
;; A record's own procedure of that name, or #f.
(define (%dict-method dict name)
  (let* ([own (and (not (list? dict)) (%own-dict dict))] [found (and own (assq name own))]) (and found (cdr found))))

(define (dict? value)
  (or (hash? value) (vector? value) (and (list? value) (andmap pair? value)) (and (%own-dict value) #t)))
(define (%need-dict name value)
  (unless (dict? value) (raise-argument-error name "dict?" value)))
(define (%no-dict-method name dict)
  (raise-argument-error name (format "(dict-implements/c ~a)" name) dict))

;; What a kind of dictionary cannot do.
(define (dict-implements? dict . names)
  (%need-dict 'dict-implements? dict)
  (andmap
   (lambda (name)
     (and (case name
            [(dict-set! dict-set*! dict-update!) (dict-mutable? dict)]
            [(dict-remove! dict-clear!) (and (dict-mutable? dict) (dict-can-remove-keys? dict))]
            [(dict-set dict-set* dict-update) (dict-can-functional-set? dict)]
            [(dict-remove dict-clear) (and (dict-can-functional-set? dict) (dict-can-remove-keys? dict))]
            [else #t])
          #t))
   names))
(define (dict-mutable? dict)
  (%need-dict 'dict-mutable? dict)
  (cond [(%own-dict dict) (and (%dict-method dict 'dict-set!) #t)]
        [(list? dict) #f]
        [else (not (immutable? dict))]))
(define (dict-can-functional-set? dict)
  (%need-dict 'dict-can-functional-set? dict)
  (cond [(%own-dict dict) (and (%dict-method dict 'dict-set) #t)]
        [(hash? dict) (immutable? dict)]
        [else (list? dict)]))
(define (dict-can-remove-keys? dict)
  (%need-dict 'dict-can-remove-keys? dict)
  (cond [(%own-dict dict) (and (or (%dict-method dict 'dict-remove!) (%dict-method dict 'dict-remove)) #t)]
        [else (not (vector? dict))]))

(define (dict->list dict)
  (%need-dict 'dict->list dict)
  (cond [(%own-dict dict)
         (cond [(%dict-method dict 'dict->list) => (lambda (own) (own dict))]
               [else
                (let next ([at (dict-iterate-first dict)] [all '()])
                  (if at
                      (next (dict-iterate-next dict at)
                            (cons (cons (dict-iterate-key dict at) (dict-iterate-value dict at)) all))
                      (reverse all)))])]
        [(hash? dict) (hash->list dict)]
        [(vector? dict) (map cons (range (vector-length dict)) (vector->list dict))]
        [else dict]))

(define (dict-ref dict key . fail)
  (%need-dict 'dict-ref dict)
  (cond [(hash? dict) (apply hash-ref dict key fail)]
        [(%dict-method dict 'dict-ref) => (lambda (own) (apply own dict key fail))]
        [(and (vector? dict) (null? fail)) (vector-ref dict key)]
        [(assoc key (dict->list dict)) => cdr]
        [(null? fail)
         (%raise-contract "dict-ref: no value for key: " (%printed key) " in: " (%printed dict))]
        [else (%value-or-call (car fail))]))

;; Of several entries with a key the first is changed.
(define (dict-set dict key value)
  (%need-dict 'dict-set dict)
  (cond [(hash? dict) (hash-set dict key value)]
        [(%dict-method dict 'dict-set) => (lambda (own) (own dict key value))]
        [(list? dict)
         (let next ([left dict] [before '()])
           (cond [(null? left) (append dict (list (cons key value)))]
                 [(equal? (caar left) key) (append-reverse before (cons (cons key value) (cdr left)))]
                 [else (next (cdr left) (cons (car left) before))]))]
        [else (%no-dict-method 'dict-set dict)]))
(define (dict-remove dict key)
  (%need-dict 'dict-remove dict)
  (cond [(hash? dict) (hash-remove dict key)]
        [(%dict-method dict 'dict-remove) => (lambda (own) (own dict key))]
        [(list? dict) (remf (lambda (pair) (equal? (car pair) key)) dict)]
        [else (%no-dict-method 'dict-remove dict)]))
(define (dict-set! dict key value)
  (%need-dict 'dict-set! dict)
  (cond [(hash? dict) (hash-set! dict key value)]
        [(vector? dict) (vector-set! dict key value)]
        [(%dict-method dict 'dict-set!) => (lambda (own) (own dict key value))]
        [else (%no-dict-method 'dict-set! dict)]))
(define (dict-remove! dict key)
  (%need-dict 'dict-remove! dict)
  (cond [(hash? dict) (hash-remove! dict key)]
        [(%dict-method dict 'dict-remove!) => (lambda (own) (own dict key))]
        [else (%no-dict-method 'dict-remove! dict)]))

(define (%each-two name entries f)
  (unless (even? (length entries)) (raise-argument-error name "even-length-list?" entries))
  (let next ([left entries])
    (unless (null? left) (f (car left) (cadr left)) (next (cddr left)))))
(define (dict-set* dict . entries)
  (let ([made dict])
    (%each-two 'dict-set* entries (lambda (key value) (set! made (dict-set made key value))))
    made))
(define (dict-set*! dict . entries)
  (%each-two 'dict-set*! entries (lambda (key value) (dict-set! dict key value))))
(define (dict-update dict key f . fail) (dict-set dict key (f (apply dict-ref dict key fail))))
(define (dict-update! dict key f . fail) (dict-set! dict key (f (apply dict-ref dict key fail))))
(define (dict-ref! dict key value)
  (if (hash? dict)
      (hash-ref! dict key value)
      (let ([held (dict-ref dict key %none)])
        (if (eq? held %none)
            (let ([value (%value-or-call value)]) (dict-set! dict key value) value)
            held))))
(define (dict-has-key? dict key)
  (%need-dict 'dict-has-key? dict)
  (cond [(hash? dict) (hash-has-key? dict key)]
        [(%dict-method dict 'dict-has-key?) => (lambda (own) (own dict key))]
        [(vector? dict) (and (exact-nonnegative-integer? key) (< key (vector-length dict)))]
        [(%own-dict dict) (not (eq? (dict-ref dict key %none) %none))]
        [else (and (assoc key dict) #t)]))
;; What a record may have of its own, else made of its entries.
(define (%of-dict name dict make)
  (%need-dict name dict)
  (cond [(%dict-method dict name) => (lambda (own) (own dict))]
        [else (make (dict->list dict))]))
(define (dict-keys dict) (%of-dict 'dict-keys dict (lambda (all) (map car all))))
(define (dict-values dict) (%of-dict 'dict-values dict (lambda (all) (map cdr all))))
(define (dict-count dict) (%of-dict 'dict-count dict length))
(define (dict-empty? dict) (%of-dict 'dict-empty? dict null?))
(define (dict-map dict f) (map (lambda (pair) (f (car pair) (cdr pair))) (dict->list dict)))
(define (dict-for-each dict f) (for-each (lambda (pair) (f (car pair) (cdr pair))) (dict->list dict)))
(define (dict-map/copy dict f)
  (if (hash? dict)
      (hash-map/copy dict f)
      (let ([entries (map (lambda (pair) (call-with-values (lambda () (f (car pair) (cdr pair))) cons))
                          (dict->list dict))])
        (if (list? dict)
            entries
            (let ([made (dict-copy dict)])
              (for-each (lambda (pair) (dict-set! made (car pair) (cdr pair))) entries)
              made)))))
(define (dict-copy dict)
  (%need-dict 'dict-copy dict)
  (cond [(hash? dict) (hash-copy dict)]
        [(vector? dict) (vector-copy dict)]
        [(%dict-method dict 'dict-copy) => (lambda (own) (own dict))]
        [else (error 'dict-copy "not implemented for ~e" dict)]))
(define (dict-clear dict)
  (cond [(hash? dict) (hash-clear dict)]
        [(%dict-method dict 'dict-clear) => (lambda (own) (own dict))]
        [(null? dict) '()]
        [else (foldl (lambda (key left) (dict-remove left key)) dict (dict-keys dict))]))
(define (dict-clear! dict)
  (cond [(hash? dict) (hash-clear! dict)]
        [(%dict-method dict 'dict-clear!) => (lambda (own) (own dict))]
        [else (for-each (lambda (key) (dict-remove! dict key)) (dict-keys dict))]))

;; ---- walking a hash: a position has the keys that are left, as they were when the walk began

(%define-list (%position-type %position %position? %position-keys %position-m)
              (%record-type 'position #f '(keys) 0 #f '(#f) #f #f '()))
(define (%position-at keys) (and (pair? keys) (%position keys)))
(define (hash-iterate-first hash) (%position-at (hash-keys hash)))
(define (hash-iterate-next hash at)
  (unless (hash? hash) (raise-argument-error 'hash-iterate-next "hash?" hash))
  (and (%position? at)
       (let next ([keys (cdr (%position-keys at))])
         (cond [(null? keys) #f]
               [(hash-has-key? hash (car keys)) (%position keys)]
               [else (next (cdr keys))]))))
;; F of the key and the value there; of GONE twice when nothing is there any more.
(define (%entry-at name hash at gone f)
  (unless (hash? hash) (raise-argument-error name "hash?" hash))
  (let* ([key (if (%position? at) (car (%position-keys at)) %none)]
         [value (if (eq? key %none) %none (%hash-get name hash key %none))])
    (cond [(not (eq? value %none)) (f key value)]
          [(pair? gone) (f (car gone) (car gone))]
          [else (raise-arguments-error name "no element at index" "index" at)])))
(define (hash-iterate-key hash at . gone) (%entry-at 'hash-iterate-key hash at gone (lambda (key value) key)))
(define (hash-iterate-value hash at . gone) (%entry-at 'hash-iterate-value hash at gone (lambda (key value) value)))
(define (hash-iterate-pair hash at . gone) (%entry-at 'hash-iterate-pair hash at gone cons))
(define (hash-iterate-key+value hash at . gone) (%entry-at 'hash-iterate-key+value hash at gone values))

;; ---- walks: a position is a hash's, a vector's index, or what is left of a list

(define (dict-iterate-first dict)
  (%need-dict 'dict-iterate-first dict)
  (cond [(hash? dict) (hash-iterate-first dict)]
        [(vector? dict) (and (> (vector-length dict) 0) 0)]
        [(%own-dict dict) (%walked-by 'dict-iterate-first dict)]
        [else (%position-at dict)]))
(define (dict-iterate-next dict at)
  (cond [(hash? dict) (hash-iterate-next dict at)]
        [(vector? dict) (and (< (+ at 1) (vector-length dict)) (+ at 1))]
        [(%own-dict dict) (%walked-by 'dict-iterate-next dict at)]
        [else (%position-at (cdr (%position-keys at)))]))
(define (dict-iterate-key dict at)
  (cond [(hash? dict) (hash-iterate-key dict at)]
        [(vector? dict) at]
        [(%own-dict dict) (%walked-by 'dict-iterate-key dict at)]
        [else (car (car (%position-keys at)))]))
(define (dict-iterate-value dict at)
  (cond [(hash? dict) (hash-iterate-value dict at)]
        [(vector? dict) (vector-ref dict at)]
        [(%own-dict dict) (%walked-by 'dict-iterate-value dict at)]
        [else (cdr (car (%position-keys at)))]))
(define (%walked-by name dict . at)
  (let ([own (%dict-method dict name)])
    (unless own (error name "not implemented for ~e" dict))
    (apply own dict at)))

(define (in-dict dict) (%of-pairs (dict->list dict)))
(define (in-dict-keys dict) (dict-keys dict))
(define (in-dict-values dict) (dict-values dict))
(define (in-dict-pairs dict) (dict->list dict))
