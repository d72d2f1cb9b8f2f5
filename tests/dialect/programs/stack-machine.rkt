#lang racket
(define (compile-expr e)
  (match e
    [(? number? n) `((push ,n))]
    [(? symbol? s) `((load ,s))]
    [`(,op ,a ,b) `(,@(compile-expr a) ,@(compile-expr b) (,op))]))
(define (compile-stmt s)
  (match s
    [`(set ,x ,e) `(,@(compile-expr e) (store ,x))]
    [`(print ,e) `(,@(compile-expr e) (print))]
    [`(while ,c ,body ...)
     (define test (compile-expr c))
     (define code (append-map compile-stmt body))
     `(,@test (jz ,(+ 2 (length code))) ,@code (jmp ,(- (+ (length test) 1 (length code)))))]))

(define (execute code)
  (define program (list->vector code))
  (define env (make-hash))
  (let loop ([pc 0] [stack '()] [steps 0])
    (cond
      [(or (< pc 0) (>= pc (vector-length program))) steps]
      [(> steps 1000) (error 'execute "too many steps")]
      [else
       (match* ((vector-ref program pc) stack)
         [(`(push ,n) _) (loop (add1 pc) (cons n stack) (add1 steps))]
         [(`(load ,x) _)
          (loop (add1 pc)
                (cons (hash-ref env x (λ () (error 'execute "undefined ~a" x))) stack)
                (add1 steps))]
         [(`(store ,x) (cons v rest)) (hash-set! env x v) (loop (add1 pc) rest (add1 steps))]
         [('(print) (cons v rest)) (displayln v) (loop (add1 pc) rest (add1 steps))]
         [(`(jz ,n) (cons v rest)) (loop (if (eqv? v 0) (+ pc n) (add1 pc)) rest (add1 steps))]
         [(`(jmp ,n) _) (loop (+ pc n) stack (add1 steps))]
         [(`(,op) (list b a rest ...))
          (define f (case op [(+) +] [(-) -] [(*) *] [(<) (λ (x y) (if (< x y) 1 0))]))
          (loop (add1 pc) (cons (f a b) rest) (add1 steps))])])))

(define program
  '((set i 0) (set acc 1)
    (while (< i 5)
      (set i (+ i 1))
      (set acc (* acc i))
      (print acc))))
(define code (append-map compile-stmt program))
(length code)
(take code 4)
(execute code)
(with-handlers ([exn:fail? exn-message])
  (execute (append-map compile-stmt '((print (+ x 1))))))
