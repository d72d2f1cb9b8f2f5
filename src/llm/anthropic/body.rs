//! The body of a messages request: <https://docs.claude.com/en/api/messages>.
//!
//! The instruction stands apart from the turns, and the answer's length must be bounded. Not here: sending it.

use crate::{
    llm::{
        Failure, Image, Message, Request,
        http::text::string,
        models, schema,
        server::body::{
            Body, Param, Params, apart, base64, buffer, comma, data_url, extra, fields, key, text_asking, value,
        },
    },
    wire::{FailureClass, Role},
};

/// The most tokens of an answer when the call says nothing: this, or the most that the model gives.
const MAX_TOKENS: u32 = 32_000;
/// The same for a model that the table does not know.
const UNKNOWN_MAX_TOKENS: u32 = 8192;
/// Less than this is no room for an answer.
const LEAST_TOKENS: u64 = 1024;

/// A parameter's name in the body; `None` when there is none.
pub(super) fn name(param: Param) -> Option<&'static str> {
    Some(match param {
        Param::Temperature => "temperature",
        Param::TopP => "top_p",
        Param::Stop => "stop_sequences",
        Param::MaxTokens => "max_tokens",
        Param::JsonSchema => "output_config",
        Param::Seed | Param::MaxCompletionTokens | Param::JsonObject | Param::StreamOptions => return None,
    })
}

/// Writes the body for `model` without the parameters that it refuses. Fails when what the script adds cannot be sent.
pub(super) fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure> {
    if request.embedding {
        let message = "Anthropic has no embeddings: name another provider's model, such as \
                       `#:model \"openai/text-embedding-3-small\"`";
        return Err(Failure { attempts: 0, ..Failure::new(FailureClass::UnknownModel, message) });
    }
    let extra = extra(request, &["model", "messages", "system", "stream"])?;
    let schema = request.schema.as_ref().map(schema::compiled).transpose()?;
    let ours = |param: Param| !refused.contains(param) && name(param).is_some_and(|name| !extra.contains_key(name));
    // What a schema says of open objects and the like has no place in a grammar: then it is asked for in words.
    let grammar = schema.as_ref().and_then(|s| s.closed.as_deref()).filter(|_| ours(Param::JsonSchema));
    let in_words = request.schema.as_deref().filter(|_| grammar.is_none());

    let chat = apart(&request.messages);
    let mut out = buffer(request);
    let mut sent = Params::default();
    out.extend_from_slice(b"{\"model\":");
    string(&mut out, model);
    if !chat.system.is_empty() || in_words.is_some() {
        key(&mut out, "system");
        text_asking(&mut out, &chat.system, in_words);
    }
    key(&mut out, "messages");
    out.push(b'[');
    for message in &chat.turns {
        comma(&mut out);
        turn(&mut out, message);
    }
    out.push(b']');

    let mut field = |param: Param, write: &dyn Fn(&mut Vec<u8>)| {
        if let Some(name) = name(param).filter(|_| ours(param)) {
            sent.insert(param);
            key(&mut out, name);
            write(&mut out);
        }
    };
    let sampling = &request.sampling;
    let max_tokens = sampling.max_tokens.unwrap_or_else(|| room(request, model));
    field(Param::MaxTokens, &|out| value(out, &max_tokens));
    if let Some(x) = sampling.temperature {
        field(Param::Temperature, &|out| value(out, &x));
    }
    if let Some(x) = sampling.top_p {
        field(Param::TopP, &|out| value(out, &x));
    }
    if !sampling.stop.is_empty() {
        field(Param::Stop, &|out| value(out, &sampling.stop));
    }
    if let Some(grammar) = grammar {
        field(Param::JsonSchema, &|out| {
            out.extend_from_slice(b"{\"format\":{\"type\":\"json_schema\",\"schema\":");
            out.extend_from_slice(grammar.as_bytes());
            out.extend_from_slice(b"}}");
        });
    }
    if request.pieces.is_some() {
        out.extend_from_slice(b",\"stream\":true");
    }
    fields(&mut out, &extra);
    out.push(b'}');
    Ok(Body { bytes: out.into(), sent })
}

