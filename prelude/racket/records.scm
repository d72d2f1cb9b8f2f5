;;; records.scm -- what struct and define-record-type expand to: record types with guards and properties.
;;;
;;; Types, predicates, accessors and mutators are in Rust (src/interp/dialect/records.rs).

;; (type constructor predicate accessor … mutator-or-#f …), accessors and mutators of the type's own fields.
(define (%record-type name parent own-fields autos auto-value mutable-flags transparent? guard properties)
  (for-each %check-property properties)
  (let* ([properties (if guard (cons (cons '%guard guard) properties) properties)]
         [made (%make-record-type name parent own-fields autos auto-value mutable-flags transparent? properties)]
         [type (car made)]
         [plain (cond [(%record-property type 'prop:procedure) (%caller type)]
                      [(%judged? type) (%judging type)]
                      [(%record-constructor type) => values]
                      [else (%named-as name (lambda fields (%construct type fields)))])]
         [constructor (%guarded plain name (%guards parent guard))])
    (cons type (cons constructor (cdr made)))))

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
                             (not (option 2 #t)) (option 5 #f) properties)]
         [accessors (take (cdddr made) count)]
         [mutators (drop (cdddr made) count)]
         [part (lambda (all who record at . value)
                 (if (and (exact-nonnegative-integer? at) (< at count))
                     (apply (list-ref all at) record value)
                     (raise-argument-error who (format "(integer-in 0 ~a)" (- count 1)) at)))])
    (values (car made)
            (cadr made)
            (caddr made)
            (lambda (record at) (part accessors (string->symbol (format "~a-ref" name)) record at))
            (lambda (record at value) (part mutators (string->symbol (format "~a-set!" name)) record at value)))))
(define (make-struct-field-accessor accessor at . name) (lambda (record) (accessor record at)))
(define (make-struct-field-mutator mutator at . name) (lambda (record value) (mutator record at value)))

(define (%named-as name procedure)
  (%named procedure name 0 #f)
  procedure)

;; Those of the language, and the script's own.
(define %properties
  '(prop:procedure prop:custom-write prop:equal+hash prop:evt prop:object-name prop:authentic prop:serializable prop:sealed
    prop:sequence prop:stream gen:stream gen:dict))

(define (%check-property property)
  (unless (memq (car property) %properties)
    (raise-arguments-error 'struct "this property is not supported here" "property" (car property))))

;; The guard of a type or, when it has none of its own, its parent's.
(define (%guards parent guard)
  (cond [guard (list guard)]
        [(and parent (%record-property parent '%guard)) => list]
        [else '()]))

;; A property of the script's own: itself, a predicate, and what gives its value of a record.  A guard is not asked.
(define (make-struct-type-property name . guard+more)
  (let ([key (string->symbol (format "prop:~a:~a" name (length %properties)))])
    (set! %properties (cons key %properties))
    (values key
            (%named-as (string->symbol (format "~a?" name)) (lambda (value) (pair? (%property-of value key))))
            (%named-as (string->symbol (format "~a-accessor" name))
                       (lambda (value . otherwise)
                         (cond [(%property-of value key) => car]
                               [(null? otherwise)
                                (raise-argument-error (string->symbol (format "~a-accessor" name))
                                                      (format "~a?" name) value)]
                               [(procedure? (car otherwise)) ((car otherwise))]
                               [else (car otherwise)]))))))

;; ---- generic procedures (define-generics): a type's methods are a property, named as the generic interface is

(define (%new-generic name) (set! %properties (cons name %properties)))

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

;; A guard gets the fields and the type's name and gives the fields as they are to be.
(define (%guarded make name guards)
  (if (null? guards)
      make
      (lambda fields
        (call-with-values (lambda () (apply (car guards) (append fields (list name)))) make))))

;; Makes records that are called: their type's procedure is given the record first, or is in a field.
(define (%caller type)
  (lambda fields
    (let* ([procedure (box #f)]
           [property (%record-property type 'prop:procedure)]
           [record (%construct-called type fields procedure)])
      (set-box! procedure
                (if (procedure? property)
                    (lambda args (apply property record args))
                    (lambda args (apply (%record-field record type property) args))))
      record)))

(define (struct->vector record) (list->vector (%struct->list record)))
(define (struct->list record) (cdr (%struct->list record)))

(define prop:procedure 'prop:procedure)
(define prop:custom-write 'prop:custom-write)
(define prop:equal+hash 'prop:equal+hash)
(define prop:sequence 'prop:sequence)
(define prop:stream 'prop:stream)
