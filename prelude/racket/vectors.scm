;;; vectors.scm -- what goes through vectors with a procedure: racket/vector's, R7RS's.
;;;
;;; The rest is in Rust (src/interp/dialect/vectors.rs).

(define (%need-vectors name f vectors)
  (unless (procedure? f) (raise-argument-error name "procedure?" f))
  (let loop ([left vectors] [at 1])
    (unless (null? left)
      (unless (vector? (car left)) (apply raise-argument-error name "vector?" at f vectors))
      (loop (cdr left) (+ at 1)))))

(define (build-vector size f)
  (unless (and (exact-integer? size) (>= size 0))
    (raise-argument-error 'build-vector "exact-nonnegative-integer?" size))
  (list->vector (build-list size f)))

(define (vector-map f first . more)
  (%need-vectors 'vector-map f (cons first more))
  (if (null? more)
      (list->vector (map f (vector->list first)))
      (list->vector (apply map f (%same-length 'vector-map (cons first more))))))

;; R7RS's go as far as the shortest.
(define (%same-length name vectors)
  (let ([size (apply min (map vector-length vectors))])
    (map (lambda (v) (vector->list v 0 size)) vectors)))

(define (vector-map! f first . more)
  (%need-vectors 'vector-map! f (cons first more))
  (let loop ([at 0])
    (if (= at (vector-length first))
        first
        (begin
          (vector-set! first at (apply f (vector-ref first at) (map (lambda (v) (vector-ref v at)) more)))
          (loop (+ at 1))))))

(define (vector-for-each f first . more)
  (%need-vectors 'vector-for-each f (cons first more))
  (apply for-each f (%same-length 'vector-for-each (cons first more))))

(define (vector-filter keep? items) (list->vector (filter keep? (vector->list items))))
(define (vector-filter-not drop? items) (list->vector (filter-not drop? (vector->list items))))
(define (vector-count f first . more) (apply count f (%same-length 'vector-count (cons first more))))

(define (%best-of name f items better?)
  (unless (and (vector? items) (> (vector-length items) 0))
    (raise-argument-error name "(and/c vector? (lambda (v) (positive? (vector-length v))))" items))
  (%best name f (vector->list items) better?))
(define (vector-argmin f items) (%best-of 'vector-argmin f items <))
(define (vector-argmax f items) (%best-of 'vector-argmax f items >))

(define (vector-fold f init first . more)
  (apply fold-left f init (%same-length 'vector-fold (cons first more))))
(define (vector-index f first . more) (apply list-index f (%same-length 'vector-index (cons first more))))
(define (vector-any f first . more) (apply any f (%same-length 'vector-any (cons first more))))
(define (vector-every f first . more) (apply every f (%same-length 'vector-every (cons first more))))

;; The place of VALUE in a sorted vector; COMPARE gives a number below, at or above zero.
(define (vector-binary-search items value compare)
  (let loop ([low 0] [high (- (vector-length items) 1)])
    (if (> low high)
        #f
        (let* ([middle (quotient (+ low high) 2)] [order (compare (vector-ref items middle) value)])
          (cond [(= order 0) middle]
                [(< order 0) (loop (+ middle 1) high)]
                [else (loop low (- middle 1))])))))

(define (vector-update! items at f) (vector-set! items at (f (vector-ref items at))))
(define (vector-swap! items a b)
  (let ([held (vector-ref items a)])
    (vector-set! items a (vector-ref items b))
    (vector-set! items b held)))
(define (vector-reverse! items) (vector-copy! items 0 (list->vector (reverse (vector->list items)))))

(define (vector->values vector . range) (apply values (apply vector->list vector range)))
