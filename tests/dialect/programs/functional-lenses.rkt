#lang racket
(struct lens (get set))
(define (over l f x) ((lens-set l) x (f ((lens-get l) x))))
(define (view l x) ((lens-get l) x))
(define (lens-compose . ls)
  (match ls
    [(list l) l]
    [(list outer more ...)
     (define inner (apply lens-compose more))
     (lens (λ (x) (view inner (view outer x)))
           (λ (x v) (over outer (λ (y) ((lens-set inner) y v)) x)))]))
(define (key k) (lens (λ (h) (hash-ref h k)) (λ (h v) (hash-set h k v))))
(define (index i) (lens (λ (l) (list-ref l i)) (λ (l v) (list-set l i v))))
(define data
  (hash 'users (list (hash 'name "ann" 'tags '(a b))
                     (hash 'name "bob" 'tags '()))))
(define second-name (lens-compose (key 'users) (index 1) (key 'name)))
(view second-name data)
(view second-name (over second-name string-upcase data))
(view second-name data)
(define first-tags (lens-compose (key 'users) (index 0) (key 'tags)))
(view first-tags (over first-tags (λ (ts) (cons 'new ts)) data))
(define (deep-map f x)
  (cond
    [(hash? x) (for/hash ([(k v) x]) (values k (deep-map f v)))]
    [(list? x) (map (curry deep-map f) x)]
    [else (f x)]))
(define shouted (deep-map (λ (v) (if (string? v) (string-append v "!") v)) data))
(map (view (key 'name) (hash 'name (λ (u) (hash-ref u 'name)))) (hash-ref shouted 'users))
(define (paths x [prefix '()])
  (cond
    [(hash? x)
     (append* (for/list ([k (sort (hash-keys x) symbol<?)]) (paths (hash-ref x k) (cons k prefix))))]
    [(and (list? x) (pair? x))
     (append* (for/list ([v x] [i (in-naturals)]) (paths v (cons i prefix))))]
    [else (list (cons (reverse prefix) x))]))
(for-each (λ (p) (printf "~a = ~s\n" (string-join (map ~a (car p)) ".") (cdr p))) (paths data))
(define (get-in x . path)
  (for/fold ([x x]) ([p path])
    (if (hash? x) (hash-ref x p #f) (list-ref x p))))
(get-in data 'users 0 'tags 1)
(get-in data 'nothing)
