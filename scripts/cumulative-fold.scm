;;; cumulative-fold.scm -- reading in order, with what is known so far in hand.
;;;
;;; Problem   What a part means depends on the parts before it: a story, a chain of mails, a log.
;;; Shape     chunk 1 -> notes -> (notes + chunk 2) -> notes -> ...
;;; Calls     N for N chunks, one after the other: as slow as N calls are.
;;; Run       cargo run --release -- run scripts/cumulative-fold.scm \
;;;             --context scripts/data/contract.md --offline
;;;
;;; The wrong pattern whenever parts can be read by themselves: map-reduce-document takes a tenth
;;; of the time. Keep the notes short by instruction, or they grow into the whole text.

(define chunks (chunk-text context #:tokens 80 #:overlap 0 #:by 'markdown))

(define (read-on notes chunk)
  (llm-query
    #:instruction "Add the deadlines in days that the new passage sets. Keep all that is known, in ten lines at most."
    #:data (string-append "So far:\n" notes "\n\nNext:\n" chunk)
    #:max-tokens 400))

(finish (fold-sequential read-on "" chunks))
