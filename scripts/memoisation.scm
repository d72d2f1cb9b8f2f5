;;; memoisation.scm -- the same question is asked once, however many ask it.
;;;
;;; Problem   Items that repeat themselves: form letters, templates, the same page crawled twice.
;;; Shape     item -> key -> a call if the key is new, else the answer that is there or under way
;;; Calls     K for N items with K different keys.
;;; Run       cargo run --release -- run scripts/memoisation.scm \
;;;             --context scripts/data/posts.json --offline
;;;
;;; The wrong pattern when answers are to differ (drafts, votes). Answers kept from run to run are
;;; another matter.

(define posts (map (lambda (post) (hash-ref post 'text)) (string->json context)))

;; What does not change the answer does not belong into the key.
(define (key arguments) (string-downcase (string-trim (car arguments))))

(define asked 0)
(define product
  (memoized
    (lambda (post)
      (set! asked (+ asked 1))
      (llm-query #:instruction "Does this say that something is loud, leaked, or works well? Quote it." #:data post))
    #:key-fn key))

(define answers (map-async product posts #:max-concurrent 50 #:label "posts"))

(finish (format "~a posts, ~a answers, ~a calls" (length posts) (length answers) asked))
