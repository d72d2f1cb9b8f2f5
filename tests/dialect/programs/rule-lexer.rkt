#lang racket
(define rules
  `((,#px"^\\s+" . skip) (,#px"^//[^\n]*" . skip)
    (,#px"^(let|if|else|fn|return)\\b" . keyword)
    (,#px"^[A-Za-z_]\\w*" . ident) (,#px"^\\d+\\.\\d+" . float) (,#px"^\\d+" . int)
    (,#px"^\"(?:[^\"\\\\]|\\\\.)*\"" . string) (,#px"^(==|<=|>=|!=|[-+*/<>=(){};,])" . punct)))
(struct tok (type text line col) #:transparent)
(define (lex src)
  (let loop ([pos 0] [line 1] [col 1] [acc '()])
    (cond
      [(= pos (string-length src)) (reverse acc)]
      [else
       (define-values (type text)
         (let try ([rs rules])
           (if (null? rs)
               (error 'lex "line ~a, column ~a: unexpected ~s" line col (string-ref src pos))
               (let ([m (regexp-match (caar rs) src pos)])
                 (if m (values (cdar rs) (car m)) (try (cdr rs)))))))
       (define newlines (for/sum ([c text]) (if (char=? c #\newline) 1 0)))
       (define next-col (if (zero? newlines) (+ col (string-length text)) (- (string-length text) (caar (reverse (regexp-match-positions* #rx"\n" text))))))
       (loop (+ pos (string-length text)) (+ line newlines) next-col
             (if (eq? type 'skip) acc (cons (tok type text line col) acc)))])))
(define src "let x = 3.14; // pi\nfn f(a, b) {\n  return a <= b;\n}\nlet s = \"he said \\\"hi\\\"\";")
(for ([t (lex src)]) (printf "~a:~a ~a ~s\n" (tok-line t) (tok-col t) (~a (tok-type t) #:width 8) (tok-text t)))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (lex "let a = 1;\nlet @ = 2;"))
(define counts (for/fold ([h (hasheq)]) ([t (lex src)]) (hash-update h (tok-type t) add1 0)))
(sort (hash->list counts) symbol<? #:key car)
(first (lex "x"))
(regexp-match #px"(\\w+)@(\\w+)\\.com" "mail bob@site.com now")
(regexp-match-positions #px"(\\w+)@(\\w+)" "mail bob@site")
(regexp-replace* #rx"[aeiou]" "programming" "<&>")
(regexp-replace* #px"(\\w)(\\w*)" "hello big world" (λ (all a b) (string-append (string-upcase a) b)))
