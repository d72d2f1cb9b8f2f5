;;; How fast the language is beside CPython, which does the same in the same process.
;;;
;;; Run: cargo run --release -- run benches/dialect.scm --offline
;;; Each line: what is done with 100,000 elements, the best of five in milliseconds here and there, and the ratio.

(define n 100000)

(define numbers (for/list ([i n]) (modulo (* i 7919) 100003)))
(define words (map number->string numbers))
(define text (string-join words " "))

(py-set! "numbers" numbers)
(py-set! "words" words)
(py-set! "text" text)
(py-exec "
import re, time
from collections import *
def best(f):
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        f()
        times.append(time.perf_counter() - begun)
    return min(times) * 1000
")

(define (best f)
  (for/fold ([least +inf.0]) ([_ 5])
    (let ([begun (current-inexact-milliseconds)])
      (f)
      (min least (- (current-inexact-milliseconds) begun)))))

(define (compare what f python)
  (let ([here (best f)]
        [there (py-eval (string-append "def f():\n" python "\nbest(f)"))])
    (printf "~a ~a ~a ~a\n"
            (~a what #:width 34)
            (~r here #:precision '(= 1) #:min-width 8)
            (~r there #:precision '(= 1) #:min-width 8)
            (~r (/ here there) #:precision '(= 1) #:min-width 6))))

(printf "~a ~a ~a ~a\n" (~a "" #:width 34) " here ms" " CPython" " ratio")

(compare "hash-set!, integer keys"
         (lambda () (let ([h (make-hash)]) (for ([x (in-list numbers)]) (hash-set! h x x)) h))
         "    d = {}\n    for x in numbers: d[x] = x")
(compare "hash-set!, string keys"
         (lambda () (let ([h (make-hash)]) (for ([x (in-list words)]) (hash-set! h x #t)) h))
         "    d = {}\n    for x in words: d[x] = True")
(compare "hash-update!, counting"
         (lambda () (let ([h (make-hash)]) (for ([x (in-list numbers)]) (hash-update! h (modulo x 100) add1 0)) h))
         "    d = {}\n    for x in numbers:\n        k = x % 100\n        d[k] = d.get(k, 0) + 1")
(compare "hash-ref"
         (let ([h (for/hash ([x (in-list numbers)]) (values x x))])
           (lambda () (for/sum ([x (in-list numbers)]) (hash-ref h x 0))))
         "    global d\n    s = 0\n    for x in numbers: s += D.get(x, 0)\nD = {x: x for x in numbers}")
(compare "for/fold, a sum"
         (lambda () (for/fold ([s 0]) ([x (in-list numbers)]) (+ s x)))
         "    s = 0\n    for x in numbers: s = s + x")
(compare "for/list over in-range"
         (lambda () (for/list ([i (in-range n)]) (* i i)))
         "    return [i * i for i in range(100000)]")
(compare "string-split"
         (lambda () (string-split text))
         "    return text.split()")
(compare "regexp-match*"
         (lambda () (regexp-match* #px"[0-9]+" text))
         "    return re.findall(r'[0-9]+', text)")
(compare "sort by <"
         (lambda () (sort numbers <))
         "    return sorted(numbers)")
(compare "sort by string<?"
         (lambda () (sort words string<?))
         "    return sorted(words)")
(compare "sort, #:key string-length"
         (lambda () (sort words < #:key string-length))
         "    return sorted(words, key=len)")
(compare "sort by a procedure of its own"
         (lambda () (sort numbers (lambda (a b) (> (modulo a 1000) (modulo b 1000)))))
         "    import functools\n    return sorted(numbers, key=functools.cmp_to_key(lambda a, b: (b % 1000) - (a % 1000)))")
