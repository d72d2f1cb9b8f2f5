#lang racket
;; Parser and evaluator for arithmetic, by recursive descent over a list of characters.
(struct parser (chars) #:mutable)

(define (peek p) (if (null? (parser-chars p)) #f (car (parser-chars p))))
(define (advance! p)
  (define c (peek p))
  (set-parser-chars! p (cdr (parser-chars p)))
  c)
(define (skip-spaces! p)
  (when (and (peek p) (char-whitespace? (peek p)))
    (advance! p)
    (skip-spaces! p)))

(define (parse-number p)
  (let loop ([digits '()])
    (if (and (peek p) (or (char-numeric? (peek p)) (char=? (peek p) #\.)))
        (loop (cons (advance! p) digits))
        (string->number (list->string (reverse digits))))))

(define (parse-factor p)
  (skip-spaces! p)
  (define c (peek p))
  (cond
    [(not c) (error "unexpected end of input")]
    [(char=? c #\() (advance! p)
                    (begin0 (parse-expr p)
                            (skip-spaces! p)
                            (unless (eqv? (peek p) #\)) (error "expected )"))
                            (advance! p))]
    [(char=? c #\-) (advance! p) (list 'neg (parse-factor p))]
    [(char-numeric? c) (parse-number p)]
    [else (error 'parse "unexpected ~s" c)]))

(define ((parse-binary next ops) p)
  (let loop ([left (next p)])
    (skip-spaces! p)
    (define op (assv (peek p) ops))
    (cond
      [op (advance! p) (loop (list (cdr op) left (next p)))]
      [else left])))

(define parse-term (parse-binary parse-factor '((#\* . *) (#\/ . /))))
(define parse-expr (parse-binary (lambda (p) (parse-term p)) '((#\+ . +) (#\- . -))))

(define (evaluate tree)
  (match tree
    [(? number? n) n]
    [(list 'neg e) (- (evaluate e))]
    [(list op a b)
     (define f (cdr (assq op (list (cons '+ +) (cons '- -) (cons '* *) (cons '/ /)))))
     (f (evaluate a) (evaluate b))]))

(define (calc str)
  (define p (parser (string->list str)))
  (define tree (parse-expr p))
  (skip-spaces! p)
  (if (peek p)
      (error 'calc "trailing input at ~s" (list->string (parser-chars p)))
      tree))

(for ([s '("1 + 2 * 3" "(1 + 2) * 3" "10 / 4" "-(2 + 3) * 2" "2 * (3" "1.5 + 1" "7 7" "x")])
  (with-handlers ([exn:fail? (lambda (e) (printf "~a => error: ~a\n" s (exn-message e)))])
    (define tree (calc s))
    (printf "~a => ~s = ~a\n" s tree (evaluate tree))))
