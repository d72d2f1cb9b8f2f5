;;; control.scm -- handlers, parameters and winders that fibers cannot mix up.
;;;
;;; Steel's own with-handler, parameterize and dynamic-wind keep their state per thread; here it is per fiber, in %dyn
;;; (fibers.scm).  dynamic-wind's outer thunks run on real entry and exit, not when a fiber parks.
;;;
;;; A continuation may be entered from the fiber that captured it alone: to leave a fan-out early use race, with-deadline
;;; or finish.

(define (%with-handler handler thunk)
  (let ([outcome (%outcome-of thunk)])
    (cond [(car outcome) (cdr outcome)]
          [(%ending?) (raise (cdr outcome))] ; finish and the interrupt pass every handler
          [else (handler (%handed (cdr outcome)))])))

(define (%message-of raised)
  (if (failure? raised) (failure-message raised) (%displayed raised)))

;; ---- winders: a chain of (vector id before after parent), #f at its end

(define %last-winder 0)

(define (%winder before after parent)
  (set! %last-winder (+ 1 %last-winder))
  (vector %last-winder before after parent))

(define (%same-winder? a b)
  (if (and a b) (= (vector-ref a 0) (vector-ref b 0)) (not (or a b))))

(define (%winder-in? w chain)
  (cond [(%same-winder? w chain) #t]
        [chain (%winder-in? w (vector-ref chain 3))]
        [else #f]))

;; Runs the after thunks from the running fiber's winders up to what they share with TO, then the befores down to TO.
(define (%travel! to)
  (let up ([w (cdr %dyn)])
    (unless (%winder-in? w to)
      (set! %dyn (cons (car %dyn) (vector-ref w 3)))
      ((vector-ref w 2))
      (up (vector-ref w 3))))
  (let down ([w to])
    (unless (%winder-in? w (cdr %dyn))
      (down (vector-ref w 3))
      ((vector-ref w 1))
      (set! %dyn (cons (car %dyn) w)))))

(define (%unwind! dyn)
  (unless (%ending?) (%travel! (cdr dyn)))
  (set! %dyn dyn))

(define (dynamic-wind before thunk after)
  (before)
  (let ([outer %dyn])
    (set! %dyn (cons (car outer) (%winder before after (cdr outer))))
    (let ([value (thunk)])
      (set! %dyn outer)
      (after)
      value)))

(define (call-with-current-continuation f)
  (let ([dyn %dyn] [fiber (%fiber)])
    (#%prim.call/cc (lambda (k) (f (%continuation k dyn fiber))))))

(define (%continuation k dyn fiber)
  (lambda values
    (%own-fiber! fiber)
    (%travel! (cdr dyn))
    (set! %dyn dyn)
    (k (apply %values values))))

(define %some-continuation (%continuation #f #f #f))
(define (continuation? value) (and (procedure? value) (%same-code? value %some-continuation)))

(define call/cc call-with-current-continuation)

;; ---- parameters: an association list of (key . box), innermost first

(define %last-parameter 0)
;; What a parameter is called with to give its key and its guard: a name that no script can say.
(define %parameter-key '%parameter-key)

(define (make-parameter value . guard+name)
  (let* ([guard (if (or (null? guard+name) (not (car guard+name))) (lambda (v) v) (car guard+name))]
         [default (box value)])
    (set! %last-parameter (+ 1 %last-parameter))
    (let ([key %last-parameter])
      (%inner-named
       (%inner-takes
        (lambda args
          (cond [(null? args) (unbox (%binding key default (car %dyn)))]
                [(eq? (car args) %parameter-key) (cons key guard)]
                [(null? (cdr args)) (set-box! (%binding key default (car %dyn)) (guard (car args))) (void)]
                [else (apply %miscounted 'parameter-procedure 0 1 args)]))
        0
        1)
       'parameter-procedure))))

(define (%binding key default bindings)
  (cond [(null? bindings) default]
        [(= key (car (car bindings))) (cdr (car bindings))]
        [else (%binding key default (cdr bindings))]))

(define (%parameterize pairs thunk)
  (let* ([outer %dyn]
         [bind (lambda (pair)
                 (let ([key+guard ((car pair) %parameter-key)])
                   (cons (car key+guard) (box ((cdr key+guard) (cdr pair))))))])
    (set! %dyn (cons (append (map bind pairs) (car outer)) (cdr outer)))
    (let ([value (thunk)])
      (set! %dyn outer)
      value)))
