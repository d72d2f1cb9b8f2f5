;;; md5.scm -- file/md5.
;;;
;;; Expanded into a program that requires it.

(provide md5)

(define (md5 value [hex? #t])
  (let* ([all (cond [(string? value) (string->bytes/utf-8 value)]
                    [(bytes? value) value]
                    [(input-port? value) (port->bytes value)]
                    [else (raise-argument-error 'md5 "(or/c input-port? bytes? string?)" value)])]
         [digest (%digest 'md5 (if (eof-object? all) (bytes) all))])
    (if hex? (string->bytes/latin-1 (bytes->hex-string digest)) digest)))
