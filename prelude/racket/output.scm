;;; output.scm -- ports, and what is written to them and read from them.
;;;
;;; The current ports are parameters, so a fiber's output can be turned away without touching another's.  As long as
;;; nothing ever was, the natives (src/interp/dialect: ports, output) write to the script's own output without asking.

(define current-output-port (make-parameter (%stdout) %as-current-output))
(define current-error-port (make-parameter (%stderr) (lambda (port) (%as-output-port 'current-error-port port))))
(define current-input-port (make-parameter (%stdin) %as-current-input))

(define eof (eof-object))

;; Parameters are closures of one piece of program.
(define (parameter? value) (%same-code? value current-output-port))

;; #f stands for the script's own output.
(define (%out) (if (%redirected?) (current-output-port) #f))

(define (%in port) (if (null? port) (current-input-port) (car port)))

;; ---- writing

(define (display value . port) (%prepare value '(display)) (%display (%out) value port))
(define (write value . port) (%prepare value '(write)) (%write (%out) value port))
(define (print value . port) (%prepare value '(print)) (%print (%out) value port))
(define (displayln value . port) (%prepare value '(display)) (%displayln (%out) value port))
(define (writeln value . port) (%prepare value '(write)) (%writeln (%out) value port))
(define (println value . port) (%prepare value '(print)) (%println (%out) value port))
(define (newline . port) (%newline (%out) port))
(define (write-char char . port) (%write-char (%out) char port))
(define (write-string text . port+range) (%write-string (%out) text port+range))
(define (write-bytes bytes . port) (%write-bytes (%out) bytes port))
(define write-simple write)
(define write-shared write)

(define (display-lines lines [port (current-output-port)] #:separator [end "\n"])
  (for-each (lambda (line) (display line port) (display end port)) lines))

(define (printf template . values)
  (%prepare values %styles)
  (%printf (%out) 'printf template values))
(define (eprintf template . values)
  (%prepare values %styles)
  (%printf (current-error-port) 'eprintf template values))
(define (fprintf port template . values)
  (%prepare values %styles)
  (%printf port 'fprintf template values))
(define (format template . values)
  (%prepare values %styles)
  (%format template values))

;; Records that print themselves do it before the others, since no native can call them.
(define %styles '(display write print))
(define (%prepare value styles)
  (when (%customs?)
    (for-each (lambda (record)
                (let ([print-it (%record-property record 'prop:custom-write)])
                  (for-each (lambda (style)
                              (%keep-text! record style
                                           (call-with-output-string
                                            (lambda (port)
                                              (print-it record port (%mode-of style (if (eq? styles %styles) (memq record value) (eq? record value))))))))
                            styles)))
              (%customs-in value))))
(define (%mode-of style whole?)
  (cond [(eq? style 'display) #f]
        [(eq? style 'write) #t]
        [whole? 0]
        [else 1]))

;; A value of a module's top level; of one in #lang scheme as `write` shows it.
(define (%show value) (%show-by println value))
(define (%show-written value) (%show-by writeln value))
(define (%show-by show value)
  (for-each (lambda (one)
              (unless (void? one) (show one)))
            (%values->list value)))

;; Ways of printing and reading that are not there: each has the value that Racket begins with, and takes no other.
(define (%only name value)
  (make-parameter value
                  (lambda (new)
                    (unless (equal? (and new #t) (and value #t))
                      (%raise-contract name ": only " (%printed value) " is supported here"))
                    new)))
(define print-graph (%only 'print-graph #f))
(define print-struct (%only 'print-struct #t))
(define print-box (%only 'print-box #t))
(define print-hash-table (%only 'print-hash-table #t))
(define print-vector-length (%only 'print-vector-length #f))
(define print-unreadable (%only 'print-unreadable #t))
(define print-as-expression (%only 'print-as-expression #t))
(define print-boolean-long-form (%only 'print-boolean-long-form #f))
(define print-reader-abbreviations (%only 'print-reader-abbreviations #f))
(define read-case-sensitive (%only 'read-case-sensitive #t))
(define read-decimal-as-inexact (%only 'read-decimal-as-inexact #t))
(define error-print-width (make-parameter 256))
(define error-print-source-location (make-parameter #t))

(define pretty-print-columns (make-parameter 79))
(define pretty-print-depth (make-parameter #f))
(define (pretty-print value . port) (%displayln (%out) (%pretty 'print value (%columns)) port))
(define (pretty-write value . port) (%displayln (%out) (%pretty 'write value (%columns)) port))
(define (pretty-display value . port) (%displayln (%out) (%pretty 'display value (%columns)) port))
(define (pretty-format value [columns (pretty-print-columns)] #:mode [mode 'print])
  (%pretty mode value (if (eq? columns 'infinity) 1000000000 columns)))
(define (%columns)
  (let ([columns (pretty-print-columns)]) (if (eq? columns 'infinity) 1000000000 columns)))

;; ---- strings as ports

(define (with-output-to-string thunk)
  (%needs-thunk 'with-output-to-string thunk)
  (let ([port (open-output-string)])
    (parameterize ([current-output-port port]) (thunk))
    (get-output-string port)))

(define (call-with-output-string use)
  (let ([port (open-output-string)])
    (use port)
    (get-output-string port)))

(define (with-input-from-string text thunk)
  (%needs-thunk 'with-input-from-string thunk)
  (parameterize ([current-input-port (open-input-string text)]) (thunk)))

(define (call-with-input-string text use) (use (open-input-string text)))
(define (call-with-port port use) (use port))

(define (%needs-thunk name thunk)
  (unless (procedure? thunk) (%mistaken name "(-> any)" thunk)))

;; ---- reading

(define (read . port) (%read (%in port)))
(define (read-char . port) (%read-char (%in port)))
(define (peek-char [port (current-input-port)] [skip 0]) (%peek-char skip port))
(define (char-ready? . port) (%char-ready? (%in port)))
(define (read-string count . port) (%read-string count (%in port)))
(define (read-bytes count . port) (%read-bytes count (%in port)))
(define (read-byte . port)
  (let ([bytes (%read-bytes 1 (%in port))]) (if (eof-object? bytes) bytes (bytes-ref bytes 0))))
(define (write-byte byte . port) (%write-bytes (%out) (bytes byte) port))
(define (peek-string count skip . port) (%peek-string count skip (%in port)))

(define (read-line . port+mode)
  (%read-line (%in port+mode)
              (if (or (null? port+mode) (null? (cdr port+mode))) 'linefeed (cadr port+mode))))

(define (port->string [port #f] #:close? [close? #f])
  (%and-close (%read-all 'port->string (or port (current-input-port))) close? port))
(define (port->bytes [port #f] #:close? [close? #f])
  (%and-close (string->bytes/utf-8 (%read-all 'port->bytes (or port (current-input-port)))) close? port))
(define (%and-close value close? port)
  (when close? (close-input-port (or port (current-input-port))))
  value)
(define (with-output-to-bytes thunk) (string->bytes/utf-8 (with-output-to-string thunk)))
(define (call-with-output-bytes use) (string->bytes/utf-8 (call-with-output-string use)))

(define (port->lines [port #f] #:line-mode [mode 'any] #:close? [close? #f])
  (%and-close (%read-lines 'port->lines (or port (current-input-port)) mode) close? port))
(define (port->bytes-lines [port #f] #:line-mode [mode 'any] #:close? [close? #f])
  (map string->bytes/utf-8 (port->lines port #:line-mode mode #:close? close?)))

;; ---- bytes of a port, and ports made of others

(define (with-input-from-bytes bytes thunk)
  (%needs-thunk 'with-input-from-bytes thunk)
  (parameterize ([current-input-port (open-input-bytes bytes)]) (thunk)))
(define (call-with-input-bytes bytes use) (use (open-input-bytes bytes)))

(define (peek-bytes count skip . port) (%peek-bytes 'peek-bytes count skip (%in port)))
(define (peek-byte [port (current-input-port)] [skip 0])
  (let ([bytes (%peek-bytes 'peek-byte 1 skip port)]) (if (eof-object? bytes) bytes (bytes-ref bytes 0))))
(define (read-bytes-line . port+mode)
  (let ([line (apply read-line port+mode)]) (if (eof-object? line) line (string->bytes/utf-8 line))))

;; Into TARGET, from START to END.  Gives how many were read.
(define (read-string! target [port (current-input-port)] [start 0] [end (string-length target)])
  (let ([text (%read-string (- end start) port)])
    (cond [(eof-object? text) text]
          [else (string-copy! target start text) (string-length text)])))
(define (read-bytes! target [port (current-input-port)] [start 0] [end (bytes-length target)])
  (let ([bytes (%read-bytes (- end start) port)])
    (cond [(eof-object? bytes) bytes]
          [else (bytes-copy! target start bytes) (bytes-length bytes)])))

;; What they hold is taken when they are made.
(define (input-port-append close? . ports)
  (open-input-string (string-append* (map (lambda (port) (port->string port #:close? close?)) ports))))
(define (make-limited-input-port port limit [close? #t])
  (let ([bytes (%read-bytes limit port)])
    (open-input-bytes (if (eof-object? bytes) #"" bytes))))
(define (peeking-input-port port . options) (open-input-string (%peek-string 1000000000 0 port)))

(define (terminal-port? port) #f)
(define (file-stream-port? port) #f)
(define (byte-ready? . port) #t)

(define (port->list [read read] [port #f] #:close? [close? #f])
  (let ([port (or port (current-input-port))])
    (let next ([items '()])
      (let ([item (read port)])
        (if (eof-object? item) (reverse items) (next (cons item items)))))))

(define (open-output-nowhere) (open-output-string))

;; Lists of what there is to read.
(define (in-lines [port #f] [mode 'any]) (%read-lines 'in-lines (or port (current-input-port)) mode))
(define (in-port [read read] [port #f]) (port->list read port))
(define (in-bytes-lines [port #f] [mode 'any])
  (map string->bytes/utf-8 (%read-lines 'in-bytes-lines (or port (current-input-port)) mode)))
(define (in-input-port-bytes port)
  (unless (input-port? port) (raise-argument-error 'in-input-port-bytes "input-port?" port))
  port)
(define (in-input-port-chars port) (string->list (%read-all 'in-input-port-chars port)))

(define (copy-port from to) (write-string (%read-all 'copy-port from) to) (void))

;; ---- what has been defined: pairs of a name and a thunk of its value

(define (%show-vars entries)
  (for-each (lambda (entry) (printf "~a = ~a\n" (car entry) (%begins-with (cdr entry)))) entries))

(define (%begins-with thunk)
  (let* ([text (with-handlers ([(lambda (e) #t) (lambda (e) "(no value yet)")]) (format "~s" (thunk)))]
         [length (string-length text)])
    (if (> length 200) (format "~a … ~a characters" (substring text 0 150) length) text)))

;; What a program calls by these names (without their beginning) if it has records that print themselves
;; (`HEEDFUL` in src/interp/expand/program.rs).
(define (%heedful name f)
  (%named-as name (lambda args (%prepare args %styles) (apply f args))))
(define %heedful-~a (%heedful '~a ~a))
(define %heedful-~s (%heedful '~s ~s))
(define %heedful-~v (%heedful '~v ~v))
(define %heedful-~e (%heedful '~e ~e))
(define %heedful-~.a (%heedful '~.a ~.a))
(define %heedful-error (%heedful 'error error))
(define %heedful-raise-arguments-error (%heedful 'raise-arguments-error raise-arguments-error))
(define %heedful-raise-argument-error (%heedful 'raise-argument-error raise-argument-error))
(define %heedful-raise-user-error (%heedful 'raise-user-error raise-user-error))
(define %heedful-pretty-print (%heedful 'pretty-print pretty-print))
(define %heedful-pretty-write (%heedful 'pretty-write pretty-write))
(define %heedful-pretty-display (%heedful 'pretty-display pretty-display))
(define %heedful-pretty-format (%heedful 'pretty-format pretty-format))
