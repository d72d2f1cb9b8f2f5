;;; mlist.scm -- compatibility/mlist: lists of pairs that change.
;;;
;;; Expanded into a program that requires it.

(provide mlist mlist? mlength mlist-ref mlist-tail mlist->list list->mlist mreverse mreverse! mappend mappend!
         mmap mfor-each mmember mmemq mmemv massoc massq massv mlistof)

(define (mlist . items) (list->mlist items))
(define (list->mlist items) (foldr mcons '() items))
(define (mlist->list items)
  (let next ([left items] [all '()])
    (cond [(null? left) (reverse all)]
          [(mpair? left) (next (mcdr left) (cons (mcar left) all))]
          [else (raise-argument-error 'mlist->list "mlist?" items)])))
(define (mlist? value) (or (null? value) (and (mpair? value) (mlist? (mcdr value)))))
(define (mlength items) (length (mlist->list items)))
(define (mlist-tail items at) (if (= at 0) items (mlist-tail (mcdr items) (- at 1))))
(define (mlist-ref items at) (mcar (mlist-tail items at)))
(define (mreverse items)
  (let next ([left items] [all '()])
    (if (null? left) all (next (mcdr left) (mcons (mcar left) all)))))
(define (mreverse! items)
  (let next ([left items] [all '()])
    (if (null? left)
        all
        (let ([rest (mcdr left)]) (set-mcdr! left all) (next rest left)))))
(define (mappend . all)
  (cond [(null? all) '()]
        [(null? (cdr all)) (car all)]
        [else (foldr mcons (apply mappend (cdr all)) (mlist->list (car all)))]))
(define (mappend! . all)
  (cond [(null? all) '()]
        [(null? (cdr all)) (car all)]
        [(null? (car all)) (apply mappend! (cdr all))]
        [else
         (let last ([at (car all)])
           (if (null? (mcdr at)) (set-mcdr! at (apply mappend! (cdr all))) (last (mcdr at))))
         (car all)]))
(define (mmap f . all) (list->mlist (apply map f (map mlist->list all))))
(define (mfor-each f . all) (apply for-each f (map mlist->list all)))
(define (place-of items good?)
  (cond [(null? items) #f] [(good? (mcar items)) items] [else (place-of (mcdr items) good?)]))
(define (mmember value items) (place-of items (lambda (item) (equal? item value))))
(define (mmemv value items) (place-of items (lambda (item) (eqv? item value))))
(define (mmemq value items) (place-of items (lambda (item) (eq? item value))))
(define (pair-of items good?) (let ([at (place-of items (lambda (pair) (good? (mcar pair))))]) (and at (mcar at))))
(define (massoc key items) (pair-of items (lambda (held) (equal? held key))))
(define (massv key items) (pair-of items (lambda (held) (eqv? held key))))
(define (massq key items) (pair-of items (lambda (held) (eq? held key))))
(define (mlistof good?) (lambda (value) (and (mlist? value) (andmap good? (mlist->list value)))))
