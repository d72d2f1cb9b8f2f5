;;; base64.scm -- net/base64: what goes from port to port.
;;;
;;; Expanded into a program that requires it.

(provide base64-encode-stream base64-decode-stream)

(define (rest-of port) (let ([all (port->bytes port)]) (if (eof-object? all) (bytes) all)))
(define (base64-encode-stream in out [line-end #"\n"])
  (write-bytes (base64-encode (rest-of in) line-end) out)
  (void))
(define (base64-decode-stream in out) (write-bytes (base64-decode (rest-of in)) out) (void))
