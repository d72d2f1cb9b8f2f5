#lang racket
(struct zipper (left focus right) #:transparent)
(define (list->zipper l) (zipper '() (first l) (rest l)))
(define (forward z)
  (match z
    [(zipper l f (cons r rs)) (zipper (cons f l) r rs)]
    [_ z]))
(define (back z)
  (match z
    [(zipper (cons l ls) f r) (zipper ls l (cons f r))]
    [_ z]))
(define (edit z f) (struct-copy zipper z [focus (f (zipper-focus z))]))
(define (insert z x) (struct-copy zipper z [left (cons x (zipper-left z))]))
(define (zipper->list z)
  (match-define (zipper l f r) z)
  (append (reverse l) (cons f r)))
(define (repeat n f) (apply compose1 (make-list n f)))
(define z (list->zipper '(1 2 3 4)))
z
((repeat 2 forward) z)
(zipper->list (edit ((repeat 2 forward) z) (curry * 100)))
(zipper->list (insert (forward z) 'new))
(equal? z (back (forward z)))
((repeat 10 forward) z)
(zipper-focus (back ((repeat 3 forward) z)))
;; An editor on strings
(struct editor (before after))
(define (type ed str) (editor (append (reverse (string->list str)) (editor-before ed)) (editor-after ed)))
(define (left ed [n 1])
  (for/fold ([ed ed]) ([_ n])
    (match ed
      [(editor (cons c cs) after) (editor cs (cons c after))]
      [_ ed])))
(define (delete ed) (match ed [(editor (cons _ cs) after) (editor cs after)] [_ ed]))
(define (text ed) (list->string (append (reverse (editor-before ed)) (cons #\| (editor-after ed)))))
(define ed (editor '() '()))
(text (type ed "helo"))
(text (type (left (type ed "helo")) "l"))
(text (delete (left (type ed "hello") 2)))
(text (left (type ed "ab") 10))
