#lang racket
;; Judges the suite by Racket itself: every assertion of tests/dialect/*.scm, every program of tests/dialect/programs.
;; Run it after a change to either: `racket tests/dialect/verify.rkt [--fill] [FILE …]`. It prints what differs, and
;; fails if anything does.
;; Bessemer's own tests need no Racket.
;;
;; --fill   writes what Racket gives in place of `=> ?` in the assertions, and each program's .out
(require racket/runtime-path)
(define-runtime-path here ".")

(define fill? #f)
(define files
  (command-line #:once-each [("--fill") "write what Racket gives" (set! fill? #t)]
                #:args files (map (lambda (f) (path->complete-path f)) files)))
(define differing 0)
(define judged 0)

(define (differs! fmt . args)
  (set! differing (add1 differing))
  (apply printf fmt args)
  (newline))

;; What a module's text prints when it runs, as `racket FILE` would run it; what it raises is printed after it.
(define (output-of text)
  (define port (open-output-string))
  (let/ec exit
    (parameterize ([current-output-port port]
                   [current-namespace (make-base-namespace)]
                   [read-accept-reader #t]
                   [exit-handler (lambda (_) (exit))]
                   [print-as-expression #t]
                   [error-print-source-location #t]
                   [current-command-line-arguments (vector)])
      (with-handlers ([exn? (lambda (e) (printf "\n@@died ~a\n" (exn-message e)))])
        (define in (open-input-string text))
        (port-count-lines! in)
        (parameterize ([current-module-declare-name (make-resolved-module-path 'program)])
          (eval (namespace-syntax-introduce (read-syntax 'program in))))
        (define configuration '(submod 'program configure-runtime))
        (when (module-declared? configuration #t)
          (dynamic-require configuration #f))
        (dynamic-require ''program #f)
        (when (module-declared? '(submod 'program main) #t)
          (dynamic-require '(submod 'program main) #f)))))
  (get-output-string port))

;; --- assertions ---

(define harness (file->string (build-path here "harness.scm")))

;; R7RS forms that Racket lacks come from a shim, so that Racket can judge that file as well.
(define r7rs-shim
  (format "(require (file ~s))\n"
          (path->string (simplify-path (path->complete-path (build-path here "r7rs-shim.rkt"))))))
(define (prelude path)
  (if (regexp-match? #rx"r7rs" (path->string path)) r7rs-shim ""))

(define (numbered text)
  (string-join
   (for/list ([line (string-split text "\n" #:trim? #f)] [i (in-naturals 1)])
     (regexp-replace #rx"^[(](check|check-output|check-error)(?=[ \n]|$)" line (format "(\\1 ~a" i)))
   "\n"))

(define (judge-assertions path)
  (when fill? (fill-assertions path))
  (define text (file->string path))
  (define name (file-name-from-path path))
  (define output (output-of (string-append "#lang racket\n" (prelude path) harness (numbered text))))
  (define wanted (length (regexp-match* #rx"(?m:^[(]check)" text)))
  (define seen 0)
  (let loop ([rest output])
    (match (regexp-match #px"\n@@(pass|fail|output|message) ([0-9]+)\n(.*)$" rest)
      [(list _ kind line more)
       (set! seen (add1 seen))
       (cond
         [(equal? kind "pass") (loop (string-append "\n" more))]
         [else
          (match-define (list _ body after) (regexp-match #px"^(.*?)\n@@end(\n.*)$" more))
          (match* (kind (string-split body "\n@@wanted\n" #:trim? #f))
            [("fail" _) (differs! "~a:~a: ~a" name line body)]
            [("output" (list got want))
             (unless (equal? got want) (differs! "~a:~a: printed ~s, wanted ~s" name line got want))]
            [("message" (list got want))
             (unless (string-contains? got want) (differs! "~a:~a: raised ~s, wanted ~s" name line got want))])
          (loop after)])]
      [#f (void)]))
  (set! judged (+ judged seen))
  (match (regexp-match #rx"\n@@died (.*)$" output)
    [(list _ message) (differs! "~a: ~a" name message)]
    [#f (unless (= seen wanted) (differs! "~a: ~a of ~a assertions ran" name seen wanted))]))

;; Writes values in place of question marks. Forms are evaluated one by one, as at a prompt.
(define (fill-assertions path)
  (define text (file->string path))
  (define in (open-input-string text))
  (port-count-lines! in) ; else places count bytes
  (define ns (make-base-namespace))
  (parameterize ([current-namespace ns])
    (namespace-require 'racket)
    (when (regexp-match? #rx"r7rs" (path->string path))
      (namespace-require `(file ,(path->string (simplify-path (path->complete-path (build-path here "r7rs-shim.rkt"))))))))
  (define fills
    (let loop ([fills '()])
      (define stx (read-syntax path in))
      (if (eof-object? stx)
          fills
          (loop
           (match (syntax->datum stx)
             [(list (and kind (or 'check 'check-output 'check-error)) expr '=> '?)
              (define place (sub1 (syntax-position (last (syntax->list stx)))))
              (cons (cons place (parameterize ([current-namespace ns]) (given kind expr path))) fills)]
             [(list (or 'check 'check-output 'check-error) _ ...) fills]
             [form (parameterize ([current-namespace ns] [current-output-port (open-output-nowhere)]) (eval form)) fills])))))
  (unless (null? fills)
    (define filled
      (for/fold ([text text]) ([fill fills])
        (string-append (substring text 0 (car fill)) (cdr fill) (substring text (add1 (car fill))))))
    (call-with-output-file path #:exists 'truncate (lambda (out) (write-string filled out)))))

(define (given kind expr path)
  (define (said e) (if (exn? e) (exn-message e) (format "~s" e)))
  (with-handlers ([void (lambda (e)
                          (define message (said e))
                          (unless (eq? kind 'check-error) (differs! "~a: ~s raised ~a" path expr message))
                          (if (eq? kind 'check-error) (format "~s" message) "?"))])
    (match kind
      ['check (let ([v (eval expr)]) (if (void? v) (begin (differs! "~a: ~s is void" path expr) "?") (format "~s" v)))]
      ['check-output (format "~s" (with-output-to-string (lambda () (eval expr))))]
      ['check-error (eval expr) (differs! "~a: ~s raised nothing" path expr) "?"])))

;; --- programs ---

;; A program without `#lang` is one of `#lang racket`, or of R7RS when it begins with its import.
(define (as-module text)
  (cond
    [(regexp-match? #rx"^#lang" text) text]
    [(regexp-match #rx"^[(]import [^\n]*\n(.*)$" text)
     => (lambda (found) (string-append "#lang racket\n(require srfi/9)\n" r7rs-shim (cadr found)))]
    [else (string-append "#lang racket\n" text)]))

(define (judge-program path)
  (define text (file->string path))
  (define out (path-replace-extension path ".out"))
  (define output (output-of (as-module text)))
  (set! judged (add1 judged))
  (match (regexp-match #rx"\n@@died (.*)$" output)
    [(list _ message) (differs! "~a: ~a" (file-name-from-path path) message)]
    [#f
     (when fill? (call-with-output-file out #:exists 'truncate (lambda (port) (write-string output port))))
     (unless (and (file-exists? out) (equal? output (file->string out)))
       (differs! "~a: prints something else than its .out" (file-name-from-path path)))]))

(for ([path (if (null? files)
                (append (directory-list here #:build? #t) (directory-list (build-path here "programs") #:build? #t))
                files)])
  (define name (path->string (file-name-from-path path)))
  (cond
    [(equal? name "harness.scm") (void)]
    [(regexp-match? #rx"[.]scm$" name) (judge-assertions path)]
    [(regexp-match? #rx"programs/[^/]*[.]rkt$" (path->string path)) (judge-program path)]))
(printf "~a judged, ~a differ\n" judged differing)
(exit (if (zero? differing) 0 1))
