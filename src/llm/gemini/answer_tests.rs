//! Replies in Gemini's documented forms, whole, cut and malformed.

use super::*;
use crate::llm::{
    gemini::{GenerateContent, SITE},
    server::Streamed,
};
use FailureClass::*;
use serde_json::json;

const ASKED: Asked<'_> = Asked { site: &SITE, base: "http://h", model: "gemini-x", keyed: true };

fn error(code: u16, status: &str, message: &str, details: Value) -> String {
    json!({ "error": { "code": code, "status": status, "message": message, "details": details } }).to_string()
}

fn class(status: u16, body: &str) -> (FailureClass, bool, Option<Duration>) {
    let failure = classify(status, &HeaderMap::new(), body.as_bytes(), &ASKED);
    (failure.class, failure.transient, failure.retry_after)
}

#[test]
fn every_error_has_its_class() {
    for (code, status, message, want) in [
        (400, "INVALID_ARGUMENT", "Invalid value at 'contents'", (BadRequest, false)),
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", (Auth, false)),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            (TooLong, false),
        ),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", (Auth, false)),
        (400, "FAILED_PRECONDITION", "Enable billing on your project.", (Quota, false)),
        (401, "UNAUTHENTICATED", "no", (Auth, false)),
        (403, "PERMISSION_DENIED", "no", (Auth, false)),
        (404, "NOT_FOUND", "models/gemini-x is not found for API version v1beta", (UnknownModel, false)),
        (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", (RateLimit, true)),
        (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota … limit: 0", (Quota, false)),
        (500, "INTERNAL", "An internal error has occurred.", (Server, true)),
        (503, "UNAVAILABLE", "The model is overloaded.", (Server, true)),
        (504, "DEADLINE_EXCEEDED", "slow", (Server, true)),
    ] {
        let body = error(code, status, message, json!([]));
        let (class, transient, _) = class(code, &body);
        assert_eq!((class, transient), want, "{code} {status} {message}");
        let listed = classify(code, &HeaderMap::new(), format!("[{body}]").as_bytes(), &ASKED);
        assert_eq!((listed.class, listed.transient), want, "the same in an array");
    }
    assert_eq!(class(502, "<html>").0, Server);
    assert_eq!(class(405, "").0, BadRequest);
    assert_eq!(class(301, "").0, BadRequest);
}

#[test]
fn a_limit_of_the_minute_is_waited_for_and_one_of_the_day_is_not() {
    let details = |quota: &str| {
        json!([
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": quota }] },
            { "@type": "type.googleapis.com/google.rpc.Help", "links": [] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s" },
        ])
    };
    let limited =
        |quota| class(429, &error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", details(quota)));
    let minute = limited("GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
    assert_eq!(minute, (RateLimit, true, Some(Duration::from_millis(34_500))));
    assert_eq!(limited("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), (Quota, false, None));
    let info = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]);
    let failure = classify(400, &HeaderMap::new(), error(400, "INVALID_ARGUMENT", "x", info).as_bytes(), &ASKED);
    assert!(failure.class == Auth && failure.message.contains("GEMINI_API_KEY"), "{failure}");
}

#[test]
fn only_a_refused_parameter_is_dropped() {
    let mut all = Params::default();
    for param in [
        Param::Temperature,
        Param::TopP,
        Param::Seed,
        Param::Stop,
        Param::MaxTokens,
        Param::JsonSchema,
        Param::JsonObject,
    ] {
        all.insert(param);
    }
    let refused = |message: &str| {
        refused_parameter(error(400, "INVALID_ARGUMENT", message, json!([])).as_bytes(), all)
            .map(|r| (r.param, r.always))
    };
    assert_eq!(refused("Unknown name \"seed\" at 'generation_config'"), Some((Param::Seed, true)));
    assert_eq!(refused("Unknown name \"topP\": Cannot find field."), Some((Param::TopP, true)));
    assert_eq!(refused("stop_sequences is not supported for this model"), Some((Param::Stop, true)));
    assert_eq!(refused("Unknown name \"responseJsonSchema\" at 'generation_config'"), Some((Param::JsonSchema, true)));
    assert_eq!(refused("JSON mode is not enabled for models/gemma"), Some((Param::JsonSchema, true)));
    assert_eq!(
        refused("The specified schema produces a constraint that has too many states"),
        Some((Param::JsonSchema, false))
    );
    assert_eq!(refused("temperature must be in the range [0.0, 2.0]"), None);
}

fn reply(body: &str) -> Result<Answer, Failure> {
    parse(&HeaderMap::new(), body.as_bytes(), &ASKED)
}

#[test]
fn an_answer_is_read_whole() {
    let answer = reply(
        r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a\n"},{"text":"é",
        "thoughtSignature":"s"}],"role":"model"},"finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{
        "promptTokenCount":9,"candidatesTokenCount":2,"thoughtsTokenCount":5,"cachedContentTokenCount":4,
        "totalTokenCount":16},"modelVersion":"gemini-x-001","responseId":"r"}"#,
    )
    .unwrap();
    assert_eq!((&*answer.text, &*answer.model, &*answer.finish_reason), ("a\né", "gemini-x-001", "MAX_TOKENS"));
    assert_eq!(answer.usage, Usage { input: 9, output: 7, cached: 4, reasoning: 5, written: 0 });
    let bare = reply(r#"{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}"#).unwrap();
    assert_eq!((bare.usage, &*bare.model, &*bare.finish_reason), (Usage::default(), "gemini-x", "stop"));
    let thought = reply(r#"{"candidates":[{"content":{"role":"model"},"finishReason":"MAX_TOKENS"}]}"#).unwrap();
    assert_eq!((&*thought.text, &*thought.finish_reason), ("", "MAX_TOKENS"));
}

#[test]
fn what_google_withholds_is_refused() {
    for (body, word) in [
        (
            r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9}}"#,
            "PROHIBITED_CONTENT",
        ),
        (r#"{"candidates":[{"finishReason":"SAFETY","index":0}],"usageMetadata":{"promptTokenCount":9}}"#, "SAFETY"),
        (
            r#"{"candidates":[{"content":{"parts":[{"text":"half"}]},"finishReason":"RECITATION","finishMessage":"a book"}],
            "usageMetadata":{"promptTokenCount":9}}"#,
            "a book",
        ),
    ] {
        let failure = reply(body).unwrap_err();
        assert_eq!((failure.class, failure.transient, failure.usage.input), (Refused, false, 9), "{body}");
        assert!(failure.message.contains(word) && failure.cost_usd.is_none(), "{failure}");
    }
}

