//! Calls as scripts make them: what goes over the wire, what comes back, and which keywords there are.

use crate::{
    mock::{Mock, Reply},
    program::script,
};
use serde_json::{Value, json};

#[test]
fn responses_carry_what_the_provider_said() {
    let mock = Mock::start(|_| Reply::Usage { text: "[1, 2]".into(), input: 12, output: 34, finish: "length" });
    let text = r#"
(define r (llm-query "x"))
(writeln (list (response? r) (response? "x") (syntax-e r) (response-text r) (syntax-e "x") (response-json r)))
(writeln (list (response-model r) (response-usage r) (response-cost r) (response-attempts r)
               (response-finish-reason r)))
(writeln (list (>= (response-latency r) 0) (< (response-latency r) 60)))
(writeln (list r (equal? r r) (failure? r) (string? r)))
(display r)
(newline)
(py-set! "r" r)
(displayln (py-eval "r + '!'"))
(define h (llm-query-async "y"))
(await h)
(define s (spawn (lambda () (error "no"))))
(with-handler (lambda (e) 'heard) (await s))
(displayln (list h s (handle? h)))
(finish r)"#;
    let wanted = r#"(#t #f "[1, 2]" "[1, 2]" "x" (1 2))
("mock" #hash((cached . 0) (input . 12) (output . 34)) #f 1 "length")
(#t #t)
(#<response mock 34 tokens> #t #f #f)
[1, 2]
[1, 2]!
(#<async 1 done> #<async 2 failed> #t)
[1, 2]"#;
    let ran = script(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), (wanted, ""));
}

#[test]
fn response_is_no_string_and_the_error_says_what_to_do() {
    for misuse in ["(string-append \"a\" r)", "(string-length r)", "(string-upcase r)"] {
        let ran = script(&format!("(define r (llm-query \"x\"))\n{misuse}")).run();
        assert_eq!((ran.code, &*ran.stdout), (Some(1), ""), "{misuse}");
        assert!(ran.stderr.contains("syntax-e") && ran.stderr.contains("script.scm:2:"), "{misuse}: {}", ran.stderr);
    }
    let ran = script("(string-append \"a\" (llm-query-async \"x\"))").run();
    assert!(ran.code == Some(1) && ran.stderr.contains("`await`"), "{ran:?}");
}

#[test]
fn data_goes_to_the_model_in_one_form() {
    let mock = Mock::start(|call| Reply::Text(format!("<{}>", call.text())));
    let text = r#"
(define (ask data) (llm-query #:data data #:instruction "i"))
(define first (ask "a \"quoted\"\nline"))
(ask first)
(ask (hash 'b 1 'a (hash 'z (void) 'y (list #t 2.5)) "c" first))
(ask (list 1 "x" 'sym (list)))
(ask 7)
(llm-query #:instruction "alone")
(llm-query "positional")
(define (says thunk) (displayln (with-handler exn-message (thunk))))
(says (lambda () (ask (llm-query-async "h"))))
(says (lambda () (llm-query #:data "d")))
(says (lambda () (llm-query "p" #:data "d")))
(says (lambda () (llm-query #:instruction 7)))
(says (lambda () (llm-query "p" "q")))
(says (lambda () (llm-query "p" #:model)))"#;
    let ran = script(text).server(&mock).run();
    let lines: Vec<&str> = ran.value().lines().collect();
    assert_eq!(lines[0], "`#<async 1 running>` has no JSON form");
    let wanted = [
        "llm-query: `#:instruction` is missing",
        "llm-query: a prompt excludes `#:instruction` and `#:data`",
        "llm-query: `#:instruction` must be a string, not `7`",
        "llm-query: it was given too many arguments",
        "llm-query: `#:model` wants a value",
    ];
    assert_eq!(lines[1..], wanted);
    let sent: Vec<Value> = mock.bodies().into_iter().map(|body| body["messages"].clone()).collect();
    let ask = |data: &str| json!([{ "role": "system", "content": "i" }, { "role": "user", "content": data }]);
    let first = "<a \"quoted\"\nline>";
    let hash = json!({ "a": { "y": [true, 2.5], "z": null }, "b": 1, "c": first }).to_string();
    let wanted = [ask("a \"quoted\"\nline"), ask(first), ask(&hash), ask(r#"[1,"x","sym",[]]"#), ask("7")];
    assert_eq!(sent[..5], wanted);
    let alone = |text: &str| json!([{ "role": "user", "content": text }]);
    assert_eq!(sent[5..7], [alone("alone"), alone("positional")]);
}

#[test]
fn sampling_keywords_reach_the_wire() {
    let mock = Mock::start(|_| Reply::Text("{}".into()));
    let text = r#"
(llm-query #:priority 'high #:stop "END" #:seed 7 #:top-p 0.5 #:max-tokens 5 #:temperature 0.25 #:model "other"
           #:timeout 9.5 #:retries 0 #:instruction "i" #:json 'object)
(llm-query "x" #:stop (list "a" "b") #:temperature 1 #:priority 'batch)"#;
    script(text).server(&mock).run().value();
    let [first, second] = mock.bodies().try_into().unwrap();
    let mut sampling = first.clone();
    sampling.as_object_mut().unwrap().remove("messages");
    let wanted = json!({ "model": "other", "temperature": 0.25, "max_tokens": 5, "top_p": 0.5, "seed": 7,
        "stop": ["END"], "response_format": { "type": "json_object" } });
    assert_eq!(sampling, wanted);
    let mut wanted = json!({ "model": "mock", "messages": [{ "role": "user", "content": "x" }], "stop": ["a", "b"] });
    wanted["temperature"] = second["temperature"].clone();
    assert_eq!((second["temperature"].as_f64(), &second), (Some(1.0), &wanted));
}

#[test]
fn a_keyword_that_is_false_where_that_is_its_default_is_as_good_as_unsaid() {
    let mock = Mock::echo();
    let text = "(llm-query \"x\" #:temperature #f #:max-tokens #f #:seed #f #:stop #f)";
    assert_eq!(script(&format!("(finish (syntax-e {text}))")).server(&mock).run().value(), "echo:x");
    assert_eq!(mock.bodies(), [json!({ "model": "mock", "messages": [{ "role": "user", "content": "x" }] })]);
    let ran = script("(llm-query \"x\" #:timeout #f)").server(&mock).run();
    assert!(ran.stderr.contains("`#:timeout` must be"), "{ran:?}");
}

#[test]
fn misspelt_keyword_is_rejected() {
    let text = r#"
(define (says thunk) (displayln (with-handler exn-message (thunk))))
(says (lambda () (llm-query "x" #:modle "m")))
(says (lambda () (llm-query-async "x" #:temprature 1)))
(says (lambda () (llm-query "x" #:xyzzy 1)))
(says (lambda () (llm-query "x" #:seed 1 #:seed 2)))
(says (lambda () (llm-query "x" #:temperature "hot")))
(says (lambda () (llm-query "x" #:max-tokens -1)))
(says (lambda () (llm-query "x" #:priority 'urgent)))
(says (lambda () (llm-query "x" #:json 'array)))"#;
    let wanted = "\
llm-query: unknown keyword `#:modle`; did you mean `#:model`?
llm-query-async: unknown keyword `#:temprature`; did you mean `#:temperature`?
llm-query: unknown keyword `#:xyzzy`
llm-query: `#:seed` is given twice
llm-query: `#:temperature` must be a number, not `\"hot\"`
llm-query: `#:max-tokens` must be a whole number that is not negative, not `-1`
llm-query: `#:priority` must be `'high`, `'normal` or `'batch`, not `'urgent`
llm-query: `#:json` must be `#t`, `#f` or `'object`, not `array`";
    assert_eq!(script(text).run().value(), wanted);
}

#[test]
fn json_answers_are_bare_and_asked_for_twice() {
    let mock = Mock::start(|call| {
        let asked_again = call.body["messages"].as_array().is_some_and(|messages| messages.len() > 2);
        Reply::Text(match call.body["messages"][1]["content"].as_str() {
            Some("fenced") => "```json\n{\"b\": [1, null], \"a\": 1.5}\n```\n".into(),
            Some("second") if asked_again => "[\"mended\"]".into(),
            Some("second") => "Sure! [".into(),
            _ => "no JSON at all".into(),
        })
    });
    let text = r#"
(define (ask data) (llm-query #:instruction "i" #:data data #:json #t))
(define fenced (ask "fenced"))
(writeln (list (syntax-e fenced) (response-json fenced)))
(define second (ask "second"))
(writeln (list (syntax-e second) (response-attempts second)))
(define e (with-handler (lambda (e) e) (ask "never")))
(writeln (list (failure? e) (failure-class e) (failure-attempts e) (failure-model e)))
(writeln (map-async ask '("fenced" "second")))
(writeln (with-handler failure-class (response-json (llm-query "no JSON asked"))))"#;
    let bare = r#""{\"b\": [1, null], \"a\": 1.5}""#;
    let wanted = format!(
        r##"({bare} #hash((a . 1.5) (b . (1 #<void>))))
("[\"mended\"]" 2)
(#t invalid-json 2 "mock")
({bare} "[\"mended\"]")
invalid-json"##
    );
    let ran = script(text).server(&mock).run();
    assert_eq!(ran.value(), wanted);
    let again = &mock.bodies()[2]["messages"];
    assert_eq!((&again[2]["role"], &again[2]["content"]), (&json!("assistant"), &json!("Sure! [")));
    assert_eq!((again.as_array().unwrap().len(), &again[3]["role"]), (4, &json!("user")));
    assert_eq!(mock.count(), 1 + 2 + 2 + 3 + 1);
}

#[test]
fn large_numbers_reach_the_provider() {
    let mock = Mock::echo();
    let text = r#"(llm-query "x" #:seed 10000000000 #:max-tokens 5000000000 #:retries 5000000000)"#;
    assert_eq!(script(text).server(&mock).run().code, Some(0));
    let body = mock.last_body();
    assert_eq!((&body["seed"], &body["max_tokens"]), (&json!(10_000_000_000_u64), &json!(u32::MAX)));
}
