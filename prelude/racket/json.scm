;;; json.scm -- JSON by Racket's names, to and from ports.

(define (write-json value [port (current-output-port)] #:indent [indent #f])
  (write-string (json->string value) port)
  (void))
(define (read-json . port) (%read-json (%in port)))
(define (jsexpr? value)
  (cond [(or (string? value) (boolean? value) (void? value) (eq? value 'null)) #t]
        [(number? value) (and (real? value) (or (exact-integer? value) (and (inexact? value) (= value value) (< (abs value) +inf.0))))]
        [(list? value) (andmap jsexpr? value)]
        [(hash? value) (and (andmap symbol? (hash-keys value)) (andmap jsexpr? (hash-values value)))]
        [else #f]))

(define (json-null) 'null)

(define (current-command-line-arguments) (list->vector (script-args)))
