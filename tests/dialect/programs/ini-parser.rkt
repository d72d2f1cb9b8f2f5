#lang racket
;; INI / config file parsing with validation and error reports.
(define ini-text #<<END
; comment
[server]
host = example.com
port=8080
debug = true

[paths]
root = /var/www
empty =
bad line here
[limits]
max = 1e3
ratio = 3/4
END
)
(define (parse-value s)
  (cond [(string->number s) => values]
        [(member s '("true" "yes" "on")) #t]
        [(member s '("false" "no" "off")) #f]
        [else s]))
(define (parse-ini text)
  (for/fold ([section #f] [table (hash)] [errors '()] #:result (values table (reverse errors)))
            ([raw (string-split text "\n" #:trim? #f)] [n (in-naturals 1)])
    (define line (string-trim raw))
    (match line
      [(or "" (regexp #rx"^;")) (values section table errors)]
      [(regexp #rx"^\\[(.*)\\]$" (list _ name)) (values (string->symbol name) table errors)]
      [(regexp #rx"^([^=]+)=(.*)$" (list _ k v))
       (define key (string->symbol (string-trim k)))
       (values section (hash-update table section (λ (h) (hash-set h key (parse-value (string-trim v)))) (hash)) errors)]
      [_ (values section table (cons (format "line ~a: cannot parse ~s" n line) errors))])))
(define-values (config errors) (parse-ini ini-text))
(for ([s (sort (hash-keys config) symbol<?)])
  (printf "[~a]\n" s)
  (for ([(k v) (in-hash (hash-ref config s))] #:when (memq k '(port))) (printf "  ~a -> ~v\n" k v)))
(for-each displayln errors)
(define (config-ref c . keys)
  (for/fold ([c c]) ([k keys])
    (hash-ref c k (λ () (raise-user-error 'config "missing key: ~a in ~a" k keys)))))
(config-ref config 'server 'port)
(config-ref config 'limits 'ratio)
(config-ref config 'limits 'max)
(config-ref config 'paths 'empty)
(with-handlers ([exn:fail:user? (λ (e) (displayln (exn-message e)))]) (config-ref config 'server 'nope))
