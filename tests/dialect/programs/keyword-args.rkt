#lang racket
(define (make-request url #:method [method 'GET] #:headers [headers '()] #:body [body #f] #:retries [retries 3])
  (string-join
   (append
    (list (format "~a ~a" method url))
    (for/list ([h headers]) (format "~a: ~a" (car h) (cdr h)))
    (list (format "retries=~a" retries))
    (if body (list (format "body=~s" body)) '()))
   "; "))
(displayln (make-request "/users"))
(displayln (make-request "/users" #:method 'POST #:body "data"))
(displayln (make-request #:retries 0 "/x" #:headers '(("Accept" . "json"))))

(define (box-text text #:width [width (+ 4 (string-length text))] #:border [b #\*])
  (define line (make-string width b))
  (define inner (~a text #:width (- width 4) #:align 'center))
  (string-append line "\n" (string b) " " inner " " (string b) "\n" line))
(displayln (box-text "hello"))
(displayln (box-text "hi" #:width 12 #:border #\#))

(define (summary #:title title . numbers)
  (format "~a: n=~a sum=~a" title (length numbers) (apply + numbers)))
(displayln (summary 1 2 3 #:title "first"))
(displayln (apply summary #:title "applied" '(4 5)))
(displayln (keyword-apply summary '(#:title) '("kw") '(6)))

(define partial
  (lambda (x [y 10] #:z [z 100]) (list x y z)))
(displayln (partial 1))
(displayln (partial 1 2 #:z 3))
(define (sorter #:by [by <] #:key [key values]) (lambda (l) (sort l by #:key key)))
(displayln ((sorter) '(3 1 2)))
(displayln ((sorter #:by > #:key string-length) '("a" "ccc" "bb")))
(with-handlers ([exn:fail? (lambda (e) (displayln "missing keyword"))])
  (summary 1 2))
