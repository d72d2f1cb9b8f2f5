;;; model-bandit.scm -- which of several models is worth its money here? Learned on the job.
;;;
;;; Problem   Several models, and nobody knows which is good enough for these items.
;;; Shape     each model once -> then always the one with the best upper bound (UCB1: mean reward
;;;           plus what is not known of it yet) -> reward: is the answer valid, less its price
;;; Calls     N for N items, one after the other, as each choice needs the last reward.
;;; Run       cargo run --release -- run scripts/model-bandit.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when gold labels are there (evaluation) or for a few dozen items: nothing
;;; is learned from them. UCB1: Auer, Cesa-Bianchi and Fischer, 2002.

(define models '("cheap" "smart"))
(define price (hash "cheap" 0.02 "smart" 0.2)) ; what an answer costs, in units of a good answer
(define pulls (make-hash))
(define rewards (make-hash))

(define (bound model total)
  (define n (hash-ref pulls model 0))
  (if (= n 0)
      +inf.0
      (+ (/ (hash-ref rewards model) n) (sqrt (/ (* 0.05 (log total)) n))))) ; 2 in the paper; prices differ by less

(define (best-model total)
  (argmax (lambda (model) (bound model total)) models))

(define (valid? answer body) (string-contains? body (car (string-split answer "\n"))))

(define (try-one report total)
  (define model (best-model total))
  (define body (hash-ref report 'body))
  (define answer
    (syntax-e (llm-query #:instruction "Quote the sentence that says what was damaged." #:data body #:model model)))
  (hash-update! pulls model add1 0)
  (hash-update! rewards model (lambda (sum) (+ sum (if (valid? answer body) 1.0 0.0) (- (hash-ref price model)))) 0.0))

(for ([report (string->json context)] [total (in-naturals 1)])
  (try-one report total))

(finish
  (string-join
    (for/list ([model models])
      (format "~a: ~a of 50 items" model (hash-ref pulls model 0)))
    "\n"))
