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

;; ---- bytes

(define (bytes-append* . all) (apply bytes-append (apply list* all)))
(define (bytes-join all between) (apply bytes-append (add-between all between)))
(define (bytes-fill! bytes byte) (bytes-copy! bytes 0 (make-bytes (bytes-length bytes) byte)))
(define (bytes-copy! to at from [start 0] [end (bytes-length from)])
  (let next ([at at] [piece (bytes->list (subbytes from start end))])
    (unless (null? piece)
      (bytes-set! to at (car piece))
      (next (+ at 1) (cdr piece)))))

;; ---- digests, of bytes or of what a port still has

(define (%digest-of name kind value start end)
  (let ([all (cond [(bytes? value) value]
                   [(input-port? value) (let ([all (port->bytes value)]) (if (eof-object? all) (bytes) all))]
                   [else (raise-argument-error name "(or/c bytes? input-port?)" value)])])
    (%digest kind (if (and (= start 0) (not end)) all (subbytes all start (or end (bytes-length all)))))))
(define (sha1-bytes value [start 0] [end #f]) (%digest-of 'sha1-bytes 'sha1 value start end))
(define (sha256-bytes value [start 0] [end #f]) (%digest-of 'sha256-bytes 'sha256 value start end))
(define (sha224-bytes value [start 0] [end #f]) (%digest-of 'sha224-bytes 'sha224 value start end))
(define (sha1 value [start 0] [end #f]) (bytes->hex-string (%digest-of 'sha1 'sha1 value start end)))
