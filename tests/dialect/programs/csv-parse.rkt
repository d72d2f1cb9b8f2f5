#lang racket
;; CSV with quoted fields, then a report by group.
(define csv-text
  (string-join
   '("name,department,salary,note"
     "Ann,Engineering,5200,\"likes, commas\""
     "Bob,Sales,3100,plain"
     "Cid,Engineering,4800,\"says \"\"hi\"\"\""
     "Dee,Sales,3900,"
     "Eve,Legal,6000,last")
   "\n"))

(define (parse-line line)
  (let loop ([chars (string->list line)] [field '()] [fields '()] [quoted? #f])
    (define (finish) (cons (list->string (reverse field)) fields))
    (match chars
      ['() (reverse (finish))]
      [(list #\" #\" rest ...) #:when quoted? (loop rest (cons #\" field) fields #t)]
      [(cons #\" rest) (loop rest field fields (not quoted?))]
      [(cons #\, rest) #:when (not quoted?) (loop rest '() (finish) #f)]
      [(cons c rest) (loop rest (cons c field) fields quoted?)])))

(define lines (string-split csv-text "\n"))
(define header (map string->symbol (parse-line (first lines))))
(define records
  (for/list ([line (rest lines)])
    (for/hash ([k header] [v (parse-line line)]) (values k v))))

(for ([r records])
  (printf "~a | ~a\n" (~a (hash-ref r 'name) #:width 5) (hash-ref r 'note)))

(define (salary r) (string->number (hash-ref r 'salary)))
(define groups (group-by (lambda (r) (hash-ref r 'department)) records))
(for ([g (sort groups string<? #:key (lambda (g) (hash-ref (first g) 'department)))])
  (define total (apply + (map salary g)))
  (printf "~a: ~a people, total ~a, mean ~a\n"
          (hash-ref (first g) 'department) (length g) total
          (~r (/ total (length g)) #:precision '(= 1))))
(printf "highest paid: ~a\n" (hash-ref (argmax salary records) 'name))
