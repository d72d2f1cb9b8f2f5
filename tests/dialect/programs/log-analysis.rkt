#lang racket
(define log-lines
  '("2026-11-20T10:00:01 INFO  server started port=8080"
    "2026-11-20T10:00:05 WARN  slow query ms=1200 table=users"
    "2026-11-20T10:01:00 ERROR timeout host=db1 ms=5000"
    "garbage line"
    "2026-11-20T10:02:30 INFO  request path=/index ms=35"
    "2026-11-20T10:02:31 ERROR refused host=db2"
    "2026-11-20T11:00:00 INFO  request path=/about ms=20"))
(struct entry (hour minute level message fields) #:transparent)
(define line-rx #px"^\\d{4}-\\d{2}-\\d{2}T(\\d{2}):(\\d{2}):\\d{2}\\s+(\\w+)\\s+(.*)$")
(define (parse-line line)
  (match (regexp-match line-rx line)
    [(list _ h m level rest)
     (define fields
       (for/hash ([kv (regexp-match* #px"(\\w+)=(\\S+)" rest #:match-select cdr)])
         (values (string->symbol (first kv))
                 (or (string->number (second kv)) (second kv)))))
     (define message (string-trim (regexp-replace* #px"\\s*\\w+=\\S+" rest "")))
     (entry (string->number h) (string->number m) (string->symbol (string-downcase level)) message fields)]
    [#f #f]))
(define entries (filter-map parse-line log-lines))
(printf "~a of ~a lines parsed\n" (length entries) (length log-lines))
(for ([level '(error warn info)])
  (define n (count (λ (e) (eq? level (entry-level e))) entries))
  (printf "~a ~a\n" (~a level #:width 6) (make-string n #\*)))
(define timed (filter (λ (e) (hash-has-key? (entry-fields e) 'ms)) entries))
(define ms (map (λ (e) (hash-ref (entry-fields e) 'ms)) timed))
(printf "ms: min ~a max ~a mean ~a\n" (apply min ms) (apply max ms) (exact->inexact (/ (apply + ms) (length ms))))
(for ([e entries] #:when (eq? 'error (entry-level e)))
  (printf "~a:~a ~a (~a)\n" (entry-hour e) (~r (entry-minute e) #:min-width 2 #:pad-string "0")
          (entry-message e) (hash-ref (entry-fields e) 'host)))
(define by-hour (group-by entry-hour entries))
(map (λ (g) (cons (entry-hour (car g)) (length g))) by-hour)
(entry-fields (third entries))
(entry 1 2 'info "m" (hash))
