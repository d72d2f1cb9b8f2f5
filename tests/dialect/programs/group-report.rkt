#lang racket
(struct sale (region product units price) #:transparent)
(define sales
  (list (sale "north" 'tea 10 2.5)
        (sale "south" 'coffee 4 4.0)
        (sale "north" 'coffee 6 4.0)
        (sale "east" 'tea 20 2.25)
        (sale "south" 'tea 1 2.5)))
(define (revenue s) (* (sale-units s) (sale-price s)))

(define (summarize key)
  (define table (make-hash))
  (for ([s (in-list sales)])
    (hash-update! table (key s) (lambda (l) (cons s l)) '()))
  (sort (hash->list table) string<? #:key (lambda (p) (~a (car p)))))

(define (report title key)
  (displayln title)
  (displayln (make-string (string-length title) #\-))
  (for ([g (summarize key)])
    (match-define (cons name items) g)
    (printf "~a ~a ~a\n"
            (~a name #:min-width 8)
            (~r (apply + (map sale-units items)) #:min-width 5)
            (~r (apply + (map revenue items)) #:precision '(= 2) #:min-width 9)))
  (printf "~a ~a ~a\n\n" (~a "total" #:min-width 8)
          (~r (for/sum ([s sales]) (sale-units s)) #:min-width 5)
          (~r (for/sum ([s sales]) (revenue s)) #:precision '(= 2) #:min-width 9)))

(report "By region" sale-region)
(report "By product" sale-product)
(first (sort sales > #:key revenue))
