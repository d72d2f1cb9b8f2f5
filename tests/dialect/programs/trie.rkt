#lang racket
(struct trie ([children #:mutable] [end? #:mutable]))
(define (new-trie) (trie (hash) #f))

(define (trie-insert! t word)
  (let loop ([node t] [chars (string->list word)])
    (match chars
      ['() (set-trie-end?! node #t)]
      [(cons c more)
       (define child (hash-ref (trie-children node) c #f))
       (cond
         [child (loop child more)]
         [else
          (define fresh (new-trie))
          (set-trie-children! node (hash-set (trie-children node) c fresh))
          (loop fresh more)])])))

(define (trie-find t prefix)
  (for/fold ([node t]) ([c prefix] #:break (not node))
    (hash-ref (trie-children node) c #f)))

(define (trie-words node [prefix ""])
  (append
   (if (trie-end? node) (list prefix) '())
   (append-map
    (lambda (c) (trie-words (hash-ref (trie-children node) c) (string-append prefix (string c))))
    (sort (hash-keys (trie-children node)) char<?))))

(define (complete t prefix)
  (define node (trie-find t prefix))
  (if node (trie-words node prefix) '()))

(define t (new-trie))
(for ([w '("car" "card" "care" "cat" "dog" "do")]) (trie-insert! t w))
(displayln (trie-words t))
(displayln (complete t "car"))
(displayln (complete t "do"))
(displayln (complete t "x"))
(printf "contains ~s? ~a\n" "ca" (let ([n (trie-find t "ca")]) (and n (trie-end? n))))
(printf "contains ~s? ~a\n" "cat" (let ([n (trie-find t "cat")]) (and n (trie-end? n))))
