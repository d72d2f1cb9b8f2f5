#lang racket
;; Text report: parse, aggregate, print aligned.
(define data "date,region,product,units,price
2024-01-05,North,Widget,10,2.50
2024-01-06,South,Gadget,4,10.00
2024-01-06,North,Gadget,1,10.00
2024-02-01,South,Widget,20,2.25
2024-02-14,East,Doohickey,7,1.10")
(struct sale (date region product units price) #:transparent)
(define sales
  (for/list ([line (cdr (string-split data "\n"))])
    (match (string-split line ",")
      [(list d r p u $) (sale d r p (string->number u) (string->number $))])))
(define (revenue s) (* (sale-units s) (sale-price s)))
(define (total-by key)
  (define h (make-hash))
  (for ([s sales]) (hash-update! h (key s) (λ (t) (+ t (revenue s))) 0))
  (sort (hash->list h) > #:key cdr))
(define (print-table title rows)
  (define width (apply max (map (compose string-length car) rows)))
  (displayln title)
  (displayln (make-string (string-length title) #\=))
  (for ([r rows])
    (printf "~a  ~a\n" (~a (car r) #:min-width width) (~r (cdr r) #:precision '(= 2) #:min-width 8)))
  (printf "~a  ~a\n\n" (~a "TOTAL" #:min-width width) (~r (apply + (map cdr rows)) #:precision '(= 2) #:min-width 8)))
(print-table "By region" (total-by sale-region))
(print-table "By product" (total-by sale-product))
(print-table "By month" (total-by (λ (s) (substring (sale-date s) 0 7))))
(define best (argmax revenue sales))
(printf "Best: ~a ~a\n" (sale-product best) (revenue best))
(car sales)
(define avg (/ (for/sum ([s sales]) (sale-price s)) (length sales)))
avg
(~r avg #:precision 3)
(define (percent x) (string-append (~r (* 100 x) #:precision 1) "%"))
(for ([r (total-by sale-region)]) (printf "~a ~a\n" (car r) (percent (/ (cdr r) (for/sum ([s sales]) (revenue s))))))
(define (bar n) (make-string (exact-round (/ n 5)) #\█))
(for ([r (total-by sale-product)]) (printf "~a|~a\n" (~a (car r) #:width 10) (bar (cdr r))))
(string-join (map sale-product (remove-duplicates sales #:key sale-product)) "/")
(let-values ([(cheap dear) (partition (λ (s) (< (sale-price s) 5)) sales)]) (list (length cheap) (length dear)))
