;;; trees.scm -- many made into one.
;;;
;;; All parts of a level run side by side, and a level begins when the one below has ended.  Not here: a long document cut
;;; first (map-reduce.scm), parts that belong to named groups (groups.scm).
;;;
;;; Family: Combinators

;;@doc
;; (fan-out-aggregate map-fn reduce-fn items #:max-concurrent 20) -> any
;;
;; Calls MAP-FN on every item, side by side, and REDUCE-FN on the list of all that came of it.
;;
;; MAP-FN procedure(item): Of one item.
;;
;; REDUCE-FN procedure(results): Of the list of results, in the order of the items.
;;
;; ITEMS any: A list or a vector.
;;
;; MAX-CONCURRENT window: How many items are under way at once; `#f` for all.
;;
;; ```scheme
;; (fan-out-aggregate string-length (lambda (lengths) (apply + lengths)) '("one" "three")) ;; => 8
;; ```
(define (fan-out-aggregate . given)
  (%called 'fan-out-aggregate given
    (lambda (map-fn reduce-fn items max-concurrent)
      (%plain (reduce-fn (%side-by-side 'fan-out-aggregate map-fn items max-concurrent))))))

;;@doc
;; (tree-reduce f items #:branch-factor 5 #:leaf-fn #f) -> any
;;
;; Makes one of many by levels: F is called with the items of a group, BRANCH-FACTOR at most, as its arguments,
;; `(lambda parts …)`, groups side by side, and then with what came of those, until one is left. One item alone is the
;; result itself.
;;
;; F procedure: Of the items of a group, 2 to BRANCH-FACTOR arguments. One that takes exactly two is called on the first
;; two, then on what came of it and the third, and so on.
;;
;; ITEMS any: A list or a vector, not empty.
;;
;; BRANCH-FACTOR natural: How many items a group has at most, from 2 on.
;;
;; LEAF-FN procedure(item) or #f: Called on every item first, side by side; `#f` to take them as they are.
;;
;; ```scheme
;; (tree-reduce (lambda parts (string-append "(" (apply string-append parts) ")"))
;;              '("a" "b" "c" "d" "e") #:branch-factor 2) ;; => (((ab)(cd))e)
;; ```
(define (tree-reduce . given)
  (%called 'tree-reduce given
    (lambda (f items branch-factor leaf-fn)
      (define (level items)
        (if (null? (cdr items))
            (%plain (car items))
            (level (%side-by-side 'tree-reduce one-of (chunks-of items branch-factor)))))
      (define two? (%takes-two-only? f))
      (define (one-of group)
        (cond [(null? (cdr group)) (car group)]
              [two? (foldl (lambda (item so-far) (%plain (f so-far item))) (car group) (cdr group))]
              [else (apply f group)]))
      (%at-least 'tree-reduce 2 'branch-factor branch-factor)
      (let ([items (%checked-items 'tree-reduce items)])
        (when (null? items) (%misuse 'tree-reduce "there are no items"))
        (unless two? (%takes-groups f (length items) branch-factor))
        (level (if leaf-fn (%side-by-side 'tree-reduce leaf-fn items) (map %plain items)))))))

;; Whether F takes the groups of all levels, said before the first: full ones, and what is left over.
(define (%takes-groups f items branch-factor)
  (define (check size)
    (when (> size 1)
      (%can-take 'tree-reduce "`f` is called with the items of a group, {} here" f size "`(lambda parts …)` takes them as a list")))
  (when (> items 1)
    (check (min items branch-factor))
    (check (remainder items branch-factor))
    (%takes-groups f (quotient (+ items branch-factor -1) branch-factor) branch-factor)))

(define (%takes-two-only? f)
  (and (procedure-arity-includes? f 2) (not (procedure-arity-includes? f 3))))

;;@doc
;; (recursive-spawn strategy #:depth 1) -> procedure
;;
;; A procedure of data that has it explored by a loop of its own, as `rlm-query` does, after the instruction that STRATEGY
;; gives: so that how to go about it is found when it is needed, by a model if need be.
;;
;; STRATEGY procedure(): Of no arguments; gives the instruction.
;;
;; DEPTH natural: How many loops may stand one within another from there on; 0 is `llm-query`.
;;
;; ```scheme
;; (define who (recursive-spawn (lambda () "Who wrote it?")))
;; (who "Ada wrote the program.") ;; => Ada wrote the program.
;; ```
(define (recursive-spawn . given)
  (%called 'recursive-spawn given
    (lambda (strategy depth)
      (lambda (data)
        (let ([instruction (strategy)])
          (%plain (if (zero? depth)
                      (llm-query #:instruction instruction #:data data)
                      (rlm-query #:instruction instruction #:data data #:depth depth))))))))
