;;; integer-set.scm -- data/integer-set: sets of integers as ranges.
;;;
;;; Expanded into a program that requires it.

(provide make-integer-set make-range integer-set-contents set-integer-set-contents! integer-set? well-formed-set? intersect
         union subtract difference symmetric-difference complement split partition foldr member? get-integer subset?
         count)

;; Ranges in order, each with its ends; between two of them something is missing.
(struct whole-numbers ([ranges #:mutable])
  #:property prop:sequence (lambda (set) (numbers set))
  #:property prop:equal+hash
  (list (lambda (a b same?) (same? (whole-numbers-ranges a) (whole-numbers-ranges b)))
        (lambda (a hash) (hash (whole-numbers-ranges a)))
        (lambda (a hash) (hash (whole-numbers-ranges a))))
  #:property prop:custom-write
  (lambda (set port mode)
    (define (all form) (string-append* (map (lambda (range) (format form range)) (whole-numbers-ranges set))))
    (write-string (if (eqv? mode 0) (string-append "(integer-set" (all " '~s") ")") (string-append "#<integer-set:" (all " ~s") ">"))
                  port)))

(define (integer-set? value) (whole-numbers? value))
(define (integer-set-contents set) (whole-numbers-ranges set))
(define (set-integer-set-contents! set ranges) (set-whole-numbers-ranges! set ranges))
(define (well-formed-set? value)
  (and (list? value)
       (andmap (lambda (range)
                 (and (pair? range) (exact-integer? (car range)) (exact-integer? (cdr range)) (<= (car range) (cdr range))))
               value)
       (or (null? value)
           (andmap (lambda (a b) (< (+ (cdr a) 1) (car b))) (drop-right value 1) (cdr value)))))
(define (make-integer-set ranges)
  (unless (well-formed-set? ranges) (raise-argument-error 'make-integer-set "well-formed-set?" ranges))
  (whole-numbers ranges))
(define make-range
  (case-lambda
    [() (whole-numbers '())]
    [(n) (whole-numbers (list (cons n n)))]
    [(from to) (whole-numbers (list (cons from to)))]))

;; The numbers that KEEP? keeps, which is told whether each is in the first set and in the second.
(define (merged a b keep?)
  (define (edges set) (append-map (lambda (range) (list (car range) (+ (cdr range) 1))) (whole-numbers-ranges set)))
  (let walk ([a (edges a)] [b (edges b)] [in-a? #f] [in-b? #f] [start #f] [all '()])
    (if (and (null? a) (null? b))
        (whole-numbers (reverse all))
        (let* ([at (cond [(null? a) (car b)] [(null? b) (car a)] [else (min (car a) (car b))])]
               [a? (and (pair? a) (= (car a) at))]
               [b? (and (pair? b) (= (car b) at))]
               [in-a? (if a? (not in-a?) in-a?)]
               [in-b? (if b? (not in-b?) in-b?)]
               [in? (keep? in-a? in-b?)])
          (walk (if a? (cdr a) a) (if b? (cdr b) b) in-a? in-b?
                (cond [(not in?) #f] [start start] [else at])
                (if (and start (not in?)) (cons (cons start (- at 1)) all) all))))))
(define (union a b) (merged a b (lambda (a? b?) (or a? b?))))
(define (intersect a b) (merged a b (lambda (a? b?) (and a? b?))))
(define (subtract a b) (merged a b (lambda (a? b?) (and a? (not b?)))))
(define (difference a b) (subtract a b))
(define (symmetric-difference a b) (merged a b (lambda (a? b?) (not (eq? a? b?)))))
(define (complement set low high) (subtract (make-range low high) set))
(define (split a b) (values (intersect a b) (subtract a b) (subtract b a)))
;; Sets without a number in common, of which each of these is made.
(define (partition sets)
  (define (any set) (if (null? (whole-numbers-ranges set)) '() (list set)))
  (define (parted set parts)
    (if (null? parts)
        (any set)
        (let-values ([(both left other) (split set (car parts))])
          (append (any both) (any other) (parted left (cdr parts))))))
  (let next ([sets (reverse sets)] [parts '()])
    (if (null? sets) parts (next (cdr sets) (parted (car sets) parts)))))
(define (member? n set) (ormap (lambda (range) (<= (car range) n (cdr range))) (whole-numbers-ranges set)))
(define (get-integer set) (and (pair? (whole-numbers-ranges set)) (caar (whole-numbers-ranges set))))
(define (numbers set) (append-map (lambda (range) (range-of (car range) (cdr range))) (whole-numbers-ranges set)))
(define (range-of from to) (for/list ([n (in-range from (+ to 1))]) n))
(define (foldr f start set)
  (let next ([left (reverse (numbers set))] [value start])
    (if (null? left) value (next (cdr left) (f (car left) value)))))
(define (count set) (apply + (map (lambda (range) (+ 1 (- (cdr range) (car range)))) (whole-numbers-ranges set))))
(define (subset? a b) (null? (whole-numbers-ranges (subtract a b))))
