#lang racket
;; Lays out S-expressions within a width.
(define (width-of e) (string-length (format "~s" e)))
(define (spaces n) (make-string n #\space))

(define (pp e [column 0] #:width [width 30])
  (cond
    [(or (not (pair? e)) (<= (+ column (width-of e)) width))
     (format "~s" e)]
    [(memq (car e) '(define lambda let))
     (format "(~s ~a~a)"
             (car e)
             (pp (cadr e) (+ column 2 (width-of (car e))) #:width width)
             (string-append*
              (for/list ([sub (cddr e)])
                (format "\n~a~a" (spaces (+ column 2)) (pp sub (+ column 2) #:width width)))))]
    [else
     (define indent (+ column 2 (width-of (car e))))
     (format "(~s ~a)"
             (car e)
             (string-join
              (for/list ([sub (cdr e)]) (pp sub indent #:width width))
              (string-append "\n" (spaces indent))))]))

(displayln (pp '(+ 1 2)))
(displayln (pp '(define (square x) (* x x))))
(displayln (pp '(define (factorial n) (if (= n 0) 1 (* n (factorial (- n 1)))))))
(displayln (pp '(let ((a 1) (b 2)) (display (list a b "text" #\c)) (newline) (+ a b)) #:width 24))
(displayln (pp '(lambda (x) (cond ((> x 0) 'positive) ((< x 0) 'negative) (else 'zero))) 4))
(width-of '(quote a))
(pp "a \"string\"")
