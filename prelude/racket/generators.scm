;;; generators.scm -- racket/generator: procedures that give values where they stand, and go on from there.

;; What `yield` is to do here.
(define %yield (make-parameter #f))

(define (yield . all)
  (unless (%yield) (error 'yield "must be called in the context of a generator"))
  (apply (%yield) all))

;; A procedure: each call runs BODY on to its next `yield`, whose value is what that call was given.  Once BODY has come to
;; its end, calls give what it gave.
(define (%generator body)
  (define state 'fresh)
  (define resume #f)  ; where the body goes on
  (define return #f)  ; where the call that runs it does
  (define last #f)
  (define (leave)
    (let ([k return]) (set! return #f) (k last)))
  (define (yield-here . all)
    (set! last (apply values all))
    (call-with-current-continuation
     (lambda (k)
       (set! resume k)
       (set! state 'suspended)
       (leave))))
  (define (enter args)
    (set! state 'running)
    (if resume
        (let ([k resume]) (set! resume #f) (k (apply values args)))
        (begin
          (set! last (parameterize ([%yield yield-here]) (apply body args)))
          (set! state 'done)
          (leave))))
  (define (generate . args)
    (cond [(and (pair? args) (eq? (car args) %state-key)) state]
          [(eq? state 'done) last]
          [(eq? state 'running) (error 'generator "cannot call a running generator")]
          [else
           (call-with-current-continuation
            (lambda (k)
              (set! return k)
              (enter args)))]))
  (%inner-named generate 'generator))

(define %state-key (list 'state))
(define (generator? value) (and (procedure? value) (eq? (object-name value) 'generator)))
(define (generator-state generator) (generator %state-key))

;; What BODY yields, one after the other, as a sequence that is made as far as somebody looks.
(define (%generated body)
  (%lazy (lambda ()
           (define none (list 'none))
           (define generate (%generator (lambda () (body) none)))
           (let next ()
             (let ([value (generate)])
               (if (eq? value none) '() (cons (lambda () value) next)))))))

(define (sequence->generator values)
  (%generator (lambda () (for ([value values]) (yield value)))))
(define (sequence->repeated-generator values)
  (%generator (lambda () (let again () (for ([value values]) (yield value)) (again)))))
