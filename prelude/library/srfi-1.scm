;;; srfi-1.scm -- srfi/1: what its procedures do otherwise than the language's, and those that may use up their lists.
;;;
;;; Expanded into a program that requires it.  The language has the rest itself.  Not here: lists that go round, which
;;; pairs that stay as they are cannot make.

(provide (rename-out [map/shortest map] [map/shortest map-in-order] [for-each/shortest for-each]
                     [append-map/shortest append-map] [filter-map/shortest filter-map] [zip/shortest zip]
                     [map/shortest map!] [append-map/shortest append-map!])
         append! reverse! append-reverse! concatenate! filter! partition! remove! span! break! take! drop-right!
         split-at! take-while! delete! delete-duplicates! lset-union! lset-difference! lset-intersection! lset-xor!
         lset-diff+intersection! filter-with-sharing
         unzip4 unzip5 circular-list? lset-diff+intersection)

;; The lists, as long as the shortest of them.
(define (shortest lists)
  (let ([size (apply min (map length lists))])
    (map (lambda (l) (take l size)) lists)))
(define-syntax-rule (define/shortest name each)
  (define (name f items . more)
    (if (null? more) (each f items) (apply each f (shortest (cons items more))))))
(define/shortest map/shortest map)
(define/shortest for-each/shortest for-each)
(define/shortest append-map/shortest append-map)
(define/shortest filter-map/shortest filter-map)
(define (zip/shortest items . more) (apply map list (shortest (cons items more))))

;; None of these uses anything up.
(define-values (append! reverse! append-reverse! concatenate!) (values append reverse append-reverse append*))
(define-values (filter! partition! remove! filter-with-sharing) (values filter partition filter-not filter))
(define-values (span! break! take! drop-right! split-at! take-while!)
  (values span break take drop-right split-at take-while))
(define-values (delete! delete-duplicates!) (values delete delete-duplicates))
(define-values (lset-union! lset-difference! lset-intersection! lset-xor!)
  (values lset-union lset-difference lset-intersection lset-xor))

(define (circular-list? value) #f)
(define (unzip4 items) (values (map first items) (map second items) (map third items) (map fourth items)))
(define (unzip5 items)
  (values (map first items) (map second items) (map third items) (map fourth items) (map fifth items)))
;; What of ITEMS is in none of the others, and what is in one.
(define (lset-diff+intersection same? items . others)
  (partition (lambda (item) (not (ormap (lambda (other) (memf (lambda (held) (same? item held)) other)) others)))
             items))
(define lset-diff+intersection! lset-diff+intersection)
