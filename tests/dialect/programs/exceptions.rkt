#lang racket
(struct exn:app exn:fail (code))
(define (raise-app code fmt . args)
  (raise (exn:app (apply format fmt args) (current-continuation-marks) code)))

(define (fetch id)
  (cond
    [(not (integer? id)) (raise-argument-error 'fetch "integer?" id)]
    [(negative? id) (raise-app 400 "bad id ~a" id)]
    [(> id 10) (raise-app 404 "no record ~a" id)]
    [(= id 7) (raise 'unlucky)]
    [(= id 5) (/ id 0)]
    [else (* id id)]))

(define (try id)
  (with-handlers ([exn:app? (λ (e) (format "app ~a: ~a" (exn:app-code e) (exn-message e)))]
                  [exn:fail:contract:divide-by-zero? (λ (e) "division")]
                  [exn:fail:contract? (λ (e) "contract")]
                  [symbol? (λ (s) (format "symbol ~a" s))])
    (fetch id)))
(for ([id (list 3 -1 11 7 5 "x")])
  (printf "~s -> ~a\n" id (try id)))

(define log '())
(define (note x) (set! log (cons x log)))
(define result
  (with-handlers ([exn:fail? (λ (e) (note 'handler) 'recovered)])
    (dynamic-wind
     (λ () (note 'enter))
     (λ () (note 'body) (error "fail"))
     (λ () (note 'exit)))))
(list result (reverse log))

(define (retry n thunk)
  (let loop ([k 1])
    (with-handlers ([exn:fail? (λ (e)
                                 (printf "attempt ~a failed: ~a\n" k (exn-message e))
                                 (if (< k n) (loop (add1 k)) (raise e)))])
      (thunk))))
(define calls 0)
(retry 5 (λ () (set! calls (add1 calls)) (if (< calls 3) (error 'service "down (~a)" calls) 'up)))
(with-handlers ([exn? (λ (e) (exn-message e))])
  (retry 2 (λ () (error "always"))))
(with-handlers ([(λ (x) (and (pair? x) (eq? (car x) 'custom))) cdr])
  (raise (list 'custom 1 2)))
(with-handlers ([void (λ (v) (list 'caught v))])
  (with-handlers ([string? string-upcase])
    (raise 42)))
