;;; content-moderation.scm -- 500 posts: the cheap model first, the smart one on what is doubtful.
;;;
;;; Problem   Nine posts of ten are harmless; the smart model on all of them is money thrown away.
;;; Shape     cheap model on every post -> doubtful? -> smart model on those
;;; Calls     N cheap and D smart for N posts, D of them doubtful.
;;; Run       cargo run --release -- run scripts/content-moderation.scm \
;;;             --context scripts/data/posts.json --offline
;;;
;;; The wrong pattern when the cheap model is sure of itself and wrong: measure that first, on
;;; posts whose verdict is known (evaluation).

(define posts (string->json context))

(define (screen post)
  (string->json
    (syntax-e (llm-query
                #:instruction "Quote what insults somebody (idiot, garbage), threatens (hurt, kill, beating) or sells
(buy, click, selling). Return JSON: [{quote: string}], or [] if there is nothing."
                #:data (hash-ref post 'text)
                #:json #t))))

;; Nothing quoted: certain.  Something quoted: how bad it is, is for the smart model to say.
(define (doubt quotes) (if (null? quotes) 0.0 1.0))

(define (judge post)
  (define said
    (llm-query
      #:instruction "Does this post insult or threaten somebody, or advertise? Say REMOVE or KEEP, and why."
      #:data (hash-ref post 'text)
      #:model "smart"))
  (if (string-contains? (syntax-e said) "KEEP") 'kept 'removed))

(define verdicts
  (map (lambda (verdict) (if (symbol? verdict) verdict 'allowed))
       (active-learning screen judge doubt posts)))

(define (how-many verdict gold)
  (count identity
         (map (lambda (given post) (and (eq? given verdict) (equal? (hash-ref post 'gold) gold)))
              verdicts posts)))

(for ([gold '("allowed" "removed" "unclear")])
  (printf "~a by people: ~a allowed, ~a kept, ~a removed by the models\n"
          gold (how-many 'allowed gold) (how-many 'kept gold) (how-many 'removed gold)))
(finish (format "~a posts, ~a of them looked at twice"
                (length posts) (count (lambda (verdict) (not (eq? verdict 'allowed))) verdicts)))
