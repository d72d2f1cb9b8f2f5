;;; matrix.scm -- math/matrix: numbers in rows and columns.
;;;
;;; Expanded into a program that requires it.  Not here: arrays of other shapes, and decompositions.

(provide matrix row-matrix col-matrix build-matrix make-matrix identity-matrix diagonal-matrix list->matrix
         vector->matrix list*->matrix vector*->matrix matrix->list matrix->vector matrix->list* matrix->vector*
         ->row-matrix ->col-matrix matrix? row-matrix? col-matrix? square-matrix? matrix-shape matrix-num-rows
         matrix-num-cols square-matrix-size matrix-ref matrix-row matrix-col matrix-rows matrix-cols matrix-diagonal
         submatrix matrix-transpose matrix-conjugate matrix-hermitian matrix-trace matrix-map matrix+ matrix- matrix*
         matrix-expt matrix-scale matrix-sum matrix= matrix-zero? matrix-identity? matrix-dot matrix-norm matrix-1norm
         matrix-2norm matrix-inf-norm matrix-cos-angle matrix-normalize matrix-determinant matrix-invertible?
         matrix-inverse matrix-solve matrix-rank matrix-nullity matrix-row-echelon matrix-gauss-elim matrix-augment
         matrix-stack matrix-upper-triangle matrix-lower-triangle for/matrix for*/matrix in-matrix in-array array-ref
         array->list :: matrix-any-nonzero? matrix-kronecker)

