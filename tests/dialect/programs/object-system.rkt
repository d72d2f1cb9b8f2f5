#lang racket/base
(require racket/match racket/list)
;; Objects as closures, with inheritance by delegation.
(define (make-shape name)
  (lambda (self msg . args)
    (case msg
      [(name) name]
      [(area) (error 'shape "no area for ~a" name)]
      [(describe) (format "~a with area ~a" (send self 'name) (send self 'area))]
      [else (error 'shape "unknown message: ~a" msg)])))
(define (send obj msg . args) (apply obj obj msg args))
(define (make-square side)
  (define super (make-shape "square"))
  (lambda (self msg . args)
    (case msg
      [(area) (* side side)]
      [(grow!) (set! side (+ side (car args))) self]
      [else (apply super self msg args)])))
(define (make-circle r)
  (define super (make-shape "circle"))
  (lambda (self msg . args)
    (match (cons msg args)
      [(list 'area) (* 3.0 r r)]
      [(list 'name) (string-append "big " (super self 'name))]
      [_ (apply super self msg args)])))
(define shapes (list (make-square 3) (make-circle 2) (make-shape "blob")))
(for ([s shapes])
  (displayln (with-handlers ([exn:fail? (lambda (e) (exn-message e))])
               (send s 'describe))))
(define sq (first shapes))
(void (send (send sq 'grow! 1) 'grow! 2))
(displayln (send sq 'area))
(with-handlers ([exn:fail? (lambda (e) (displayln (exn-message e)))])
  (send sq 'fly))
(define total
  (for/sum ([s shapes])
    (with-handlers ([void (lambda (_) 0)]) (send s 'area))))
total
(sort (map (lambda (s) (send s 'name)) shapes) string<?)
