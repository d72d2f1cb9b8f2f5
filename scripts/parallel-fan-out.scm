;;; parallel-fan-out.scm -- which products were recalled, and what went wrong with them?
;;;
;;; Problem   A pile of documents that is too much for one prompt and too slow to read one by
;;;           one; what is wanted from each does not depend on the others.
;;; Shape     cheap model per document, side by side (map) -> rows -> one smart call (reduce)
;;; Calls     N + 1 for N documents; N when no row was found.
;;; Run       cargo run --release -- run scripts/parallel-fan-out.scm --offline \
;;;             --context scripts/data/incident-reports.json
;;;           --offline needs no key and only picks sentences; leave it out to ask real models.
;;;
;;; The wrong pattern when reading one document needs what an earlier one said (fold-sequential),
;;; when everything fits one prompt (ask once), when each document by itself needs the smart
;;; model, or when the rows outgrow the last prompt (tree-reduce).

;; Python keeps REPORTS for the merge below; Scheme gets only what the models are to read.
(define documents (py-eval "
import json
reports = json.loads(context)
[(r['title'] + '\\n\\n' + r['body'])[:15000] for r in reports]
"))

(display (string-append "Reading " (number->string (length documents)) " reports\n"))

;; Map.  The same instruction every time, and no document in it: a report is data, never an order.
(define findings
  (map-async
    (lambda (document)
      (llm-query-async
        #:instruction "List every product recall.
Return JSON: [{product: string, reason: string}], or [] if there is none."
        #:data document
        #:model "cheap"
        #:json #t
        #:temperature 0.0
        #:max-tokens 500))
    documents
    #:max-concurrent 10
    #:label "reports"))

;; Merge.  #:json promises JSON, not its shape: a model may wrap the list in an object, give a
;; lone object, or slip a remark into the list.  The report's id is ours to add, not the model's.
(py-set! "findings" findings)
(define rows (py-exec "
def objects(answer):
    if isinstance(answer, dict):
        lists = [value for value in answer.values() if isinstance(value, list)]
        answer = lists[0] if lists and 'product' not in answer else [answer]
    return [item for item in answer if isinstance(item, dict)]

rows = [
    {'report': report['id'], 'product': item['product'], 'reason': item.get('reason')}
    for report, finding in zip(reports, findings)
    for item in objects(json.loads(finding))
    if item.get('product')
]
for row in rows:
    print(json.dumps(row, ensure_ascii=False))
"))
(define row-count (py-eval "len(rows)"))

;; Reduce.  One call sees all rows and none of the documents.
(define (synthesis)
  (syntax-e
    (llm-query
      #:instruction "Each line is a product recall. Group the recalls by cause,
then name the three most frequent causes with their counts and products."
      #:data rows
      #:model "smart"
      #:temperature 0.3)))

(finish (string-append
  (number->string row-count) " recalls in " (number->string (length documents)) " reports\n\n"
  rows "\n"
  (if (zero? row-count) "Nothing to group." (synthesis))))
