;;; common.scm -- what the combinators share: how they read their arguments, and what goes on from one step to the next.
;;;
;;; A combinator is (define (name . given) (%called 'name given (lambda (parameters …) …))).  Its parameters, keywords
;;; and defaults are those of the signature in its comment.

(define (%called name given body)
  (apply body (drop-right (vector->list (%arguments name given)) 1)))

;; What goes on from a step: of a handle or a response its text, of anything else itself.
(define (%plain value)
  (%text (if (handle? value) (await value) value)))

;; Runs F on ITEMS, each in a fiber of its own, WINDOW at a time; a failure names the combinator.
(define (%side-by-side name f items [window #f])
  (%fan-out name f items (vector window 'raise #f #f "items" name)))

(define (%thunks-side-by-side name thunks)
  (%side-by-side name (lambda (thunk) (thunk)) thunks))

;; CONSUME is given the index and the value of each as it comes.  Leaving it cancels the others.
(define (%thunks-one-by-one name thunks consume)
  (%streamed name (lambda (thunk) (thunk)) thunks consume (vector #f 'raise #f #f "items" name)))

(define (%checked-procedures name procedures)
  (for-each (lambda (p) (unless (procedure? p) (%misuse name (format "`~s` is no procedure" p)))) procedures)
  procedures)

(define (%checked-items name items)
  (cond [(list? items) items]
        [(vector? items) (vector->list items)]
        [else (%misuse name (format "`~s` is neither a list nor a vector" items))]))

(define (%at-least name least keyword n)
  (unless (and (exact-integer? n) (>= n least))
    (%misuse name (format "`#:~a` must be a whole number from ~a on, not `~s`" keyword least n))))

;; For comparing answers: case and the white space round them do not count.
(define (%folded value)
  (if (string? value) (string-downcase (string-trim value)) value))

;; How often each key comes, in the order in which they came first: a list of (key . count).
(define (%tally keys)
  (let ([counts (make-hash)])
    (for-each (lambda (key) (hash-update! counts key add1 0)) keys)
    (map (lambda (key) (cons key (hash-ref counts key))) (remove-duplicates keys))))

;; Of such a list the first with the most.
(define (%most-frequent tally)
  (foldl (lambda (next best) (if (> (cdr next) (cdr best)) next best)) (car tally) (cdr tally)))