/// How long the answer may be when the call does not say: as long as the model can, within reason and its window.
fn room(request: &Request, model: &str) -> u32 {
    let Some(facts) = models::facts(model) else { return UNKNOWN_MAX_TOKENS };
    let most = facts.answer.unwrap_or(UNKNOWN_MAX_TOKENS).min(MAX_TOKENS);
    let text: u64 = request.messages.iter().map(|m| m.text.len() as u64).sum();
    // At most so many tokens have been written for the prompt, but for odd scripts.
    let left = facts.window.map_or(u64::MAX, |window| window.saturating_sub(text / 2)).max(LEAST_TOKENS);
    u32::try_from(left).unwrap_or(u32::MAX).min(most)
}

/// Writes a message: its images first, as Anthropic advises.
fn turn(out: &mut Vec<u8>, message: &Message) {
    let role = if message.role == Role::Assistant { "assistant" } else { "user" };
    out.extend_from_slice(format!("{{\"role\":\"{role}\",\"content\":").as_bytes());
    if message.images.is_empty() {
        string(out, &message.text);
    } else {
        out.push(b'[');
        for picture in &message.images {
            comma(out);
            out.extend_from_slice(b"{\"type\":\"image\",\"source\":");
            image(out, picture);
            out.push(b'}');
        }
        if !message.text.is_empty() {
            out.extend_from_slice(b",{\"type\":\"text\",\"text\":");
            string(out, &message.text);
            out.push(b'}');
        }
        out.push(b']');
    }
    out.push(b'}');
}

