#lang racket
(require racket/generic)
(define-generics shape
  (area shape)
  (scale shape factor)
  (describe shape #:prefix [prefix])
  #:fallbacks [(define (describe s #:prefix [p "a "]) (format "~ashape ~a" p s))]
  #:defaults ([number? (define (area n) n)]))
(struct circle (r) #:transparent
  #:methods gen:shape
  [(define (area c) (* 3 (circle-r c) (circle-r c)))
   (define (scale c f) (circle (* f (circle-r c))))])
(struct rect (w h) #:transparent
  #:methods gen:shape
  [(define/generic generic-area area)
   (define (area r) (* (rect-w r) (rect-h r)))
   (define (describe r #:prefix [p ""]) (format "~arect ~a" p (generic-area r)))])
(map area (list (circle 2) (rect 3 4) 7))
(scale (circle 1) 5)
(describe (circle 1))
(describe (rect 1 2) #:prefix "> ")
(shape? (circle 1))
(shape? 5)
(shape? "x")
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (area "x"))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (scale (rect 1 2) 3))
(define-values (prop:speed has-speed? speed-of) (make-struct-type-property 'speed))
(struct car2 (name) #:property prop:speed 120)
(list (has-speed? (car2 "a")) (has-speed? 5) (speed-of (car2 "b")))
area
