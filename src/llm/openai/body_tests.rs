//! What stands in a body.

use super::*;
use crate::{
    llm::{Pieces, json::ASK_SCHEMA},
    wire::{FailureClass, Sampling},
};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn request(texts: &[(Role, &str)], sampling: Sampling, json: JsonMode) -> Request {
    let messages = texts.iter().map(|&(role, text)| Message::new(role, text)).collect();
    Request { messages, sampling, json, timeout: Duration::from_secs(1), ..Request::default() }
}

fn full() -> Sampling {
    let stop = vec!["\n".into(), "END".into()];
    Sampling { temperature: Some(0.7), max_tokens: Some(9), top_p: Some(1.0), seed: Some(-3), stop }
}

fn written(model: &str, refused: &[Param]) -> Value {
    let mut set = Params::default();
    refused.iter().for_each(|&p| assert!(set.insert(p)));
    let body = write(&request(&[(Role::User, "x")], full(), JsonMode::Off), model, set).unwrap();
    let value: Value = serde_json::from_slice(&body.bytes).unwrap();
    assert!(Param::ALL.iter().all(|&p| body.sent.contains(p) == value.get(name(p)).is_some()));
    value
}

#[test]
fn any_text_survives() {
    let every: String = (0..0x300).filter_map(char::from_u32).collect();
    let long = "plain ".repeat(1000) + "\"end\"\\";
    let chat = [
        (Role::System, every.as_str()),
        (Role::User, "😀 \u{7f}\u{2028} é"),
        (Role::Assistant, ""),
        (Role::User, &long),
    ];
    let body = write(&request(&chat, Sampling::default(), JsonMode::Object), "a\"b", Params::default()).unwrap();
    let roles = ["system", "user", "assistant", "user"];
    let messages: Vec<_> =
        chat.iter().zip(roles).map(|((_, text), role)| json!({"role": role, "content": text})).collect();
    let want = json!({"model": "a\"b", "messages": messages, "response_format": {"type": "json_object"}});
    assert_eq!(serde_json::from_slice::<Value>(&body.bytes).unwrap(), want);
}

#[test]
fn parameters_are_sent_as_given() {
    let want = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "x"}], "temperature": 0.7,
        "max_tokens": 9, "top_p": 1.0, "seed": -3, "stop": ["\n", "END"]});
    assert_eq!(written("gpt-4o", &[]), want);
}

#[test]
fn token_limit_has_the_name_that_the_model_wants() {
    for (model, refused, want) in [
        ("gpt-4o", &[][..], Some("max_tokens")),
        ("o3-mini", &[], Some("max_completion_tokens")),
        ("gpt-5-nano", &[Param::MaxCompletionTokens], Some("max_tokens")),
        ("gpt-4o", &[Param::MaxTokens], Some("max_completion_tokens")),
        ("gpt-4o", &[Param::MaxTokens, Param::MaxCompletionTokens], None),
        ("o1", &[Param::MaxTokens, Param::MaxCompletionTokens], None),
    ] {
        let value = written(model, refused);
        let got = ["max_tokens", "max_completion_tokens"].into_iter().find(|n| value.get(n).is_some());
        assert_eq!(got, want, "{model} {refused:?}");
    }
    assert!(written("gpt-4o", &[Param::Stop]).get("stop").is_none());
}

/// The body's fields beside model and messages.
fn fields(request: Request, refused: &[Param]) -> Result<Value, Failure> {
    let mut set = Params::default();
    refused.iter().for_each(|&p| assert!(set.insert(p)));
    let body = write(&request, "m", set)?;
    let mut value: Value = serde_json::from_slice(&body.bytes).unwrap();
    let fields = value.as_object_mut().unwrap();
    fields.remove("model");
    fields.remove("messages");
    Ok(value)
}

fn plain(json: JsonMode) -> Request {
    request(&[(Role::System, "s"), (Role::User, "x")], Sampling::default(), json)
}

