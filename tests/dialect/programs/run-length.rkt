#lang racket
(define (rle-encode str)
  (define (loop chars)
    (match chars
      ['() '()]
      [(cons c _)
       (define-values (same rest) (splitf-at chars (lambda (x) (char=? x c))))
       (cons (cons c (length same)) (loop rest))]))
  (loop (string->list str)))
(define (rle->string runs)
  (string-append*
   (for/list ([r runs])
     (match r
       [(cons c 1) (string c)]
       [(cons c n) (format "~a~a" n c)]))))
(define (rle-decode str)
  (string-append*
   (map (lambda (m)
          (define n (if (string=? (second m) "") 1 (string->number (second m))))
          (make-string n (string-ref (third m) 0)))
        (regexp-match* #px"(\\d*)(\\D)" str #:match-select values))))
(for ([s '("aaabccdddd" "abc" "" "zzzzzzzzzzzz")])
  (define e (rle->string (rle-encode s)))
  (printf "~s -> ~s -> ~s ~a\n" s e (rle-decode e) (if (equal? s (rle-decode e)) 'ok 'wrong)))
(rle-encode "hello")
(define (look-and-say s) (string-append* (map (λ (r) (~a (cdr r) (car r))) (rle-encode s))))
(for/fold ([s "1"] #:result (void)) ([_ 6])
  (displayln s)
  (look-and-say s))
