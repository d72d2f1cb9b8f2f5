#lang racket
;; INI text to nested hashes.
(define ini
  (string-append
   "; global\n"
   "name = demo app\n"
   "\n"
   "[server]\n"
   "host = localhost\n"
   "port = 8080\n"
   "debug = true\n"
   "# comment\n"
   "[paths]\n"
   "root = /var/www\n"
   "bad line\n"))

(define (parse-value v)
  (cond
    [(string->number v) => values]
    [(member v '("true" "yes" "on")) #t]
    [(member v '("false" "no" "off")) #f]
    [else v]))

(define (parse text)
  (define-values (config _section errors)
    (for/fold ([config (hash)] [section 'global] [errors '()])
              ([line (in-lines (open-input-string text))] [n (in-naturals 1)])
      (define s (string-trim line))
      (cond
        [(or (string=? s "") (regexp-match? #rx"^[;#]" s)) (values config section errors)]
        [(regexp-match #px"^\\[(\\w+)\\]$" s)
         => (lambda (m) (values config (string->symbol (cadr m)) errors))]
        [(regexp-match #px"^(\\w+)\\s*=\\s*(.*)$" s)
         => (match-lambda
              [(list _ k v)
               (values (hash-update config section
                                    (lambda (h) (hash-set h (string->symbol k) (parse-value v)))
                                    (hash))
                       section
                       errors)])]
        [else (values config section (cons (format "line ~a: ~s" n s) errors))])))
  (values config (reverse errors)))

(define-values (config errors) (parse ini))
(define (get section key [default #f])
  (hash-ref (hash-ref config section (hash)) key default))
(for ([section (sort (hash-keys config) symbol<?)])
  (printf "[~a]\n" section)
  (define h (hash-ref config section))
  (for ([k (sort (hash-keys h) symbol<?)])
    (printf "  ~a = ~s\n" k (hash-ref h k))))
errors
(add1 (get 'server 'port))
(get 'server 'missing 'default)
(get 'nowhere 'x)
