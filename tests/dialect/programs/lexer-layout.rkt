#lang racket/base
(require racket/string racket/list racket/match)
;; Indentation to a tree, and the tree back to S-expressions.
(define source
  (string-join '("server" "  host localhost" "  ports" "    80" "    443" "client" "  name test" "done") "\n"))
(define (indent-of line)
  (let loop ([i 0]) (if (char=? #\space (string-ref line i)) (loop (add1 i)) i)))
(define lines
  (for/list ([l (in-list (string-split source "\n"))] #:unless (string=? "" (string-trim l)))
    (cons (indent-of l) (string-trim l))))
(define (parse lines level)
  ;; -> nodes, rest
  (match lines
    [(cons (cons n text) more)
     #:when (= n level)
     (define-values (kids after)
       (match more
         [(cons (cons m _) _) #:when (> m level) (parse more m)]
         [_ (values '() more)]))
     (define-values (siblings rest) (parse after level))
     (values (cons (cons text kids) siblings) rest)]
    [_ (values '() lines)]))
(define-values (tree left-over) (parse lines 0))
(write tree)
(newline)
(null? left-over)
(define (node->sexp n)
  (match n
    [(list text) (let ([parts (string-split text)])
                   (if (= 1 (length parts))
                       (atom (car parts))
                       (map atom parts)))]
    [(cons text kids) (cons (atom text) (map node->sexp kids))]))
(define (atom s) (or (string->number s) (string->symbol s)))
(map node->sexp tree)
(define (show n [depth 0])
  (printf "~a~a\n" (make-string (* 2 depth) #\.) (car n))
  (for-each (lambda (k) (show k (add1 depth))) (cdr n)))
(for-each show tree)
(define (count-nodes ns) (apply + (length ns) (map (lambda (n) (count-nodes (cdr n))) ns)))
(count-nodes tree)
(define (lookup ns . path)
  (let loop ([ns ns] [path path])
    (define found (findf (lambda (n) (equal? (car (string-split (car n))) (car path))) ns))
    (cond [(not found) #f]
          [(null? (cdr path)) found]
          [else (loop (cdr found) (cdr path))])))
(lookup tree "server" "ports")
(lookup tree "server" "host")
(lookup tree "nothing")
