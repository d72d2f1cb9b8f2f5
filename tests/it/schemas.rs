//! `#:schema` and `#:json` as scripts use them.

use crate::{
    mock::{Call, Mock, Reply},
    program::script,
};
use serde_json::json;

/// Answers by the prompt: what a model that keeps to nothing would say, the second time better.
fn careless(call: &Call) -> Reply {
    let again = call.body["messages"].as_array().is_some_and(|m| m.iter().any(|m| m["role"] == "assistant"));
    let first = call.body["messages"].as_array().and_then(|m| m.iter().find(|m| m["role"] == "user"));
    let text = match (first.and_then(|m| m["content"].as_str()).unwrap_or_default(), again) {
        ("good", _) => r#"{"name":"Ada","age":36}"#,
        ("fenced", _) => "```json\n{\"name\": \"Ada\", \"age\": 36}\n```",
        ("once", true) => r#"{"name":"Ada","age":36}"#,
        ("once" | "twice", _) => r#"{"name":"Ada","age":"old"}"#,
        ("list", _) => r#"{"value":[1,2,3]}"#,
        (_, _) => "Sorry, no.",
    };
    Reply::Usage { text: text.into(), input: 10, output: 5, finish: "stop" }
}

/// What the scripts ask for.
const PERSON: &str = r#"
(define person
  (hash 'type "object" 'required '("name" "age") 'additionalProperties #f
        'properties (hash 'name (hash 'type "string") 'age (hash 'type "integer"))))
(define (ask text) (llm-query text #:schema person))
(define (attempt text) (with-handler (lambda (e) (list (failure-class e) (failure-attempts e))) (response-json (ask text))))
"#;

#[test]
fn answers_fit_their_schema_or_fail_as_such() {
    let mock = Mock::start(careless);
    let text = format!(
        r#"{PERSON}
(list (attempt "good") (attempt "fenced") (attempt "once") (attempt "twice") (attempt "prose")
      (response-usage (ask "once")) (tokens-used #:run #t))"#
    );
    let person = "#hash((age . 36) (name . Ada))";
    let wanted = format!(
        "({person} {person} {person} (schema 2) (invalid-json 2) #hash((cached . 0) (input . 20) (output . 10)) 150)"
    );
    assert_eq!(script(&text).server(&mock).run().value(), wanted);
    let format = &mock.bodies()[0]["response_format"]["json_schema"];
    assert_eq!((&format["strict"], &format["schema"]["required"]), (&json!(true), &json!(["name", "age"])));
}

#[test]
fn a_list_may_be_asked_for_and_a_schema_may_be_text() {
    let mock = Mock::start(careless);
    let text = r#"
(define r (llm-query "list" #:schema "{\"type\": \"array\", \"items\": {\"type\": \"integer\"}}"))
(list (response-json r) (syntax-e r))"#;
    assert_eq!(script(text).server(&mock).run().value(), "((1 2 3) [1,2,3])");
    let wrapped = &mock.last_body()["response_format"]["json_schema"]["schema"];
    assert_eq!(wrapped["properties"]["value"]["type"], "array");
}

#[test]
fn what_is_no_schema_is_told_before_anything_is_sent() {
    let mock = Mock::start(careless);
    let ran = script(r#"(llm-query "x" #:schema (hash 'type "strin"))"#).server(&mock).run();
    assert_eq!((ran.code, mock.count()), (Some(4), 0), "{ran:?}");
    assert!(ran.stderr.starts_with("error: the schema is unusable: \"strin\" is not valid"), "{ran:?}");
}

#[test]
fn the_offline_model_fills_a_schema() {
    let text = format!(
        r#"{PERSON}
(define answer
  (response-json (llm-query #:instruction "Who wrote it?" #:data "Ada was 36 when she wrote it." #:schema person)))
(list (string? (hash-ref answer 'name)) (integer? (hash-ref answer 'age)))"#
    );
    assert_eq!(script(&text).run().value(), "(#t #t)");
}
