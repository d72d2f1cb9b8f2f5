;;; hierarchical-overview.scm -- many reports, grouped, and an overview of the whole (market overview).
;;;
;;; Problem   Items belong to groups (sites, markets, companies), and the overview is to compare
;;;           the groups rather than to list the items.
;;; Shape     item -> note (cheap); notes of a group -> its summary (cheap); summaries -> overview
;;;           (smart). A group goes on as soon as its own items are done.
;;; Calls     N + G + 1 for N items in G groups.
;;; Run       cargo run --release -- run scripts/hierarchical-overview.scm \
;;;             --context scripts/data/incident-reports.json --offline
;;;
;;; The wrong pattern when the groups are not known beforehand (multi-stage finds them), or when
;;; all items fit one prompt.

(define reports (string->json context))

(define (note report)
  (llm-query
    #:instruction "What happened, what was the cause, what did it cost? Two sentences."
    #:data (hash-ref report 'body)))

(define (site-summary site notes)
  (llm-query
    #:instruction "Which causes come up more than once at this site?"
    #:data (string-join notes "\n")))

(define (overview summaries)
  (define parts (map (lambda (pair) (format "~a: ~a" (car pair) (cdr pair))) summaries))
  (for-each displayln parts)
  (llm-query
    #:instruction "Compare the sites. Which causes do they share?"
    #:data (string-join parts "\n")
    #:model "smart"))

(define answer
  (hierarchical reports
    #:each note
    #:group (lambda (report) (hash-ref report 'site))
    #:combine site-summary
    #:overview overview))

(finish (string-append "\nOverview: " answer))
