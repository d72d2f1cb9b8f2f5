#lang racket
;; A tiny stack VM and a compiler from expressions.
(struct instr (op arg) #:transparent)
(define (compile-expr e env)
  (match e
    [(? number? n) (list (instr 'push n))]
    [(? symbol? s) (list (instr 'load (index-of env s)))]
    [`(let ([,x ,v]) ,body)
     (append (compile-expr v env) (list (instr 'store (length env))) (compile-expr body (append env (list x))))]
    [`(if ,c ,t ,e)
     (define ct (compile-expr t env))
     (define ce (compile-expr e env))
     (append (compile-expr c env) (list (instr 'jz (+ 1 (length ct)))) ct (list (instr 'jmp (length ce))) ce)]
    [`(,(and op (or '+ '- '* '< '=)) ,a ,b)
     (append (compile-expr a env) (compile-expr b env) (list (instr op #f)))]))
(define (run code)
  (define v (list->vector code))
  (define locals (make-vector 16 0))
  (let loop ([pc 0] [stack '()] [steps 0])
    (cond
      [(>= pc (vector-length v)) (values (car stack) steps)]
      [else
       (match-define (instr op arg) (vector-ref v pc))
       (define-syntax-rule (binary f) (match stack [(list* b a rest) (loop (add1 pc) (cons (f a b) rest) (add1 steps))]))
       (case op
         [(push) (loop (add1 pc) (cons arg stack) (add1 steps))]
         [(load) (loop (add1 pc) (cons (vector-ref locals arg) stack) (add1 steps))]
         [(store) (vector-set! locals arg (car stack)) (loop (add1 pc) (cdr stack) (add1 steps))]
         [(jz) (if (eqv? 0 (car stack)) (loop (+ pc 1 arg) (cdr stack) (add1 steps)) (loop (add1 pc) (cdr stack) (add1 steps)))]
         [(jmp) (loop (+ pc 1 arg) stack (add1 steps))]
         [(+) (binary +)]
         [(-) (binary -)]
         [(*) (binary *)]
         [(<) (binary (λ (a b) (if (< a b) 1 0)))]
         [(=) (binary (λ (a b) (if (= a b) 1 0)))])])))
(define programs
  '((+ 1 (* 2 3))
    (let ([x 5]) (* x x))
    (let ([x 3]) (let ([y 4]) (+ (* x x) (* y y))))
    (if (< 1 2) 10 20)
    (if (= 1 2) 10 (let ([z 7]) (- z 1)))))
(for ([p programs] [i (in-naturals 1)])
  (define code (compile-expr p '()))
  (define-values (result steps) (run code))
  (printf "~a. ~s = ~a in ~a steps (~a instrs)\n" i p result steps (length code)))
(compile-expr '(if (< 1 2) 3 4) '())
(for ([c (compile-expr '(let ([x 1]) (+ x 2)) '())])
  (match c
    [(instr op #f) (printf "  ~a\n" op)]
    [(instr op arg) (printf "  ~a ~a\n" (~a op #:width 6) arg)]))
(with-handlers ([exn:fail? (λ (e) (displayln (car (string-split (exn-message e) "\n"))))]) (compile-expr '(bad form) '()))
