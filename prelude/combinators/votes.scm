;;; votes.scm -- ask several ways, make one answer of many.
;;;
;;; The voters run side by side; what is no longer needed is cancelled.  A voter that fails has no vote, and is an error
;;; when the others do not decide.  Not here: several models on the same chunks (map-reduce with #:each-model).
;;;
;;; Family: Combinators

;;@doc
;; (vote thunks #:method 'majority #:key #f) -> any
;;
;; Runs THUNKS side by side and gives the value that wins under METHOD; as soon as that is certain, the others are
;; cancelled. When no value wins, it is a failure of class `validation`.
;;
;; THUNKS thunks: Procedures of no arguments.
;;
;; METHOD symbol: `'majority`: what more than half of them say. `'plurality`: what most say, the first of those that are
;; said equally often. `'consensus`: what all say.
;;
;; KEY procedure(value) or #f: Of a value: values with the same key are the same. By default case and the white space round a text
;; do not count.
;;
;; ```scheme
;; (vote (list (lambda () "Yes") (lambda () "no") (lambda () "yes "))) ;; => Yes
;; ```
(define (vote . given)
  (%called 'vote given
    (lambda (thunks method key)
      (unless (memq method '(majority plurality consensus))
        (%misuse 'vote (format "`#:method` must be `'majority`, `'plurality` or `'consensus`, not `~s`" method)))
      (when (null? thunks) (%misuse 'vote "there is nobody to vote"))
      (let ([ballots (%ballots thunks method (or key %folded))])
        (%winner ballots method (length thunks))))))

;; What was said until the outcome was certain: (key . value) in the order of the voters.
(define (%ballots thunks method key)
  (define all (make-vector (length thunks) #f))
  (define (cast) (filter identity (vector->list all)))
  (let/ec decided
    (%thunks-one-by-one
     'vote thunks
     (lambda (index value)
       (vector-set! all index (cons (key value) value))
       (when (%decided? (%tally (map car (cast))) method (vector-length all))
         (decided (cast)))))
    (cast)))

;; Whether what has been said so far decides, whatever the others say.
(define (%decided? tally method voters)
  (let* ([counts (sort (map cdr tally) >)]
         [first (car counts)]
         [second (if (null? (cdr counts)) 0 (cadr counts))]
         [left (- voters (apply + counts))])
    (case method
      [(majority) (or (> (* 2 first) voters) (<= (* 2 (+ first left)) voters))]
      [(plurality) (> first (+ second left))]
      [else (> second 0)])))

(define (%winner ballots method voters)
  (let* ([best (%most-frequent (%tally (map car ballots)))]
         [wins? (case method
                  [(majority) (> (* 2 (cdr best)) voters)]
                  [(plurality) #t]
                  [else (= (cdr best) voters)])])
    (if wins?
        (cdr (assoc (car best) ballots))
        (%fail 'validation
               (format "vote: no ~a; `~a` came ~a of ~a times"
                       method (%cut-short (format "~a" (car best))) (cdr best) (length ballots))
               "`#:method 'plurality` takes what most say; `#:key` says which answers are the same"))))

;;@doc
;; (ensemble thunks #:aggregator #f) -> any
;;
;; Runs THUNKS side by side and makes one of all their values.
;;
;; THUNKS thunks: Procedures of no arguments.
;;
;; AGGREGATOR procedure(values) or #f: Of the list of values. By default they become one text, each under a line `Answer N:`.
;;
;; ```scheme
;; (ensemble (list (lambda () 1) (lambda () 2)) #:aggregator (lambda (all) (apply + all))) ;; => 3
;; ```
(define (ensemble . given)
  (%called 'ensemble given
    (lambda (thunks aggregator)
      (%plain ((or aggregator %labelled) (%thunks-side-by-side 'ensemble thunks))))))

(define (%labelled answers)
  (string-join
   (for/list ([answer answers] [n (in-naturals 1)])
     (format "Answer ~a:\n~a" n answer))
   "\n\n"))

;;@doc
;; (consensus-aggregate results) -> hash
;;
;; What several models agree on, chunk by chunk: made for the `#:reduce` of `map-reduce` under `#:each-model #t`. Gives a
;; hash of `'consensus`, a list of hashes `'id`, `'prediction` (what most say; of several the first) and `'confidence` (the
;; part of them that says it, up to 1), and `'avg-confidence`.
;;
;; RESULTS list: Hashes with `'id` and `'result`.
;;
;; ```scheme
;; (hash-ref (consensus-aggregate (list (hash 'id 0 'result "Yes") (hash 'id 0 'result "yes")
;;                                      (hash 'id 1 'result "no") (hash 'id 1 'result "yes")))
;;           'avg-confidence) ;; => 0.75
;; ```
(define (consensus-aggregate . given)
  (%called 'consensus-aggregate given
    (lambda (results)
      (let* ([groups (group-by (lambda (result) (hash-ref result 'id)) results)]
             [agreed (map %agreed groups)]
             [sum (apply + (map (lambda (one) (hash-ref one 'confidence)) agreed))])
        (hash 'consensus agreed
              'avg-confidence (if (null? agreed) 0.0 (/ sum (exact->inexact (length agreed)))))))))

(define (%agreed group)
  (let* ([said (map (lambda (result) (hash-ref result 'result)) group)]
         [best (%most-frequent (%tally (map %folded said)))])
    (hash 'id (hash-ref (car group) 'id)
          'prediction (findf (lambda (value) (equal? (%folded value) (car best))) said)
          'confidence (/ (cdr best) (exact->inexact (length group))))))
