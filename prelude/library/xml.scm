;;; xml.scm -- xml: lists as text.
;;;
;;; Expanded into a program that requires it.  Not here: reading.

(provide xexpr->string xexpr? write-xexpr xml-attribute-encode)

(define (escaped text) (replaced text '(("&" . "&amp;") ("<" . "&lt;") (">" . "&gt;"))))
(define (xml-attribute-encode text) (replaced text '(("&" . "&amp;") ("<" . "&lt;") (">" . "&gt;") ("\"" . "&quot;"))))
(define (replaced text pairs)
  (foldl (lambda (pair text) (string-replace text (car pair) (cdr pair))) text pairs))

(define (attributes? value)
  (and (list? value)
       (andmap (lambda (one)
                 (and (list? one) (= (length one) 2) (symbol? (car one)) (string? (cadr one))))
               value)))
(define (xexpr? value)
  (cond [(pair? value)
         (and (list? value)
              (symbol? (car value))
              (andmap xexpr? (if (and (pair? (cdr value)) (attributes? (cadr value))) (cddr value) (cdr value))))]
        [else (or (string? value) (symbol? value) (exact-nonnegative-integer? value))]))

(define (write-xexpr value [port (current-output-port)])
  (define (put . texts) (for-each (lambda (text) (write-string text port)) texts))
  (let show ([value value])
    (cond [(string? value) (put (escaped value))]
          [(symbol? value) (put "&" (symbol->string value) ";")]
          [(number? value) (put "&#" (number->string value) ";")]
          [else
           (let* ([name (symbol->string (car value))]
                  [attributed? (and (pair? (cdr value)) (attributes? (cadr value)))]
                  [inner (if attributed? (cddr value) (cdr value))])
             (put "<" name)
             (when attributed?
               (for ([one (cadr value)])
                 (put " " (symbol->string (car one)) "=\"" (xml-attribute-encode (cadr one)) "\"")))
             (cond [(null? inner) (put "/>")]
                   [else (put ">") (for-each show inner) (put "</" name ">")]))]))
  (void))
(define (xexpr->string value)
  (unless (xexpr? value) (raise-argument-error 'xexpr->string "xexpr/c" value))
  (let ([port (open-output-string)])
    (write-xexpr value port)
    (get-output-string port)))
