//! Replies in Anthropic's documented forms, whole, cut and malformed.

use super::*;
use crate::llm::{
    anthropic::{Messages, SITE},
    server::Streamed,
};
use FailureClass::*;
use std::time::Duration;

const ASKED: Asked<'_> = Asked { site: &SITE, base: "http://h", model: "claude-x", keyed: true };

fn error(kind: &str, message: &str) -> String {
    serde_json::json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" })
        .to_string()
}

#[test]
fn every_error_has_its_class() {
    for (status, kind, message, want) in [
        (400, "invalid_request_error", "max_tokens: must be at least 1", (BadRequest, false)),
        (400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", (TooLong, false)),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 9 + 9 > 10",
            (TooLong, false),
        ),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", (Quota, false)),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", (Quota, false)),
        (400, "invalid_request_error", "Output blocked by content filtering policy", (Refused, false)),
        (401, "authentication_error", "invalid x-api-key", (Auth, false)),
        (402, "billing_error", "pay", (Quota, false)),
        (403, "permission_error", "no", (Auth, false)),
        (404, "not_found_error", "model: claude-x", (UnknownModel, false)),
        (413, "request_too_large", "Request exceeds the maximum size", (TooLong, false)),
        (429, "rate_limit_error", "This request would exceed your organization's rate limit", (RateLimit, true)),
        (429, "rate_limit_error", "You have reached your spend limit", (Quota, false)),
        (500, "api_error", "Internal server error", (Server, true)),
        (504, "timeout_error", "slow", (Server, true)),
        (529, "overloaded_error", "Overloaded", (Server, true)),
        (200, "overloaded_error", "Overloaded", (Server, true)),
        (200, "rate_limit_error", "slow down", (RateLimit, true)),
    ] {
        let failure = classify(status, &HeaderMap::new(), error(kind, message).as_bytes(), &ASKED);
        assert_eq!((failure.class, failure.transient), want, "{status} {kind} {message}");
    }
    for (status, body, want) in [
        (502, "<html>", (Server, true)),
        (418, "", (BadRequest, false)),
        (301, "", (BadRequest, false)),
        (529, "{", (Server, true)),
    ] {
        let failure = classify(status, &HeaderMap::new(), body.as_bytes(), &ASKED);
        assert_eq!((failure.class, failure.transient), want, "{status} {body}");
    }
    let headers = [(http::header::RETRY_AFTER, "7".parse().unwrap())].into_iter().collect();
    let failure = classify(429, &headers, error("rate_limit_error", "x").as_bytes(), &ASKED);
    assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
    let auth = classify(401, &HeaderMap::new(), error("authentication_error", "sk-ant-12").as_bytes(), &ASKED).message;
    assert!(auth.contains("ANTHROPIC_API_KEY") && auth.contains("--offline") && !auth.contains("sk-ant"), "{auth}");
}

#[test]
fn only_a_refused_parameter_is_dropped() {
    let mut all = Params::default();
    for param in [Param::Temperature, Param::TopP, Param::Stop, Param::MaxTokens, Param::JsonSchema] {
        all.insert(param);
    }
    let refused = |message: &str| refused_parameter(error("invalid_request_error", message).as_bytes(), all);
    let always = |param| Some(Refusal { param, always: true });
    assert_eq!(refused("`temperature` is deprecated for this model."), always(Param::Temperature));
    assert_eq!(refused("top_p: Extra inputs are not permitted"), always(Param::TopP));
    assert_eq!(refused("`temperature` and `top_p` cannot both be specified for this model."), always(Param::TopP));
    assert_eq!(refused("'claude-x' does not support output format."), always(Param::JsonSchema));
    assert_eq!(refused("output_config: Extra inputs are not permitted"), always(Param::JsonSchema));
    let this = Some(Refusal { param: Param::JsonSchema, always: false });
    assert_eq!(refused("output_config.format.schema: For 'object' type, property 'x' is not supported"), this);
    assert_eq!(refused("temperature: Input should be less than or equal to 1"), None);
    assert_eq!(refused("max_tokens: 9999999 is not supported"), None);
}

