#lang racket
;; Steps of a pipeline over a fake model that answers by rules.
(define calls '())
(define (ask instruction data)
  (set! calls (cons (cons instruction (string-length data)) calls))
  (cond
    [(string-prefix? instruction "Summarize")
     (string-append (first (string-split data ".")) ".")]
    [(regexp-match? #rx"(?i:classify)" instruction)
     (if (regexp-match? #px"\\b(?i:refund|broken|angry)\\b" data) "complaint" "praise")]
    [(string-contains? instruction "JSON")
     (format "{\"words\": ~a}" (length (string-split data)))]
    [else (error 'ask "no rule for ~s" instruction)]))
(define mails
  '("I want a refund. The kettle is broken." "Lovely service. Will come again." "Angry does not cover it. Call me."))
(define (pipeline . steps) (λ (x) (for/fold ([x x]) ([s steps]) (s x))))
(define ((asking instruction) x) (ask instruction x))
(define triage
  (for/list ([m mails] [i (in-naturals 1)])
    (define label (string->symbol (ask "Classify this mail" m)))
    (hash 'id i 'label label 'summary ((asking "Summarize in a sentence") m))))
(for ([t triage])
  (printf "#~a [~a] ~a\n" (hash-ref t 'id) (hash-ref t 'label) (hash-ref t 'summary)))
(define by-label
  (for/fold ([h (hasheq)]) ([t triage])
    (hash-update h (hash-ref t 'label) (λ (l) (cons (hash-ref t 'id) l)) '())))
(for/list ([k '(complaint praise)]) (cons k (reverse (hash-ref by-label k '()))))
((pipeline (asking "Summarize") string-upcase (λ (s) (string-trim s "."))) (first mails))
(define (extract-int s) (string->number (second (regexp-match #px":\\s*(\\d+)" s))))
(map (compose1 extract-int (asking "Return JSON")) mails)
(with-handlers ([exn:fail? (λ (e) (printf "failed: ~a\n" (exn-message e)))])
  (ask "Translate" "x"))
(length calls)
(argmax cdr (remove-duplicates calls #:key car))
(define confusion
  (for*/list ([want '(complaint praise)] [got '(complaint praise)])
    (for/sum ([t triage] [w '(complaint praise complaint)])
      (if (and (eq? w want) (eq? got (hash-ref t 'label))) 1 0))))
confusion
