//! The body of a chat completion request, written by hand: a prompt of megabytes is scanned and copied once.
//!
//! The format: <https://platform.openai.com/docs/api-reference/chat/create>. Not here: sending it.

use crate::{
    llm::Request,
    wire::{JsonMode, Role},
};
use bytes::Bytes;

/// A parameter that some models refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Param {
    Temperature,
    TopP,
    Seed,
    Stop,
    MaxTokens,
    MaxCompletionTokens,
}

impl Param {
    pub(super) const ALL: [Self; 6] =
        [Self::Temperature, Self::TopP, Self::Seed, Self::Stop, Self::MaxTokens, Self::MaxCompletionTokens];

    /// Its name in the body.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::Seed => "seed",
            Self::Stop => "stop",
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

/// A few [`Param`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Params(u8);

impl Params {
    /// Adds one; false when it was there.
    pub(super) fn insert(&mut self, param: Param) -> bool {
        let before = self.0;
        self.0 |= 1 << param as u8;
        self.0 != before
    }

    pub(super) fn contains(self, param: Param) -> bool {
        self.0 & (1 << param as u8) != 0
    }
}

/// A body, and which of the parameters stand in it.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) sent: Params,
}

/// Writes the body for `model` without the parameters that it refuses.
pub(super) fn write(request: &Request, model: &str, refused: Params) -> Body {
    let text: usize = request.messages.iter().map(|m| m.text.len() + 32).sum();
    let mut out = Vec::with_capacity(text + text / 16 + 256);
    let mut sent = Params::default();
    out.extend_from_slice(b"{\"model\":");
    string(&mut out, model);
    out.extend_from_slice(b",\"messages\":[");
    for (i, message) in request.messages.iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"{\"role\":\"" } else { b",{\"role\":\"" });
        out.extend_from_slice(match message.role {
            Role::System => b"system",
            Role::User => b"user",
            Role::Assistant => b"assistant",
        });
        out.extend_from_slice(b"\",\"content\":");
        string(&mut out, &message.text);
        out.push(b'}');
    }
    out.push(b']');

    let mut field = |param: Param, value: &dyn Fn(&mut Vec<u8>)| {
        if !refused.contains(param) {
            sent.insert(param);
            out.extend_from_slice(b",\"");
            out.extend_from_slice(param.name().as_bytes());
            out.extend_from_slice(b"\":");
            value(&mut out);
        }
    };
    let sampling = &request.sampling;
    if let Some(x) = sampling.temperature {
        field(Param::Temperature, &|out| number(out, x));
    }
    if let Some(n) = sampling.max_tokens {
        let param = match (wants_completion_tokens(model), refused) {
            (true, r) if !r.contains(Param::MaxCompletionTokens) => Param::MaxCompletionTokens,
            (false, r) if r.contains(Param::MaxTokens) => Param::MaxCompletionTokens,
            _ => Param::MaxTokens,
        };
        field(param, &|out| out.extend_from_slice(n.to_string().as_bytes()));
    }
    if let Some(x) = sampling.top_p {
        field(Param::TopP, &|out| number(out, x));
    }
    if let Some(n) = sampling.seed {
        field(Param::Seed, &|out| out.extend_from_slice(n.to_string().as_bytes()));
    }
    if !sampling.stop.is_empty() {
        field(Param::Stop, &|out| {
            for (i, s) in sampling.stop.iter().enumerate() {
                out.push(if i == 0 { b'[' } else { b',' });
                string(out, s);
            }
            out.push(b']');
        });
    }
    if request.json == JsonMode::Object {
        out.extend_from_slice(b",\"response_format\":{\"type\":\"json_object\"}");
    }
    out.push(b'}');
    Body { bytes: out.into(), sent }
}

/// The reasoning models refuse `max_tokens` by that name.
fn wants_completion_tokens(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"].iter().any(|p| model.starts_with(p))
}

fn number(out: &mut Vec<u8>, x: f64) {
    serde_json::to_writer(out, &x).expect("a number always fits into a vector");
}

fn must_escape(b: u8) -> bool {
    b < 0x20 || b == b'"' || b == b'\\'
}

/// Appends a JSON string. What stands between two characters that must be escaped is copied in one piece.
fn string(out: &mut Vec<u8>, s: &str) {
    out.push(b'"');
    let mut rest = s.as_bytes();
    while let Some(at) = first_escape(rest) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', b]),
            b => out.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte is that must be escaped. Blocks are tested without a branch, which the compiler vectorises.
fn first_escape(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for block in bytes.chunks(64) {
        if block.iter().fold(false, |any, &b| any | must_escape(b)) {
            return block.iter().position(|&b| must_escape(b)).map(|at| start + at);
        }
        start += block.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{llm::Message, wire::Sampling};
    use serde_json::{Value, json};
    use std::time::Duration;

    fn request(texts: &[(Role, &str)], sampling: Sampling, json: JsonMode) -> Request {
        let messages = texts.iter().map(|&(role, text)| Message { role, text: text.into() }).collect();
        Request { model: None, messages, sampling, json, timeout: Duration::from_secs(1), retries: 0 }
    }

    fn full() -> Sampling {
        let stop = vec!["\n".into(), "END".into()];
        Sampling { temperature: Some(0.7), max_tokens: Some(9), top_p: Some(1.0), seed: Some(-3), stop }
    }

    fn written(model: &str, refused: &[Param]) -> Value {
        let mut set = Params::default();
        refused.iter().for_each(|&p| assert!(set.insert(p)));
        let body = write(&request(&[(Role::User, "x")], full(), JsonMode::Off), model, set);
        let value: Value = serde_json::from_slice(&body.bytes).unwrap();
        assert!(Param::ALL.iter().all(|&p| body.sent.contains(p) == value.get(p.name()).is_some()));
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
        let body = write(&request(&chat, Sampling::default(), JsonMode::Object), "a\"b", Params::default());
        let roles = ["system", "user", "assistant", "user"];
        let messages: Vec<_> =
            chat.iter().zip(roles).map(|((_, text), role)| json!({"role": role, "content": text})).collect();
        let want = json!({"model": "a\"b", "messages": messages, "response_format": {"type": "json_object"}});
        assert_eq!(serde_json::from_slice::<Value>(&body.bytes).unwrap(), want);
    }

    #[test]
    fn escapes_are_found_across_blocks() {
        for at in 0..200 {
            let s = format!("{}\u{1}{}", "a".repeat(at), "b".repeat(70));
            let mut out = Vec::new();
            string(&mut out, &s);
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), s);
        }
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
}
