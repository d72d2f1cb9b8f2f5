;;; hashes.scm -- what takes procedures with hashes, and hashes by other names: SRFI 69's, racket/dict's.
;;;
;;; The rest is in Rust (src/interp/dialect/hashes/).

;; What stands for nothing found.
(define %none '%none)

(define (hash-ref hash key . fail)
  (if (null? fail) (%hash-ref hash key) (%hash-ref-or hash key (car fail))))

;; Those whose names end in `-or` are what a call with all its arguments becomes (`shorter.rs`).
(define (%hash-ref-or hash key fail)
  (let ([value (%hash-get 'hash-ref hash key %none)])
    (if (eq? value %none) (%value-or-call fail) value)))

(define (hash-ref! hash key value)
  (let ([held (%hash-get 'hash-ref! hash key %none)])
    (if (eq? held %none)
        (let ([value (%value-or-call value)]) (hash-set! hash key value) value)
        held)))

(define (hash-ref-key hash key . fail)
  (let ([held (%hash-key hash key %none)])
    (cond [(not (eq? held %none)) held]
          [(null? fail) (raise-arguments-error 'hash-ref-key "hash does not contain key" "key" key)]
          [else (%value-or-call (car fail))])))

(define (%to-update name hash key fail)
  (let ([value (%hash-get name hash key %none)])
    (cond [(not (eq? value %none)) value]
          [(null? fail)
           (%raise-contract name ": no value found for key: " (%printed key))]
          [else (%value-or-call (car fail))])))

(define (hash-update hash key f . fail)
  (hash-set hash key (f (%to-update 'hash-update hash key fail))))

(define (hash-update! hash key f . fail)
  (if (null? fail)
      (hash-set! hash key (f (%to-update 'hash-update! hash key fail)))
      (%hash-update-or! hash key f (car fail))))

(define (%hash-update-or! hash key f fail)
  (let ([value (%hash-get! 'hash-update! hash key %none)])
    (hash-set! hash key (f (if (eq? value %none) (%value-or-call fail) value)))))

;; ---- making

(define (make-hash . pairs) (%hash-of 'make-hash (%make-hash) pairs))
(define (make-hasheqv . pairs) (%hash-of 'make-hasheqv (%make-hasheqv) pairs))
(define (make-hasheq . pairs) (%hash-of 'make-hasheq (%make-hasheq) pairs))
(define (make-weak-hash . pairs) (%hash-of 'make-weak-hash (%make-hash) pairs))
(define (make-weak-hasheqv . pairs) (%hash-of 'make-weak-hasheqv (%make-hasheqv) pairs))
(define (make-weak-hasheq . pairs) (%hash-of 'make-weak-hasheq (%make-hasheq) pairs))
(define (make-ephemeron-hash . pairs) (%hash-of 'make-ephemeron-hash (%make-hash) pairs))
(define (make-ephemeron-hasheqv . pairs) (%hash-of 'make-ephemeron-hasheqv (%make-hasheqv) pairs))
(define (make-ephemeron-hasheq . pairs) (%hash-of 'make-ephemeron-hasheq (%make-hasheq) pairs))

(define (%hash-of name table pairs)
  (if (null? pairs) table (%hash-fill! name table (car pairs))))

(define (%empty-like hash)
  (cond [(hash-equal? hash) (%make-hash)] [(hash-eqv? hash) (%make-hasheqv)] [else (%make-hasheq)]))

(define (hash-copy hash) (%hash-fill! 'hash-copy (%empty-like hash) hash))
(define (hash-copy-clear hash) (if (immutable? hash) (hash-clear hash) (%empty-like hash)))
(define (hash-weak? hash) #f)
(define (hash-ephemeron? hash) #f)
(define (hash-strong? hash)
  (unless (hash? hash) (raise-argument-error 'hash-strong? "hash?" hash))
  #t)

;; ---- going through

(define (%need-two name f)
  (unless (procedure? f) (raise-argument-error name "(procedure-arity-includes/c 2)" f)))

(define (hash-map hash f . order)
  (let ([entries (%entries 'hash-map hash)])
    (%need-two 'hash-map f)
    (map (lambda (entry) (f (car entry) (cdr entry))) entries)))

(define (hash-for-each hash f . order)
  (let ([entries (%entries 'hash-for-each hash)])
    (%need-two 'hash-for-each f)
    (for-each (lambda (entry) (f (car entry) (cdr entry))) entries)))

(define (%entries name hash)
  (unless (hash? hash) (raise-argument-error name "hash?" hash))
  (hash->list hash))

(define (hash-map/copy hash f)
  (foldl (lambda (entry made)
           (call-with-values (lambda () (f (car entry) (cdr entry)))
                             (lambda (key value) (%put made key value))))
         (hash-copy-clear hash)
         (%entries 'hash-map/copy hash)))

;; Puts an entry into a hash of either kind.
(define (%put hash key value)
  (if (immutable? hash) (hash-set hash key value) (begin (hash-set! hash key value) hash)))

(define (hash-filter hash keep?)
  (foldl (lambda (entry made) (if (keep? (car entry) (cdr entry)) (%put made (car entry) (cdr entry)) made))
         (hash-copy-clear hash)
         (%entries 'hash-filter hash)))
(define (hash-filter-keys hash keep?) (hash-filter hash (lambda (key value) (keep? key))))
(define (hash-filter-values hash keep?) (hash-filter hash (lambda (key value) (keep? value))))

(define (hash-union first #:combine [combine #f] #:combine/key [combine/key #f] . others)
  (foldl (lambda (other made) (%join 'hash-union made other (%combiner 'hash-union combine combine/key)))
         first others))
(define (hash-union! first #:combine [combine #f] #:combine/key [combine/key #f] . others)
  (for-each (lambda (other) (%join 'hash-union! first other (%combiner 'hash-union! combine combine/key))) others))

(define (%combiner name combine combine/key)
  (cond [combine/key combine/key]
        [combine (lambda (key a b) (combine a b))]
        [else
         (lambda (key a b)
           (%raise-contract name ": duplicate values for key " (%printed key) ": " (%printed a) " and " (%printed b)))]))

(define (%join name hash other combine)
  (foldl (lambda (entry made)
           (let ([held (%hash-get name made (car entry) %none)])
             (%put made (car entry) (if (eq? held %none) (cdr entry) (combine (car entry) held (cdr entry))))))
         hash
         (%entries name other)))

(define (hash-intersect first #:combine [combine #f] #:combine/key [combine/key #f] . others)
  (let ([join (%combiner 'hash-intersect combine combine/key)])
    (foldl (lambda (other made)
             (foldl (lambda (entry both)
                      (let ([held (%hash-get 'hash-intersect other (car entry) %none)])
                        (if (eq? held %none) both (%put both (car entry) (join (car entry) (cdr entry) held)))))
                    (hash-copy-clear made)
                    (%entries 'hash-intersect made)))
           first others)))

;; ---- SRFI 69's, and what MIT Scheme and Guile call them

(define (make-hash-table . options) (%make-hash))
(define (make-equal-hash-table . options) (%make-hash))
(define (make-strong-eqv-hash-table . options) (%make-hasheqv))
(define (make-string-hash-table . options) (%make-hash))
(define (make-eq-hashtable . options) (%make-hasheq))
(define (make-eqv-hashtable . options) (%make-hasheqv))
(define (make-hashtable . options) (%make-hash))
(define (hash-table? value) (and (hash? value) (not (immutable? value))))
(define (hashtable? value) (hash-table? value))
(define (alist->hash-table pairs . options) (%hash-fill! 'alist->hash-table (%make-hash) (reverse pairs)))
(define (hash-table-ref table key . fail)
  (let ([value (%hash-get 'hash-table-ref table key %none)])
    (cond [(eq? value %none) (if (null? fail) (%hash-ref table key) ((car fail)))]
          [(or (null? fail) (null? (cdr fail))) value]
          [else ((cadr fail) value)])))
(define (hash-table-ref/default table key default) (%hash-get 'hash-table-ref/default table key default))
(define (hash-table/get table key default) (%hash-get 'hash-table/get table key default))
(define (hashtable-ref table key default) (%hash-get 'hashtable-ref table key default))
(define (hash-table-set! table key value) (hash-set! table key value))
(define (hash-table/put! table key value) (hash-set! table key value))
(define (hashtable-set! table key value) (hash-set! table key value))
(define (hash-table-delete! table key) (hash-remove! table key))
(define (hash-table/remove! table key) (hash-remove! table key))
(define (hashtable-delete! table key) (hash-remove! table key))
(define (hash-table-contains? table key) (hash-has-key? table key))
(define (hash-table-exists? table key) (hash-has-key? table key))
(define (hashtable-contains? table key) (hash-has-key? table key))
(define (hash-table-update! table key f . fail)
  (hash-set! table key
             (f (let ([value (%hash-get 'hash-table-update! table key %none)])
                  (cond [(not (eq? value %none)) value]
                        [(null? fail) (%hash-ref table key)]
                        [else ((car fail))])))))
(define (hash-table-update!/default table key f default)
  (hash-set! table key (f (%hash-get 'hash-table-update!/default table key default))))
(define (hashtable-update! table key f default)
  (hash-set! table key (f (%hash-get 'hashtable-update! table key default))))
(define (hash-table-count table) (hash-count table))
(define (hash-table-size table) (hash-count table))
(define (hashtable-size table) (hash-count table))
(define (hash-table-keys table) (hash-keys table))
(define (hash-table/key-list table) (hash-keys table))
(define (hashtable-keys table) (list->vector (hash-keys table)))
(define (hash-table-values table) (hash-values table))
(define (hash-table/datum-list table) (hash-values table))
(define (hash-table->alist table) (hash->list table))
(define (hash-table-walk table f) (hash-for-each table f))
(define (hash-table-for-each table f) (if (procedure? table) (hash-for-each f table) (hash-for-each table f)))
(define (hash-table-fold table f init)
  (foldl (lambda (entry value) (f (car entry) (cdr entry) value)) init (hash->list table)))
(define (hash-table-clear! table) (hash-clear! table))
(define (hash-table-copy table . options) (hash-copy table))
(define (hash-table-empty? table) (hash-empty? table))

;; ---- association lists

(define (alist-copy pairs) (map (lambda (pair) (if (pair? pair) (cons (car pair) (cdr pair)) pair)) pairs))
(define (alist-delete key pairs . same)
  (let ([same? (if (null? same) equal? (car same))])
    (filter (lambda (pair) (not (same? key (car pair)))) pairs)))
(define (alist->hash pairs) (make-immutable-hash pairs))
(define (del-assq key pairs) (alist-delete key pairs eq?))
(define (del-assv key pairs) (alist-delete key pairs eqv?))
(define (del-assoc key pairs) (alist-delete key pairs))
