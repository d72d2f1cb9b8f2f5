;;; fan-out.scm -- model calls, handles, and procedures that run many things side by side.
;;;
;;; The bookkeeping of a map-async (slots, window, failures) is a group in Rust (group.rs).  Here is only how an item's
;;; procedure is called: one launcher fiber takes items until the window is full.  An item that returns a handle is done
;;; as far as Scheme goes; one that parks makes the scheduler start another launcher, and goes on as a worker.
;;;
;;; The documentation of these procedures is in the table of primitives (src/interp/table).

;; ---- calls

;; The operation's number or, for HANDLE?, its handle.
(define (%submit name args handle?)
  (let ([call (%call! name args handle? (car %dyn))])
    (cond [(not call) (%park! (%wait-for-room!)) (%submit name args handle?)]
          [(vector? call) ; a budget in money: the price first
           (%priced! (vector-ref call 1) (%finished (vector-ref call 0)))
           (%submit name args handle?)]
          [(list? call) (%read-pieces (cadr call) (caddr call)) (car call)]
          [else call])))

;; #:on-token: a fiber of its own hands the pieces to ON-TOKEN, and the call ends when it has had all.
(define (%read-pieces id on-token)
  (let ([dyn %dyn])
    (%reader! id
              (lambda (_)
                (set! %dyn dyn)
                (%pieces-read! id (%outcome-of (lambda () (%hand-over id on-token))))
                (%fiber-done!)
                (%leave!)))))