fn image(out: &mut Vec<u8>, image: &Image) {
    let encoded = |out: &mut Vec<u8>, mime: &str, data: &dyn Fn(&mut Vec<u8>)| {
        out.extend_from_slice(b"{\"type\":\"base64\",\"media_type\":");
        string(out, mime);
        out.extend_from_slice(b",\"data\":");
        data(out);
        out.push(b'}');
    };
    match image {
        Image::Bytes { mime, bytes } => encoded(out, mime, &|out| {
            out.push(b'"');
            base64(out, bytes);
            out.push(b'"');
        }),
        Image::Url(url) => match data_url(url) {
            Some((mime, data)) => encoded(out, mime, &|out| string(out, data)),
            None => {
                out.extend_from_slice(b"{\"type\":\"url\",\"url\":");
                string(out, url);
                out.push(b'}');
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::{Pieces, json::ASK_SCHEMA},
        wire::{JsonMode, Sampling},
    };
    use bytes::Bytes;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn chat(texts: &[(Role, &str)]) -> Request {
        let messages = texts.iter().map(|&(role, text)| Message::new(role, text)).collect();
        Request { messages, ..Request::default() }
    }

    fn sent(request: &Request, model: &str, refused: &[Param]) -> Value {
        let mut set = Params::default();
        refused.iter().for_each(|&p| assert!(set.insert(p)));
        serde_json::from_slice(&write(request, model, set).unwrap().bytes).unwrap()
    }

    #[test]
    fn the_instruction_stands_apart_from_the_turns() {
        let request = chat(&[
            (Role::System, "Be terse."),
            (Role::User, "2+\"2\"?"),
            (Role::Assistant, "4"),
            (Role::System, "In words."),
            (Role::User, "And 3?"),
            (Role::Assistant, ""),
        ]);
        let wanted = json!({ "model": "claude-haiku-4-5", "system": "Be terse.\n\nIn words.", "max_tokens": 32000,
            "messages": [{ "role": "user", "content": "2+\"2\"?" }, { "role": "assistant", "content": "4" },
                { "role": "user", "content": "And 3?" }] });
        assert_eq!(sent(&request, "claude-haiku-4-5", &[]), wanted);
        let alone = sent(&chat(&[(Role::System, "Sing."), (Role::User, "")]), "claude-x", &[]);
        assert_eq!(
            alone,
            json!({ "model": "claude-x", "max_tokens": 8192,
            "messages": [{ "role": "user", "content": "Sing." }] })
        );
    }

    #[test]
    fn parameters_have_anthropics_names_and_a_refused_one_is_left_out() {
        let sampling = Sampling {
            temperature: Some(0.5),
            max_tokens: Some(9),
            top_p: Some(0.9),
            seed: Some(7),
            stop: vec!["\n".into()],
        };
        let request = Request { sampling, json: JsonMode::Object, ..chat(&[(Role::User, "x")]) };
        let messages = json!([{ "role": "user", "content": "x" }]);
        let wanted = json!({ "model": "m", "messages": messages, "max_tokens": 9, "temperature": 0.5, "top_p": 0.9,
            "stop_sequences": ["\n"] });
        assert_eq!(sent(&request, "m", &[]), wanted);
        let wanted = json!({ "model": "m", "messages": messages, "max_tokens": 9, "temperature": 0.5,
            "stop_sequences": ["\n"] });
        assert_eq!(sent(&request, "m", &[Param::TopP]), wanted);
        let extra = Some(r#"{"thinking": {"type": "disabled"}, "max_tokens": 3}"#.into());
        let wanted = json!({ "model": "m", "messages": messages, "max_tokens": 3, "thinking": { "type": "disabled" } });
        assert_eq!(sent(&Request { extra, ..chat(&[(Role::User, "x")]) }, "m", &[]), wanted);
        let system = Request { extra: Some(r#"{"system": "no"}"#.into()), ..chat(&[(Role::User, "x")]) };
        assert!(write(&system, "m", Params::default()).unwrap_err().message.contains("`system`"));
    }

    #[test]
    fn images_stand_before_the_text() {
        let mut message = Message::new(Role::User, "what?");
        message.images = vec![
            Image::Bytes { mime: "image/png".into(), bytes: Bytes::from_static(b"\x89PNG\r") },
            Image::Url("https://h/a.png".into()),
            Image::Url("data:image/gif;base64,R0lG".into()),
        ];
        let source = |source: Value| json!({ "type": "image", "source": source });
        let wanted = json!([
            source(json!({ "type": "base64", "media_type": "image/png", "data": "iVBORw0=" })),
            source(json!({ "type": "url", "url": "https://h/a.png" })),
            source(json!({ "type": "base64", "media_type": "image/gif", "data": "R0lG" })),
            { "type": "text", "text": "what?" },
        ]);
        let request = Request { messages: vec![message], ..Request::default() };
        assert_eq!(sent(&request, "m", &[])["messages"][0]["content"], wanted);
    }

    #[test]
    fn a_schema_is_sent_as_output_config_or_else_in_words() {
        const OBJECT: &str = r#"{"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}"#;
        const OPEN: &str = r#"{"type": "object"}"#;
        let with = |schema: &str| Request { schema: Some(schema.into()), ..chat(&[(Role::User, "x")]) };
        let got = sent(&with(OBJECT), "m", &[]);
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } },
            "additionalProperties": false });
        assert_eq!(got["output_config"], json!({ "format": { "type": "json_schema", "schema": schema } }));
        assert_eq!(got.get("system"), None);
        for (got, schema) in
            [(sent(&with(OBJECT), "m", &[Param::JsonSchema]), OBJECT), (sent(&with(OPEN), "m", &[]), OPEN)]
        {
            assert_eq!(got.get("output_config"), None);
            assert_eq!(got["system"], format!("{ASK_SCHEMA}{schema}"));
        }
    }

    #[test]
    fn a_stream_is_asked_for() {
        let streamed = Request { pieces: Some(Pieces(Arc::new(|_| {}))), ..chat(&[(Role::User, "x")]) };
        assert_eq!(sent(&streamed, "m", &[])["stream"], true);
    }

    #[test]
    fn an_unsaid_limit_leaves_room_for_the_prompt() {
        let text = "word ".repeat(78_000);
        let request = chat(&[(Role::User, &text)]);
        assert_eq!(sent(&request, "claude-haiku-4-5", &[])["max_tokens"], 200_000 - 195_000);
    }
}
