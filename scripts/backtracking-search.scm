;;; backtracking-search.scm -- a choice that has to fit the choices before it.
;;;
;;; Problem   Picking several things under rules that bind them to each other; a model can judge
;;;           each thing, but not search.
;;; Shape     depth first in code: take a candidate, ask what it is, go on if the rules hold, else
;;;           take the next, or go back. An answer is kept, so no candidate is asked about twice
;;; Calls     as many as candidates are looked at, one after the other: all N at worst.
;;; Run       cargo run --release -- run scripts/backtracking-search.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when most candidates will be looked at anyway: then ask about all of them
;;; side by side first, and search without calls.

;; A course on recalls: one case from each of these sites, each with another cause.
(define sites (list "Zelenohrad" "Østerhavn" "Kirkmoor")) ; at the last one, the second has to choose again
(define causes '("battery" "firmware" "label" "lubricant" "plastic" "latch"))

(define reports (string->json context))
(define (candidates site) (filter (lambda (report) (equal? (hash-ref report 'site) site)) reports))

;; #f when the report tells of no recall.
(define cause
  (memoized
    (lambda (report)
      (define said
        (string-downcase
          (syntax-e (llm-query #:instruction "Why was a product recalled? Quote the sentence, or say NO."
                               #:data (hash-ref report 'body)))))
      (and (string-contains? said "recall")
           (findf (lambda (name) (string-contains? said name)) causes)))
    #:key-fn (lambda (arguments) (hash-ref (car arguments) 'id))))

;; A list of (cause . report) for the sites left, or #f when there is none that goes with CHOSEN.
(define (course sites chosen)
  (if (null? sites)
      (reverse chosen)
      (for/or ([report (candidates (car sites))])
        (define name (cause report))
        (and name
             (not (assoc name chosen))
             (course (cdr sites) (cons (cons name report) chosen))))))

(define found (course sites '()))

(finish
  (if found
      (string-join
        (for/list ([case found])
          (format "~a, ~a: ~a" (hash-ref (cdr case) 'site) (hash-ref (cdr case) 'id) (car case)))
        "\n")
      "No such course can be made."))
