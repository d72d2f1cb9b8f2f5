//! Scripts that ask Anthropic and Gemini, in their own formats: what is sent, what comes back, and what goes wrong.
//!
//! The formats' finer points are tests of their own, beside them. Vectors are in `vectors`.

use crate::{
    mock::{Call, Mock, Reply, Step, anthropic, gemini},
    program::{Program, bessemer, ran, script},
};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// Starts a server that answers so, and notes where and with which key it was asked.
fn noting(reply: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> (Mock, Arc<Mutex<Vec<String>>>) {
    let noted: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = noted.clone();
    let mock = Mock::start(move |call| {
        let header = |name| call.header(name).unwrap_or("-").to_owned();
        let keys = ["authorization", "x-api-key", "x-goog-api-key"].map(header).join(" ");
        keep.lock().unwrap().push(format!("{} {keys}", call.path));
        reply(call)
    });
    (mock, noted)
}

fn says(text: &'static str) -> Mock {
    Mock::start(move |_| Reply::Text(text.into()))
}

const ASK: &str = r#"
    (define r (llm-query #:instruction "Be terse." #:data "2+2?" #:model MODEL #:temperature 0.5 #:max-tokens 9 #:stop "\n"))
    (list (response-text r) (response-model r) (response-finish-reason r) (hash-ref (response-usage r) 'output))
"#;

fn ask(model: &str) -> Program {
    script(&ASK.replace("MODEL", &format!("{model:?}")))
}

#[test]
fn a_script_asks_anthropic() {
    let (mock, noted) = noting(|_| Reply::Text("four".into()));
    assert_eq!(ask("claude-x").provider("ANTHROPIC", &mock).run().value(), "(four claude-x end_turn 1)");
    assert_eq!(*noted.lock().unwrap(), ["/v1/messages - key-of-the-test -"]);
    let wanted = json!({ "model": "claude-x", "system": "Be terse.", "max_tokens": 9, "temperature": 0.5,
        "stop_sequences": ["\n"], "messages": [{ "role": "user", "content": "2+2?" }] });
    assert_eq!(mock.last_body(), wanted);
}

#[test]
fn a_script_asks_gemini() {
    let (mock, noted) = noting(|_| Reply::Text("four".into()));
    assert_eq!(ask("gemini/gemini-x").provider("GEMINI", &mock).run().value(), "(four gemini-x STOP 1)");
    assert_eq!(*noted.lock().unwrap(), ["/v1beta/models/gemini-x:generateContent - - key-of-the-test"]);
    let wanted = json!({ "systemInstruction": { "parts": [{ "text": "Be terse." }] },
        "contents": [{ "role": "user", "parts": [{ "text": "2+2?" }] }],
        "generationConfig": { "maxOutputTokens": 9, "temperature": 0.5, "stopSequences": ["\n"] } });
    assert_eq!(mock.last_body(), wanted);
}

#[test]
fn each_name_goes_to_the_provider_that_has_it() {
    let (openai, anthropic, gemini) = (says("o"), says("a"), says("g"));
    let text = r#"(map (lambda (model) (syntax-e (llm-query "x" #:model model)))
        '("gpt-x" "claude-x" "gemini-x" "anthropic/y" "google/y" "llama3"))"#;
    let program = script(text).provider("OPENAI", &openai).provider("ANTHROPIC", &anthropic);
    assert_eq!(program.provider("GEMINI", &gemini).run().value(), "(o a g a g o)");
    let bearer = script(r#"(llm-query "x" #:model "claude-x")"#).provider("ANTHROPIC", &anthropic);
    assert_eq!(bearer.env("ANTHROPIC_API_KEY", "").env("ANTHROPIC_AUTH_TOKEN", "t").run().value(), "a");
}

#[test]
fn pieces_come_from_either_provider() {
    for (name, model) in [("ANTHROPIC", "claude-x"), ("GEMINI", "gemini-x")] {
        let (mock, noted) = noting(|_| Reply::Stream(vec![Step::Say("one "), Step::Say("two")]));
        let text = format!(
            r#"(define seen "")
               (define r (llm-query "x" #:model "{model}" #:on-token (lambda (piece) (set! seen (string-append seen piece)))))
               (list seen (response-text r) (hash-ref (response-usage r) 'input) (hash-ref (response-usage r) 'output))"#
        );
        assert_eq!(script(&text).provider(name, &mock).run().value(), "(one two one two 7 2)", "{name}");
        let asked = noted.lock().unwrap()[0].clone();
        let streams = asked.contains("streamGenerateContent?alt=sse") || mock.last_body()["stream"] == true;
        assert!(streams, "{asked}");
    }
}

#[test]
fn a_stream_that_breaks_off_fails_and_says_how_far_it_came() {
    for (name, model) in [("ANTHROPIC", "claude-x"), ("GEMINI", "gemini-x")] {
        let mock = Mock::start(|_| Reply::Stream(vec![Step::Say("one "), Step::Cut]));
        let text = format!(
            r#"(with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-message f)))])
                 (llm-query "x" #:model "{model}" #:on-token (lambda (piece) #t)))"#
        );
        let ran = script(&text).provider(name, &mock).run();
        assert!(ran.value().starts_with("(network ") && ran.value().contains("after 4 characters"), "{ran:?}");
        assert_eq!(mock.count(), 1, "nobody hears the beginning twice");
    }
}

#[test]
fn a_schema_holds_with_either_provider() {
    let text = |model: &str| {
        format!(
            r#"(response-json (llm-query "x" #:model "{model}" #:schema
                 (hash 'type "array" 'items (hash 'type "string"))))"#
        )
    };
    let mock = says(r#"{"value": ["a", "b"]}"#);
    assert_eq!(script(&text("claude-x")).provider("ANTHROPIC", &mock).run().value(), "(a b)");
    let value = json!({ "type": "array", "items": { "type": "string" } });
    let wrapped = json!({ "type": "object", "properties": { "value": value }, "required": ["value"],
        "additionalProperties": false });
    let asked = json!({ "format": { "type": "json_schema", "schema": wrapped } });
    assert_eq!(mock.last_body()["output_config"], asked);
    assert_eq!(script(&text("gemini-x")).provider("GEMINI", &mock).run().value(), "(a b)");
    assert_eq!(mock.last_body()["generationConfig"]["responseJsonSchema"], wrapped);
}

#[test]
fn an_image_is_shown_to_either_provider() {
    let text = |model: &str| format!(r#"(llm-query "what?" #:model "{model}" #:image (bytes #x89 #x50 #x4e #x47 13))"#);
    let mock = says("a dot");
    script(&text("claude-x")).provider("ANTHROPIC", &mock).run().value();
    let source = json!({ "type": "base64", "media_type": "image/png", "data": "iVBORw0=" });
    assert_eq!(mock.last_body()["messages"][0]["content"][0]["source"], source);
    script(&text("gemini-x")).provider("GEMINI", &mock).run().value();
    let data = json!({ "mimeType": "image/png", "data": "iVBORw0=" });
    assert_eq!(mock.last_body()["contents"][0]["parts"][1]["inlineData"], data);
}

#[test]
fn a_parameter_that_a_model_refuses_is_dropped_with_one_warning() {
    let mock = Mock::start(|call| match call.body.get("temperature") {
        Some(_) => anthropic::error(400, "invalid_request_error", "`temperature` is deprecated for this model."),
        None => Reply::Text("fine".into()),
    });
    let text = r#"(for/list ([i 3]) (syntax-e (llm-query "x" #:model "claude-x" #:temperature 0.5 #:seed 7)))"#;
    let ran = script(text).provider("ANTHROPIC", &mock).run();
    assert_eq!(ran.value(), "(fine fine fine)");
    for parameter in ["`temperature`", "`seed`"] {
        assert_eq!(ran.stderr.matches(parameter).count(), 1, "{ran:?}");
    }
    assert_eq!(mock.count(), 4, "once with it, and three times without");
}

#[test]
fn what_may_pass_is_tried_again_in_each_providers_words() {
    let mock = Mock::start(|call| match call.n {
        0 => anthropic::error(529, "overloaded_error", "Overloaded"),
        _ => Reply::Text("fine".into()),
    });
    let text = |model: &str| format!(r#"(response-attempts (llm-query "x" #:model "{model}"))"#);
    assert_eq!(script(&text("claude-x")).provider("ANTHROPIC", &mock).run().value(), "2");
    let mock = Mock::start(|call| match call.n {
        0 => {
            let wait = json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.01s" }]);
            gemini::error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted", wait)
        }
        _ => Reply::Text("fine".into()),
    });
    assert_eq!(script(&text("gemini-x")).provider("GEMINI", &mock).run().value(), "2");
}

const CLASS: &str = r#"(with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-model f) (failure-message f)))])
    (llm-query "x" #:model MODEL #:retries 0))"#;

#[test]
fn a_failure_for_good_has_its_class_and_shows_no_key() {
    let class = |name: &str, model: &str, reply: fn() -> Reply| {
        let mock = Mock::start(move |_| reply());
        let ran = script(&CLASS.replace("MODEL", &format!("{model:?}"))).provider(name, &mock).run();
        assert!(!format!("{ran:?}").contains("key-of-the-test"), "{ran:?}");
        assert!(ran.value().contains(model), "{ran:?}");
        ran.value().trim_start_matches('(').split(' ').next().unwrap_or_default().to_owned()
    };
    let claude = |reply| class("ANTHROPIC", "claude-x", reply);
    assert_eq!(claude(|| anthropic::error(401, "authentication_error", "bad key-of-the-test")), "auth");
    assert_eq!(claude(|| anthropic::error(400, "invalid_request_error", "odd: key-of-the-test")), "bad-request");
    assert_eq!(claude(|| anthropic::error(404, "not_found_error", "model: claude-x")), "unknown-model");
    assert_eq!(claude(|| Reply::Usage { text: "I".into(), input: 1, output: 1, finish: "refusal" }), "refused");
    assert_eq!(claude(|| Reply::Cut("half".into())), "network");
    assert_eq!(claude(|| Reply::Status(200, vec![], "{\"content\": [".into())), "server");
    let gemini = |reply| class("GEMINI", "gemini-x", reply);
    assert_eq!(gemini(|| gemini::error(400, "INVALID_ARGUMENT", "API key not valid", json!([]))), "auth");
    assert_eq!(gemini(|| gemini::error(429, "RESOURCE_EXHAUSTED", "slow", json!([]))), "rate-limit");
    assert_eq!(gemini(|| gemini::error(429, "RESOURCE_EXHAUSTED", "quota, limit: 0", json!([]))), "quota");
    assert_eq!(gemini(|| Reply::Usage { text: String::new(), input: 1, output: 0, finish: "SAFETY" }), "refused");
    let blocked = || Reply::Status(200, vec![], r#"{"promptFeedback": {"blockReason": "SAFETY"}}"#.into());
    assert_eq!(gemini(blocked), "refused");
    assert_eq!(gemini(|| Reply::Status(200, vec![], "{}".into())), "server");
}

#[test]
fn a_prompt_longer_than_the_window_is_not_sent() {
    let mock = says("no");
    let text = r#"(with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-attempts f) (failure-message f)))])
        (llm-query #:instruction "Sum it up." #:data (make-string 2000000 #\7) #:model "claude-haiku-4-5"))"#;
    let ran = script(text).provider("ANTHROPIC", &mock).run();
    assert!(ran.value().starts_with("(too-long 0 "), "{ran:?}");
    assert!(["200000", "estimate", "chunk-text"].iter().all(|word| ran.value().contains(word)), "{ran:?}");
    assert_eq!(mock.count(), 0);
}

#[test]
fn the_doctor_says_what_an_alias_means_here() {
    let doctor = |name: &str| ran(bessemer().arg("doctor").env(name, "key-of-the-test"));
    for (name, model, place) in [
        ("ANTHROPIC_API_KEY", "`claude-haiku-4-5`", "at Anthropic"),
        ("GOOGLE_API_KEY", "`gemini-3.1-flash-lite`", "at Gemini"),
        ("OPENAI_API_KEY", "`gpt-4o-mini`", "prompts up to 128000 tokens"),
    ] {
        let ran = doctor(name);
        assert!(ran.stdout.contains(model) && ran.stdout.contains(place), "{ran:?}");
        assert!(!format!("{ran:?}").contains("key-of-the-test"));
    }
}