(define (%hand-over id on-token)
  (let ([piece (%next-piece! id)])
    (cond [(string? piece) (on-token piece) (%hand-over id on-token)]
          [piece (%park! piece) (%hand-over id on-token)]
          [else #f])))

(define (%finished id) (%park! id) (%take-outcome id))

(define (llm-query . args) (%finished (%submit 'llm-query args #f)))
(define (llm-query-async . args) (%submit 'llm-query-async args #t))

(define (unsafe-raw-query . args) (syntax-e (%finished (%submit 'unsafe-raw-query args #f))))

;; A function of the embedding program's.
(define (%call-function name args)
  (%function-value name (%finished (%submit name args #f))))
;; What a session of its own answers.
(define (rlm-query . args) (%finished (%submit 'rlm-query args #f)))
(define (rlm-query-async . args) (%submit 'rlm-query-async args #t))
(define (eval-untrusted . args) (string->json (syntax-e (%finished (%submit 'eval-untrusted args #f)))))

;; ---- handles

(define (%wait-for-any handles)
  (let ([id (%wait-any handles)])
    (when id (%park! id))))

(define (await handle)
  (%wait-for-any (list handle))
  (%result handle))

(define (await-all handles)
  (unless (list? handles) (raise-argument-error 'await-all "list?" handles))
  (map (lambda (handle) (%text (await handle))) handles))

(define (await-any handles)
  (%wait-for-any handles)
  (let ([first (%first-done handles)])
    (%values (%text (%result first)) (filter (lambda (h) (not (equal? h first))) handles))))

(define (cancel handle)
  (when (%cancel! handle) (%leave!))) ; it was part of what it cancelled

(define (spawn thunk) (%spawn (%checked 'spawn 'thunk thunk) #f))

(define (%spawn thunk deadline)
  (let ([dyn %dyn])
    (%spawn! (lambda (_)
               (set! %dyn dyn)
               (%spawned! (%outcome-of thunk))
               (%leave!))
             deadline)))

(define (sleep seconds)
  (%finished (%sleep! seconds)))

(define (with-deadline seconds thunk . options)
  (let ([otherwise (vector-ref (%options 'with-deadline options) 0)]
        [handle (%spawn (%checked 'with-deadline 'thunk thunk) seconds)])
    (%wait-for-any (list handle))
    (if (and otherwise (%expired? handle))
        (otherwise)
        (%result handle))))

;; ---- many items

(define (map-async f items . options)
  (%fan-out 'map-async f items (%options 'map-async options)))

(define (parallel thunks . options)
  (%fan-out 'parallel (lambda (thunk) (thunk)) thunks (%options 'parallel options)))

(define (race thunks)
  (%fan-out 'race (lambda (thunk) (thunk)) thunks (%options 'race '())))

(define (for-each-async f items . options)
  (%fan-out 'for-each-async f items (%options 'for-each-async options))
  (void))

;; CONSUME runs in the caller's fiber; leaving it by an error or a continuation cancels the rest.
(define (map-async-stream f items consume . options)
  (let ([options (%options 'map-async-stream options)])
    (%checked 'map-async-stream 'consume consume)
    (%streamed 'map-async-stream f items consume options)))

(define (%streamed name f items consume options)
  (let ([group (%begin name f items options #t)])
    (dynamic-wind
     (lambda () #t)
     (lambda () (%consume group consume) (%take-outcome group) (void))
     (lambda () (%cancel-group! group)))))

(define (%consume group consume)
  (let ([next (%next-result! group)])
    (cond [(list? next) (consume (car next) (cadr next)) (%consume group consume)]
          [next (%park! next) (%consume group consume)]
          [else #f])))

;; ---- one question of many texts: failed items are strings, here alone

(define (parallel-query template chunks . options)
  (%ask-all 'parallel-query (lambda (chunk) (%filled template chunk)) chunks options))

(define (llm-batch prompts . options)
  (%ask-all 'llm-batch (lambda (prompt) prompt) prompts options))

(define (%ask-all name prompt items options)
  (let ([fan-out (%options name options)]
        [ask (lambda (item) (apply llm-query-async (%call-options options (prompt item))))])
    (%fan-out name ask items
              (vector (vector-ref fan-out 0) %error-text #f #f (vector-ref fan-out 4)))))

;; A mistake in the program is no answer.
(define (%error-text failure item)
  (if (member (failure-class failure) '(script python))
      (raise failure)
      (string-append "Error: " (failure-message failure))))

;; ---- vectors: a batch of texts is one call, and the first one's failure is the whole's

(define (llm-embed texts . options)
  (let ([outcome (%outcome-of (lambda () (%embed (%embedding-batches texts) options)))])
    (if (car outcome) (%vectors (cdr outcome)) (raise (%first-failure (cdr outcome))))))

(define (%embed batches options)
  (%fan-out 'llm-embed
            (lambda (batch) (%submit 'llm-embed (cons batch options) #t))
            batches
            (vector 10 (lambda (failure batch) (raise failure)) #f #f #f))) ; no more of them begin

(define (%first-failure failure)
  (if (equal? (failure-class failure) 'items)
      (car (filter failure? (failure-results failure)))
      failure))

;; OPTIONS: max-concurrent on-error on-progress deadline label
(define (%fan-out name f items options)
  (%finished (%begin name f items options #f)))

(define (%begin name f items options streaming?)
  (let* ([items (list->vector (%items name f items))] ; mutable: the collector marks it once, not once a fiber
         [on-error (vector-ref options 1)]
         [on-progress (vector-ref options 2)]
         [handler (and (procedure? on-error) on-error)])
    (%group! (vector-length items)
             (%launcher f items handler %dyn)
             (and on-progress (%teller on-progress %dyn))
             streaming?
             options)))

(define (%launcher f items handler dyn)
  (lambda (_)
    (set! %dyn dyn)
    (%work f items handler)
    (%leave!)))

;; Runs items until there is none to take.  The scheduler knows which item the running fiber is at.
(define (%work f items handler)
  (let ([outcome (%outcome-of (lambda () (%run-items f items handler)))])
    (unless (car outcome)
      (when (%item-failed! (cdr outcome))
        (%work f items handler)))))

(define (%run-items f items handler)
  (let ([failed (and handler (%take-failed!))])
    (if failed
        (begin
          (%put! (handler (cadr failed) (vector-ref items (car failed))))
          (%run-items f items handler))
        (let ([i (%take!)])
          (when i
            (%put! (f (vector-ref items i)))
            (%run-items f items handler))))))

(define (%teller on-progress dyn)
  (lambda (_)
    (set! %dyn dyn)
    (let ([outcome (%outcome-of (lambda () (%tell on-progress)))])
      (unless (car outcome) (%fail-group! (cdr outcome))))
    (%leave!)))

(define (%tell on-progress)
  (let ([counts (%next-progress!)])
    (when counts
      (apply on-progress counts)
      (%tell on-progress))))

;; ---- the end

(define (finish value) (%finish! value) (%end))
(define (finish-var name)
  (%finish-var! name (cdr (%outcome-of (lambda () (raise 'here))))) ; a failure knows its place
  (%end))

;; What it is given may be the variable's name or, as a slip, its value.
(define (%final-variable name)
  (if (string? name) (finish-var name) (finish name)))

(define (%end)
  (when (%looping?) (%leave!))
  (raise 'finished)) ; outside a fiber: passes every handler, since the program is ending
