;;; interval-map.scm -- data/interval-map: what intervals stand for.
;;;
;;; Expanded into a program that requires it.

(require data/order)
(provide make-interval-map interval-map? interval-map-ref interval-map-ref/bounds interval-map-set!
         interval-map-update*! interval-map-cons*! interval-map-remove! interval-map-contract! interval-map-expand!
         interval-map-iterate-first interval-map-iterate-next interval-map-iterate-key interval-map-iterate-value
         interval-map-iter?)

;; SPANS are lists of start, end and value, in order, none of which overlaps another.
(struct intervals ([spans #:mutable] less? shown?)
  #:methods gen:dict
  [(define (dict-ref map key . fail) (apply interval-map-ref map key fail))
   (define (dict-iterate-first map) (interval-map-iterate-first map))
   (define (dict-iterate-next map at) (interval-map-iterate-next map at))
   (define (dict-iterate-key map at) (interval-map-iterate-key map at))
   (define (dict-iterate-value map at) (interval-map-iterate-value map at))]
  #:property prop:custom-write
  (lambda (map port mode)
    (write-string (format (if (eqv? mode 0) "(make-interval-map '~s)" "#<interval-map: ~s>") (entries map)) port)))
(struct position (spans) #:property prop:custom-write (lambda (at port mode) (write-string "#<interval-map-iter>" port)))

(define (entries all) (map (lambda (span) (cons (cons (car span) (cadr span)) (caddr span))) (intervals-spans all)))
(define (make-interval-map [pairs '()] #:key-contract [key/c #f] #:value-contract [value/c #f])
  (let ([all (intervals '() < #t)])
    (for ([pair pairs]) (interval-map-set! all (caar pair) (cdar pair) (cdr pair)))
    all))
(define (interval-map? value) (intervals? value))

(define (span-of all key)
  (let ([less? (intervals-less? all)])
    (findf (lambda (span) (and (not (less? key (car span))) (less? key (cadr span)))) (intervals-spans all))))
(define (interval-map-ref all key [fail (lambda () (raise-arguments-error 'interval-map-ref "no mapping found" "key" key))])
  (let ([span (span-of all key)])
    (cond [span (caddr span)] [(procedure? fail) (fail)] [else fail])))
(define (interval-map-ref/bounds all key [fail (lambda () (raise-arguments-error 'interval-map-ref/bounds "no mapping found" "key" key))])
  (let ([span (span-of all key)])
    (cond [span (apply values span)] [(procedure? fail) (fail)] [else (values #f #f fail)])))

;; The spans, cut so that none lies across these ends.
(define (cut all from to)
  (define less? (intervals-less? all))
  (define (at point spans)
    (append-map (lambda (span)
                  (if (and (less? (car span) point) (less? point (cadr span)))
                      (list (list (car span) point (caddr span)) (list point (cadr span) (caddr span)))
                      (list span)))
                spans))
  (at to (at from (intervals-spans all))))
(define (check name all from to)
  (unless ((intervals-less? all) from to)
    (raise-arguments-error name "bad interval; start must be less than end" "start" from "end" to)))
;; Those before these ends, within them, and behind.
(define (parts all from to)
  (let*-values ([(less?) (intervals-less? all)]
                [(before more) (splitf-at (cut all from to) (lambda (span) (less? (car span) from)))]
                [(within behind) (splitf-at more (lambda (span) (less? (car span) to)))])
    (values before within behind)))
(define (interval-map-remove! all from to)
  (let-values ([(before within behind) (parts all from to)]) (set-intervals-spans! all (append before behind))))
(define (interval-map-set! all from to value)
  (check 'interval-map-set! all from to)
  (let-values ([(before within behind) (parts all from to)])
    (set-intervals-spans! all (append before (list (list from to value)) behind))))
;; What is not covered yet takes what DEFAULT gives.
(define (interval-map-update*! all from to f
                               [default (lambda () (raise-arguments-error 'interval-map-update*! "no mapping found" "start" from))])
  (check 'interval-map-update*! all from to)
  (let-values ([(before within behind) (parts all from to)])
    (define less? (intervals-less? all))
    (define (fresh) (f (if (procedure? default) (default) default)))
    (define new
      (let next ([at from] [within within])
        (cond [(null? within) (if (less? at to) (list (list at to (fresh))) '())]
              [(less? at (caar within)) (cons (list at (caar within) (fresh)) (next (caar within) within))]
              [else
               (let ([span (car within)])
                 (cons (list (car span) (cadr span) (f (caddr span))) (next (cadr span) (cdr within))))])))
    (set-intervals-spans! all (append before new behind))))
(define (interval-map-cons*! all from to value [default '()])
  (interval-map-update*! all from to (lambda (old) (cons value old)) default))
(define (interval-map-contract! all from to)
  (check 'interval-map-contract! all from to)
  (let-values ([(before within behind) (parts all from to)])
    (let ([by (- from to)])
      (set-intervals-spans!
       all (append before (map (lambda (span) (list (+ (car span) by) (+ (cadr span) by) (caddr span))) behind))))))
(define (interval-map-expand! all from to)
  (check 'interval-map-expand! all from to)
  (let-values ([(before within behind) (parts all from from)])
    (let ([by (- to from)])
      (set-intervals-spans!
       all (append before (map (lambda (span) (list (+ (car span) by) (+ (cadr span) by) (caddr span))) (append within behind)))))))

(define (here spans) (and (pair? spans) (position spans)))
(define (interval-map-iterate-first all) (here (intervals-spans all)))
(define (interval-map-iterate-next all at) (here (cdr (position-spans at))))
(define (interval-map-iterate-key all at) (let ([span (car (position-spans at))]) (cons (car span) (cadr span))))
(define (interval-map-iterate-value all at) (caddr (car (position-spans at))))
(define (interval-map-iter? value) (position? value))
