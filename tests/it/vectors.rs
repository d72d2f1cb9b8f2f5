//! `llm-embed`: which texts go together, and whose vectors come back.

use crate::{
    mock::{Mock, Reply},
    program::script,
};
use serde_json::json;

fn mock() -> Mock {
    Mock::start(|_| Reply::Text(String::new()))
}

#[test]
fn vectors_come_in_the_order_of_the_texts_however_they_are_cut_into_calls() {
    let mock = mock();
    let text = r#"
        (define vectors (llm-embed (map (lambda (n) (make-string n #\x)) (range 1 251)) #:model "text-embedding-3-small"))
        (and (= (length vectors) 250)
             (equal? (map (lambda (v) (vector-ref v 0)) vectors) (map exact->inexact (range 1 251))))"#;
    assert_eq!(script(text).provider("OPENAI", &mock).run().value(), "#t");
    let mut sizes: Vec<usize> = mock.bodies().iter().map(|b| b["input"].as_array().unwrap().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [50, 100, 100]);
}

#[test]
fn long_texts_go_in_calls_of_their_own() {
    let mock = mock();
    let text = r#"(length (llm-embed (list "a" (make-string 240000 #\x) "b" (make-string 240000 #\y)) #:model "e"))"#;
    assert_eq!(script(text).provider("OPENAI", &mock).run().value(), "4");
    assert_eq!(mock.count(), 2);
}

#[test]
fn each_provider_has_a_model_for_vectors() {
    let (openai, gemini) = (mock(), mock());
    let text = r#"(llm-embed '("één" "two!") #:extra (hash 'dimensions 2))"#;
    assert_eq!(script(text).provider("OPENAI", &openai).run().value(), "(#(3.0 1.0) #(4.0 1.0))");
    let wanted = json!({ "model": "text-embedding-3-small", "input": ["één", "two!"], "dimensions": 2,
        "encoding_format": "base64" });
    assert_eq!(openai.last_body(), wanted);
    assert_eq!(script(r#"(llm-embed '("one"))"#).provider("GEMINI", &gemini).run().value(), "(#(3.0 1.0))");
    let one = json!({ "model": "models/gemini-embedding-001", "content": { "parts": [{ "text": "one" }] } });
    assert_eq!(gemini.last_body(), json!({ "requests": [one] }));
    let ran = script(r#"(llm-embed '("one"))"#).provider("ANTHROPIC", &openai).run();
    assert!(ran.code == Some(4) && ran.stderr.contains("Anthropic has no embeddings"), "{ran:?}");
}

#[test]
fn a_failed_call_fails_the_whole_as_itself() {
    let mock = Mock::start(|call| match call.body["input"][0].as_str() {
        Some("bad") => Reply::Status(400, vec![], r#"{"error": {"message": "odd"}}"#.into()),
        _ => Reply::Text(String::new()),
    });
    let text = r#"(with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-model f)))])
        (llm-embed (list (make-string 250000 #\x) "bad") #:model "e" #:retries 0))"#;
    assert_eq!(script(text).provider("OPENAI", &mock).run().value(), "(bad-request e)");
    assert_eq!(mock.count(), 2);
}

#[test]
fn offline_vectors_tell_shared_words_and_say_what_they_are() {
    let text = r#"
        (define (near a b) (apply + (map * (vector->list a) (vector->list b))))
        (define vectors (llm-embed '("Which pump failed?" "The pump failed at noon." "Invoices are paid.")))
        (list (> (near (car vectors) (cadr vectors)) (near (car vectors) (caddr vectors))) (llm-embed '()))"#;
    let ran = script(text).run();
    assert_eq!(ran.value(), "(#t ())");
    assert!(ran.stderr.contains("no language model"), "{ran:?}");
    assert_eq!(ran.stderr, script(text).run().stderr, "the same each time");
}

#[test]
fn misuse_is_told() {
    for (call, words) in [
        (r#"(llm-embed "text")"#, "(llm-embed (list text))"),
        (r#"(llm-embed '("a" 2))"#, "number 2 is `2`"),
        (r#"(llm-embed '("a") #:modle "x")"#, "did you mean `#:model`?"),
        (r#"(llm-embed)"#, "llm-embed"),
    ] {
        let ran = script(call).run();
        assert!(ran.code == Some(1) && ran.stderr.contains(words), "{call}: {ran:?}");
    }
}
