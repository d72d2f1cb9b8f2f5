//! Chunks, tokens and the best chunks, as scripts get them.

use crate::program::script;

#[test]
fn offsets_of_chunks_slice_back_to_the_text() {
    let text = r#"
(define text (string-append* (for/list ([n 500]) (format "Één zin, nummer ~a. 😀 Noch eine.\n\n" n))))
(define (whole? chunk) (equal? (substring text (hash-ref chunk 'start) (hash-ref chunk 'end)) (hash-ref chunk 'text)))
(define chunks (chunk-document text #:tokens 100 #:overlap 20))
(displayln (andmap whole? chunks))
(displayln (map (lambda (c) (hash-ref c 'id)) (take chunks 3)))
(displayln (andmap (lambda (c) (= (count-tokens (hash-ref c 'text)) (hash-ref c 'tokens))) chunks))
(displayln (andmap (lambda (c) (<= (hash-ref c 'tokens) 100)) chunks))
(displayln (equal? text (apply string-append (chunk-text text #:chars 300))))
(displayln (equal? (map (lambda (c) (hash-ref c 'text)) chunks) (chunk-text text #:tokens 100 #:overlap 20)))
(displayln (hash-keys (car chunks)))"#;
    let ran = script(text).run();
    assert_eq!(ran.stdout, "#t\n(0 1 2)\n#t\n#t\n#t\n#t\n(end id start text tokens)\n", "{ran:?}");
}

#[test]
fn a_response_is_a_text_and_texts_are_ranked_as_they_stand() {
    let text = r#"
(define answer (llm-query #:instruction "One. Two."))
(displayln (= (count-tokens answer) (count-tokens (syntax-e answer))))
(displayln (length (fit-tokens (list answer "three") 100)))
(define chunks (chunk-document "A lamp. A kettle. A table." #:chars 10 #:by 'sentence))
(displayln (map (lambda (c) (hash-ref c 'id)) (top-k "kettles" chunks #:k 1)))
(displayln (chunk-text ""))
(displayln (chunks-of '() 3))"#;
    assert_eq!(script(text).run().stdout, "#t\n2\n(1)\n()\n()\n");
}

#[test]
fn what_cannot_be_cut_so_is_said() {
    for (call, wanted) in [
        ("(chunk-text \"a\" #:tokens 5 #:chars 5)", "chunk-text: `#:tokens` and `#:chars` exclude each other"),
        ("(chunk-text \"a\" #:tokens 0)", "chunk-text: `#:tokens` must be a whole number above zero"),
        ("(chunk-text \"a\" #:chars 5 #:overlap 5)", "chunk-text: `#:overlap` 5 is no smaller than `#:chars` 5"),
        ("(chunk-document \"a\" #:by 'sentense)", "chunk-document: `#:by` cannot be `'sentense`"),
        ("(chunk-text \"a\" #:by 'sentense)", "hint: did you mean `'sentence`?"),
        ("(chunk-text '(\"a\"))", "chunk-text: `text` must be a string, not `(\"a\")`"),
        ("(chunks-of '(1) 0)", "chunks-of: `n` must be a whole number above zero"),
        ("(top-k \"a\" '(\"b\" 7))", "top-k: `chunks` must hold strings; its element 1 is `7`"),
        ("(fit-tokens '(a) 7)", "fit-tokens: `texts` must hold strings; its element 0 is `a`"),
    ] {
        let ran = script(&format!("\n{call}")).run();
        assert!(ran.code == Some(1) && ran.stderr.contains(wanted), "{call}: {ran:?}");
        assert!(ran.stderr.contains("script.scm:2:"), "{call}: {ran:?}");
    }
}
