;;; guards.scm -- procedures that check, choose and have something to fall back on.
;;;
;;; Each takes procedures and gives one, to be used in their place.  Not here: retries after a failed call, which
;;; #:retries makes by itself.
;;;
;;; Family: Combinators

;;@doc
;; (with-validation f valid? #:retries 0) -> procedure
;;
;; A procedure that calls F and gives what it gave if VALID? holds of that. Else F is called again, RETRIES times; after
;; that it is a failure of class `validation`.
;;
;; F procedure: Any; it is called with the arguments of the procedure made here.
;;
;; VALID? procedure(value): Of what F gave, of a response its text.
;;
;; RETRIES natural: How often F is called again at most.
;;
;; ```scheme
;; ((with-validation (lambda (x) (* x 10)) even?) 3) ;; => 30
;; ```
(define (with-validation . given)
  (%called 'with-validation given
    (lambda (f valid? retries)
      (lambda arguments
        (let loop ([left retries])
          (let ([value (%plain (apply f arguments))])
            (cond [(valid? value) value]
                  [(> left 0) (loop (- left 1))]
                  [else (%invalid value retries)])))))))

;; Said before any of them is called.
(define (%all-take name procedures arguments)
  (for-each (lambda (f) (%can-take name "its procedures are called with the arguments, {} here" f (length arguments) #f)) procedures))

(define (%invalid value retries)
  (let ([times (if (= retries 0) "" (format ", ~a times" (+ retries 1)))])
    (%fail 'validation
           (format "with-validation: `~a` is not valid~a" (%cut-short (format "~a" value)) times)
           "say in the instruction what a valid answer is; `#:retries` asks again")))

(define (%cut-short text)
  (if (> (string-length text) 60) (string-append (substring text 0 60) "…") text))

;;@doc
;; (choose pred then else) -> procedure
;;
;; A procedure that calls THEN with its arguments if PRED holds of them, and ELSE if not. THEN and ELSE may be plain
;; values as well.
;;
;; PRED any: A procedure of the arguments, or a plain value.
;;
;; ```scheme
;; ((choose (lambda (text) (> (string-length text) 3)) string-upcase string-length) "kettle") ;; => KETTLE
;; ```
(define (choose . given)
  (%called 'choose given
    (lambda (pred then else-part)
      (define (of choice arguments)
        (%plain (if (procedure? choice) (apply choice arguments) choice)))
      (lambda arguments
        (%all-take 'choose (list pred then else-part) arguments)
        (of (if (of pred arguments) then else-part) arguments)))))

;;@doc
;; (try-fallback primary fallback) -> procedure
;;
;; A procedure that calls PRIMARY and, if that fails, FALLBACK with the same arguments.
;;
;; PRIMARY procedure: Any.
;;
;; FALLBACK procedure: Of the same arguments.
;;
;; ```scheme
;; ((try-fallback (lambda (x) (error "no")) (lambda (x) (list x 'later))) 1) ;; => (1 later)
;; ```
(define (try-fallback . given)
  (%called 'try-fallback given
    (lambda (primary fallback)
      (lambda arguments
        (%all-take 'try-fallback (list primary fallback) arguments)
        (with-handlers ([(lambda (raised) #t) (lambda (raised) (%plain (apply fallback arguments)))])
          (%plain (apply primary arguments)))))))
