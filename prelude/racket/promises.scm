;;; promises.scm -- what delay and its kin make: a thunk until it is forced, then a value.

(%define-list (%promise-type %make-promise promise? %promise-state %no-mutator)
              (%record-type 'promise #f '(state) 0 #f '(#f) #f #f '()))

;; A state is a pair: #t and a value, 'same and the promise whose value it has, or what comes of a thunk, which 'kept is a
;; promise's value even if it is a promise itself. 'name: it is run each time.
(define (%promise thunk) (%make-promise (box (cons #f thunk))))
(define (%delayed thunk) (%make-promise (box (cons 'kept thunk))))
(define (%by-name thunk) (%make-promise (box (cons 'name thunk))))

(define (force value)
  (if (promise? value) (%force value) value))

(define (%force promise)
  (define (settle! at value)
    (set-box! (%promise-state at) (cons #t value))
    value)
  (let next ([at promise])
    (let* ([state (unbox (%promise-state at))] [how (car state)])
      (cond [(eq? how #t) (if (eq? at promise) (cdr state) (settle! promise (cdr state)))]
            [(eq? how 'same) (next (cdr state))]
            [(eq? how 'name) ((cdr state))]
            [else
             (let ([value ((cdr state))])
               (cond [(eq? (car (unbox (%promise-state at))) #t) (next at)] ; it forced itself meanwhile
                     [(and (promise? value) (not how))
                      (set-box! (%promise-state at) (cons 'same value))
                      (next value)]
                     [else
                      (settle! at value)
                      (settle! promise value)]))]))))

(define (make-promise value)
  (if (promise? value) value (%make-promise (box (cons #t value)))))
(define (promise-forced? promise) (eq? (car (unbox (%promise-state promise))) #t))
