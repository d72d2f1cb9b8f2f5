;;; map-reduce.scm -- one long document, chunk by chunk, and one answer of it all.
;;;
;;; Workers are fibers: each takes one chunk after the other.  A failed chunk is told of and left out; what would fail for
;;; every chunk alike (a mistake in the script, a wrong key, no money left) ends the job.
;;;
;;; Family: Combinators

;;@doc
;; (map-reduce document #:map … #:reduce … #:chunk-tokens 6000 #:overlap 350 #:by 'auto #:workers 5 #:assign 'round-robin #:models #f #:each-model #f #:priority 'normal #:on-event #f) -> two values
;;
;; Cuts DOCUMENT into chunks, calls MAP on each, WORKERS at a time, and REDUCE on the list of results. Gives what REDUCE
;; gave, and a summary: a hash of `'total-chunks`, `'processed-chunks`, `'failed-chunks`, `'duration-ms`,
;; `'chunks-per-second`, `'tokens-per-second` and `'models`. A failed chunk is left out of the list and counted; when
;; all fail, the first one's failure is raised.
;;
;; DOCUMENT any: A string or a response, or a list of chunks that are cut already.
;;
;; MAP procedure(chunk info): Of a chunk and a hash of `'id`, `'worker`, `'model` and `'priority`, the last two to be passed on to the
;; call that is made for it.
;;
;; REDUCE procedure(results): Of a list of hashes `'id`, `'worker`, `'model`, `'result` and `'usage`, in the order of the document.
;;
;; CHUNK-TOKENS natural: The most tokens of a chunk.
;;
;; OVERLAP natural: How many tokens of its predecessor a chunk repeats at most.
;;
;; BY symbol: Where chunks should end, as `chunk-text` has it.
;;
;; WORKERS natural: How many chunks are under way at once.
;;
;; ASSIGN symbol: `'round-robin`: chunk N is worker N mod WORKERS's. `'rolling`: who is free takes the next.
;;
;; MODELS any: A list of models, one for each worker, over again when there are more workers; `#f` for `"cheap"`.
;;
;; EACH-MODEL boolean: Whether every chunk goes to every model.
;;
;; PRIORITY symbol: `'high`, `'normal` or `'batch`; MAP finds it in its hash.
;;
;; ON-EVENT procedure(event) or #f: Of a hash whose `'type` is `'chunk-processed` (with `'id`, `'worker`, `'model`, and `'progress` up
;; to 1), `'chunk-failed` (with `'error` as well) or `'job-complete` (with `'summary`).
;;
;; ```scheme
;; (define-values (total summary)
;;   (map-reduce '("one two" "three") #:map (lambda (chunk info) (length (string-split chunk)))
;;               #:reduce (lambda (results) (apply + (map (lambda (r) (hash-ref r 'result)) results)))))
;; (list total (hash-ref summary 'processed-chunks)) ;; => (3 2)
;; ```
(define (map-reduce . given)
  (%called 'map-reduce given
    (lambda (document f g chunk-tokens overlap by workers assign models each-model priority on-event)
      (%at-least 'map-reduce 1 'workers workers)
      (%check-assign assign)
      (let* ([models (if (pair? models) models '("cheap"))]
             [chunks (%document-chunks document chunk-tokens overlap by)]
             [tasks (%tasks chunks (if each-model models '(#f)))]
             [begun (current-inexact-milliseconds)]
             [done (%process tasks f (%queues tasks workers assign) models priority (or on-event void))]
             [results (filter identity (vector->list done))]
             [took (- (current-inexact-milliseconds) begun)]
             [value (%plain (g results))]
             [summary (%job-summary results (length tasks) took)])
        (when on-event (on-event (hash 'type 'job-complete 'summary summary)))
        (values value summary)))))

(define (%check-assign assign)
  (unless (memq assign '(round-robin rolling))
    (%misuse 'map-reduce (format "`#:assign` must be `'round-robin` or `'rolling`, not `~s`" assign))))

(define (%document-chunks document tokens overlap by)
  (cond [(list? document) document]
        [(vector? document) (vector->list document)]
        [else (chunk-text (%plain document) #:tokens tokens #:overlap (min overlap (quotient tokens 2)) #:by by)]))

;; A task is (number id chunk model), the model being #f where it is the worker's.
(define (%tasks chunks models)
  (let ([pairs (append* (for/list ([chunk chunks] [id (in-naturals)])
                          (map (lambda (model) (list id chunk model)) models)))])
    (for/list ([pair pairs] [number (in-naturals)]) (cons number pair))))

;; For each worker a procedure that gives its next task, #f when there is none.
(define (%queues tasks workers assign)
  (define (queue tasks)
    (lambda ()
      (and (pair? tasks)
           (let ([next (car tasks)]) (set! tasks (cdr tasks)) next))))
  (define (own worker)
    (queue (filter (lambda (task) (= worker (modulo (cadr task) workers))) tasks)))
  (if (eq? assign 'rolling)
      (make-list workers (queue tasks))
      (map own (range workers))))

;; The results in the order of the tasks, #f for those that failed.
(define (%process tasks f queues models priority tell)
  (define results (make-vector (length tasks) #f))
  (define ended 0)
  (define first-failure #f)
  (define fatal #f) ; what would fail for every chunk alike
  (define (info task worker)
    (let ([model (or (cadddr task) (list-ref models (modulo worker (length models))))])
      (hash 'id (cadr task) 'worker worker 'model model 'priority priority)))
  (define (event type info)
    (hash-set (hash-set (hash-remove info 'priority) 'type type)
              'progress (exact->inexact (/ ended (length tasks)))))
  (define (run task info)
    (let* ([answer (%awaited (f (caddr task) info))]
           [usage (and (response? answer) (response-usage answer))])
      (set! ended (+ ended 1))
      (vector-set! results (car task)
                   (hash-set (hash-set (hash-remove info 'priority) 'result (%text answer)) 'usage usage))))
  (define (note-failure failure info)
    (set! ended (+ ended 1))
    (unless first-failure (set! first-failure failure))
    (if (%fatal? failure)
        (set! fatal failure)
        (tell (hash-set (event 'chunk-failed info) 'error (%message-of failure)))))
  (define (attempt task info)
    (when (with-handlers ([(lambda (e) #t) (lambda (e) (note-failure e info) #f)])
            (run task info)
            #t)
      (tell (event 'chunk-processed info))))
  (define (work worker next)
    (let ([task (and (not fatal) (next))])
      (when task
        (attempt task (info task worker))
        (work worker next))))
  (%side-by-side 'map-reduce
                 (lambda (worker) (work worker (list-ref queues worker)))
                 (range (min (length queues) (length tasks))))
  (cond [fatal (raise fatal)]
        [(and first-failure (not (ormap identity (vector->list results)))) (raise first-failure)]
        [else results]))

(define (%awaited value) (if (handle? value) (await value) value))

(define (%fatal? failure)
  (or (not (failure? failure))
      (memq (failure-class failure) '(script python auth quota unknown-model))))

(define (%job-summary results total took)
  (let* ([usages (filter identity (map (lambda (result) (hash-ref result 'usage)) results))]
         [tokens (apply + (map (lambda (usage) (+ (hash-ref usage 'input) (hash-ref usage 'output))) usages))]
         [per-second (lambda (n) (if (> took 0) (/ (* n 1000.0) took) 0.0))])
    (hash 'total-chunks total
          'processed-chunks (length results)
          'failed-chunks (- total (length results))
          'duration-ms (exact-round took)
          'chunks-per-second (per-second (length results))
          'tokens-per-second (per-second tokens)
          'models (remove-duplicates (map (lambda (result) (hash-ref result 'model)) results)))))
