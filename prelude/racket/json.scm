;;; json.scm -- JSON by Racket's names, to and from strings, bytes and ports.

;; What stands for null.
(define json-null (make-parameter 'null))

(define (%encode-all? name encode)
  (unless (memq encode '(control all)) (raise-argument-error name "(or/c 'control 'all)" encode))
  (eq? encode 'all))
(define (jsexpr->string value #:null [null (json-null)] #:encode [encode 'control])
  (%jsexpr->text value null (%encode-all? 'jsexpr->string encode)))
(define (jsexpr->bytes value #:null [null (json-null)] #:encode [encode 'control])
  (string->bytes/utf-8 (%jsexpr->text value null (%encode-all? 'jsexpr->bytes encode))))
(define (write-json value [port (current-output-port)]
                    #:null [null (json-null)] #:encode [encode 'control] #:indent [indent #f])
  (write-string (%jsexpr->text value null (%encode-all? 'write-json encode)) port)
  (void))

(define (string->jsexpr text #:null [null (json-null)] #:replace-malformed-surrogate? [replace? #f])
  (%text->jsexpr 'string->jsexpr text null))
(define (bytes->jsexpr bytes #:null [null (json-null)] #:replace-malformed-surrogate? [replace? #f])
  (unless (bytes? bytes) (raise-argument-error 'bytes->jsexpr "bytes?" bytes))
  (%text->jsexpr 'bytes->jsexpr (bytes->string/utf-8 bytes) null))
(define (read-json [port (current-input-port)]
                   #:null [null (json-null)] #:replace-malformed-surrogate? [replace? #f])
  (%read-json 'read-json port null))

(define (jsexpr? value #:null [null (json-null)])
  (let valid? ([value value])
    (cond [(or (string? value) (boolean? value) (void? value) (eq? value null)) #t]
          [(number? value)
           (and (real? value)
                (or (exact-integer? value)
                    (and (inexact? value) (= value value) (< (abs value) +inf.0))))]
          [(list? value) (andmap valid? value)]
          [(hash? value) (and (andmap symbol? (hash-keys value)) (andmap valid? (hash-values value)))]
          [else #f])))

(define (current-command-line-arguments) (list->vector (script-args)))
