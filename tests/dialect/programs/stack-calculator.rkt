#lang racket
(define (rpn str)
  (define (binary f stack)
    (match stack
      [(list* b a rest) (cons (f a b) rest)]
      [_ (raise 'stack-underflow)]))
  (define result
    (for/fold ([stack '()]) ([tok (string-split str)])
      (match tok
        ["+" (binary + stack)]
        ["-" (binary - stack)]
        ["*" (binary * stack)]
        ["/" (binary / stack)]
        ["dup" (cons (car stack) stack)]
        ["swap" (match stack [(list* a b rest) (list* b a rest)])]
        [(app string->number (? number? n)) (cons n stack)]
        [(regexp #px"^sqrt$") (cons (sqrt (car stack)) (cdr stack))]
        [other (raise-user-error 'rpn "unknown word ~s" other)])))
  (match result
    [(list x) x]
    [(list) (error "empty stack")]
    [(list xs ...) (error "left over:" xs)]))
(for ([s '("1 2 +" "3 4 + 2 *" "5 dup *" "1 2 swap -" "9 sqrt" "1 3 /" "1.5 2 *"
           "1 +" "1 2" "bogus" "1 0 /" "")])
  (printf "~a => ~a\n" (~s s)
          (with-handlers ([symbol? (λ (s) (format "symbol ~a" s))]
                          [exn:fail:user? (λ (e) (string-append "user: " (exn-message e)))]
                          [exn:fail? (λ (e) (string-append "fail: " (exn-message e)))])
            (rpn s))))
