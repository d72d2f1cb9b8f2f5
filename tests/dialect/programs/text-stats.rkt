#lang racket
(define text #<<END
It was the best of times, it was the worst of times.
It was the age of wisdom... it was the age of foolishness!

Was it the epoch of belief? It was.
END
  )
(define lines (string-split text "\n" #:trim? #f))
(define words (string-split (string-downcase (regexp-replace* #rx"[^a-zA-Z ]+" text " "))))
(define sentences (filter non-empty-string? (map string-trim (regexp-split #rx"[.!?]+" text))))
(printf "lines: ~a (~a blank)\n" (length lines) (count (lambda (l) (string=? (string-trim l) "")) lines))
(printf "words: ~a\nunique: ~a\n" (length words) (length (remove-duplicates words)))
(printf "sentences: ~a\n" (length sentences))
(printf "characters: ~a, letters: ~a\n"
        (string-length text)
        (for/sum ([c text] #:when (char-alphabetic? c)) 1))
(define freq
  (sort (map (lambda (g) (cons (car g) (length g))) (group-by values words))
        (lambda (a b) (if (= (cdr a) (cdr b)) (string<? (car a) (car b)) (> (cdr a) (cdr b))))))
(for ([p (take freq 4)])
  (printf "  ~a~a\n" (~a (car p) #:width 10 #:pad-string ".") (cdr p)))
(define (median lst)
  (define s (sort lst <))
  (define n (length s))
  (if (odd? n)
      (list-ref s (quotient n 2))
      (/ (+ (list-ref s (sub1 (quotient n 2))) (list-ref s (quotient n 2))) 2)))
(define lengths (map string-length words))
(printf "median word length: ~a\n" (median lengths))
(printf "longest: ~a\n" (argmax string-length words))
(printf "initials: ~a\n" (list->string (map (lambda (s) (char-upcase (string-ref s 0))) sentences)))
