#lang racket
;; In the manner of a script that makes prompts for a model and reads its answers.
(define documents
  '("Revenue rose 12% to $4.5M in Q1." "Headcount fell from 120 to 97." "No figures here."))
(define (chunk-list lst n)
  (if (<= (length lst) n)
      (list lst)
      (cons (take lst n) (chunk-list (drop lst n) n))))
(define (make-prompt doc index)
  (string-append
   "Document " (number->string (add1 index)) ":\n"
   "\"\"\"\n" doc "\n\"\"\"\n"
   "Extract the numbers as JSON."))
(define (fake-model prompt)
  (define nums (regexp-match* #px"\\$?\\d+(?:\\.\\d+)?[%M]?" (second (string-split prompt "\"\"\"\n"))))
  (if (null? nums)
      "I could not find any numbers."
      (format "```json\n[~a]\n```" (string-join (map (λ (n) (format "~s" n)) nums) ", "))))
(define (extract-json answer)
  (match (regexp-match #px"```(?:json)?\\s*(.*?)\\s*```" answer)
    [(list _ body) body]
    [#f #f]))
(define answers
  (for/list ([d documents] [i (in-naturals)])
    (fake-model (make-prompt d i))))
(for ([a answers] [i (in-naturals 1)])
  (printf "~a: ~a\n" i (or (extract-json a) "none")))
(displayln (make-prompt (first documents) 0))
(define (parse-list s)
  (map (λ (x) (string-trim x "\"")) (string-split (string-trim s #px"\\[|\\]") ", ")))
(define found (filter-map (λ (a) (let ([j (extract-json a)]) (and j (parse-list j)))) answers))
found
(apply append found)
(chunk-list '(1 2 3 4 5 6 7) 3)
(define (truncate-text s n) (if (> (string-length s) n) (string-append (substring s 0 (- n 3)) "...") s))
(map (λ (d) (truncate-text d 20)) documents)
(printf "~a of ~a had figures (~a%)\n" (length found) (length documents)
        (~r (* 100 (/ (length found) (length documents))) #:precision 1))
