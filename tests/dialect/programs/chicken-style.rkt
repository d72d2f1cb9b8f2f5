#lang racket
;; I normally write Chicken; here's my usual style in Racket.

(define (list-index pred lst)
  (let loop ((l lst) (i 0))
    (cond ((null? l) #f)
          ((pred (car l)) i)
          (else (loop (cdr l) (+ i 1))))))

(define (string-index s ch)
  (do ((i 0 (+ i 1)))
      ((or (= i (string-length s)) (char=? (string-ref s i) ch))
       (and (< i (string-length s)) i))))

(define (fold kons knil lst)
  (if (null? lst) knil (fold kons (kons (car lst) knil) (cdr lst))))

(define (assoc-ref key alist default)
  (let ((p (assoc key alist)))
    (if p (cdr p) default)))

(define-values (evens odds)
  (let loop ((l '(1 2 3 4 5 6)) (e '()) (o '()))
    (cond ((null? l) (values (reverse e) (reverse o)))
          ((even? (car l)) (loop (cdr l) (cons (car l) e) o))
          (else (loop (cdr l) e (cons (car l) o))))))

(display evens) (newline)
(write odds) (newline)
(display (list-index even? '(1 3 5 6))) (newline)
(display (string-index "hello" #\l)) (newline)
(write (fold cons '() '(1 2 3))) (newline)
(write (assoc-ref "b" '(("a" . 1) ("b" . 2)) 0)) (newline)

(call-with-values (lambda () (values 1 2 3)) list)
(define (receive-ish x) x)

;; association list word count, with set-cdr-free update
(define (alist-inc alist key)
  (cond ((null? alist) (list (cons key 1)))
        ((equal? key (caar alist)) (cons (cons key (+ 1 (cdar alist))) (cdr alist)))
        (else (cons (car alist) (alist-inc (cdr alist) key)))))
(write (fold (lambda (k a) (alist-inc a k)) '() '(x y x z x y)))
(newline)
(let-syntax ((twice (syntax-rules () ((_ e) (begin e e)))))
  (twice (display "hi ")))
(newline)
(let loop ((n 5))
  (when (> n 0)
      (begin (display n) (display (if (= n 1) "\n" ",")) (loop (- n 1)))))
(define v (make-vector 3 0))
(vector-fill! v 7)
(display v) (newline)
(write (vector->list v)) (newline)

(define s (make-string 3 #\-))
(string-set! s 1 #\+)
(write s) (newline)
(write (inexact->exact (floor 2.7))) (newline)
