#lang racket
(struct leaf (symbol weight) #:transparent)
(struct branch (left right weight) #:transparent)
(define (weight t) (match t [(leaf _ w) w] [(branch _ _ w) w]))
(define (symbols t)
  (match t
    [(leaf s _) (list s)]
    [(branch l r _) (append (symbols l) (symbols r))]))
(define (first-symbol t) (car (sort (symbols t) char<?)))
(define (lighter? a b)
  (or (< (weight a) (weight b))
      (and (= (weight a) (weight b)) (char<? (first-symbol a) (first-symbol b)))))
(define (build text)
  (define leaves
    (for/list ([g (group-by values (string->list text))])
      (leaf (car g) (length g))))
  (let loop ([forest (sort leaves lighter?)])
    (match forest
      [(list t) t]
      [(list* a b rest)
       (loop (sort (cons (branch a b (+ (weight a) (weight b))) rest) lighter?))])))
(define (codes tree)
  (let walk ([t tree] [prefix ""])
    (match t
      [(leaf s _) (list (cons s prefix))]
      [(branch l r _) (append (walk l (string-append prefix "0")) (walk r (string-append prefix "1")))])))
(define (encode text table) (string-append* (for/list ([c text]) (cdr (assv c table)))))
(define (decode bits tree)
  (let loop ([bits (string->list bits)] [t tree] [out '()])
    (match t
      [(leaf s _) (loop bits tree (cons s out))]
      [(branch l r _)
       (cond [(null? bits) (list->string (reverse out))]
             [else (loop (cdr bits) (if (char=? (car bits) #\0) l r) out)])])))
(define text "abracadabra")
(define tree (build text))
(define table (sort (codes tree) char<? #:key car))
(for ([p table]) (printf "~a ~a\n" (car p) (cdr p)))
(define bits (encode text table))
(string-length bits)
(decode bits tree)
(weight tree)
(leaf #\x 3)
