;;; char-sets.scm -- srfi/14: sets of characters.
;;;
;;; Expanded into a program that requires it.  A set is a procedure that tells whether a character is in it, and so stands
;;; wherever SRFI 13 takes one.

(provide char-set? char-set char-set-contains? char-set-size char-set->list char-set->string list->char-set
         string->char-set ucs-range->char-set ->char-set char-set-copy char-set-union char-set-intersection
         char-set-difference char-set-xor char-set-complement char-set-adjoin char-set-delete char-set= char-set<=
         char-set-fold char-set-for-each char-set-map char-set-filter char-set-count char-set-any char-set-every
         char-set:lower-case char-set:upper-case char-set:title-case char-set:letter char-set:digit char-set:letter+digit
         char-set:graphic char-set:printing char-set:whitespace char-set:iso-control char-set:punctuation
         char-set:symbol char-set:hex-digit char-set:blank char-set:ascii char-set:empty char-set:full)

;; The characters in order, or #f where only the test knows them.
(struct chars (test members)
  #:property prop:procedure (lambda (set c) ((chars-test set) c))
  #:property prop:custom-write (lambda (set port mode) (write-string "#<char-set>" port)))

(define (testing test) (chars test #f))
(define (holding all)
  (let ([all (sort (remove-duplicates all) char<?)] [known (for/hash ([c all]) (values c #t))])
    (chars (lambda (c) (hash-has-key? known c)) all)))
(define (members set)
  (or (chars-members set)
      (for/list ([n (in-range 0 1114112)] #:unless (< 55295 n 57344) #:when (set (integer->char n))) (integer->char n))))

(define (char-set? value) (chars? value))
(define (char-set . all) (holding all))
(define (list->char-set all [base char-set:empty]) (holding (append all (members base))))
(define (string->char-set text [base char-set:empty]) (list->char-set (string->list text) base))
(define (ucs-range->char-set from to [error? #f] [base char-set:empty])
  (char-set-union base (testing (lambda (c) (< (- from 1) (char->integer c) to)))))
(define (->char-set value)
  (cond [(chars? value) value]
        [(char? value) (char-set value)]
        [(string? value) (string->char-set value)]
        [else (raise-argument-error '->char-set "(or/c char-set? string? char?)" value)]))
(define (char-set-copy set) set)
(define (char-set-contains? set c) (set c))
(define (char-set-size set) (length (members set)))
(define (char-set->list set) (reverse (members set)))
(define (char-set->string set) (list->string (char-set->list set)))

(define (char-set-union . sets)
  (if (andmap chars-members sets)
      (holding (append-map chars-members sets))
      (testing (lambda (c) (ormap (lambda (set) (set c)) sets)))))
(define (char-set-intersection . sets)
  (let ([test (lambda (c) (andmap (lambda (set) (set c)) sets))] [finite (findf chars-members sets)])
    (if finite (holding (filter test (chars-members finite))) (testing test))))
(define (char-set-difference set . others)
  (let ([test (lambda (c) (and (set c) (not (ormap (lambda (other) (other c)) others))))])
    (if (chars-members set) (holding (filter test (chars-members set))) (testing test))))
(define (char-set-xor . sets)
  (let ([test (lambda (c) (odd? (count (lambda (set) (set c)) sets)))])
    (if (andmap chars-members sets) (holding (filter test (append-map chars-members sets))) (testing test))))
(define (char-set-complement set) (testing (lambda (c) (not (set c)))))
(define (char-set-adjoin set . all) (char-set-union set (holding all)))
(define (char-set-delete set . all) (char-set-difference set (holding all)))
(define (char-set= . sets)
  (or (null? sets) (let ([all (map members sets)]) (andmap (lambda (other) (equal? other (car all))) all))))
(define (char-set<= . sets)
  (or (null? sets)
      (null? (cdr sets))
      (and (andmap (cadr sets) (members (car sets))) (apply char-set<= (cdr sets)))))
(define (char-set-fold f init set) (foldl f init (members set)))
(define (char-set-for-each f set) (for-each f (members set)))
(define (char-set-map f set) (holding (map f (members set))))
(define (char-set-filter keep? set [base char-set:empty]) (list->char-set (filter keep? (members set)) base))
(define (char-set-count test set) (count test (members set)))
(define (char-set-any test set) (ormap test (members set)))
(define (char-set-every test set) (andmap test (members set)))

(define (of-categories . all) (testing (lambda (c) (and (memq (char-general-category c) all) #t))))
(define char-set:lower-case (testing char-lower-case?))
(define char-set:upper-case (testing char-upper-case?))
(define char-set:title-case (testing char-title-case?))
(define char-set:letter (testing char-alphabetic?))
(define char-set:digit (of-categories 'nd))
(define char-set:letter+digit (char-set-union char-set:letter char-set:digit))
(define char-set:punctuation (of-categories 'pc 'pd 'ps 'pe 'pi 'pf 'po))
(define char-set:symbol (of-categories 'sm 'sc 'sk 'so))
(define char-set:whitespace (testing char-whitespace?))
(define char-set:graphic (testing char-graphic?))
(define char-set:printing (testing (lambda (c) (or (char-graphic? c) (char-whitespace? c)))))
(define char-set:iso-control (testing char-iso-control?))
(define char-set:blank (testing char-blank?))
(define char-set:hex-digit (holding (string->list "0123456789abcdefABCDEF")))
(define char-set:ascii (testing (lambda (c) (< (char->integer c) 128))))
(define char-set:empty (chars (lambda (c) #f) '()))
(define char-set:full (testing (lambda (c) #t)))
