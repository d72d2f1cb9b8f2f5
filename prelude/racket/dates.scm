;;; dates.scm -- racket/date's dates, all of UTC.  The calendar is in Rust (src/interp/dialect/dates.rs).

(struct date (second minute hour day month year week-day year-day dst? time-zone-offset) #:transparent)
(struct date* date (nanosecond time-zone-name) #:transparent)

(define (seconds->date seconds . local) (apply date* (%civil seconds)))
(define (current-date) (seconds->date (current-seconds)))

(define (%date-fields d)
  (list (date-second d) (date-minute d) (date-hour d) (date-day d) (date-month d) (date-year d) (date-week-day d)))
(define (date->seconds d . local) (- (%epoch 'date->seconds (%date-fields d)) (date-time-zone-offset d)))
(define (date*->seconds d . local) (date->seconds d))
(define (find-seconds second minute hour day month year . local)
  (%epoch 'find-seconds (list second minute hour day month year)))
(define (date->julian/scaliger d) (%julian-day (%date-fields d)))

(define date-display-format (make-parameter 'american))
(define (date->string d [time? #f]) (%date->string (%date-fields d) (date-display-format) time?))
