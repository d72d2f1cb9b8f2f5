#lang racket
(define (run program [input ""])
  (define code (list->vector (string->list program)))
  (define jumps
    (let loop ([i 0] [stack '()] [table (hasheqv)])
      (cond
        [(= i (vector-length code))
         (unless (null? stack) (error 'run "unmatched [ at ~a" (car stack)))
         table]
        [else
         (case (vector-ref code i)
           [(#\[) (loop (add1 i) (cons i stack) table)]
           [(#\]) (when (null? stack) (error 'run "unmatched ] at ~a" i))
                  (loop (add1 i) (cdr stack)
                        (hash-set* table i (car stack) (car stack) i))]
           [else (loop (add1 i) stack table)])])))
  (define tape (make-vector 100 0))
  (define in (open-input-string input))
  (with-output-to-string
    (lambda ()
      (let loop ([pc 0] [ptr 0])
        (when (< pc (vector-length code))
          (define (cell) (vector-ref tape ptr))
          (define (add n) (vector-set! tape ptr (modulo (+ (cell) n) 256)))
          (case (vector-ref code pc)
            [(#\>) (loop (add1 pc) (add1 ptr))]
            [(#\<) (loop (add1 pc) (sub1 ptr))]
            [(#\+) (add 1) (loop (add1 pc) ptr)]
            [(#\-) (add -1) (loop (add1 pc) ptr)]
            [(#\.) (write-char (integer->char (cell))) (loop (add1 pc) ptr)]
            [(#\,)
             (define c (read-char in))
             (vector-set! tape ptr (if (eof-object? c) 0 (char->integer c)))
             (loop (add1 pc) ptr)]
            [(#\[) (loop (if (zero? (cell)) (add1 (hash-ref jumps pc)) (add1 pc)) ptr)]
            [(#\]) (loop (if (zero? (cell)) (add1 pc) (hash-ref jumps pc)) ptr)]
            [else (loop (add1 pc) ptr)]))))))
(run "++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.>++.")
(run ",[.,]" "echo!")
(run ">,[>,]<[.<]" "reverse")
(with-handlers ([exn:fail? exn-message]) (run "[[]"))
(with-handlers ([exn:fail? exn-message]) (run "+]"))
