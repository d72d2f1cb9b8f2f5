#lang racket
(define VERSION "1.2.0")
(define *debug* #f)
(define (debug fmt . args)
  (when *debug* (apply printf (string-append "[debug] " fmt "\n") args)))

(define (parse-version str)
  (map string->number (string-split str ".")))
(define (version<? a b)
  (let loop ([a (parse-version a)] [b (parse-version b)])
    (cond
      [(and (null? a) (null? b)) #f]
      [(null? a) #t]
      [(null? b) #f]
      [(= (car a) (car b)) (loop (cdr a) (cdr b))]
      [else (< (car a) (car b))])))
(define (bump str part)
  (match-define (list major minor patch) (parse-version str))
  (define bumped
    (case part
      [(major) (list (add1 major) 0 0)]
      [(minor) (list major (add1 minor) 0)]
      [(patch) (list major minor (add1 patch))]))
  (string-join (map number->string bumped) "."))

(define (main . args)
  (debug "started with ~a" args)
  (for ([part '(major minor patch)])
    (printf "~a -> ~a\n" part (bump VERSION part)))
  (displayln (sort '("1.10.0" "1.2" "1.2.0" "1.9.5") version<?))
  (set! *debug* #t)
  (debug "version ~s" VERSION)
  0)
(main "a" "b")
(vector-length (current-command-line-arguments))
(exit)
(displayln "never reached")
