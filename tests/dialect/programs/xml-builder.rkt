#lang racket
(define (escape s)
  (for/fold ([s s]) ([p '(("&" . "&amp;") ("<" . "&lt;") (">" . "&gt;") ("\"" . "&quot;"))])
    (string-replace s (car p) (cdr p))))
(define (xexpr->string x)
  (match x
    [(? string? s) (escape s)]
    [(? number? n) (number->string n)]
    [(list (? symbol? tag) (list (list (? symbol? names) vals) ...) kids ...)
     (element tag (map cons names vals) kids)]
    [(list (? symbol? tag) kids ...) (element tag '() kids)]
    [other (error 'xexpr->string "not an xexpr: ~e" other)]))
(define (element tag attrs kids)
  (define open
    (apply string-append (symbol->string tag)
           (for/list ([a attrs]) (format " ~a=\"~a\"" (car a) (escape (format "~a" (cdr a)))))))
  (if (null? kids)
      (format "<~a/>" open)
      (format "<~a>~a</~a>" open (apply string-append (map xexpr->string kids)) tag)))
(xexpr->string '(p "hello " (b "world") "!"))
(xexpr->string '(a ([href "x.html?a=1&b=2"] [id 7]) "link"))
(xexpr->string '(br))
(xexpr->string `(ul ,@(for/list ([i 3]) `(li ,(format "item ~a" i)))))
(xexpr->string "1 < 2")
(with-handlers ([exn:fail? exn-message]) (xexpr->string '(p #t)))
(define (depth x)
  (match x
    [(list _ (list (list _ _) ...) kids ...) (add1 (apply max 0 (map depth kids)))]
    [(list _ kids ...) (add1 (apply max 0 (map depth kids)))]
    [_ 0]))
(map depth '("s" (p) (p "x") (div (p (b "x")) (p))))
(define (find-all tag x)
  (match x
    [(cons (== tag) _) (cons x (append-map (curry find-all tag) (cdr x)))]
    [(cons _ kids) (append-map (curry find-all tag) kids)]
    [_ '()]))
(find-all 'b '(p (b "one") (i (b "two"))))