fn reply(body: &str) -> Result<Answer, Failure> {
    parse(&HeaderMap::new(), body.as_bytes(), &ASKED)
}

#[test]
fn an_answer_is_read_whole() {
    let answer = reply(
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x-1","content":[
        {"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a\n"},{"type":"text","text":"é"}],
        "stop_reason":"max_tokens","stop_sequence":null,"usage":{"input_tokens":5,"cache_creation_input_tokens":3,
        "cache_read_input_tokens":4,"output_tokens":7,"service_tier":"standard"}}"#,
    )
    .unwrap();
    assert_eq!((&*answer.text, &*answer.model, &*answer.finish_reason), ("a\né", "claude-x-1", "max_tokens"));
    assert_eq!(answer.usage, Usage { input: 12, output: 7, cached: 4, reasoning: 0, written: 3 });
}

#[test]
fn a_bad_200_has_its_class() {
    let refusal = r#"{"content":[{"type":"text","text":"Half"}],"stop_reason":"refusal","usage":{"input_tokens":2}}"#;
    let failure = reply(refusal).unwrap_err();
    assert_eq!((failure.class, failure.usage.input, failure.cost_usd), (Refused, 2, None));
    for (body, word) in [
        (r#"{"content":[{"ty"#, "cut off"),
        (r#"{"content":7}"#, "no message"),
        ("[]", "no message"),
        (r#"{"content":[]}"#, "stop_reason"),
        (&error("overloaded_error", "Overloaded"), "overloaded"),
    ] {
        let failure = reply(body).unwrap_err();
        assert_eq!((failure.class, failure.transient), (Server, true), "{body}");
        assert!(failure.message.contains(word), "{failure}");
    }
}

const FULL: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x-1","content":[],"stop_reason":null,"usage":{"input_tokens":5,"cache_read_input_tokens":4,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"één "}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"😀"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn streamed(pieces: &[&[u8]]) -> (Result<Answer, Failure>, String) {
    let (mut streamed, mut handed) = (Streamed::<Messages>::new(&ASKED, 10_000), String::new());
    let mut go = || {
        for piece in pieces {
            let fed = streamed.feed(piece);
            handed.push_str(streamed.fresh());
            fed?;
        }
        streamed.end()
    };
    let ended = go();
    (ended.and_then(|()| streamed.answer()), handed)
}

#[test]
fn pieces_make_the_answer_however_they_are_cut() {
    for size in [1, 3, 50, 10_000] {
        let (answer, handed) = streamed(&FULL.as_bytes().chunks(size).collect::<Vec<_>>());
        let answer = answer.unwrap();
        assert_eq!((&*answer.text, &*answer.model, &*answer.finish_reason), ("één 😀", "claude-x-1", "end_turn"));
        assert_eq!(answer.usage, Usage { input: 9, output: 15, cached: 4, ..Usage::default() });
        assert_eq!(handed, "één 😀");
    }
}

#[test]
fn a_broken_stream_fails_typed() {
    let (cut, _) = FULL.split_once("event: message_delta").unwrap();
    let (failure, handed) = streamed(&[cut.as_bytes()]);
    let failure = failure.unwrap_err();
    assert!(failure.class == Server && failure.message.contains("cut off"), "{failure}");
    assert_eq!(handed, "één 😀");
    for (kind, class) in [("overloaded_error", Server), ("rate_limit_error", RateLimit), ("api_error", Server)] {
        let event = format!("event: error\ndata: {}\n\n", error(kind, "x"));
        let failure = streamed(&[event.as_bytes()]).0.unwrap_err();
        assert_eq!((failure.class, failure.transient), (class, true), "{kind}");
    }
    for bad in ["data: {\n\n", "data: []\n\n", ""] {
        assert_eq!(streamed(&[bad.as_bytes()]).0.unwrap_err().class, Server, "{bad}");
    }
    let refused = FULL.replace("end_turn", "refusal");
    assert_eq!(streamed(&[refused.as_bytes()]).0.unwrap_err().class, Refused);
}
