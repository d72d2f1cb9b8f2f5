;;; files.scm -- files by Racket's names, as far as the program may touch them.  What opens them is in Rust
;;; (src/interp/dialect/files.rs).

(define (open-input-file path #:mode [mode 'binary] #:for-module? [module? #f]) (%open-input-file 'open-input-file path))
(define (open-output-file path #:exists [exists 'error] #:mode [mode 'binary])
  (%open-output-file 'open-output-file path exists))

(define (call-with-input-file path use #:mode [mode 'binary])
  (%with-file (%open-input-file 'call-with-input-file path) use))
(define (call-with-output-file path use #:exists [exists 'error] #:mode [mode 'binary])
  (%with-file (%open-output-file 'call-with-output-file path exists) use))
(define call-with-input-file* call-with-input-file)
(define call-with-output-file* call-with-output-file)

(define (with-input-from-file path thunk #:mode [mode 'binary])
  (%with-file (%open-input-file 'with-input-from-file path)
              (lambda (port) (parameterize ([current-input-port port]) (thunk)))))
(define (with-output-to-file path thunk #:exists [exists 'error] #:mode [mode 'binary])
  (%with-file (%open-output-file 'with-output-to-file path exists)
              (lambda (port) (parameterize ([current-output-port port]) (thunk)))))

;; Closed however it is left: nothing comes back to it but by a continuation that was kept.
(define (%with-file port use)
  (dynamic-wind void (lambda () (use port)) (lambda () (close-port port))))

;; ---- whole files

(define (file->string path #:mode [mode 'binary]) (%read-all 'file->string (%open-input-file 'file->string path)))
(define (file->bytes path #:mode [mode 'binary]) (%file-bytes 'file->bytes path))
(define (file->value path #:mode [mode 'binary]) (read (%open-input-file 'file->value path)))
(define (file->list path [read read] #:mode [mode 'binary])
  (port->list read (%open-input-file 'file->list path)))
(define (file->lines path #:mode [mode 'binary] #:line-mode [line-mode 'any])
  (%read-lines 'file->lines (%open-input-file 'file->lines path) line-mode))
(define (file->bytes-lines path #:mode [mode 'binary] #:line-mode [line-mode 'any])
  (map string->bytes/utf-8 (file->lines path #:line-mode line-mode)))

(define (display-to-file value path #:exists [exists 'error] #:mode [mode 'binary])
  (call-with-output-file path (lambda (port) (display value port)) #:exists exists))
(define (write-to-file value path #:exists [exists 'error] #:mode [mode 'binary])
  (call-with-output-file path (lambda (port) (write value port)) #:exists exists))
(define (display-lines-to-file lines path #:separator [end "\n"] #:exists [exists 'error] #:mode [mode 'binary])
  (call-with-output-file path (lambda (port) (display-lines lines port #:separator end)) #:exists exists))

;; ---- folders

(define (directory-list [path "."] #:build? [build? #f])
  (let ([names (%directory-list path)])
    (if build? (map (lambda (name) (build-path path name)) names) names)))
(define (file-or-directory-modify-seconds path . rest) (%modified path))
