;;; progressive-summary.scm -- a long report in a few sentences, by way of its sections.
;;;
;;; Problem   A summary of a long text made in one go loses what stands in the middle.
;;; Shape     paragraph -> section -> document, each level side by side
;;; Calls     P + S + 1 for P paragraphs in S sections; headings cost nothing, and a section of
;;;           one paragraph is not summarised again.
;;; Run       cargo run --release -- run scripts/progressive-summary.scm \
;;;             --context scripts/data/contract.md --offline
;;;
;;; The wrong pattern when one question is asked of the text (map-reduce-document), or when its
;;; paragraphs are a line or two: then '(section document) is enough, and cheaper.

(finish
  (progressive-summary context
    #:instruction "Which duties does this say that the parties have? Keep numbers of days and per cent."
    #:model "cheap"
    #:levels '(section document)))
