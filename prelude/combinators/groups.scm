;;; groups.scm -- many items, part by part.
;;;
;;; Family: Combinators

;;@doc
;; (batch-process f items #:batch-size 50 #:pause 1.0) -> list
;;
;; Calls F on every item, batch by batch: the items of a batch side by side, then a pause, then the next batch. For services
;; that allow so many calls in so much time; the host keeps to the limits of models by itself.
;;
;; F procedure(item): Of one item.
;;
;; ITEMS any: A list or a vector.
;;
;; BATCH-SIZE natural: How many items a batch has.
;;
;; PAUSE seconds: How long to wait between two batches.
;;
;; ```scheme
;; (batch-process (lambda (x) (* x x)) '(1 2 3) #:batch-size 2 #:pause 0) ;; => (1 4 9)
;; ```
(define (batch-process . given)
  (%called 'batch-process given
    (lambda (f items batch-size pause)
      (%at-least 'batch-process 1 'batch-size batch-size)
      (let loop ([batches (chunks-of (%checked-items 'batch-process items) batch-size)] [done '()])
        (if (null? batches)
            (append* (reverse done))
            (let ([results (%side-by-side 'batch-process f (car batches))])
              (unless (null? (cdr batches)) (sleep pause))
              (loop (cdr batches) (cons results done))))))))

;;@doc
;; (hierarchical items #:each … #:group … #:combine … #:overview …) -> any
;;
;; Items, then groups, then the whole: calls EACH on every item, COMBINE on each group's name and list of results, OVERVIEW
;; on the list of pairs of a name and what COMBINE gave. Items run side by side, and a group goes on as soon as its own items are done.
;;
;; ITEMS any: A list or a vector.
;;
;; EACH procedure(item): Of one item.
;;
;; GROUP procedure(item): Of one item: the name of the group that it belongs to.
;;
;; COMBINE procedure(name results): Of a group's name and the list of its results.
;;
;; OVERVIEW procedure(groups): Of a list of pairs, each a name and what COMBINE made of that group, in the order in which the groups
;; come first.
;;
;; ```scheme
;; (hierarchical '("ape" "bee" "ant") #:each string-length #:group (lambda (word) (substring word 0 1))
;;               #:combine (lambda (name lengths) (apply + lengths)) #:overview identity) ;; => ((a . 6) (b . 3))
;; ```
(define (hierarchical . given)
  (%called 'hierarchical given
    (lambda (items each group combine overview)
      (define (combined members)
        (let ([name (car (car members))]
              [results (%side-by-side 'hierarchical each (map cdr members))])
          (cons name (%plain (combine name results)))))
      (let* ([items (%checked-items 'hierarchical items)]
             [named (map (lambda (item) (cons (%plain (group item)) item)) items)])
        (%plain (overview (%side-by-side 'hierarchical combined (group-by car named))))))))
