//! The body of a chat completion request, written by hand: a prompt of megabytes is scanned and copied once.
//!
//! The format: <https://platform.openai.com/docs/api-reference/chat/create>. Not here: sending it, and strings
//! ([`super::text`]).

use super::text::{escaped, string};
use crate::{
    llm::{Failure, Image, Message, Request, json::ASK_SCHEMA, schema},
    wire::{FailureClass, JsonMode, Role},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value};

/// A parameter that some models or servers refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Param {
    Temperature,
    TopP,
    Seed,
    Stop,
    MaxTokens,
    MaxCompletionTokens,
    /// `response_format` with a schema.
    JsonSchema,
    /// `response_format` for any object.
    JsonObject,
    StreamOptions,
}

impl Param {
    pub(super) const ALL: [Self; 9] = [
        Self::Temperature,
        Self::TopP,
        Self::Seed,
        Self::Stop,
        Self::MaxTokens,
        Self::MaxCompletionTokens,
        Self::JsonSchema,
        Self::JsonObject,
        Self::StreamOptions,
    ];

    /// Its name in the body.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::Seed => "seed",
            Self::Stop => "stop",
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::JsonSchema | Self::JsonObject => "response_format",
            Self::StreamOptions => "stream_options",
        }
    }

    /// What becomes of it once it was refused, for people.
    pub(super) fn instead(self) -> &'static str {
        match self {
            Self::MaxTokens | Self::MaxCompletionTokens => {
                "it is left out, or sent under the name that the model wants"
            }
            Self::JsonSchema => "the schema is put into the instruction instead",
            Self::JsonObject => "JSON is asked for in the instruction alone",
            Self::StreamOptions => "it is left out, and tokens may stay uncounted",
            _ => "it is left out",
        }
    }
}

/// A few [`Param`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Params(u16);

impl Params {
    /// Adds one; false when it was there.
    pub(super) fn insert(&mut self, param: Param) -> bool {
        let before = self.0;
        self.0 |= 1 << param as u16;
        self.0 != before
    }

    pub(super) fn contains(self, param: Param) -> bool {
        self.0 & (1 << param as u16) != 0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A body, and which of the parameters stand in it.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) bytes: Bytes,
    pub(super) sent: Params,
}

