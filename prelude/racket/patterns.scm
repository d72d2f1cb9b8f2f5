;;; patterns.scm -- regular expressions whose replacements or selections are procedures, and several matches.
;;;
;;; Matching itself is in Rust (src/interp/dialect/regexps.rs).

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
      (let ([part (if (bytes? input) subbytes substring)])
        (%replaced name (%regexp-parts pattern input start end all? name) insert
                   (if (eqv? start 0) "" (part input 0 start))
                   (if end (part input end) "")))
      (%regexp-replace pattern input insert start end all? name)))

(define (%replaced name parts insert before behind)
  (let next ([parts (cdr parts)] [pieces (list (car parts) before)])
    (if (null? parts)
        (%joined name (reverse (cons behind pieces)))
        (next (cddr parts) (cons (cadr parts) (cons (apply insert (car parts)) pieces))))))

;; Of bytes where a match gives bytes.
(define (%joined name pieces)
  (let ([binary? (ormap bytes? pieces)])
    (for-each (lambda (piece)
                (unless (or (string? piece) (bytes? piece)) (%mistaken name "(or/c string? bytes?)" piece)))
              pieces)
    (if binary?
        (apply bytes-append (map (lambda (piece) (if (string? piece) (string->bytes/utf-8 piece) piece)) pieces))
        (string-append* pieces))))

(define (regexp-replaces input replacements)
  (let next ([text input] [left replacements])
    (if (null? left)
        text
        (next (regexp-replace* (car (car left)) text (cadr (car left))) (cdr left)))))
