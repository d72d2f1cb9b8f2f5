#lang racket
(define (render template env)
  (regexp-replace* #px"\\{\\{\\s*(\\w+)(?:\\|(\\w+))?\\s*\\}\\}" template
                   (lambda (all name filter-name)
                     (define v (hash-ref env (string->symbol name) (lambda () (format "<~a?>" name))))
                     (define text (~a v))
                     (case filter-name
                       [("upper") (string-upcase text)]
                       [("title") (string-titlecase text)]
                       [("len") (number->string (string-length text))]
                       [(#f) text]
                       [else (error 'render "unknown filter ~a" filter-name)]))))

(define env (hash 'name "ada lovelace" 'count 3 'items '(a b)))
(displayln (render "Dear {{name|title}}, you have {{ count }} items: {{items}}." env))
(displayln (render "{{missing}} {{name|upper}} {{name|len}}" env))
(displayln (with-handlers ([exn:fail? exn-message]) (render "{{name|bogus}}" env)))

(define (render-list template envs) (string-join (map (curry render template) envs) "\n"))
(displayln (render-list "* {{x}}^2 = {{y}}" (for/list ([i 4]) (hash 'x i 'y (* i i)))))

(define (expand-vars s)
  (let loop ([s s])
    (match (regexp-match #rx"^(.*)\\$([a-z]+)(.*)$" s)
      [(list _ before var after)
       (string-append (loop before) (string-upcase var) after)]
      [#f s])))
(displayln (expand-vars "path is $home/$user/end"))
(displayln (regexp-replace* #rx"-([a-z])" "camel-case-this-name" (lambda (_ c) (string-upcase c))))
(displayln (regexp-replace* #px"([A-Z])" "snakeCaseThisName" (lambda (_ c) (string-append "_" (string-downcase c)))))
(displayln (string-replace "a.b.c" "." "::"))