#[test]
fn a_bad_200_has_its_class() {
    for (body, word) in [
        (r#"{"candidates":[{"con"#, "cut off"),
        (r#"{"candidates":7}"#, "no generated content"),
        ("{}", "without candidates"),
        (r#"{"candidates":[]}"#, "without candidates"),
        (r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}"#, "busy"),
    ] {
        let failure = reply(body).unwrap_err();
        assert_eq!((failure.class, failure.transient), (Server, true), "{body}");
        assert!(failure.message.contains(word), "{failure}");
    }
}

const FULL: &str = concat!(
    r#"data: {"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"},"index":0}],"modelVersion":"gemini-x-001"}"#,
    "\r\n\r\n",
    r#"data: {"candidates":[{"content":{"parts":[{"text":"één "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":9}}"#,
    "\r\n\r\n",
    r#"data: {"candidates":[{"content":{"parts":[{"text":"😀"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2}}"#,
    "\r\n\r\n"
);

fn streamed(pieces: &[&[u8]]) -> (Result<Answer, Failure>, String) {
    let (mut streamed, mut handed) = (Streamed::<GenerateContent>::new(&ASKED, 10_000), String::new());
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
        assert_eq!((&*answer.text, &*answer.model, &*answer.finish_reason), ("één 😀", "gemini-x-001", "STOP"));
        assert_eq!((answer.usage.input, answer.usage.output, handed.as_str()), (9, 2, "één 😀"));
    }
}

#[test]
fn a_broken_stream_fails_typed() {
    let at = FULL.match_indices("data: ").nth(2).unwrap().0;
    let (failure, handed) = streamed(&[&FULL.as_bytes()[..at]]);
    let failure = failure.unwrap_err();
    assert!(failure.class == Server && failure.message.contains("cut off"), "{failure}");
    assert_eq!(handed, "één ");
    let busy = format!("data: {}\n\n", error(429, "RESOURCE_EXHAUSTED", "slow", json!([])));
    assert_eq!(streamed(&[busy.as_bytes()]).0.unwrap_err().class, RateLimit);
    for bad in ["data: {\n\n", "data: []\n\n", ""] {
        assert_eq!(streamed(&[bad.as_bytes()]).0.unwrap_err().class, Server, "{bad}");
    }
    let safety = FULL.replace("STOP", "SAFETY");
    assert_eq!(streamed(&[safety.as_bytes()]).0.unwrap_err().class, Refused);
}
