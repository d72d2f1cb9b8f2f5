#lang racket
(define source #<<ASM
; computes 5!
      set a 5
      set r 1
loop: jz a end
      mul r a
      dec a
      jmp loop
end:  out r
      halt
ASM
  )
(define (strip-comment line) (car (regexp-match #rx"^[^;]*" line)))
(define (parse line)
  (match (string-split (strip-comment line))
    ['() #f]
    [(list (regexp #rx"^(.*):$" (list _ label)) rest ...) (cons label rest)]
    [words (cons #f words)]))
(define parsed (filter values (map parse (string-split source "\n"))))
(define labels
  (for/hash ([p parsed] [i (in-naturals)] #:when (car p)) (values (car p) i)))
(define program (list->vector (map cdr parsed)))
(define (operand regs x) (or (string->number x) (hash-ref regs x 0)))
(define (run program #:max-steps [limit 100])
  (let loop ([pc 0] [regs (hash)] [out '()] [steps 0])
    (when (> steps limit) (error 'run "step limit of ~a reached" limit))
    (define (next regs [out out]) (loop (add1 pc) regs out (add1 steps)))
    (match (vector-ref program pc)
      [(list "set" r v) (next (hash-set regs r (operand regs v)))]
      [(list "mul" r v) (next (hash-update regs r (λ (x) (* x (operand regs v)))))]
      [(list "dec" r) (next (hash-update regs r sub1))]
      [(list "out" r) (next regs (cons (operand regs r) out))]
      [(list "jmp" l) (loop (hash-ref labels l) regs out (add1 steps))]
      [(list "jz" r l)
       (if (zero? (operand regs r))
           (loop (hash-ref labels l) regs out (add1 steps))
           (next regs))]
      [(list "halt") (values (reverse out) steps)]
      [(list op _ ...) (error 'run "bad instruction ~a at ~a" op pc)])))
(vector-length program)
(sort (hash->list labels) < #:key cdr)
(define-values (out steps) (run program))
(printf "output ~a in ~a steps\n" out steps)
(with-handlers ([exn:fail? exn-message]) (run (vector '("jmp" "end") '("nop") '("x") '("x") '("x") '("x") '("nop"))))
(with-handlers ([exn:fail? exn-message]) (run program #:max-steps 3))
(vector-ref program 2)
