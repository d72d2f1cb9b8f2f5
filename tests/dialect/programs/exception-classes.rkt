#lang racket/base
(require racket/match racket/string)
(struct exn:http exn:fail (status url))
(struct exn:http:not-found exn:http ())
(struct exn:http:server exn:http (retry-after))
(define (fail-http make status url . extra)
  (raise (apply make (format "HTTP ~a for ~a" status url) (current-continuation-marks) status url extra)))
(define (get url)
  (match url
    [(regexp #rx"missing") (fail-http exn:http:not-found 404 url)]
    [(regexp #rx"busy") (fail-http exn:http:server 503 url 30)]
    [(regexp #rx"bug") (vector-ref (vector 1 2) 5)]
    [(regexp #rx"odd") (raise "a bare string")]
    [_ (string-append "body of " url)]))
(define (describe url)
  (with-handlers* ([exn:http:not-found? (lambda (e) (list 'not-found (exn:http-url e)))]
                   [exn:http:server? (lambda (e) (list 'retry-after (exn:http:server-retry-after e)))]
                   [exn:http? (lambda (e) 'other-http)]
                   [exn:fail? (lambda (e) (list 'bug (car (string-split (exn-message e) ":"))))]
                   [string? (lambda (s) (list 'string s))])
    (get url)))
(for-each (lambda (u) (printf "~s\n" (describe u)))
          '("/ok" "/missing" "/busy" "/bug" "/odd"))
(define (displayln-line s) (display s) (newline))
(define cleanup-log '())
(define (with-resource name proc)
  (dynamic-wind
   (lambda () (set! cleanup-log (cons (format "open ~a" name) cleanup-log)))
   (lambda () (proc name))
   (lambda () (set! cleanup-log (cons (format "close ~a" name) cleanup-log)))))
(with-handlers ([exn:fail? (lambda (e) (printf "~a\n" (exn-message e)))])
  (with-resource "db" (lambda (db) (with-resource "file" (lambda (f) (error 'copy "~a to ~a failed" db f))))))
(for-each displayln-line (reverse cleanup-log))
(exn:http-status (with-handlers ([exn:http? values]) (get "/missing")))
(exn? (with-handlers ([void values]) (get "/odd")))
(with-handlers ([exn:http? (lambda (e) (exn-message e))])
  (with-handlers ([exn:http:server? (lambda (e) (raise e))])
    (get "/busy")))
