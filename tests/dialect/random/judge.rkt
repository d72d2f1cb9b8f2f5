#lang racket/base
;; Runs random programs by Racket and by Bessemer, and makes the ones that differ as small as it can:
;;   racket tests/dialect/random/judge.rkt [--from SEED] [--count N] [--forms N] [--depth N] [--mistakes N] BESSEMER
;; Each that differs is written to FOUND-SEED.rkt in --found's directory, smaller.
(require racket/cmdline racket/list racket/file racket/format racket/port racket/pretty racket/sandbox "grammar.rkt")

(define from 1)
(define count 100)
(define forms 10)
(define depth 5)
(define found ".")
(define minutes 3)
(define bessemer
  (command-line
   #:once-each
   [("--from") n "the first seed; 1 unless told" (set! from (string->number n))]
   [("--count") n "how many programs; 100 unless told" (set! count (string->number n))]
   [("--forms") n "how many forms each prints; 10 unless told" (set! forms (string->number n))]
   [("--depth") n "how deep expressions are; 5 unless told" (set! depth (string->number n))]
   [("--found") dir "where the programs that differ go; here unless told" (set! found dir)]
   [("--mistakes") n "how many of a hundred forms are a mistake; none unless told" (mistakes (string->number n))]
   [("--minutes") n "how long to make one smaller; 3 unless told" (set! minutes (string->number n))]
   #:args (path) (path->complete-path path)))

(define-namespace-anchor here)
(define judge (namespace-anchor->empty-namespace here))
(parameterize ([current-namespace judge]) (dynamic-require 'racket #f))

(define (text-of forms)
  (with-output-to-string
    (lambda ()
      (displayln "#lang racket")
      (parameterize ([pretty-print-columns 120])
        (for ([form (append (prologue) forms)]) (pretty-write form))))))

;; What a program prints in Racket; #f where it does not compile, does not end, or wants too much.
(define (wanted forms)
  (define out (open-output-string))
  (define ended?
    (with-handlers ([(lambda (e) (not (exn:break? e))) (lambda (_) #f)])
      (call-with-limits 5 300
        (lambda ()
          (parameterize ([current-namespace (make-base-empty-namespace)] [current-output-port out])
            (namespace-attach-module judge 'racket)
            (namespace-require ''#%kernel)
            (eval `(module program racket ,@(prologue) ,@forms))
            (dynamic-require ''program #f)
            #t)))))
  (and ended? (get-output-string out)))

;; What it prints in Bessemer, and what it complains of.
(define scratch (make-temporary-file "random~a" 'directory))
(define (given program)
  (define-values (file out errors) (apply values (map (lambda (name) (build-path scratch name)) '("program.rkt" "out" "errors"))))
  (display-to-file (text-of program) file #:exists 'truncate)
  (define ports (list* (open-input-file "/dev/null") (map (lambda (f) (open-output-file f #:exists 'truncate)) (list out errors))))
  (define-values (process _out _in _errors)
    (subprocess (cadr ports) (car ports) (caddr ports) bessemer "run" "--offline" "--no-journal" file))
  (unless (sync/timeout 20 process) (subprocess-kill process #t))
  (sync process)
  (close-input-port (car ports))
  (for-each close-output-port (cdr ports))
  (values (file->string out) (if (zero? (subprocess-status process)) "" (file->string errors))))

;; How many of its forms fail.
(define (fails output) (length (regexp-match* #rx"failed" output)))

;; How a program differs: #f, or its kind: in values or messages, in what fails, in that it does not run. One of which more forms fail in Racket than `failing` does not count.
(define judged 0)
(define (difference program [failing +inf.0])
  (define expected (wanted program))
  (when expected (set! judged (add1 judged)))
  (and expected
       (<= (fails expected) failing)
       (let-values ([(out errors) (given program)])
         (cond [(equal? out expected) #f]
               [(not (equal? errors "")) 'refused]
               [(equal? (fails expected) (fails out)) 'differs]
               [else 'fails]))))

;; A part of a program is found by the places on the way to it.
(define (part form path) (if (null? path) form (part (list-ref form (car path)) (cdr path))))
(define (put form path new)
  (if (null? path)
      new
      (list-set form (car path) (put (list-ref form (car path)) (cdr path) new))))
(define (composed? form) (and (pair? form) (list? form)))

;; The program with things left out, or put in place of what they are part of, for as long as it differs alike.
(define (smallest program kind)
  (define end (+ (current-seconds) (* 60 minutes)))
  (define failing (fails (wanted program)))
  (define (still? try) (and (< (current-seconds) end) (eq? (difference try failing) kind)))
  ;; `size` neighbours at once, from the last to the first.
  (define (without-neighbours program path size)
    (for/fold ([program program]) ([i (in-range (- (length (part program path)) size) -1 (- size))])
      (define form (part program path))
      (define try (put program path (append (take form i) (drop form (min (length form) (+ i size))))))
      (if (still? try) try program)))
  (define (shorter program path)
    (define form (part program path))
    (define simple
      (for/first ([new (append (if (null? path) '() '(0 #t '())) (if (null? path) '() (filter composed? form)))]
                  #:unless (equal? form new)
                  #:when (still? (put program path new)))
        new))
    (cond
      [simple (let ([program (put program path simple)]) (if (composed? simple) (shorter program path) program))]
      [else
       (define sizes (let loop ([n (quotient (length form) 2)]) (if (> n 1) (cons n (loop (quotient n 2))) '(1))))
       (define fewer (for/fold ([program program]) ([size sizes]) (without-neighbours program path size)))
       (for/fold ([program fewer]) ([i (in-range (sub1 (length (part fewer path))) -1 -1)])
         (define inner (append path (list i)))
         (if (composed? (part program inner)) (shorter program inner) program))]))
  (let again ([program program])
    (define next (shorter program '()))
    (if (or (equal? next program) (>= (current-seconds) end)) next (again next))))

(file-stream-buffer-mode (current-output-port) 'line)
(define differing
  (for/sum ([seed (in-range from (+ from count))])
    (define made (program seed forms depth))
    (define kind (difference made))
    (cond
      [kind
       (printf "seed ~a: ~a\n" seed kind)
       (define small (smallest made kind))
       (define file (build-path found (format "found-~a.rkt" seed)))
       (display-to-file (text-of small) file #:exists 'truncate)
       (define-values (out errors) (given small))
       (printf "~a\nRacket: ~aBessemer: ~a~a\n" (text-of small) (wanted small) out errors)
       1]
      [else 0])))
(delete-directory/files scratch)
(printf "~a of ~a differ (~a judged)\n" differing count judged)
(exit (if (zero? differing) 0 1))
