#lang racket
;; compile expressions into stack code and run them
(define (compile e)
  (match e
    [(? number? n) `((push ,n))]
    [(? symbol? s) `((load ,s))]
    [`(let ([,x ,v]) ,b) `(,@(compile v) (bind ,x) ,@(compile b) (unbind))]
    [`(if ,c ,t ,f)
     (define tc (compile t))
     (define fc (compile f))
     `(,@(compile c) (jz ,(+ 2 (length tc))) ,@tc (jmp ,(add1 (length fc))) ,@fc)]
    [(list (and op (or '+ '- '* '<)) a b) `(,@(compile a) ,@(compile b) (op ,op))]
    [_ (raise-syntax-error-ish e)]))
(define (raise-syntax-error-ish e) (error 'compile "bad form: ~s" e))
(struct vm (pc stack env) #:transparent)
(define (run code)
  (define prog (list->vector code))
  (let loop ([m (vm 0 '() '())] [steps 0])
    (match-define (vm pc st env) m)
    (if (= pc (vector-length prog))
        (values (car st) steps)
        (loop
         (match (vector-ref prog pc)
           [`(push ,n) (vm (add1 pc) (cons n st) env)]
           [`(load ,x) (vm (add1 pc) (cons (dict-ref env x) st) env)]
           [`(bind ,x) (vm (add1 pc) (cdr st) (cons (cons x (car st)) env))]
           ['(unbind) (vm (add1 pc) st (cdr env))]
           [`(jz ,n) (vm (+ pc (if (memv (car st) '(0 #f)) n 1)) (cdr st) env)]
           [`(jmp ,n) (struct-copy vm m [pc (+ pc n)])]
           [`(op ,o)
            (match-define (list* b a rest) st)
            (define f (cdr (assq o `((+ . ,+) (- . ,-) (* . ,*) (< . ,<)))))
            (vm (add1 pc) (cons (f a b) rest) env)])
         (add1 steps)))))
(compile '(if (< 1 2) (+ 3 4) 0))
(run (compile '(if (< 1 2) (+ 3 4) 0)))
(run (compile '(let ([x 5]) (* x (let ([y (+ x 1)]) (- y x))))))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (compile '(foo)))
(with-handlers ([exn:fail? (λ (e) (displayln (exn-message e)))]) (run (compile 'zz)))
(define (disassemble code)
  (for ([ins code] [i (in-naturals)])
    (printf "~a  ~a ~a\n" (~r i #:min-width 3 #:pad-string "0") (~a (car ins) #:min-width 7)
            (if (null? (cdr ins)) "" (cadr ins)))))
(disassemble (compile '(let ([x 2]) (if x (* x x) 0))))
(define/match (opt e)
  [((list '+ 0 x)) (opt x)]
  [((list '* 1 x)) (opt x)]
  [((list op a b)) (list op (opt a) (opt b))]
  [(x) x])
(opt '(+ 0 (* 1 (- y (+ 0 z)))))
(define sum (match-lambda [(list) 0] [(cons a d) (+ a (sum d))]))
(sum '(1 2 3))
(map (match-lambda* [(list a b) (cons b a)]) '(1 2) '(x y))
(match-let ([(list a (vector b c)) '(1 #(2 3))] [(cons d _) '(4 . 5)]) (list a b c d))
(match* (1 "two") [((? number? n) (? string? s)) (format "~a/~a" n s)] [(_ _) 'no])
(match '(1 2 3 4 5) [(list a b ... c) (list a b c)])
(match '((a 1) (b 2)) [(list (list k v) ...) (map cons k v)])
(match (hash 'a 1 'b 2) [(hash-table ('a x) _ ...) x])
(match "k: v" [(regexp #rx"(.*): (.*)" (list _ k v)) (list k v)])
(match 5 [(and n (? odd?) (app add1 m)) (list n m)])
(match '(1 . 2) [(cons (? number? x) (? number? y)) #:when (< x y) 'ascending] [_ 'other])
(with-handlers ([exn:misc:match? (λ (e) (displayln (exn-message e)))]) (match '(1 2) [(list x) x]))
