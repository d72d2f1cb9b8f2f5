;;; order.scm -- data/order: which of two comes first.
;;;
;;; Expanded into a program that requires it.

(provide order order? order-comparator order-<? order-=? order-domain-contract real-order datum-order)

(struct ordering (name domain comparator same? less?)
  #:property prop:procedure (lambda (self a b) ((ordering-comparator self) a b))
  #:property prop:custom-write (lambda (self port mode) (write-string (format "#<procedure:~a>" (ordering-name self)) port)))

(define order
  (case-lambda
    [(name domain comparator)
     (ordering name domain comparator
               (lambda (a b) (eq? (comparator a b) '=))
               (lambda (a b) (eq? (comparator a b) '<)))]
    [(name domain same? less?) (order name domain same? less? (lambda (a b) (less? b a)))]
    [(name domain same? less? more?)
     (ordering name domain
               (lambda (a b)
                 (cond [(same? a b) '=]
                       [(less? a b) '<]
                       [(more? a b) '>]
                       [else (error name "incomparable values\n  values: ~e ~e" a b)]))
               same? less?)]))
(define (order? value) (ordering? value))
(define (order-comparator one) (ordering-comparator one))
(define (order-<? one) (ordering-less? one))
(define (order-=? one) (ordering-same? one))
(define (order-domain-contract one) (ordering-domain one))

(define real-order (order 'real-order real? = < >))

;; ---- anything

(define (compared less? a b) (cond [(less? a b) '<] [(less? b a) '>] [else '=]))
(define (exact-real? value) (and (real? value) (exact? value)))
;; Where the kinds differ, the kind that stands first is less.
(define kinds
  (list exact-real? real? number? string? bytes? keyword? symbol? boolean? char? null? pair? vector? box? void? (lambda (value) #t)))
(define (kind value) (index-where kinds (lambda (is?) (is? value))))
(define (in-turn f a b c d) (let ([first (f a b)]) (if (eq? first '=) (f c d) first)))

(define (number-order a b)
  (if (real? a)
      (compared < a b)
      (in-turn datum-cmp (real-part a) (real-part b) (imag-part a) (imag-part b))))
(define (vector-order a b)
  (if (= (vector-length a) (vector-length b))
      (let ([differs (for/first ([x a] [y b] #:unless (eq? (datum-cmp x y) '=)) (datum-cmp x y))]) (or differs '=))
      (compared < (vector-length a) (vector-length b))))

(define (datum-cmp a b)
  (let ([first (kind a)] [second (kind b)])
    (cond [(not (= first second)) (compared < first second)]
          [(eq? a b) '=]
          [(number? a) (number-order a b)]
          [(string? a) (compared string<? a b)]
          [(bytes? a) (compared bytes<? a b)]
          [(keyword? a) (compared keyword<? a b)]
          [(symbol? a) (compared symbol<? a b)]
          [(boolean? a) (if a '> '<)]
          [(char? a) (compared char<? a b)]
          [(pair? a) (in-turn datum-cmp (car a) (car b) (cdr a) (cdr b))]
          [(vector? a) (vector-order a b)]
          [(box? a) (datum-cmp (unbox a) (unbox b))]
          [(or (null? a) (void? a)) '=]
          [(and (struct? a) (struct? b)) (vector-order (struct->vector a) (struct->vector b))]
          [else (compared < (eq-hash-code a) (eq-hash-code b))])))
(define datum-order
  (ordering 'datum-cmp (lambda (value) #t) datum-cmp
            (lambda (a b) (eq? (datum-cmp a b) '=))
            (lambda (a b) (eq? (datum-cmp a b) '<))))
