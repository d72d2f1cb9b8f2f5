;;; srfi-13.scm -- srfi/13: what it has more than the language itself, or otherwise.
;;;
;;; Expanded into a program that requires it.  A character, a predicate and a set of characters stand for each other.

(provide string-prefix? string-suffix? string-prefix-ci? string-suffix-ci? string-prefix-length string-suffix-length string-prefix-length-ci
         string-suffix-length-ci string-contains-ci string-tokenize string-filter string-delete string-unfold
         string-unfold-right string-skip-right string-concatenate-reverse string-concatenate/shared
         string-append/shared substring/shared string-join string-trim string-trim-right string-trim-both
         string-replace string-compare string-compare-ci string= string<> string< string> string<= string>= string-ci=
         string-ci<> string-ci< string-ci> string-ci<= string-ci>= reverse-list->string xsubstring
         string-for-each-index)

(define (test-of what) (if (char? what) (lambda (c) (char=? c what)) what))
(define (part text start end) (substring text start (or end (string-length text))))

(define (common same? a b)
  (let loop ([a a] [b b] [n 0])
    (if (and (pair? a) (pair? b) (same? (car a) (car b))) (loop (cdr a) (cdr b) (+ n 1)) n)))
(define (backwards text) (reverse (string->list text)))
(define (string-prefix-length a b) (common char=? (string->list a) (string->list b)))
(define (string-suffix-length a b) (common char=? (backwards a) (backwards b)))
(define (string-prefix-length-ci a b) (common char-ci=? (string->list a) (string->list b)))
(define (string-suffix-length-ci a b) (common char-ci=? (backwards a) (backwards b)))
;; What is looked for comes first here.
(define (string-prefix? a b) (= (string-prefix-length a b) (string-length a)))
(define (string-suffix? a b) (= (string-suffix-length a b) (string-length a)))
(define (string-prefix-ci? a b) (= (string-prefix-length-ci a b) (string-length a)))
(define (string-suffix-ci? a b) (= (string-suffix-length-ci a b) (string-length a)))
(define (string-contains-ci text part)
  (let ([size (string-length part)])
    (for/first ([at (in-range 0 (+ 1 (- (string-length text) size)))]
                #:when (string-ci=? part (substring text at (+ at size))))
      at)))

(define (string-tokenize text [token char-graphic?] [start 0] [end #f])
  (let ([in? (test-of token)])
    (let loop ([left (backwards (part text start end))] [word '()] [words '()])
      (let ([all (if (null? word) words (cons (list->string word) words))])
        (cond [(null? left) all]
              [(in? (car left)) (loop (cdr left) (cons (car left) word) words)]
              [else (loop (cdr left) '() all)])))))
(define (string-filter keep text [start 0] [end #f])
  (list->string (filter (test-of keep) (string->list (part text start end)))))
(define (string-delete drop text [start 0] [end #f])
  (let ([drop? (test-of drop)])
    (list->string (filter (lambda (c) (not (drop? c))) (string->list (part text start end))))))

(define (unfolded stop? f next seed)
  (let loop ([seed seed] [all '()]) (if (stop? seed) all (loop (next seed) (cons (f seed) all)))))
(define (string-unfold stop? f next seed [base ""] [final (lambda (seed) "")])
  (string-append base (list->string (reverse (unfolded stop? f next seed)))))
(define (string-unfold-right stop? f next seed [base ""] [final (lambda (seed) "")])
  (string-append (list->string (unfolded stop? f next seed)) base))
(define (reverse-list->string chars) (list->string (reverse chars)))

(define (string-skip-right text what [start 0] [end #f])
  (let ([same? (test-of what)])
    (let loop ([at (- (or end (string-length text)) 1)])
      (and (>= at start) (if (same? (string-ref text at)) (loop (- at 1)) at)))))
(define (string-trim text [what char-whitespace?] [start 0] [end #f])
  (list->string (dropf (string->list (part text start end)) (test-of what))))
(define (string-trim-right text [what char-whitespace?] [start 0] [end #f])
  (list->string (reverse (dropf (backwards (part text start end)) (test-of what)))))
(define (string-trim-both text [what char-whitespace?] [start 0] [end #f])
  (string-trim-right (string-trim text what start end) what))

(define (string-concatenate-reverse texts [final ""] [end #f])
  (string-append (string-append* (reverse texts)) (part final 0 end)))
(define (string-concatenate/shared texts) (string-append* texts))
(define (string-append/shared . texts) (string-append* texts))
(define (substring/shared text start [end #f]) (part text start end))
(define (string-join texts [between " "] [grammar 'infix])
  (case grammar
    [(prefix) (string-append* (map (lambda (text) (string-append between text)) texts))]
    [(suffix) (string-append* (map (lambda (text) (string-append text between)) texts))]
    [else (string-append* (add-between texts between))]))
(define (string-replace text other start end [from 0] [to #f])
  (string-append (substring text 0 start) (part other from to) (substring text end)))
(define (xsubstring text from [to (+ from (string-length text))])
  (build-string (- to from) (lambda (i) (string-ref text (modulo (+ from i) (string-length text))))))
(define (string-for-each-index f text [start 0] [end #f])
  (for ([i (in-range start (or end (string-length text)))]) (f i)))

;; Where they begin to differ goes to one of three procedures.
(define (compared same? less? at a b if-less if-same if-more)
  (let ([n (at a b)])
    (cond [(= n (string-length a)) (if (= n (string-length b)) (if-same n) (if-less n))]
          [(= n (string-length b)) (if-more n)]
          [(less? (string-ref a n) (string-ref b n)) (if-less n)]
          [else (if-more n)])))
(define (string-compare a b if-less if-same if-more)
  (compared char=? char<? string-prefix-length a b if-less if-same if-more))
(define (string-compare-ci a b if-less if-same if-more)
  (compared char-ci=? char-ci<? string-prefix-length-ci a b if-less if-same if-more))
(define (no n) #f)
(define (yes n) n)
(define (string= a b) (string=? a b))
(define (string<> a b) (string-compare a b yes no yes))
(define (string< a b) (string-compare a b yes no no))
(define (string> a b) (string-compare a b no no yes))
(define (string<= a b) (string-compare a b yes yes no))
(define (string>= a b) (string-compare a b no yes yes))
(define (string-ci= a b) (string-compare-ci a b no yes no))
(define (string-ci<> a b) (string-compare-ci a b yes no yes))
(define (string-ci< a b) (string-compare-ci a b yes no no))
(define (string-ci> a b) (string-compare-ci a b no no yes))
(define (string-ci<= a b) (string-compare-ci a b yes yes no))
(define (string-ci>= a b) (string-compare-ci a b no yes yes))
