;;; lists.scm -- what goes through lists with a procedure: racket/base's, racket/list's, SRFI 1's.
;;;
;;; What needs no procedure is in Rust (src/interp/dialect/lists.rs).  Loops gather in reverse and never change what they
;;; have gathered, so that a continuation may be entered again.

(define empty '())
(define null '())
(define (cons? value) (pair? value))

;; ---- checks

(define (%need-procedure name f)
  (unless (procedure? f) (raise-argument-error name "procedure?" f)))

(define (%need-list name value)
  (unless (list? value) (raise-argument-error name "list?" value)))

;; The LISTS of a call of F, all of one length.
(define (%need-lists name f lists)
  (%need-procedure name f)
  (for-each (lambda (l) (%need-list name l)) lists)
  (let ([size (length (car lists))])
    (let loop ([left (cdr lists)])
      (unless (null? left)
        (unless (= (length (car left)) size)
          (%raise-contract name ": all lists must have same size\n  first list length: " size
                           "\n  other list length: " (length (car left)) "\n  procedure: " f))
        (loop (cdr left))))))

;; ---- one step of several lists

(define (%cars lists)
  (let loop ([left lists] [all '()])
    (if (null? left) (reverse all) (loop (cdr left) (cons (car (car left)) all)))))

(define (%cdrs lists)
  (let loop ([left lists] [all '()])
    (if (null? left) (reverse all) (loop (cdr left) (cons (cdr (car left)) all)))))

(define (%any-null? lists)
  (cond [(null? lists) #f] [(null? (car lists)) #t] [else (%any-null? (cdr lists))]))

;; ---- map and kin

(define (map f items . more)
  (cond [(null? more)
         (unless (and (procedure? f) (list? items)) (%need-lists 'map f (list items)))
         (let loop ([left items] [all '()])
           (if (null? left) (reverse all) (loop (cdr left) (cons (f (car left)) all))))]
        [(null? (cdr more))
         (%need-lists 'map f (cons items more))
         (let loop ([a items] [b (car more)] [all '()])
           (if (null? a) (reverse all) (loop (cdr a) (cdr b) (cons (f (car a) (car b)) all))))]
        [else
         (%need-lists 'map f (cons items more))
         (let loop ([lists (cons items more)] [all '()])
           (if (null? (car lists)) (reverse all) (loop (%cdrs lists) (cons (apply f (%cars lists)) all))))]))

(define (for-each f items . more)
  (if (null? more)
      (begin
        (unless (and (procedure? f) (list? items))
          (%need-procedure 'for-each f)
          (%need-list 'for-each items))
        (let loop ([left items])
          (unless (null? left) (f (car left)) (loop (cdr left)))))
      (begin
        (%need-lists 'for-each f (cons items more))
        (let loop ([lists (cons items more)])
          (unless (null? (car lists)) (apply f (%cars lists)) (loop (%cdrs lists)))))))

(define (andmap f items . more)
  (%need-lists 'andmap f (cons items more))
  (if (null? more)
      (let loop ([left items] [value #t])
        (cond [(null? left) value]
              [(null? (cdr left)) (f (car left))]
              [(f (car left)) (loop (cdr left) #t)]
              [else #f]))
      (let loop ([lists (cons items more)])
        (cond [(null? (car lists)) #t]
              [(null? (cdr (car lists))) (apply f (%cars lists))]
              [(apply f (%cars lists)) (loop (%cdrs lists))]
              [else #f]))))

(define (ormap f items . more)
  (%need-lists 'ormap f (cons items more))
  (if (null? more)
      (let loop ([left items])
        (cond [(null? left) #f]
              [(null? (cdr left)) (f (car left))]
              [else (or (f (car left)) (loop (cdr left)))]))
      (let loop ([lists (cons items more)])
        (cond [(null? (car lists)) #f]
              [(null? (cdr (car lists))) (apply f (%cars lists))]
              [else (or (apply f (%cars lists)) (loop (%cdrs lists)))]))))

;; SRFI 1's go on as far as the shortest list does.
(define (every f items . more)
  (let loop ([lists (cons items more)] [value #t])
    (if (%any-null? lists)
        value
        (let ([value (apply f (%cars lists))]) (and value (loop (%cdrs lists) value))))))

(define (any f items . more)
  (let loop ([lists (cons items more)])
    (if (%any-null? lists) #f (or (apply f (%cars lists)) (loop (%cdrs lists))))))

(define (append-map f items . more)
  (append* (apply map f items more)))

(define (filter-map f items . more)
  (%need-lists 'filter-map f (cons items more))
  (let loop ([lists (cons items more)] [all '()])
    (if (null? (car lists))
        (reverse all)
        (let ([value (apply f (%cars lists))])
          (loop (%cdrs lists) (if value (cons value all) all))))))

(define (map-in-order f items . more) (apply map f items more))

(define (vector-of-lists . lists) (map list->vector lists))

;; ---- filters

(define (filter keep? items)
  (unless (procedure? keep?) (raise-argument-error 'filter "(any/c . -> . any/c)" keep?))
  (%need-list 'filter items)
  (let loop ([left items] [all '()])
    (cond [(null? left) (reverse all)]
          [(keep? (car left)) (loop (cdr left) (cons (car left) all))]
          [else (loop (cdr left) all)])))

(define (filter-not drop? items)
  (unless (procedure? drop?) (raise-argument-error 'filter-not "(any/c . -> . any/c)" drop?))
  (%need-list 'filter-not items)
  (filter (lambda (item) (not (drop? item))) items))

(define (partition keep? items)
  (%need-procedure 'partition keep?)
  (%need-list 'partition items)
  (let loop ([left items] [in '()] [out '()])
    (cond [(null? left) (values (reverse in) (reverse out))]
          [(keep? (car left)) (loop (cdr left) (cons (car left) in) out)]
          [else (loop (cdr left) in (cons (car left) out))])))

(define (remf drop? items)
  (let loop ([left items] [before '()])
    (cond [(null? left) items]
          [(drop? (car left)) (append-reverse before (cdr left))]
          [else (loop (cdr left) (cons (car left) before))])))

(define (remf* drop? items) (filter-not drop? items))

(define (remove item items . same)
  (cond [(and (procedure? item) (list? items) (null? same)) (filter-not item items)] ; SRFI 1's: a predicate first
        [(null? same) (%remove item items)]
        [else (remf (lambda (other) ((car same) item other)) items)]))

(define (remove* unwanted items . same)
  (if (null? same)
      (%remove* unwanted items)
      (filter-not (lambda (item) (ormap (lambda (other) ((car same) other item)) unwanted)) items)))

(define (delete item items . same)
  (if (null? same)
      (%remove* (list item) items)
      (filter-not (lambda (other) ((car same) item other)) items)))

(define (%by-itself same)
  (cond [(eq? same equal?) 'equal?] [(eq? same eq?) 'eq?] [(eq? same eqv?) 'eqv?] [(eq? same string=?) 'equal?]
        [else #f]))

(define (remove-duplicates items [same? equal?] #:key [key #f])
  (%need-list 'remove-duplicates items)
  (%distinct items same? key))

(define (delete-duplicates items . same)
  (%distinct items (if (null? same) equal? (car same)) #f))

(define (%distinct items same? key)
  (if (and (not key) (%by-itself same?))
      (%remove-duplicates items (%by-itself same?))
      (let loop ([left items] [keys '()] [all '()])
        (if (null? left)
            (reverse all)
            (let ([k (if key (key (car left)) (car left))])
              (if (%with? k keys same?)
                  (loop (cdr left) keys all)
                  (loop (cdr left) (cons k keys) (cons (car left) all))))))))

(define (%with? key keys same?)
  (cond [(null? keys) #f] [(same? (car keys) key) #t] [else (%with? key (cdr keys) same?)]))

(define (check-duplicates items [same? equal?] #:key [key #f] #:default [default #f])
  (let* ([keys (if key (map key items) items)] [kind (%by-itself same?)] [none (list 'none)])
    (if kind
        (let ([found (%first-duplicate keys items kind none)])
          (if (eq? found none) (%value-or-call default) found))
        (let loop ([left items] [keys keys] [met '()])
          (cond [(null? left) (%value-or-call default)]
                [(%with? (car keys) met same?) (car left)]
                [else (loop (cdr left) (cdr keys) (cons (car keys) met))])))))

(define (%value-or-call default) (if (procedure? default) (default) default))

;; ---- searching

(define (member item items . same)
  (if (null? same)
      (%member item items)
      (let loop ([left items])
        (cond [(null? left) #f] [((car same) item (car left)) left] [else (loop (cdr left))]))))

(define (assoc key pairs . same)
  (if (null? same)
      (%assoc key pairs)
      (let loop ([left pairs])
        (cond [(null? left) #f] [((car same) key (car (car left))) (car left)] [else (loop (cdr left))]))))

(define (memf f items)
  (let loop ([left items])
    (cond [(null? left) #f] [(f (car left)) left] [else (loop (cdr left))])))

(define (find-tail f items) (memf f items))

(define (findf f items)
  (let loop ([left items])
    (cond [(null? left) #f] [(f (car left)) (car left)] [else (loop (cdr left))])))

(define (find f items) (findf f items))

(define (assf f pairs)
  (let loop ([left pairs])
    (cond [(null? left) #f] [(f (car (car left))) (car left)] [else (loop (cdr left))])))

(define (index-of items value . same)
  (%need-list 'index-of items)
  (if (null? same)
      (%index-of items value)
      (index-where items (lambda (item) ((car same) item value)))))

(define (indexes-of items value . same)
  (if (null? same)
      (%indexes-of items value)
      (indexes-where items (lambda (item) ((car same) item value)))))

(define (index-where items f)
  (let loop ([left items] [at 0])
    (cond [(null? left) #f] [(f (car left)) at] [else (loop (cdr left) (+ at 1))])))

(define (indexes-where items f)
  (let loop ([left items] [at 0] [all '()])
    (cond [(null? left) (reverse all)]
          [(f (car left)) (loop (cdr left) (+ at 1) (cons at all))]
          [else (loop (cdr left) (+ at 1) all)])))

(define (list-index f items . more)
  (let loop ([lists (cons items more)] [at 0])
    (cond [(%any-null? lists) #f] [(apply f (%cars lists)) at] [else (loop (%cdrs lists) (+ at 1))])))

(define (count f items . more)
  (%need-lists 'count f (cons items more))
  (if (null? more)
      (let loop ([left items] [n 0])
        (if (null? left) n (loop (cdr left) (if (f (car left)) (+ n 1) n))))
      (let loop ([lists (cons items more)] [n 0])
        (if (null? (car lists)) n (loop (%cdrs lists) (if (apply f (%cars lists)) (+ n 1) n))))))

;; ---- beginnings and ends

(define (takef items keep?)
  (let loop ([left items] [all '()])
    (if (and (pair? left) (keep? (car left))) (loop (cdr left) (cons (car left) all)) (reverse all))))

(define (dropf items drop?)
  (let loop ([left items])
    (if (and (pair? left) (drop? (car left))) (loop (cdr left)) left)))

(define (splitf-at items keep?)
  (let loop ([left items] [all '()])
    (if (and (pair? left) (keep? (car left)))
        (loop (cdr left) (cons (car left) all))
        (values (reverse all) left))))

;; How far two lists are the same.
(define (%common name a b same)
  (%need-list name a)
  (%need-list name b)
  (let ([same? (if (null? same) equal? (car same))])
    (let loop ([a a] [b b] [count 0])
      (if (and (pair? a) (pair? b) (same? (car a) (car b))) (loop (cdr a) (cdr b) (+ count 1)) count))))
(define (list-prefix? a b . same) (= (%common 'list-prefix? a b same) (length a)))
(define (take-common-prefix a b . same) (take a (%common 'take-common-prefix a b same)))
(define (drop-common-prefix a b . same)
  (let ([count (%common 'drop-common-prefix a b same)]) (values (drop a count) (drop b count))))
(define (split-common-prefix a b . same)
  (let ([count (%common 'split-common-prefix a b same)]) (values (take a count) (drop a count) (drop b count))))

(define (takef-right items keep?) (reverse (takef (reverse items) keep?)))
(define (dropf-right items drop?) (reverse (dropf (reverse items) drop?)))
(define (splitf-at-right items keep?) (values (dropf-right items keep?) (takef-right items keep?)))

;; SRFI 1's, procedure first.
(define (take-while keep? items) (takef items keep?))
(define (drop-while drop? items) (dropf items drop?))
(define (span keep? items) (splitf-at items keep?))
(define (break stop? items) (splitf-at items (lambda (item) (not (stop? item)))))

;; ---- folds

(define (%need-fold name f init lists)
  (unless (procedure? f) (apply raise-argument-error name "procedure?" 0 f init lists))
  (let ([size (and (list? (car lists)) (length (car lists)))])
    (let loop ([left lists] [at 2])
      (unless (null? left)
        (unless (list? (car left)) (apply raise-argument-error name "list?" at f init lists))
        (unless (= (length (car left)) size)
          (%raise-contract name ": given list does not have the same size as the first list: "
                           (%printed (car left))))
        (loop (cdr left) (+ at 1))))))

(define (foldl f init items . more)
  (if (null? more)
      (begin
        (unless (and (procedure? f) (list? items)) (%need-fold 'foldl f init (list items)))
        (let loop ([left items] [value init])
          (if (null? left) value (loop (cdr left) (f (car left) value)))))
      (begin
        (%need-fold 'foldl f init (cons items more))
        (let loop ([lists (cons items more)] [value init])
          (if (null? (car lists)) value (loop (%cdrs lists) (apply f (append (%cars lists) (list value)))))))))

(define (foldr f init items . more)
  (%need-fold 'foldr f init (cons items more))
  (if (null? more)
      (let loop ([left (reverse items)] [value init])
        (if (null? left) value (loop (cdr left) (f (car left) value))))
      (let loop ([lists (map reverse (cons items more))] [value init])
        (if (null? (car lists)) value (loop (%cdrs lists) (apply f (append (%cars lists) (list value))))))))

;; SRFI 1's fold goes as far as the shortest list.
(define (fold f init items . more)
  (if (null? more)
      (foldl f init items)
      (let loop ([lists (cons items more)] [value init])
        (if (%any-null? lists) value (loop (%cdrs lists) (apply f (append (%cars lists) (list value))))))))

;; R6RS's: the value first on the left, last on the right.
(define (fold-left f init items . more)
  (let loop ([lists (cons items more)] [value init])
    (if (%any-null? lists) value (loop (%cdrs lists) (apply f value (%cars lists))))))

(define (fold-right f init items . more) (apply foldr f init items more))

(define (reduce f init items)
  (if (null? items) init (foldl f (car items) (cdr items))))
(define (reduce-left f init items)
  (if (null? items) init (fold-left f (car items) (cdr items))))
(define (reduce-right f init items)
  (if (null? items) init (let ([backwards (reverse items)]) (foldl f (car backwards) (cdr backwards)))))

(define (unfold stop? item next seed . tail)
  (let loop ([seed seed] [all '()])
    (if (stop? seed)
        (append-reverse all (if (null? tail) '() ((car tail) seed)))
        (loop (next seed) (cons (item seed) all)))))

(define (unfold-right stop? item next seed . tail)
  (let loop ([seed seed] [all (if (null? tail) '() (car tail))])
    (if (stop? seed) all (loop (next seed) (cons (item seed) all)))))

;; ---- making

(define (build-list size f)
  (unless (and (exact-integer? size) (>= size 0)) (raise-argument-error 'build-list "exact-nonnegative-integer?" size))
  (let loop ([at 0] [all '()])
    (if (= at size) (reverse all) (loop (+ at 1) (cons (f at) all)))))

(define (list-tabulate size f) (build-list size f))

(define (list-update items at f)
  (list-set items at (f (list-ref items at))))

(define (zip items . more) (apply map list items more))
(define (unzip1 items) (map car items))
(define (unzip2 items) (values (map car items) (map cadr items)))
(define (unzip3 items) (values (map car items) (map cadr items) (map caddr items)))

;; ---- by a key

(define (%best name f items better?)
  (%need-procedure name f)
  (unless (pair? items) (raise-argument-error name "(and/c list? (not/c empty?))" 1 f items))
  (define (key-of item)
    (let ([key (f item)])
      (unless (real? key)
        (%raise-contract name ": contract violation\n  expected: real?\n  result: " (%printed key)))
      key))
  (let loop ([left (cdr items)] [best (car items)] [key (key-of (car items))])
    (if (null? left)
        best
        (let ([other (key-of (car left))])
          (if (better? other key) (loop (cdr left) (car left) other) (loop (cdr left) best key))))))

(define (argmin f items) (%best 'argmin f items <))
(define (argmax f items) (%best 'argmax f items >))

;; Groups in the order of their first items.
(define (group-by key items . same)
  (let ([same? (if (null? same) equal? (car same))])
    (if (%by-itself same?)
        (let ([groups (%make-hash)])
          (let loop ([left items] [keys '()])
            (if (null? left)
                (map (lambda (k) (reverse (%hash-ref groups k))) (reverse keys))
                (let* ([k (key (car left))] [group (%hash-get 'group-by groups k '())])
                  (hash-set! groups k (cons (car left) group))
                  (loop (cdr left) (if (null? group) (cons k keys) keys))))))
        (let loop ([left items] [groups '()]) ; of (key item …), the last first
          (if (null? left)
              (map (lambda (group) (reverse (cdr group))) (reverse groups))
              (let ([k (key (car left))])
                (loop (cdr left) (%into-group k (car left) groups same?))))))))

(define (%into-group key item groups same?)
  (cond [(null? groups) (list (list key item))]
        [(%with? key (map car groups) same?)
         (map (lambda (group) (if (same? (car group) key) (cons key (cons item (cdr group))) group)) groups)]
        [else (cons (list key item) groups)]))

;; ---- SRFI 1's, what racket/list does not have

(define (xcons a b) (cons b a))
(define (alist-cons key value pairs) (cons (cons key value) pairs))
(define (car+cdr pair) (values (car pair) (cdr pair)))
(define (proper-list? value) (list? value))
(define (dotted-list? value)
  (if (pair? value) (dotted-list? (cdr value)) (not (null? value))))
(define (null-list? items) (null? items))
(define (not-pair? value) (not (pair? value)))
(define (tree-copy tree)
  (if (pair? tree) (cons (tree-copy (car tree)) (tree-copy (cdr tree))) tree))

(define (pair-fold f init items)
  (if (null? items) init (pair-fold f (f items init) (cdr items))))
(define (pair-fold-right f init items)
  (if (null? items) init (f items (pair-fold-right f init (cdr items)))))
(define (pair-for-each f items)
  (unless (null? items) (f items) (pair-for-each f (cdr items))))

(define (list= same? . lists)
  (or (null? lists)
      (null? (cdr lists))
      (and (= (length (car lists)) (length (cadr lists)))
           (andmap same? (car lists) (cadr lists))
           (apply list= same? (cdr lists)))))

(define (%lset-member? same? item items) (ormap (lambda (other) (same? other item)) items))
(define (lset-adjoin same? items . more)
  (foldl (lambda (item all) (if (%lset-member? same? item all) all (cons item all))) items more))
(define (lset-union same? . sets)
  (cond [(null? sets) '()]
        [else (foldl (lambda (set all)
                       (foldl (lambda (item all) (if (%lset-member? same? item all) all (cons item all))) all set))
                     (car sets)
                     (cdr sets))]))
(define (lset-intersection same? first . sets)
  (filter (lambda (item) (andmap (lambda (set) (%lset-member? same? item set)) sets)) first))
(define (lset-difference same? first . sets)
  (filter (lambda (item) (not (ormap (lambda (set) (%lset-member? same? item set)) sets))) first))
(define (lset-xor same? a b)
  (append (lset-difference same? b a) (lset-difference same? a b)))
(define (lset<= same? . sets)
  (or (null? sets)
      (null? (cdr sets))
      (and (andmap (lambda (item) (%lset-member? same? item (cadr sets))) (car sets))
           (apply lset<= same? (cdr sets)))))
(define (lset= same? . sets)
  (or (null? sets)
      (null? (cdr sets))
      (and (lset<= same? (car sets) (cadr sets))
           (lset<= same? (cadr sets) (car sets))
           (apply lset= same? (cdr sets)))))