;; ITEMS row by row. What is made of loops and vectors says that it could be changed.
(struct grid (rows cols items changing?)
  #:property prop:custom-print-quotable 'never
  #:property prop:sequence (lambda (m) (vector->list (grid-items m)))
  #:property prop:equal+hash
  (list (lambda (a b same?)
          (and (= (grid-rows a) (grid-rows b)) (= (grid-cols a) (grid-cols b)) (same? (grid-items a) (grid-items b))))
        (lambda (a hash) (hash (grid-items a)))
        (lambda (a hash) (hash (grid-items a))))
  #:property prop:custom-write
  (lambda (m port mode)
    (define (put one) (case mode [(#t) (write one port)] [(#f) (display one port)] [else (print one port)]))
    (write-string (if (grid-changing? m) "(mutable-array #[" "(array #[") port)
    (for ([i (in-range (grid-rows m))])
      (write-string (if (= i 0) "#[" " #[") port)
      (for ([j (in-range (grid-cols m))])
        (unless (= j 0) (write-string " " port))
        (put (item m i j)))
      (write-string "]" port))
    (write-string "])" port)))

(define (item m i j) (vector-ref (grid-items m) (+ (* i (grid-cols m)) j)))
(define (made rows cols f) (grid rows cols (for*/vector ([i (in-range rows)] [j (in-range cols)]) (f i j)) #f))
(define (changing m) (grid (grid-rows m) (grid-cols m) (grid-items m) #t))
(define (need name m) (unless (grid? m) (raise-argument-error name "matrix?" m)))
(define (need-square name m)
  (need name m)
  (unless (= (grid-rows m) (grid-cols m)) (raise-argument-error name "square-matrix?" m)))
(define (wrong text . values)
  (raise (exn:fail:contract (apply format text values) (current-continuation-marks))))

;; ---- made

(define (of-rows all)
  (let ([cols (length (car all))])
    (unless (andmap (lambda (row) (= (length row) cols)) all)
      (raise-argument-error 'list*->matrix "nested lists with rectangular shape" all))
    (grid (length all) cols (list->vector (append* all)) #f)))
(define-syntax-rule (matrix [[item ...] ...]) (of-rows (list (list item ...) ...)))
(define-syntax-rule (row-matrix [item ...]) (of-rows (list (list item ...))))
(define-syntax-rule (col-matrix [item ...]) (of-rows (list (list item) ...)))
(define (build-matrix rows cols f) (made rows cols f))
(define (make-matrix rows cols value) (made rows cols (lambda (i j) value)))
(define (identity-matrix n [one 1] [zero 0]) (made n n (lambda (i j) (if (= i j) one zero))))
(define (diagonal-matrix all [zero 0])
  (let* ([all (for/list ([one all]) one)] [n (length all)])
    (made n n (lambda (i j) (if (= i j) (list-ref all i) zero)))))
(define (sized name rows cols items changing?)
  (unless (= (vector-length items) (* rows cols))
    (wrong "~a: expected list of length ~a; given ~a" name (* rows cols) (vector-length items)))
  (grid rows cols items changing?))
(define (list->matrix rows cols all) (sized 'list->matrix rows cols (list->vector all) #f))
(define (vector->matrix rows cols all) (sized 'vector->matrix rows cols (vector-copy all) #t))
(define (list*->matrix all) (of-rows all))
(define (vector*->matrix all) (changing (of-rows (map vector->list (vector->list all)))))
(define (as-list value) (cond [(grid? value) (vector->list (grid-items value))] [else (for/list ([one value]) one)]))
(define (->row-matrix value) (of-rows (list (as-list value))))
(define (->col-matrix value) (of-rows (map list (as-list value))))
(define (of-loop rows cols all) (sized 'for/matrix rows cols (list->vector all) #t))
(define-syntax-rule (for/matrix rows cols clauses form ...) (of-loop rows cols (for/list clauses form ...)))
(define-syntax-rule (for*/matrix rows cols clauses form ...) (of-loop rows cols (for*/list clauses form ...)))

;; ---- looked at

(define (matrix? value) (and (grid? value) (> (grid-rows value) 0) (> (grid-cols value) 0)))
(define (row-matrix? value) (and (grid? value) (= (grid-rows value) 1)))
(define (col-matrix? value) (and (grid? value) (= (grid-cols value) 1)))
(define (square-matrix? value) (and (grid? value) (= (grid-rows value) (grid-cols value))))
(define (matrix-num-rows m) (need 'matrix-num-rows m) (grid-rows m))
(define (matrix-num-cols m) (need 'matrix-num-cols m) (grid-cols m))
(define (matrix-shape m) (need 'matrix-shape m) (values (grid-rows m) (grid-cols m)))
(define (square-matrix-size m) (need-square 'square-matrix-size m) (grid-rows m))
(define (matrix-ref m i j)
  (need 'matrix-ref m)
  (unless (and (exact-nonnegative-integer? i) (< i (grid-rows m)))
    (raise-argument-error 'matrix-ref (format "Index < ~a" (grid-rows m)) 1 m i j))
  (unless (and (exact-nonnegative-integer? j) (< j (grid-cols m)))
    (raise-argument-error 'matrix-ref (format "Index < ~a" (grid-cols m)) 2 m i j))
  (item m i j))
(define (array-ref m place) (item m (vector-ref (vectored place) 0) (vector-ref (vectored place) 1)))
(define (vectored place) (if (list? place) (list->vector place) place))
(define (array->list m) (vector->list (grid-items m)))
(define (matrix->list m) (vector->list (grid-items m)))
(define (matrix->vector m) (vector-copy (grid-items m)))
(define (matrix->list* m)
  (need 'matrix->list* m)
  (for/list ([i (in-range (grid-rows m))]) (for/list ([j (in-range (grid-cols m))]) (item m i j))))
(define (matrix->vector* m) (list->vector (map list->vector (matrix->list* m))))
(define (in-matrix m) (matrix->list m))
(define (in-array m) (matrix->list m))
(define (matrix-row m i) (made 1 (grid-cols m) (lambda (k j) (item m i j))))
(define (matrix-col m j) (made (grid-rows m) 1 (lambda (i k) (item m i j))))
(define (matrix-rows m) (for/list ([i (in-range (grid-rows m))]) (matrix-row m i)))
(define (matrix-cols m) (for/list ([j (in-range (grid-cols m))]) (matrix-col m j)))
(define (diagonal m) (for/list ([i (in-range (min (grid-rows m) (grid-cols m)))]) (item m i i)))
(define (matrix-diagonal m) (->row-matrix (diagonal m)))
;; All of a row or a column.
(define ::
  (case-lambda
    [() 'all]
    [(end) (range 0 end)]
    [(start end) (range start end)]
    [(start end step) (range start end step)]))
(define (places which count)
  (cond [(eq? which 'all) (range count)] [(integer? which) (list which)] [else (for/list ([one which]) one)]))
(define (submatrix m rows cols)
  (of-rows (for/list ([i (places rows (grid-rows m))]) (for/list ([j (places cols (grid-cols m))]) (item m i j)))))

;; ---- reckoned with

(define (matrix-map f m . more)
  (for-each
   (lambda (other)
     (unless (and (= (grid-rows m) (grid-rows other)) (= (grid-cols m) (grid-cols other)))
       (wrong "matrix-map: matrices must have the same shape; given ~a"
              (string-join (map (lambda (m) (format "~v" m)) (cons m more)) " "))))
   more)
  (made (grid-rows m) (grid-cols m) (lambda (i j) (apply f (map (lambda (m) (item m i j)) (cons m more))))))
(define (matrix+ m . more) (apply matrix-map + m more))
(define (matrix- m . more) (apply matrix-map - m more))
(define (matrix-sum all) (apply matrix+ all))
(define (matrix-scale m factor) (matrix-map (lambda (one) (* one factor)) m))
(define (times a b)
  (need 'matrix* a)
  (need 'matrix* b)
  (unless (= (grid-cols a) (grid-rows b))
    (wrong "matrix-multiply: 1st argument column size and 2nd argument row size are not equal; given ~v and ~v" a b))
  (made (grid-rows a) (grid-cols b)
        (lambda (i j) (for/fold ([sum 0]) ([k (in-range (grid-cols a))]) (+ sum (* (item a i k) (item b k j)))))))
(define (matrix* m . more) (foldl (lambda (b a) (times a b)) m more))
(define (matrix-expt m power)
  (need-square 'matrix-expt m)
  (let loop ([base m] [power power] [value (identity-matrix (grid-rows m))])
    (cond [(= power 0) value]
          [(odd? power) (loop (times base base) (quotient power 2) (times value base))]
          [else (loop (times base base) (quotient power 2) value)])))
(define (matrix-transpose m) (made (grid-cols m) (grid-rows m) (lambda (i j) (item m j i))))
(define (conjugate z) (make-rectangular (real-part z) (- (imag-part z))))
(define (matrix-conjugate m) (matrix-map conjugate m))
(define (matrix-hermitian m) (matrix-conjugate (matrix-transpose m)))
(define (matrix-trace m) (need-square 'matrix-trace m) (apply + (diagonal m)))
(define (matrix-kronecker a b)
  (let ([rows (grid-rows b)] [cols (grid-cols b)])
    (made (* (grid-rows a) rows) (* (grid-cols a) cols)
          (lambda (i j) (* (item a (quotient i rows) (quotient j cols)) (item b (remainder i rows) (remainder j cols)))))))
(define (matrix= m . more)
  (andmap (lambda (other)
            (and (= (grid-rows m) (grid-rows other)) (= (grid-cols m) (grid-cols other))
                 (andmap = (matrix->list m) (matrix->list other))))
          more))
(define (matrix-zero? m) (andmap zero? (matrix->list m)))
(define (matrix-any-nonzero? m) (not (matrix-zero? m)))
(define (matrix-identity? m) (and (square-matrix? m) (matrix= m (identity-matrix (grid-rows m)))))
(define (matrix-dot a [b a]) (apply + (map (lambda (x y) (* x (conjugate y))) (matrix->list a) (matrix->list b))))
(define (matrix-2norm m) (sqrt (apply + (map (lambda (one) (sqr (magnitude one))) (matrix->list m)))))
(define (matrix-1norm m) (apply + (map magnitude (matrix->list m))))
(define (matrix-inf-norm m) (apply max (map magnitude (matrix->list m))))
(define (matrix-norm m [power 2])
  (cond [(= power 2) (matrix-2norm m)]
        [(= power 1) (matrix-1norm m)]
        [(= power +inf.0) (matrix-inf-norm m)]
        [else (expt (apply + (map (lambda (one) (expt (magnitude one) power)) (matrix->list m))) (/ power))]))
(define (matrix-cos-angle a b) (/ (matrix-dot a b) (* (matrix-norm a) (matrix-norm b))))
(define (matrix-normalize m) (matrix-scale m (/ (matrix-norm m))))
(define (matrix-upper-triangle m [zero 0])
  (made (grid-rows m) (grid-cols m) (lambda (i j) (if (< j i) zero (item m i j)))))
(define (matrix-lower-triangle m [zero 0])
  (made (grid-rows m) (grid-cols m) (lambda (i j) (if (> j i) zero (item m i j)))))
(define (matrix-augment all)
  (of-rows (apply map append (map matrix->list* all))))
(define (matrix-stack all) (of-rows (append-map matrix->list* all)))

;; ---- by elimination

;; Gives the rows, the columns without a pivot, and by what the determinant has changed. The pivots are the largest.
(define (eliminated m above? unit?)
  (define rows (for/vector ([row (matrix->list* m)]) (list->vector row)))
  (define height (grid-rows m))
  (define width (grid-cols m))
  (define (entry i j) (vector-ref (vector-ref rows i) j))
  (let next ([i 0] [j 0] [free '()] [sign 1])
    (cond [(= j width) (values rows (reverse free) sign)]
          [(= i height) (values rows (append (reverse free) (range j width)) sign)]
          [else
           (let ([pivot (argmax (lambda (k) (magnitude (entry k j))) (range i height))])
             (cond
               [(zero? (entry pivot j)) (next i (+ j 1) (cons j free) sign)]
               [else
                (let ([held (vector-ref rows i)])
                  (vector-set! rows i (vector-ref rows pivot))
                  (vector-set! rows pivot held))
                (when unit?
                  (let ([by (entry i j)])
                    (vector-set! rows i (vector-map (lambda (one) (/ one by)) (vector-ref rows i)))))
                (for ([k (in-range (if above? 0 (+ i 1)) height)] #:unless (= k i))
                  (let ([by (/ (entry k j) (entry i j))])
                    (unless (zero? by)
                      (vector-set! rows k
                                   (for/vector ([a (in-vector (vector-ref rows k))] [b (in-vector (vector-ref rows i))] [at (in-naturals)])
                                     (if (= at j) (* 0 a) (- a (* by b))))))))
                (next (+ i 1) (+ j 1) free (if (= pivot i) sign (- sign)))]))])))
(define (of-vectors rows changing?)
  (grid (vector-length rows) (vector-length (vector-ref rows 0)) (apply vector-append (vector->list rows)) changing?))
(define (matrix-gauss-elim m [above? #f] [unit? #f] [pivoting 'partial])
  (need 'matrix-gauss-elim m)
  (let-values ([(rows free sign) (eliminated m above? unit?)]) (values (of-vectors rows #t) free)))
(define (matrix-row-echelon m [above? #f] [unit? #f] [pivoting 'partial])
  (need 'matrix-row-echelon m)
  (let-values ([(rows free sign) (eliminated m above? unit?)]) (of-vectors rows #t)))
(define (matrix-rank m)
  (let-values ([(rows free sign) (eliminated m #f #f)]) (- (grid-cols m) (length free))))
(define (matrix-nullity m) (- (grid-cols m) (matrix-rank m)))
(define (matrix-determinant m)
  (need-square 'matrix-determinant m)
  (define (at i j) (item m i j))
  (case (grid-rows m)
    [(1) (at 0 0)]
    [(2) (- (* (at 0 0) (at 1 1)) (* (at 0 1) (at 1 0)))]
    [(3)
     (+ (* (at 0 0) (- (* (at 1 1) (at 2 2)) (* (at 1 2) (at 2 1))))
        (* (- (at 0 1)) (- (* (at 1 0) (at 2 2)) (* (at 1 2) (at 2 0))))
        (* (at 0 2) (- (* (at 1 0) (at 2 1)) (* (at 1 1) (at 2 0)))))]
    [else
     (let-values ([(rows free sign) (eliminated m #f #f)])
       (if (null? free) (apply * sign (diagonal (of-vectors rows #f))) 0))]))
(define (matrix-invertible? m) (and (square-matrix? m) (not (zero? (matrix-determinant m)))))
(define (solved name m right fail)
  (need-square name m)
  (let-values ([(rows free sign) (eliminated (matrix-augment (list m right)) #t #t)])
    (let ([n (grid-rows m)])
      (if (and (pair? free) (< (car free) n))
          (fail)
          (submatrix (of-vectors rows #f) (range n) (range n (+ n (grid-cols right))))))))
(define (not-invertible name m) (lambda () (raise-argument-error name "matrix-invertible?" m)))
(define (matrix-inverse m [fail (not-invertible 'matrix-inverse m)])
  (need-square 'matrix-inverse m)
  (solved 'matrix-inverse m (identity-matrix (grid-rows m)) fail))
(define (matrix-solve m right [fail (not-invertible 'matrix-solve m)]) (solved 'matrix-solve m right fail))