/// Writes the body for `model` without the parameters that it refuses. Fails when what the script adds cannot be sent.
pub(super) fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure> {
    let extra = request.extra.as_deref().map(extra).transpose()?.unwrap_or_default();
    let schema = request.schema.as_ref().map(schema::compiled).transpose()?;
    let ours = |param: Param| !refused.contains(param) && !extra.contains_key(param.name());

    let text: usize = request.messages.iter().map(|m| m.text.len() + 32 + pictures(m)).sum();
    let mut out = Vec::with_capacity(text + text / 16 + 256);
    let mut sent = Params::default();
    out.extend_from_slice(b"{\"model\":");
    string(&mut out, model);
    out.extend_from_slice(b",\"messages\":[");
    let mut in_words = request.schema.as_deref().filter(|_| !ours(Param::JsonSchema));
    if in_words.is_some() && !request.messages.iter().any(|m| m.role == Role::System) {
        write_message(&mut out, &Message::new(Role::System, ""), in_words.take());
        out.push(b',');
    }
    for (i, message) in request.messages.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let addition = if message.role == Role::System { in_words.take() } else { None };
        write_message(&mut out, message, addition);
    }
    out.push(b']');

    let mut field = |param: Param, value: &dyn Fn(&mut Vec<u8>)| {
        if ours(param) {
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
    // The two names mean the same: one that the script adds stands for both.
    let limited = [Param::MaxTokens, Param::MaxCompletionTokens].iter().any(|p| extra.contains_key(p.name()));
    if let Some(n) = sampling.max_tokens.filter(|_| !limited) {
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
    match &schema {
        Some(schema) if ours(Param::JsonSchema) => {
            field(Param::JsonSchema, &|out| out.extend_from_slice(schema.response_format.as_bytes()));
        }
        // Object mode would not let a list through.
        Some(schema) if schema.wrapped => {}
        None if request.json != JsonMode::Object => {}
        _ => field(Param::JsonObject, &|out| out.extend_from_slice(b"{\"type\":\"json_object\"}")),
    }
    if request.pieces.is_some() {
        field(Param::StreamOptions, &|out| out.extend_from_slice(b"{\"include_usage\":true}"));
        out.extend_from_slice(b",\"stream\":true");
    }
    for (name, value) in &extra {
        out.push(b',');
        string(&mut out, name);
        out.push(b':');
        serde_json::to_writer(&mut out, value).expect("a value always fits into a vector");
    }
    out.push(b'}');
    Ok(Body { bytes: out.into(), sent })
}

/// The parameters that a script adds.
fn extra(text: &str) -> Result<Map<String, Value>, Failure> {
    let bad = |why: String| Failure { attempts: 0, ..Failure::new(FailureClass::BadRequest, why) };
    let extra: Map<String, Value> =
        serde_json::from_str(text).map_err(|e| bad(format!("the extra parameters are no JSON object: {e}")))?;
    match ["model", "messages", "stream"].into_iter().find(|name| extra.contains_key(*name)) {
        Some(name) => Err(bad(format!("`{name}` cannot be an extra parameter: the call itself says it"))),
        None => Ok(extra),
    }
}

/// About how many bytes a message's images take in the body.
fn pictures(message: &Message) -> usize {
    let size = |image: &Image| match image {
        Image::Url(url) => url.len(),
        Image::Bytes { bytes, .. } => bytes.len().div_ceil(3) * 4,
    };
    message.images.iter().map(|image| size(image) + 96).sum()
}

/// Writes a message; a schema is asked for at the end of its text.
fn write_message(out: &mut Vec<u8>, message: &Message, schema: Option<&str>) {
    out.extend_from_slice(b"{\"role\":\"");
    out.extend_from_slice(match message.role {
        Role::System => b"system",
        Role::User => b"user",
        Role::Assistant => b"assistant",
    });
    out.extend_from_slice(b"\",\"content\":");
    let text = |out: &mut Vec<u8>| match schema {
        None => string(out, &message.text),
        Some(schema) => {
            out.push(b'"');
            escaped(out, &message.text);
            escaped(out, if message.text.is_empty() { "" } else { "\n\n" });
            escaped(out, ASK_SCHEMA);
            escaped(out, schema);
            out.push(b'"');
        }
    };
    if message.images.is_empty() {
        text(out);
    } else {
        out.push(b'[');
        if !message.text.is_empty() || schema.is_some() {
            out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
            text(out);
            out.extend_from_slice(b"},");
        }
        for (i, image) in message.images.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"" } else { b"," });
            out.extend_from_slice(b"{\"type\":\"image_url\",\"image_url\":{\"url\":");
            write_image(out, image);
            out.extend_from_slice(b"}}");
        }
        out.push(b']');
    }
    out.push(b'}');
}

/// Writes an image's URL: its own, or one that holds it.
fn write_image(out: &mut Vec<u8>, image: &Image) {
    match image {
        Image::Url(url) => string(out, url),
        Image::Bytes { mime, bytes } => {
            out.extend_from_slice(b"\"data:");
            escaped(out, mime);
            out.extend_from_slice(b";base64,");
            let start = out.len();
            out.resize(start + bytes.len().div_ceil(3) * 4, 0);
            BASE64_STANDARD.encode_slice(bytes, &mut out[start..]).expect("it was given its exact room");
            out.push(b'"');
        }
    }
}

/// The reasoning models refuse `max_tokens` by that name.
fn wants_completion_tokens(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"].iter().any(|p| model.starts_with(p))
}

fn number(out: &mut Vec<u8>, x: f64) {
    serde_json::to_writer(out, &x).expect("a number always fits into a vector");
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
