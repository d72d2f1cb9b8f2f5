//! The table of replies and what they mean.

use super::*;
use crate::llm::openai::SITE;
use FailureClass::*;
use std::time::Duration;

const ASKED: Asked<'_> = Asked { site: &SITE, base: "http://h/v1", model: "m", keyed: true };

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(k, v)| (http::header::HeaderName::from_static(k), v.parse().unwrap())).collect()
}

fn class(status: u16, body: &str) -> (FailureClass, bool) {
    let failure = classify(status, &HeaderMap::new(), body.as_bytes(), &ASKED);
    assert_eq!(failure.model.as_deref(), Some("m"));
    (failure.class, failure.transient)
}

#[test]
fn every_status_has_its_class() {
    for (status, body, want) in [
        (401, "", (Auth, false)),
        (403, "{}", (Auth, false)),
        (404, "<html>", (UnknownModel, false)),
        (400, r#"{"error":{"code":"model_not_found"}}"#, (UnknownModel, false)),
        (403, r#"{"error":{"code":"model_not_found"}}"#, (UnknownModel, false)),
        (402, r#"{"error":{"message":"no credits","code":402}}"#, (Quota, false)),
        (429, r#"{"error":{"type":"insufficient_quota"}}"#, (Quota, false)),
        (429, r#"{"error":{"code":"billing_hard_limit_reached"}}"#, (Quota, false)),
        (429, r#"{"error":{"message":"Request too large for gpt-4o"}}"#, (TooLong, false)),
        (429, "slow down", (RateLimit, true)),
        (400, r#"{"error":{"code":"context_length_exceeded"}}"#, (TooLong, false)),
        (400, r#"{"message":"This model's maximum context length is 8 tokens"}"#, (TooLong, false)),
        (422, r#"{"error":{"code":"content_policy_violation"}}"#, (Refused, false)),
        (422, r#"{"detail":[{"msg":"field required"}]}"#, (BadRequest, false)),
        (400, r#"[{"error":{"message":"bad"}}]"#, (BadRequest, false)),
        (405, "", (BadRequest, false)),
        (413, "", (TooLong, false)),
        (408, "", (Server, true)),
        (409, "", (Server, true)),
        (425, "", (Server, true)),
        (500, r#"{"error":"oops"}"#, (Server, true)),
        (529, "", (Server, true)),
        (307, "", (BadRequest, false)),
    ] {
        assert_eq!(class(status, body), want, "{status} {body}");
    }
}

#[test]
fn messages_say_what_to_do_and_repeat_only_clean_words() {
    let said = |status, body: &str| classify(status, &HeaderMap::new(), body.as_bytes(), &ASKED).message;
    let auth = said(401, r#"{"error":{"message":"Incorrect key sk-12***89"}}"#);
    assert!(["OPENAI_API_KEY", "http://h/v1", "--offline"].iter().all(|w| auth.contains(w)), "{auth}");
    assert!(!auth.contains("sk-12"));
    let long = said(400, &format!("{{\"error\":{{\"message\":\"a\\u001b[31m\\n{}\"}}}}", "x".repeat(900)));
    assert!(long.contains("a [31m x") && long.chars().count() < 600 && !long.contains('\u{1b}'), "{long}");
    assert!(said(502, "<html><body>Bad gateway").contains("an HTML page"));
    let to = classify(301, &headers(&[("location", "https://h/v2")]), b"", &ASKED).message;
    assert!(to.contains("https://h/v2") && to.contains("OPENAI_BASE_URL"), "{to}");
}

#[test]
fn a_busy_servers_wait_is_kept() {
    let failure = classify(503, &headers(&[("retry-after", "3")]), b"", &ASKED);
    assert_eq!(failure.retry_after, Some(Duration::from_secs(3)));
}

#[test]
fn only_a_refused_parameter_is_dropped() {
    let mut all = Params::default();
    let formats = |p: &Param| name(*p) == "response_format";
    Param::ALL.into_iter().filter(|p| !formats(p)).for_each(|p| assert!(all.insert(p)));
    let refused = |code: &str, param: &str, message: &str| {
        let body = serde_json::json!({"error": {"code": code, "param": param, "message": message}});
        refused_parameter(body.to_string().as_bytes(), all).map(|refused| refused.param)
    };
    assert_eq!(refused("unsupported_value", "temperature", "Only 1."), Some(Param::Temperature));
    let swap = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.";
    assert_eq!(refused("unsupported_parameter", "max_tokens", swap), Some(Param::MaxTokens));
    assert_eq!(refused("", "", swap), Some(Param::MaxTokens));
    assert_eq!(refused("", "", "seed: Extra inputs are not permitted"), Some(Param::Seed));
    assert_eq!(refused("", "", "this does not support nonstop streaming"), None);
    assert_eq!(refused("decimal_above_max_value", "temperature", "Expected a value <= 2"), None);
    assert_eq!(refused("unsupported_parameter", "tools", "no 'stop'"), None);
    assert_eq!(refused_parameter(br#"{"error":{"message":"Unsupported seed"}}"#, Params::default()), None);
}

#[test]
fn a_response_format_is_refused_in_many_words() {
    let mut sent = Params::default();
    sent.insert(Param::JsonSchema);
    sent.insert(Param::Temperature);
    let refused = |param: &str, message: &str| {
        let body = serde_json::json!({"error": {"param": param, "message": message}});
        refused_parameter(body.to_string().as_bytes(), sent)
    };
    let always = |param| Some(Refusal { param, always: true });
    for (param, message) in [
        ("", "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."),
        ("", "'response_format.type' must be 'text'"),
        ("", "This response_format type is unavailable now"),
        ("response_format.type", "Invalid value. Supported values are: 'text'."),
        ("", "json_schema is not allowed here"),
    ] {
        assert_eq!(refused(param, message), always(Param::JsonSchema), "{message}");
    }
    for (param, message) in [
        ("response_format", "Invalid schema for response_format 'answer': 'not' is not permitted."),
        ("", "Failed to convert JSON schema to grammar"),
    ] {
        assert_eq!(refused(param, message), Some(Refusal { param: Param::JsonSchema, always: false }), "{message}");
    }
    assert_eq!(refused("temperature", "Unsupported parameter: temperature"), always(Param::Temperature));
    assert_eq!(refused("", "no such thing"), None);
}

fn reply(body: &str) -> Result<Answer, Failure> {
    parse(&headers(&[("content-type", "application/json")]), body.as_bytes(), &ASKED)
}

#[test]
fn an_answer_is_read_whole() {
    let answer = reply(
        r#"{"id":"x","model":"m-2","choices":[{"index":0,
        "message":{"role":"assistant","content":"a\n\"é\"","refusal":null},
        "finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,
        "prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}}"#,
    )
    .unwrap();
    assert_eq!((&*answer.text, &*answer.model, &*answer.finish_reason), ("a\n\"é\"", "m-2", "length"));
    assert_eq!(answer.usage, Usage { input: 9, output: 2, cached: 4, reasoning: 1, written: 0 });
    let bare = reply(r#"{"choices":[{"message":{"content":"x"}}]}"#).unwrap();
    assert_eq!((bare.usage, &*bare.model, &*bare.finish_reason), (Usage::default(), "m", "stop"));
}

#[test]
fn a_bad_200_has_its_class() {
    for (body, want) in [
        (r#"{"choices":[{"message":{"content":null,"refusal":"I can't."}}]}"#, (Refused, false, "I can't.")),
        (r#"{"choices":[{"message":{"content":""},"finish_reason":"content_filter"}]}"#, (Refused, false, "filter")),
        (r#"{"choices":[]}"#, (Server, true, "without choices")),
        (r#"{"choices":[{"mess"#, (Server, true, "cut off")),
        (r#"{"choices":7}"#, (Server, true, "no chat completion")),
        (r#"{"error":{"code":429,"message":"slow"}}"#, (RateLimit, true, "slow")),
        (r#"{"error":{"message":"upstream"}}"#, (Server, true, "upstream")),
    ] {
        let failure = reply(body).unwrap_err();
        assert_eq!((failure.class, failure.transient), (want.0, want.1), "{body}");
        assert!(failure.message.contains(want.2), "{failure}");
    }
    let html = parse(&headers(&[("content-type", "text/html")]), b"<html>", &ASKED).unwrap_err();
    assert!(html.transient && html.message.contains("`text/html`"), "{html}");
    assert!(parse(&headers(&[("content-type", "text/plain")]), br#"{"choices":[{"message":{}}]}"#, &ASKED).is_ok());
}

#[test]
fn a_refusal_is_paid_for_like_an_answer() {
    for message in
        [r#""finish_reason":"content_filter","message":{"content":""}"#, r#""message":{"refusal":"I can't."}"#]
    {
        let usage = r#"{"prompt_tokens":9,"completion_tokens":2}"#;
        let body = format!(r#"{{"choices":[{{{message}}}],"usage":{usage}}}"#);
        let failure = parse(&HeaderMap::new(), body.as_bytes(), &ASKED).unwrap_err();
        assert_eq!((failure.class, failure.usage.input, failure.usage.output), (Refused, 9, 2), "{message}");
        assert_eq!(failure.cost_usd, None, "the router knows the price");
    }
}
