;;; section-report.scm -- a report whose sections are written by themselves (medical style).
;;;
;;; Problem   A report with a fixed order of sections, each of which needs other parts of a long
;;;           source and an instruction of its own.
;;; Shape     source -> chunks by group; per section: the best chunks -> its text, side by side
;;;           -> the conclusion from the sections, by the smart model -> one report
;;; Calls     S + 1 for S sections.
;;; Run       cargo run --release -- run scripts/section-report.scm \
;;;             --context scripts/data/ct-study.txt --offline
;;;
;;; The wrong pattern when a section depends on the one before it (cumulative-fold). No report of a
;;; model's leaves the house unread by a physician.

(define chunks (chunk-text context #:tokens 160 #:overlap 0 #:by 'dicom))

;; (title what-to-look-for instruction)
(define sections
  '(("Examination" "StudyDescription SeriesDescription SliceThickness KVP"
     "Which StudyDescription, SeriesDescription and SliceThickness?")
    ("Lungs" "lungs nodule consolidation effusion"
     "What is said of the lungs: nodule, consolidation, effusion?")
    ("Heart and skeleton" "heart artery plaque skeleton fracture"
     "What is said of the heart and of the skeleton?")))

(define (write-section section id)
  (define answer
    (llm-query
      #:instruction (caddr section)
      #:data (string-join (top-k (cadr section) chunks #:k 2) "\n")))
  (hash 'id id
        'model "cheap"
        'result (format "~a\n~a" (string-upcase (car section)) (syntax-e answer))
        'usage (response-usage answer)))

(define written
  (parallel (for/list ([section sections] [id (in-naturals)]) (lambda () (write-section section id)))))

(define body (report-aggregate written #:separator "\n\n"))

(define conclusion
  (llm-query
    #:instruction "What needs follow-up, and when? The nodule first."
    #:data (hash-ref body 'full-report)
    #:model "smart"))

(finish (format "~a\n\nIMPRESSION\n~a" (hash-ref body 'full-report) (syntax-e conclusion)))
