#lang racket/base
(require racket/string racket/port)

(define (make-builder)
  (let ([port (open-output-string)] [indent 0])
    (define (line . parts)
      (display (make-string (* 2 indent) #\space) port)
      (for-each (lambda (p) (display p port)) parts)
      (newline port))
    (define-syntax-rule (indented body ...)
      (begin (set! indent (add1 indent)) body ... (set! indent (sub1 indent))))
    (define (block head . lines)
      (line head " {")
      (indented (for ([l lines]) (if (procedure? l) (l) (line l))))
      (line "}"))
    (values line block (lambda () (get-output-string port)))))

(define-values (line block result) (make-builder))
(line "// generated")
(block "class Point"
       "int x;"
       "int y;"
       (lambda () (block "int sum()" "return x + y;")))
(display (result))

(define (html tag #:attrs [attrs '()] . children)
  (define attr-text
    (string-append* (map (lambda (a) (format " ~a=~s" (car a) (cdr a))) attrs)))
  (format "<~a~a>~a</~a>" tag attr-text (string-append* children) tag))
(displayln (html 'ul #:attrs '((class . "list") (id . "x"))
                 (html 'li "one")
                 (html 'li (html 'b "two"))))
(displayln (with-output-to-string
             (lambda ()
               (for ([i 3])
                 (printf "~a;" i)))))
(displayln (call-with-output-string (lambda (out) (write "quoted" out) (write-char #\! out))))
