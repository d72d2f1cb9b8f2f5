;;; walks.scm -- sequences whose elements are made when somebody asks for them.
;;;
;;; A place in a sequence is the empty list at its end, a stream, or a pair: a thunk that gives the element, maybe several
;;; values, and one that gives the next place.  Nothing changes, so a continuation may go back.

;; START gives the first place.  Each walk begins anew.
(%define-list (%lazy-type %lazy %lazy? %lazy-start %lazy-m) (%record-type 'sequence #f '(start) 0 #f '(#f) #f #f '()))

;; Whether a loop has to walk it so.
(define (%unmade? value)
  (and (not (list? value))
       (or (%lazy? value) (%stream? value) (promise? value) (input-port? value) (%own-sequence? value))))
;; Records whose type says how they are walked.
(define (%own-sequence? value)
  (and (or (%record-property value 'prop:sequence) (%stream-methods value)) #t))

(define (%walk value)
  (cond [(null? value) '()]
        [(%stream? value) (if (eq? value empty-stream) '() value)]
        [(%lazy? value) ((%lazy-start value))]
        [(promise? value) (%walk (%looked-at value))]
        [(%record-property value 'prop:sequence) => (lambda (sequence-of) (%walk (sequence-of value)))]
        [(%stream-methods value) (if (stream-empty? value) '() value)]
        [(input-port? value) (%walk-port value)]
        [(exact-nonnegative-integer? value)
         (let from ([n 0])
           (if (< n value) (cons (lambda () n) (lambda () (from (+ n 1)))) '()))]
        [(%property-of value 'prop:sequence) => (lambda (own) (%walk ((car own) value)))]
        [(hash? value) (%along-pairs (%elements value))]
        [else (%along (%elements-of 'for value))]))
(define (%along items)
  (if (null? items) '() (cons (lambda () (car items)) (lambda () (%along (cdr items))))))
(define (%along-pairs pairs)
  (if (null? pairs)
      '()
      (cons (lambda () (values (caar pairs) (cdar pairs))) (lambda () (%along-pairs (cdr pairs))))))
(define (%of-pairs pairs) (%lazy (lambda () (%along-pairs pairs))))

;; The bytes of a port, of which no more are read than are looked at.
(define (%walk-port port)
  (let from ([bytes '()])
    (cond [(pair? bytes) (cons (lambda () (car bytes)) (lambda () (from (cdr bytes))))]
          [(eof-object? (peek-char port)) '()]
          [else
           (let ([all #f])
             (define (bytes-of)
               (unless all (set! all (bytes->list (string->bytes/utf-8 (string (read-char port))))))
               all)
             (cons (lambda () (car (bytes-of))) (lambda () (from (cdr (bytes-of))))))])))

;; The element at a place, and the place after it.
(define (%element at) (if (pair? at) ((car at)) (stream-first at)))
(define (%next at) (if (pair? at) ((cdr at)) (%walk (stream-rest at))))
;; The element's two or more values, as a loop takes them apart.
(define (%element-pair at) (apply cons (%several 2 (%element at))))
(define (%element-list count at) (%several count (%element at)))

(define (%walked at)
  (let loop ([at at] [all '()])
    (if (null? at)
        (reverse all)
        (let ([one (%element at)]) (loop (%next at) (cons one all))))))

;; F of the values of an element.
(define (%of f element) (apply f (%values->list element)))

;; What F makes of each place.
(define (%mapped f value)
  (%lazy (lambda ()
           (let walk ([at (%walk value)])
             (if (null? at) '() (cons (lambda () (f (%element at))) (lambda () (walk (%next at)))))))))

(define (in-values-sequence value) (%mapped %values->list value))
(define (in-values*-sequence value)
  (%mapped (lambda (one)
             (let ([all (%values->list one)])
               (if (and (= (length all) 1) (not (list? (car all)))) (car all) all)))
           value))
(define (in-indexed value)
  (%lazy (lambda ()
           (let walk ([at (%walk value)] [n 0])
             (if (null? at)
                 '()
                 (cons (lambda () (values (%element at) n)) (lambda () (walk (%next at) (+ n 1)))))))))
(define (in-parallel . all)
  (%lazy (lambda ()
           (let walk ([places (map %walk all)])
             (if (memq '() places)
                 '()
                 (cons (lambda () (apply values (map %element places))) (lambda () (walk (map %next places)))))))))

;; All of these one after the other; AGAIN gives what comes then.
(define (%one-by-one all again)
  (let walk ([at '()] [left all])
    (cond [(not (null? at)) (cons (lambda () (%element at)) (lambda () (walk (%next at) left)))]
          [(null? left) (again)]
          [else (walk (%walk (car left)) (cdr left))])))
(define (in-sequences . all)
  (if (and (pair? all) (null? (cdr all))) (car all) (%lazy (lambda () (%one-by-one all (lambda () '()))))))
(define (in-cycle . all)
  (%lazy (lambda ()
           (let around ()
             (define made? #f)
             (define at (%one-by-one all (lambda () (if made? (around) '()))))
             (set! made? #t)
             at))))

(define (in-producer produce . more)
  (%lazy (lambda ()
           (let walk ()
             (let ([one (apply produce (if (null? more) '() (cdr more)))])
               (if (and (pair? more)
                        (if (procedure? (car more)) (%of (car more) one) (equal? (car more) one)))
                   '()
                   (cons (lambda () one) walk)))))))
(define (make-do-sequence start)
  (%lazy (lambda ()
           (let ([all (%values->list (start))])
             (if (= (length all) 6)
                 (%by-places (car all) values (cadr all) (cddr all))
                 (%by-places (car all) (cadr all) (caddr all) (cdddr all)))))))
;; From INIT on, as long as the three that may be given agree: on the place, on the element, on both for what is next.
(define (%by-places element-of early next init+tests)
  (define more? (cadr init+tests))
  (define good? (caddr init+tests))
  (define next? (cadddr init+tests))
  (let from ([at (car init+tests)])
    (if (and more? (not (more? at)))
        '()
        (let ([made #f])
          (define (element)
            (unless made (set! made (%values->list (element-of at))))
            made)
          (if (and good? (not (apply good? (element))))
              '()
              (cons (lambda () (apply values (element)))
                    (lambda ()
                      (element)
                      (let ([at (early at)])
                        (if (and next? (not (apply next? at (element)))) '() (from (next at)))))))))))
(define (in-slice size value)
  (unless (exact-positive-integer? size) (raise-argument-error 'in-slice "exact-positive-integer?" size))
  (%lazy (lambda ()
           (let walk ([at (%walk value)])
             (if (null? at)
                 '()
                 (let take ([at at] [left size] [taken '()])
                   (if (or (= left 0) (null? at))
                       (cons (lambda () (reverse taken)) (lambda () (walk at)))
                       (let ([one (%element at)]) (take (%next at) (- left 1) (cons one taken))))))))))
(define (stop-before value stop?)
  (%lazy (lambda ()
           (let walk ([at (%walk value)])
             (if (null? at)
                 '()
                 (let ([one (%element at)])
                   (if (%of stop? one) '() (cons (lambda () one) (lambda () (walk (%next at)))))))))))
(define (stop-after value stop?)
  (%lazy (lambda ()
           (let walk ([at (%walk value)])
             (if (null? at)
                 '()
                 (let ([one (%element at)])
                   (cons (lambda () one) (lambda () (if (%of stop? one) '() (walk (%next at)))))))))))

;; Two procedures: whether there is more, and what comes next.  The next place is looked for when one of them is called.
(define (sequence-generate value)
  (define place #f)
  (define find (lambda () (%walk value)))
  (define (here)
    (when find
      (let ([f find]) (set! find #f) (set! place (f))))
    place)
  (values (lambda () (not (null? (here))))
          (lambda ()
            (let ([at (here)])
              (when (null? at)
                (raise (make-exn:fail:contract "sequence has no more values" (current-continuation-marks))))
              (begin0 (%element at)
                      (set! find (lambda () (%next at))))))))
;; The values of the first element in a list, and a procedure that goes on so; #f at the end.
(define (sequence-generate* value)
  (let from ([at (%walk value)])
    (if (null? at)
        (values #f (lambda () (from '())))
        (values (%values->list (%element at)) (lambda () (from (%next at)))))))
(define (sequence->stream value)
  (if (stream? value)
      value
      (let from ([at (%walk value)])
        (if (null? at)
            empty-stream
            (let ([first (%promise (lambda () (%element at)))])
              (%stream-cons first (%promise (lambda () (force first) (from (%next at))))))))))

;; ---- racket/sequence: what is a stream, lists included, gives one

(define empty-sequence (%lazy (lambda () '())))
(define (sequence-length value)
  (if (%unmade? value) (sequence-fold (lambda (n . one) (+ n 1)) 0 value) (length (%elements-of 'sequence-length value))))
(define (%sequence-ended at value)
  (raise-arguments-error 'sequence-ref "sequence ended before index" "index" at "sequence" value))
(define (%need-place name at)
  (unless (exact-nonnegative-integer? at) (raise-argument-error name "exact-nonnegative-integer?" at)))
(define (sequence-ref value at)
  (%need-place 'sequence-ref at)
  (let loop ([place (%walk value)] [left at])
    (cond [(null? place) (%sequence-ended at value)]
          [(= left 0) (%element place)]
          [else (%element place) (loop (%next place) (- left 1))])))
(define (sequence-tail value at)
  (%need-place 'sequence-tail at)
  (cond [(= at 0) value]
        [(stream? value) (stream-tail value at)]
        [else
         (%lazy (lambda ()
                  (let loop ([place (%walk value)] [left at])
                    (cond [(= left 0) place]
                          [(null? place) (%sequence-ended at value)]
                          [else (%element place) (loop (%next place) (- left 1))]))))]))
(define (sequence-append . all)
  (for-each (lambda (one) (%need-sequence 'in-sequences one)) all)
  (if (andmap stream? all) (apply stream-append all) (apply in-sequences all)))
(define (%need-sequence name value)
  (unless (sequence? value) (raise-argument-error name "sequence?" value)))
(define (sequence-map f value)
  (unless (procedure? f) (raise-argument-error 'sequence-map "procedure?" f))
  (%need-sequence 'sequence-map value)
  (if (stream? value) (stream-map f value) (%mapped (lambda (one) (%of f one)) value)))
(define (sequence-filter keep? value)
  (unless (procedure? keep?) (raise-argument-error 'sequence-filter "procedure?" keep?))
  (%need-sequence 'sequence-filter value)
  (if (stream? value)
      (stream-filter keep? value)
      (%lazy (lambda ()
               (let walk ([at (%walk value)])
                 (if (null? at)
                     '()
                     (let ([one (%element at)])
                       (if (%of keep? one)
                           (cons (lambda () one) (lambda () (walk (%next at))))
                           (walk (%next at))))))))))
(define (sequence-add-between value between)
  (%need-sequence 'sequence-add-between value)
  (if (stream? value)
      (stream-add-between value between)
      (%lazy (lambda ()
               (let walk ([at (%walk value)])
                 (if (null? at)
                     '()
                     (cons (lambda () (%element at))
                           (lambda ()
                             (let ([next (%next at)])
                               (if (null? next) '() (cons (lambda () between) (lambda () (walk next)))))))))))))
(define (sequence-for-each f value)
  (let loop ([at (%walk value)])
    (unless (null? at)
      (%of f (%element at))
      (loop (%next at)))))
(define (sequence-fold f init value)
  (let loop ([at (%walk value)] [acc init])
    (if (null? at)
        acc
        (let ([acc (apply f acc (%values->list (%element at)))]) (loop (%next at) acc)))))
(define (sequence-andmap f value)
  (let loop ([at (%walk value)] [last #t])
    (if (null? at)
        last
        (let ([value (%of f (%element at))]) (and value (loop (%next at) value))))))
(define (sequence-ormap f value)
  (let loop ([at (%walk value)])
    (and (not (null? at)) (or (%of f (%element at)) (loop (%next at))))))
(define (sequence-count f value)
  (let loop ([at (%walk value)] [n 0])
    (if (null? at)
        n
        (let ([n (if (%of f (%element at)) (+ n 1) n)]) (loop (%next at) n)))))
