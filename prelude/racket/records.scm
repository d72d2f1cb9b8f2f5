;;; records.scm -- what struct and define-record-type expand to: record types with guards and properties.
;;;
;;; Types, predicates, accessors and mutators are in Rust (src/interp/dialect/records.rs).

;; (type constructor predicate accessor … mutator-or-#f …), accessors and mutators of the type's own fields.
(define (%record-type name parent own-fields autos auto-value mutable-flags transparent? guard properties)
  (let* ([own (%declared properties name (- (length own-fields) autos) autos parent)]
         [properties (if guard (cons (cons '%guard guard) own) own)]
         [made (%make-record-type name parent own-fields autos auto-value mutable-flags transparent? properties)]
         [type (car made)]
         [plain (cond [(%record-property type 'prop:procedure) (%caller type)]
                      [(%judged? type) (%judging type)]
                      [(%record-constructor type) => values]
                      [else (lambda fields (%construct type fields))])]
         [constructor (%guarded plain name (%guards type))])
    (let ([procedures (cons (%known-as constructor name (list (%given-count type)) '() '()) (cdr made))])
      (set-box! %types (cons (list* type name autos mutable-flags procedures) (unbox %types)))
      (cons type procedures))))

;; Every type, with its name, how many fields are automatic, which can change, and its procedures.
(define %types (box '()))

;; The type, its constructor, its predicate, and what gives and changes the field of a number: all fields can change.
(define (make-struct-type name super inits autos . more)
  (define (option at otherwise) (if (> (length more) at) (list-ref more at) otherwise))
  (let* ([count (+ inits autos)]
         [fields (build-list count (lambda (at) (string->symbol (format "field~a" at))))]
         [fixed (option 4 '())]
         [procedure (option 3 #f)]
         [properties (option 1 '())]
         [properties (if procedure (cons (cons 'prop:procedure procedure) properties) properties)]
         [made (%record-type name super fields autos (option 0 #f)
                             (build-list count (lambda (at) (not (memv at fixed))))
                             (and (memq (option 2 'opaque) '(#f inspector)) #t) (option 5 #f) properties)]
         [accessors (take (cdddr made) count)]
         [mutators (drop (cdddr made) count)]
         [part (lambda (all who record at . value)
                 (if (and (exact-nonnegative-integer? at) (< at count))
                     (apply (list-ref all at) record value)
                     (raise-argument-error who (format "(integer-in 0 ~a)" (- count 1)) at)))])
    (values (car made)
            (cadr made)
            (caddr made)
            (let ([who (string->symbol (format "~a-ref" name))])
              (%known-as (lambda (record at) (part accessors who record at)) who '(2) '() '()))
            (let ([who (string->symbol (format "~a-set!" name))])
              (%known-as (lambda (record at value) (part mutators who record at value)) who '(3) '() '())))))
(define (make-struct-field-accessor accessor at [name (%field-word at)] . more)
  (%known-as (lambda (record) (accessor record at)) (%part-name accessor "-ref" "~a-~a" name) '(1) '() '()))
(define (make-struct-field-mutator mutator at [name (%field-word at)] . more)
  (%known-as (lambda (record value) (mutator record at value)) (%part-name mutator "-set!" "set-~a-~a!" name) '(2) '() '()))
(define (%field-word at) (string->symbol (format "field~a" at)))
(define (%part-name procedure suffix shape name)
  (let ([of (symbol->string (or (object-name procedure) 'record))])
    (string->symbol (format shape (if (string-suffix? of suffix) (substring of 0 (- (string-length of) (string-length suffix))) of) name))))

(define (%named-as name procedure)
  (%named procedure name 0 #f)
  procedure)

;; Those of the language, and the script's own.
(define %properties
  '(prop:procedure prop:custom-write prop:equal+hash prop:evt prop:object-name prop:authentic prop:serializable prop:sealed
    prop:sequence prop:stream gen:stream gen:dict prop:custom-print-quotable prop:exn:srclocs prop:method-arity-error
    prop:arity-string prop:incomplete-arity prop:place-location prop:impersonator-of))

;; The script's own with a guard or with more properties that they bring: themselves, the guard, and the others with what
;; makes their values.
(define %guarded-properties '())

(define (struct-type-property? value) (and (memq value %properties) #t))

;; The properties of a new type, as their guards give them, and those that they bring.
(define (%declared properties name count autos parent)
  (if (null? properties)
      '()
      (let* ([property (caar properties)] [value (cdar properties)] [own (assq property %guarded-properties)])
        (unless (memq property %properties)
          (raise-arguments-error 'struct "this property is not supported here" "property" property))
        (let* ([value (if (and own (cadr own))
                          ((cadr own) value (list name count autos void void (range count) parent #f))
                          value)]
               [brought (if own (map (lambda (other) (cons (car other) ((cdr other) value))) (caddr own)) '())])
          (cons (cons property value)
                (%declared (append brought (cdr properties)) name count autos parent))))))

;; The guards of a type, its own first, then its parents': each with how many fields it gets.
(define (%guards type)
  (let ([own (%own-property type '%guard)] [parent (%parent-type type)])
    (let ([above (if parent (%guards parent) '())])
      (if own (cons (cons (car own) (%given-count type)) above) above))))

;; A property of the script's own: itself, a predicate, and what gives its value of a record.
(define (make-struct-type-property name [guard #f] [supers '()] . more)
  (let* ([key (string->symbol (format "prop:~a:~a" name (length %properties)))]
         [who (string->symbol (format "~a-accessor" name))]
         [predicate (string->symbol (format "~a?" name))])
    (set! %properties (cons key %properties))
    (when (or guard (pair? supers))
      (set! %guarded-properties (cons (list key (and (procedure? guard) guard) supers) %guarded-properties)))
    (values key
            (%known-as (lambda (value) (pair? (%property-of value key))) predicate '(1) '() '())
            (%known-as (lambda (value . otherwise)
                         (cond [(%property-of value key) => car]
                               [(null? otherwise) (raise-argument-error who (symbol->string predicate) value)]
                               [(procedure? (car otherwise)) ((car otherwise))]
                               [else (car otherwise)]))
                       who '(1 2) '() '()))))

;; ---- generic procedures (define-generics): a type's methods are a property, named as the generic interface is

;; DERIVED: properties that types with such methods have too, and thunks of their values.
(define (%new-generic name derived)
  (set! %properties (cons name %properties))
  (when (pair? derived)
    (let ([brought (map (lambda (one) (cons (car one) (lambda (methods) ((cdr one))))) derived)])
      (set! %guarded-properties (cons (list name #f brought) %guarded-properties)))))

(define (%has-method? value generic defaults method)
  (let* ([default (findf (lambda (default) ((car default) value)) defaults)]
         [own (or (%record-property value generic) (and default (cdr default)))])
    (and own (assq method own) #t)))

(define (%implements? value generic defaults)
  (and (or (%record-property value generic) (ormap (lambda (default) ((car default) value)) defaults)) #t))

(define (%generic method generic predicate at defaults fallbacks)
  (define (method-of value)
    (let* ([default (findf (lambda (default) ((car default) value)) defaults)]
           [own (or (%record-property value generic) (and default (cdr default)))]
           [found (or (and own (assq method own)) (and own (assq method fallbacks)))])
      (cond [found (cdr found)]
            [own (error method "not implemented for ~e" value)]
            [else
             (raise (make-exn:fail:contract
                     (format "~a: contract violation:\n  expected: ~a\n  given: ~v\n  argument position: ~a"
                             method predicate value (%ordinal (+ at 1)))
                     (current-continuation-marks)))])))
  (%named-as method
             (lambda args
               (if (> (length args) at)
                   (apply (method-of (list-ref args at)) args)
                   (%miscounted method (+ at 1) #f)))))

;; Makes records whose type says which of them are equal: each is asked about as soon as it is made.
(define (%judging type)
  (let* ([make (%record-constructor type)]
         [procedures (%record-property type 'prop:equal+hash)]
         [procedures (if (vector? procedures) (vector->list procedures) procedures)]
         [same? (car procedures)]
         [code-of (cadr procedures)])
    (lambda fields
      (let* ([record (apply make fields)]
             [code (if code-of (code-of record equal-hash-code) 0)])
        (%judge record code (findf (lambda (other) (same? record other equal?)) (%alike type code)))))))

;; A guard gets the fields and the type's name and gives the fields as they are to be; a parent's gets its own of them.
(define (%guarded make name guards)
  (if (null? guards)
      make
      (lambda fields
        (let next ([left guards] [fields fields])
          (if (null? left)
              (apply make fields)
              (let ([guard (caar left)] [count (cdar left)])
                (if (< (length fields) count)
                    (apply make fields)
                    (next (cdr left)
                          (append (call-with-values (lambda () (apply guard (append (take fields count) (list name)))) list)
                                  (drop fields count))))))))))

;; Makes records that are called: their type's procedure is given the record first, or is in a field.
(define (%caller type)
  (lambda fields
    (let* ([procedure (box #f)]
           [property (%record-property type 'prop:procedure)]
           [record (%construct-called type fields procedure)])
      (set-box! procedure
                (if (procedure? property)
                    (lambda args (apply property record args))
                    (lambda args (apply (%called-field record) args))))
      record)))

(define (struct->vector record) (list->vector (%struct->list record)))
(define (struct->list record) (cdr (%struct->list record)))

(define prop:procedure 'prop:procedure)
(define prop:custom-write 'prop:custom-write)
(define prop:equal+hash 'prop:equal+hash)
(define prop:sequence 'prop:sequence)
(define prop:stream 'prop:stream)
(define prop:object-name 'prop:object-name)
(define (object-name value)
  (let ([own (%own-name value)])
    (cond [(not own) (%object-name value)]
          [(pair? own) (car own)]
          [else (own value)])))
(define prop:evt 'prop:evt)
(define prop:custom-print-quotable 'prop:custom-print-quotable)
(define prop:exn:srclocs 'prop:exn:srclocs)

;; ---- what can be asked of types

(define (make-inspector . more) 'inspector)
(define current-inspector (make-parameter 'current-inspector))
(define (inspector? value) (and (memq value '(inspector current-inspector)) #t))

;; The type of a record whose fields are seen, or #f, and whether more of it is hidden.
(define (struct-info value)
  (let ([type (%seen-type value)])
    (if type (values type (not (eq? type (%type-of value)))) (values #f (record? value)))))

(define (%type-parts type)
  (let ([found (findf (lambda (known) (eq? (car known) type)) (unbox %types))])
    (if found (cdr found) (raise-argument-error 'struct-type-info "struct-type?" type))))
(define (%type-procedures type) (cdddr (%type-parts type)))

(define (struct-type-info type)
  (let* ([parts (%type-parts type)] [flags (caddr parts)] [count (length flags)] [made (cddr (cdddr parts))])
    (values (car parts)
            (- count (cadr parts))
            (cadr parts)
            (lambda (record at) ((list-ref made at) record))
            (lambda (record at value) ((list-ref made (+ count at)) record value))
            (filter (lambda (at) (not (list-ref flags at))) (range (- count (cadr parts))))
            (%parent-type type)
            #f)))
(define (struct-type-make-constructor type . name) (car (%type-procedures type)))
(define (struct-type-make-predicate type) (cadr (%type-procedures type)))

;; Whether a procedure is among those of some type that PICK picks.
(define (%of-a-type? value pick)
  (and (procedure? value) (ormap (lambda (known) (memq value (pick (cadddr known) (cddddr known)))) (unbox %types)) #t))
(define (struct-constructor-procedure? value) (%of-a-type? value (lambda (flags all) (list (car all)))))
(define (struct-predicate-procedure? value) (%of-a-type? value (lambda (flags all) (list (cadr all)))))
(define (struct-accessor-procedure? value) (%of-a-type? value (lambda (flags all) (take (cddr all) (length flags)))))
(define (struct-mutator-procedure? value) (%of-a-type? value (lambda (flags all) (drop (cddr all) (length flags)))))

(struct srcloc (source line column position span) #:transparent)
(define (srcloc->string loc)
  (and (srcloc-source loc)
       (cond [(and (srcloc-line loc) (srcloc-column loc))
              (format "~a:~a:~a" (srcloc-source loc) (srcloc-line loc) (srcloc-column loc))]
             [(srcloc-position loc) (format "~a::~a" (srcloc-source loc) (srcloc-position loc))]
             [else (format "~a" (srcloc-source loc))])))
