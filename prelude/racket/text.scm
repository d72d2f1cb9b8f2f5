;;; text.scm -- procedures on strings and patterns that call procedures.
;;;
;;; The rest is in Rust (src/interp/dialect: strings, words, chars, regexps).  A predicate may be a character or a string
;;; where SRFI 13 has it so.

;; ---- strings by character

(define (build-string count make)
  (%chars->string 'build-string
                  (let next ([i (- count 1)] [chars '()])
                    (if (< i 0) chars (next (- i 1) (cons (make i) chars))))))

(define (%all-chars texts) (map string->list texts))

(define (string-for-each visit text . texts)
  (apply for-each visit (%shortest-list (%all-chars (cons text texts)))))

(define (string-map change text . texts)
  (%chars->string 'string-map (apply map change (%shortest-list (%all-chars (cons text texts))))))

;; Lists cut to the length of the shortest, as R7RS has it.
(define (%shortest-list lists)
  (if (null? (cdr lists))
      lists
      (let ([least (apply min (map length lists))])
        (map (lambda (items) (take items least)) lists))))

(define (%char-test what)
  (if (procedure? what) what (lambda (c) (eqv? c what))))

(define (string-index text what [start 0] [end #f])
  (%index-in-text 'string-index text what start end #f))

(define (string-index-right text what [start 0] [end #f])
  (%index-in-text 'string-index-right text what start end #t))

(define (string-rindex text what [start 0] [end #f])
  (%index-in-text 'string-rindex text what start end #t))

(define (string-find-next-char text char) (%index-in-text 'string-find-next-char text char 0 #f #f))
(define (string-find-first-index test text) (%index-in-text 'string-find-first-index text test 0 #f #f))

(define (%index-in-text name text what start end last?)
  (if (procedure? what)
      (%search what (string->list text start end) start last?)
      (%string-index name text what start end last?)))

(define (%search test chars start last?)
  (let next ([chars chars] [i start] [found #f])
    (cond [(null? chars) found]
          [(not (test (car chars))) (next (cdr chars) (+ i 1) found)]
          [last? (next (cdr chars) (+ i 1) i)]
          [else i])))

(define (string-skip text what [start 0] [end #f])
  (let ([same? (%char-test what)])
    (%search (lambda (c) (not (same? c))) (string->list text start end) start #f)))

(define (string-count text what [start 0] [end #f])
  (let ([same? (%char-test what)])
    (let next ([chars (string->list text start end)] [n 0])
      (cond [(null? chars) n]
            [(same? (car chars)) (next (cdr chars) (+ n 1))]
            [else (next (cdr chars) n)]))))

(define (string-any what text [start 0] [end #f])
  (let ([same? (%char-test what)])
    (let next ([chars (string->list text start end)])
      (if (null? chars) #f (or (same? (car chars)) (next (cdr chars)))))))

(define (string-every what text [start 0] [end #f])
  (let ([same? (%char-test what)])
    (let next ([chars (string->list text start end)] [last #t])
      (if (null? chars)
          last
          (let ([value (same? (car chars))])
            (and value (next (cdr chars) value)))))))

(define (string-filter what text)
  ;; SRFI 13 has the predicate first, SRFI 140 the string.
  (if (string? what)
      (string-filter text what)
      (list->string (filter (%char-test what) (string->list text)))))

(define (string-delete what text)
  (if (string? what)
      (string-delete text what)
      (let ([same? (%char-test what)])
        (list->string (filter (lambda (c) (not (same? c))) (string->list text))))))

(define (string-fold visit init text)
  (let next ([chars (string->list text)] [value init])
    (if (null? chars) value (next (cdr chars) (visit (car chars) value)))))

(define (string-fold-right visit init text)
  (let next ([chars (reverse (string->list text))] [value init])
    (if (null? chars) value (next (cdr chars) (visit (car chars) value)))))

(define (string-tabulate make count) (build-string count make))

(define (char-ascii? char) (< (char->integer char) 128))

;; ---- patterns

(define (regexp-match* pattern input [start 0] [end #f] [prefix #f]
                       #:match-select [select #f] #:gap-select? [gaps? #f])
  (cond [(and (not select) (not gaps?)) (%regexp-match* pattern input start end)]
        [else
         (let ([pick (or select car)])
           (let next ([parts (%regexp-parts pattern input start end #t 'regexp-match*)] [found '()])
             ;; A gap, the groups of a match, a gap, ..., a gap.
             (let* ([gap (car parts)]
                    [found (if gaps? (cons gap found) found)])
               (if (null? (cdr parts))
                   (reverse found)
                   (next (cddr parts) (cons (pick (cadr parts)) found))))))]))

(define (regexp-match-positions* pattern input [start 0] [end #f] [prefix #f] #:match-select [select #f])
  (if select
      (map select (%regexp-match-positions* pattern input start end #t))
      (%regexp-match-positions* pattern input start end #f)))

(define (regexp-replace pattern input insert [prefix #f])
  (%replace 'regexp-replace pattern input insert 0 #f #f))

(define (regexp-replace* pattern input insert [start 0] [end #f] [prefix #f])
  (%replace 'regexp-replace* pattern input insert start end #t))

(define (%replace name pattern input insert start end all?)
  (if (procedure? insert)
      (%replaced name (%regexp-parts pattern input start end all? name) insert
                 (if (eqv? start 0) "" (substring input 0 start))
                 (if end (substring input end) ""))
      (%regexp-replace pattern input insert start end all? name)))

(define (%replaced name parts insert before behind)
  (let next ([parts (cdr parts)] [pieces (list (car parts) before)])
    (if (null? parts)
        (%joined name (reverse (cons behind pieces)))
        (next (cddr parts) (cons (cadr parts) (cons (apply insert (car parts)) pieces))))))

(define (%joined name pieces)
  (for-each (lambda (piece)
              (unless (string? piece) (%mistaken name "string?" piece)))
            pieces)
  (string-append* pieces))

(define (regexp-replaces input replacements)
  (let next ([text input] [left replacements])
    (if (null? left)
        text
        (next (regexp-replace* (car (car left)) text (cadr (car left))) (cdr left)))))

;; ---- numbers

(define pi 3.141592653589793)
(define euler 2.718281828459045)

(define (integer-sqrt n) (car (%integer-sqrt 'integer-sqrt n)))
(define (integer-sqrt/remainder n) (apply values (%integer-sqrt 'integer-sqrt/remainder n)))
(define (exact-integer-sqrt n) (apply values (%integer-sqrt 'exact-integer-sqrt n)))

(define (quotient/remainder n d) (values (quotient n d) (remainder n d)))
(define (truncate/ n d) (values (truncate-quotient n d) (truncate-remainder n d)))
(define (floor/ n d) (values (floor-quotient n d) (floor-remainder n d)))
(define (exact-integer/ n d) (values (quotient n d) (remainder n d)))

(define (~r number #:sign [sign #f] #:base [base 10] #:precision [precision 6] #:notation [notation 'positional]
            #:format-exponent [exponent #f] #:min-width [least 1] #:pad-string [pad " "]
            #:groups [groups '(3)] #:group-sep [separator ""] #:decimal-sep [point "."])
  (let ([notation (if (procedure? notation) (notation number) notation)])
    (%~r number #:sign sign #:base base #:precision precision #:notation notation
         #:format-exponent exponent #:min-width least #:pad-string pad
         #:groups groups #:group-sep separator #:decimal-sep point)))
