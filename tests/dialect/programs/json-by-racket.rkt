#lang racket
(require json)

(define raw "{\"model\": \"tiny\", \"usage\": {\"prompt\": 12, \"completion\": 30}, \"choices\": [{\"text\": \"Hello\\nworld\", \"p\": 0.25}, {\"text\": \"Hi \\u00e9\", \"p\": 0.5}], \"ok\": true, \"err\": null}")

(define j (string->jsexpr raw))
(hash-ref j 'model)
(hash-ref (hash-ref j 'usage) 'prompt)
(for ([c (hash-ref j 'choices)])
  (printf "~s ~a\n" (hash-ref c 'text) (hash-ref c 'p)))
(hash-ref j 'ok)
(eq? (hash-ref j 'err) (json-null))

(define (path obj . keys)
  (for/fold ([o obj]) ([k keys])
    (cond [(hash? o) (hash-ref o k)]
          [(list? o) (list-ref o k)]
          [else (error 'path "cannot descend into ~e with ~e" o k)])))
(path j 'choices 1 'p)
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))])
  (path j 'model 'x))
(jsexpr->string (list 1 2.5 "three" #t (json-null)))
(jsexpr->string (hash 'a 1))
(jsexpr? (hash 'a 'b))

;; own pretty printer with sorted keys
(define (show v [ind 0])
  (define pad (make-string ind #\space))
  (cond
    [(hash? v)
     (displayln "{")
     (define keys (sort (hash-keys v) symbol<?))
     (for ([k keys] [i (in-naturals 1)])
       (printf "~a  \"~a\": " pad k)
       (show (hash-ref v k) (+ ind 2))
       (unless (= i (length keys)) (display ","))
       (newline))
     (printf "~a}" pad)]
    [(list? v)
     (display "[")
     (for ([x v] [i (in-naturals)])
       (unless (zero? i) (display ", "))
       (show x (+ ind 2)))
     (display "]")]
    [(eq? v (json-null)) (display "null")]
    [(boolean? v) (display (if v "true" "false"))]
    [else (write v)]))
(show j)
(newline)
(define total (apply + (hash-values (hash-ref j 'usage))))
(printf "total tokens: ~a\n" total)
(with-handlers ([exn:fail? (λ (e) (displayln "bad json"))])
  (string->jsexpr "{\"a\": }"))
(write-json '("x" 1))
(newline)
(read-json (open-input-string "[1, 2, {\"k\": []}]"))
