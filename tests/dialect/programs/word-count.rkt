#lang racket
;; Count words in a text, most frequent first.
(define text "The quick brown fox jumps over the lazy dog. The dog sleeps; the fox runs. Quick, quick!")

(define (tokenize str)
  (map string-downcase (regexp-match* #px"[A-Za-z]+" str)))

(define (count-words words)
  (for/fold ([counts (hash)]) ([w (in-list words)])
    (hash-update counts w add1 0)))

(define (top-n counts n)
  (define sorted
    (sort (hash->list counts)
          (lambda (a b)
            (or (> (cdr a) (cdr b))
                (and (= (cdr a) (cdr b)) (string<? (car a) (car b)))))))
  (take sorted (min n (length sorted))))

(define counts (count-words (tokenize text)))
(printf "Distinct words: ~a\n" (hash-count counts))
(for ([entry (top-n counts 5)]
      [rank (in-naturals 1)])
  (printf "~a. ~a ~a\n"
          rank
          (~a (car entry) #:min-width 8)
          (make-string (cdr entry) #\#)))
(define longest (argmax string-length (hash-keys counts)))
(printf "A longest word has ~a letters\n" (string-length longest))
(printf "Average length: ~a\n"
        (~r (/ (apply + (map string-length (tokenize text))) (length (tokenize text))) #:precision '(= 2)))
