;;; code-generation.scm -- a model writes the program, code runs it apart and checks what came of it.
;;;
;;; Problem   A question that data answers exactly (how many, which, when), asked in words: a model reads
;;;           500 records badly, but it can write the program that reads them well.
;;; Shape     what a record looks like -> program (smart) -> run apart -> check -> its error goes back to
;;;           the model, at most three times
;;; Calls     1 + R, R for each program that had to be mended.
;;; Run       cargo run --release -- run scripts/code-generation.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when the question is about meaning: no program finds out what a report implies.

(define question "How many reports does each site have?")
(define reports (string->json context))

;; The model is told the names of the fields, and shown a program of the kind that is wanted: never the data.
(define fields (string-join (map symbol->string (hash-keys (car reports))) ", "))
(define example
  "(map (lambda (group) (list (hash-ref (car group) 'site) (length group))) (group-by (lambda (r) (hash-ref r 'site)) records))")

(define (program problem)
  (llm-query
    #:instruction (string-append "Write one program in Racket that answers: " question " Its records are in `records`, a list of "
                                 "hashes with the symbol keys " fields ". Its value is a list of lists: a site, a count. "
                                 "Answer with the program alone.")
    #:data (string-append example problem)
    #:model "smart"
    #:temperature 0.0))

;; eval-untrusted is the only way from a model's words to code. It runs them in a session of its own, which has neither
;; files nor network nor the variables of this one, but those that it is given.
(define (run text)
  (eval-untrusted text #:with (hash 'records reports) #:timeout 30))

;; What code can check, it checks.
(define (adds-up? rows)
  (and (list? rows)
       (andmap (lambda (row) (and (list? row) (= (length row) 2) (string? (car row)) (integer? (cadr row)))) rows)
       (= (apply + (map cadr rows)) (length reports))))

(define (answer problem left)
  (define text (program problem))
  (define rows (try (run text) on-error (lambda (message) message)))
  (define wrong
    (cond [(string? rows) rows]
          [(adds-up? rows) #f]
          [else "its value is no list of sites and counts that add up to the number of records"]))
  (cond [(not wrong) rows]
        [(= left 0) (error "no program did it; the last one failed:" wrong)]
        [else (answer (string-append "\n\nYour last program failed: " wrong "\n" (syntax-e text)) (- left 1))]))

(for ([row (sort (answer "" 3) > #:key cadr)])
  (printf "~a: ~a\n" (car row) (cadr row)))
