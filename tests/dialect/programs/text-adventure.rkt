#lang racket
(define world
  (hash 'hall (hash 'text "A dusty hall." 'exits (hash 'north 'library 'east 'cellar) 'items '(lamp))
        'library (hash 'text "Shelves of books." 'exits (hash 'south 'hall) 'items '(book scroll))
        'cellar (hash 'text "Dark and damp." 'exits (hash 'west 'hall) 'items '())))
(struct state (room bag rooms turns) #:transparent)
(define (room-of s) (hash-ref (state-rooms s) (state-room s)))
(define (look s)
  (define r (room-of s))
  (printf "~a Exits: ~a.~a\n"
          (hash-ref r 'text)
          (string-join (map symbol->string (sort (hash-keys (hash-ref r 'exits)) symbol<?)) ", ")
          (if (null? (hash-ref r 'items)) "" (format " You see ~a." (string-join (map ~a (hash-ref r 'items)) " and ")))))
(define (update-items s f)
  (struct-copy state s
               [rooms (hash-update (state-rooms s) (state-room s)
                                   (λ (r) (hash-update r 'items f)))]))
(define (act s command)
  (define next (struct-copy state s [turns (add1 (state-turns s))]))
  (match (map string->symbol (string-split command))
    [(list 'look) (look s) next]
    [(list 'go dir)
     (define target (hash-ref (hash-ref (room-of s) 'exits) dir #f))
     (cond
       [target (define moved (struct-copy state next [room target])) (look moved) moved]
       [else (printf "You cannot go ~a.\n" dir) next])]
    [(list 'take item)
     #:when (memq item (hash-ref (room-of s) 'items))
     (printf "Taken: ~a.\n" item)
     (struct-copy state (update-items next (curry remq item)) [bag (cons item (state-bag s))])]
    [(list 'take item) (printf "There is no ~a here.\n" item) next]
    [(list (or 'inventory 'inv 'i)) (printf "You carry ~a.\n" (state-bag s)) next]
    [(list word _ ...) (printf "I do not know how to ~a.\n" word) next]
    [_ s]))
(define end
  (for/fold ([s (state 'hall '() world 0)])
            ([c '("look" "take lamp" "take lamp" "go north" "take scroll" "look" "go up" "dance now" "inv" "")])
    (printf "> ~a\n" c)
    (act s c)))
(state-turns end)
(state-bag end)
