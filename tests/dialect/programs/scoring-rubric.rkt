#lang racket
;; Scores answers of a model against a rubric; everything is data.
(define rubric
  '((length 2 (between 5 20))
    (mentions 3 ("evidence" "source"))
    (avoids 1 ("obviously" "clearly"))
    (matches 2 "^[A-Z].*[.]$")))
(define (check-rule rule text)
  (match rule
    [`(between ,lo ,hi) (<= lo (length (string-split text)) hi)]
    [(list (? string? words) ...)
     (for/list ([w words]) (string-contains? (string-downcase text) w))]
    [(? string? rx) (regexp-match? (pregexp rx) text)]))
(define (score text)
  (for/list ([criterion rubric])
    (match-define (list name weight rule) criterion)
    (define result (check-rule rule text))
    (define fraction
      (match* (name result)
        [('avoids (list hits ...)) (if (ormap values hits) 0 1)]
        [(_ (list hits ...)) (/ (count values hits) (length hits))]
        [(_ #t) 1]
        [(_ #f) 0]))
    (cons name (* weight fraction))))
(define max-score (apply + (map second rubric)))
(define answers
  (hash 'a "The evidence and its source support this claim well."
        'b "obviously true"
        'c "There is some evidence for it, clearly."))
(for ([id '(a b c)])
  (define s (score (hash-ref answers id)))
  (define total (apply + (map cdr s)))
  (printf "~a: ~a/~a ~a\n" id (~r total #:precision 2) max-score
          (string-join (for/list ([p s]) (format "~a=~a" (car p) (~r (cdr p) #:precision 1))) " ")))
(define ranking
  (sort '(a b c) > #:key (λ (id) (apply + (map cdr (score (hash-ref answers id))))) #:cache-keys? #t))
ranking
(score "Short.")
(define-values (pass fail)
  (partition (λ (id) (>= (apply + (map cdr (score (hash-ref answers id)))) 5)) '(a b c)))
(list pass fail)
