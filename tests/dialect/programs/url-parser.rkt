#lang racket/base
(require racket/string racket/list racket/match)
(struct url (scheme host port path query) #:transparent)
(define url-rx #px"^(\\w+)://([^/:?#]+)(?::(\\d+))?(/[^?#]*)?(?:\\?([^#]*))?$")
(define (decode s)
  (define replaced (string-replace s "+" " "))
  (regexp-replace* #px"%([0-9A-Fa-f]{2})" replaced
                   (lambda (_ hex) (string (integer->char (string->number hex 16))))))
(define (parse-query q)
  (if (and q (not (string=? q "")))
      (for/list ([part (string-split q "&")])
        (match (string-split part "=" #:trim? #f)
          [(list k) (cons (string->symbol k) #t)]
          [(list k v) (cons (string->symbol k) (decode v))]))
      '()))
(define (parse-url s)
  (match (regexp-match url-rx s)
    [(list _ scheme host port path query)
     (url scheme host (and port (string->number port)) (or path "/") (parse-query query))]
    [_ (raise-argument-error 'parse-url "url?" s)]))
(define u (parse-url "https://example.com:8080/a/b%20c?x=1&name=J%C3+Doe&flag"))
(url-host u)
(url-port u)
(url-path u)
(map car (url-query u))
(cdr (assq 'x (url-query u)))
(parse-url "http://localhost")
(with-handlers ([exn:fail:contract? (lambda (e) (displayln (exn-message e)))])
  (parse-url "not a url"))
(define (encode s)
  (string-append*
   (for/list ([c s])
     (cond
       [(or (char-alphabetic? c) (char-numeric? c) (memv c '(#\- #\_ #\.))) (string c)]
       [(char=? c #\space) "+"]
       [else (format "%~a" (string-upcase (number->string (char->integer c) 16)))]))))
(encode "a b&c=d")
(decode (encode "50% off!"))
(define (join-path . parts) (string-join (filter non-empty-string? (append-map (lambda (p) (string-split p "/")) parts)) "/" #:before-first "/"))
(join-path "a/" "/b/" "c")
