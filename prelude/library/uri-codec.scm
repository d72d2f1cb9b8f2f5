;;; uri-codec.scm -- net/uri-codec: text in addresses and in forms.
;;;
;;; Expanded into a program that requires it.

(provide uri-encode uri-decode form-urlencoded-encode form-urlencoded-decode uri-path-segment-encode
         uri-path-segment-decode uri-userinfo-encode uri-userinfo-decode uri-unreserved-encode uri-unreserved-decode
         uri-path-segment-unreserved-encode uri-path-segment-unreserved-decode alist->form-urlencoded
         form-urlencoded->alist current-alist-separator-mode)

(define-syntax-rule (define-codes [encode decode kept plus?] ...)
  (begin
    (begin
      (define (encode text) (%percent-encode 'encode text kept plus?))
      (define (decode text) (%percent-decode 'decode text plus?)))
    ...))
(define-codes
  [uri-encode uri-decode "!'()*-._~" #f]
  [uri-path-segment-encode uri-path-segment-decode "!$&'()*+,-.:=@_~" #f]
  [uri-userinfo-encode uri-userinfo-decode "!$&'()*+,-.:;=_~" #f]
  [uri-unreserved-encode uri-unreserved-decode "-._~" #f]
  [uri-path-segment-unreserved-encode uri-path-segment-unreserved-decode "$&+,-.:=@_~" #f]
  [form-urlencoded-encode form-urlencoded-decode "*-._" #t])

(define current-alist-separator-mode (make-parameter 'amp-or-semi))

(define (alist->form-urlencoded pairs)
  (string-join
   (map (lambda (pair)
          (let ([name (form-urlencoded-encode (symbol->string (car pair)))])
            (if (cdr pair) (string-append name "=" (form-urlencoded-encode (cdr pair))) name)))
        pairs)
   (if (memq (current-alist-separator-mode) '(semi semi-or-amp)) ";" "&")))
(define (form-urlencoded->alist text)
  (let ([between (case (current-alist-separator-mode) [(amp) #rx"&"] [(semi) #rx";"] [else #rx"[&;]"])])
    (if (string=? text "")
        '()
        (map (lambda (part)
               (let ([at (regexp-match-positions #rx"=" part)])
                 (if at
                     (cons (string->symbol (form-urlencoded-decode (substring part 0 (caar at))))
                           (form-urlencoded-decode (substring part (cdar at))))
                     (cons (string->symbol (form-urlencoded-decode part)) #f))))
             (regexp-split between text)))))