#[test]
fn extra_parameters_are_sent_as_they_are_and_win() {
    let with = |extra: &str| {
        let request = request(&[(Role::User, "x")], full(), JsonMode::Object);
        fields(Request { extra: Some(extra.into()), ..request }, &[])
    };
    let got = with(
        r#"{"temperature": 1.50, "max_completion_tokens": 3, "response_format": {"type": "text"}, "top_k": [1, {"a": null}],
            "q\"": 12345678901234567890}"#,
    );
    let wanted: Value = serde_json::from_str(
        r#"{"temperature": 1.50, "max_completion_tokens": 3, "response_format": {"type": "text"}, "top_k": [1, {"a": null}],
            "q\"": 12345678901234567890, "top_p": 1.0, "seed": -3, "stop": ["\n", "END"]}"#,
    )
    .unwrap();
    assert_eq!(got.unwrap(), wanted);
    for (extra, word) in [
        (r#"{"model": "x"}"#, "`model`"),
        (r#"{"messages": []}"#, "`messages`"),
        (r#"{"stream": true}"#, "`stream`"),
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
    ] {
        let failure = with(extra).unwrap_err();
        assert_eq!((failure.class, failure.attempts), (FailureClass::BadRequest, 0));
        assert!(failure.message.contains(word), "{failure}");
    }
}

#[test]
fn images_are_parts_of_their_message() {
    let image = |bytes: &'static [u8]| Image::Bytes { mime: "image/png".into(), bytes: Bytes::from_static(bytes) };
    let mut user = Message::new(Role::User, "what?");
    user.images = vec![Image::Url("https://h/a\"b.png".into()), image(b"\x89PNG\r"), image(b"")];
    let mut silent = Message::new(Role::User, "");
    silent.images = vec![image(b"abc")];
    let request = Request { messages: vec![Message::new(Role::System, "s"), user, silent], ..plain(JsonMode::Off) };
    let body = write(&request, "m", Params::default()).unwrap();
    let url = |url: &str| json!({ "type": "image_url", "image_url": { "url": url } });
    let wanted = json!([
        { "role": "system", "content": "s" },
        { "role": "user", "content": [
            { "type": "text", "text": "what?" },
            url("https://h/a\"b.png"), url("data:image/png;base64,iVBORw0="), url("data:image/png;base64,")] },
        { "role": "user", "content": [url("data:image/png;base64,YWJj")] },
    ]);
    assert_eq!(serde_json::from_slice::<Value>(&body.bytes).unwrap()["messages"], wanted);
}

#[test]
fn a_schema_is_sent_as_response_format_or_else_in_words() {
    const OBJECT: &str = r#"{"type": "object", "title": "a"}"#;
    const LIST: &str = r#"{"type": "array", "title": "a"}"#;
    let with = |schema: &str| Request { schema: Some(schema.into()), ..plain(JsonMode::Off) };
    let got = fields(with(OBJECT), &[]).unwrap();
    assert_eq!(got["response_format"]["json_schema"]["schema"]["title"], "a");
    assert_eq!(fields(with(OBJECT), &[Param::JsonSchema]).unwrap()["response_format"]["type"], "json_object");
    assert_eq!(fields(with(OBJECT), &[Param::JsonSchema, Param::JsonObject]).unwrap(), json!({}));
    assert_eq!(fields(with(LIST), &[Param::JsonSchema]).unwrap(), json!({}));
    let own = Request { extra: Some(r#"{"response_format": 7}"#.into()), ..with(LIST) };
    assert_eq!(fields(own.clone(), &[]).unwrap(), json!({ "response_format": 7 }));

    let mut refused = Params::default();
    refused.insert(Param::JsonSchema);
    let messages = |request: &Request, refused| {
        let body = write(request, "m", refused).unwrap();
        serde_json::from_slice::<Value>(&body.bytes).unwrap()["messages"].clone()
    };
    assert_eq!(messages(&with(LIST), Params::default())[0]["content"], "s");
    assert_eq!(messages(&own, Params::default())[0]["content"], format!("s\n\n{ASK_SCHEMA}{LIST}"));
    assert_eq!(messages(&with(LIST), refused)[0]["content"], format!("s\n\n{ASK_SCHEMA}{LIST}"));
    let alone = Request { messages: vec![Message::new(Role::User, "x")], ..with(LIST) };
    let system = json!({ "role": "system", "content": format!("{ASK_SCHEMA}{LIST}") });
    assert_eq!(messages(&alone, refused), json!([system, { "role": "user", "content": "x" }]));
}

#[test]
fn a_stream_is_asked_for_with_its_usage() {
    let streamed = Request { pieces: Some(Pieces(Arc::new(|_| {}))), ..plain(JsonMode::Off) };
    let wanted = json!({ "stream": true, "stream_options": { "include_usage": true } });
    assert_eq!(fields(streamed.clone(), &[]).unwrap(), wanted);
    assert_eq!(fields(streamed, &[Param::StreamOptions]).unwrap(), json!({ "stream": true }));
}
