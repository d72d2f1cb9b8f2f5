;;; promises.scm -- what delay and its kin make: a thunk until it is forced, then a value.

(%define-list (%promise-type %make-promise promise? %promise-state %no-mutator)
              (%record-type 'promise #f '(state) 0 #f '(#f) #f #f '()))

(define (%promise thunk) (%make-promise (box (cons #f thunk))))

(define (force value)
  (if (promise? value) (%force value) value))

(define (%force promise)
  (let ([state (unbox (%promise-state promise))])
    (if (car state)
        (cdr state)
        (let* ([value ((cdr state))]
               [now (unbox (%promise-state promise))])
          (cond [(car now) (cdr now)]   ; it forced itself meanwhile
                [(promise? value)       ; delay-force: its value is that of the other
                 (set-box! (%promise-state promise) (unbox (%promise-state value)))
                 (%force promise)]
                [else (set-box! (%promise-state promise) (cons #t value)) value])))))

(define (make-promise value)
  (if (promise? value) value (%make-promise (box (cons #t value)))))
(define (promise-forced? promise) (car (unbox (%promise-state promise))))
