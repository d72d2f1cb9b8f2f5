//! What the bodies of requests are made of, whatever the provider: parameters, schemas in words, images in base64.
//!
//! Bodies are written by hand: a prompt of megabytes is scanned and copied once. Not here: the formats.

use crate::{
    llm::{
        Failure, Image, Message, Request,
        http::text::{escaped, string},
        json::ASK_SCHEMA,
    },
    wire::{FailureClass, Role},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value};

/// A parameter that some models or servers refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::llm) enum Param {
    Temperature,
    TopP,
    Seed,
    Stop,
    MaxTokens,
    /// OpenAI's other name for it.
    MaxCompletionTokens,
    /// Structured output.
    JsonSchema,
    /// JSON of any shape.
    JsonObject,
    StreamOptions,
}

impl Param {
    pub(in crate::llm) const ALL: [Self; 9] = [
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

    /// What becomes of it once it was refused, for people.
    pub(in crate::llm) fn instead(self) -> &'static str {
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
pub(in crate::llm) struct Params(u16);

impl Params {
    /// Adds one; false when it was there.
    pub(in crate::llm) fn insert(&mut self, param: Param) -> bool {
        let before = self.0;
        self.0 |= 1 << param as u16;
        self.0 != before
    }

    pub(in crate::llm) fn contains(self, param: Param) -> bool {
        self.0 & (1 << param as u16) != 0
    }

    pub(in crate::llm) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A body, and which of the parameters stand in it.
#[derive(Clone, Debug)]
pub(in crate::llm) struct Body {
    pub(in crate::llm) bytes: Bytes,
    pub(in crate::llm) sent: Params,
}

/// The parameters that a script adds. `ours` are the fields that the call itself says.
pub(in crate::llm) fn extra(request: &Request, ours: &[&str]) -> Result<Map<String, Value>, Failure> {
    let Some(text) = request.extra.as_deref() else { return Ok(Map::new()) };
    let bad = |why: String| Failure { attempts: 0, ..Failure::new(FailureClass::BadRequest, why) };
    let extra: Map<String, Value> =
        serde_json::from_str(text).map_err(|e| bad(format!("the extra parameters are no JSON object: {e}")))?;
    match ours.iter().find(|name| extra.contains_key(**name)) {
        Some(name) => Err(bad(format!("`{name}` cannot be an extra parameter: the call itself says it"))),
        None => Ok(extra),
    }
}

/// A buffer with room for all that a request says.
pub(in crate::llm) fn buffer(request: &Request) -> Vec<u8> {
    let text: usize = request.messages.iter().map(|m| m.text.len() + 48 + pictures(m)).sum();
    Vec::with_capacity(text + text / 16 + 256)
}

/// About how many bytes a message's images take in the body.
fn pictures(message: &Message) -> usize {
    let size = |image: &Image| match image {
        Image::Url(url) => url.len(),
        Image::Bytes { bytes, .. } => bytes.len().div_ceil(3) * 4,
    };
    message.images.iter().map(|image| size(image) + 96).sum()
}

/// Appends a field's name, with a comma before it unless an object has just been opened.
pub(in crate::llm) fn key(out: &mut Vec<u8>, name: &str) {
    if !matches!(out.last(), Some(b'{' | b'[')) {
        out.push(b',');
    }
    string(out, name);
    out.push(b':');
}

/// Appends a comma unless an array or object has just been opened.
pub(in crate::llm) fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'{' | b'[')) {
        out.push(b',');
    }
}

/// Appends any JSON.
pub(in crate::llm) fn value<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("a value always fits into a vector");
}

/// Appends the fields of an object.
pub(in crate::llm) fn fields(out: &mut Vec<u8>, fields: &Map<String, Value>) {
    for (name, field) in fields {
        key(out, name);
        value(out, field);
    }
}

/// Appends a text and, behind it, the words that ask for a schema, as one string.
pub(in crate::llm) fn text_asking(out: &mut Vec<u8>, text: &str, schema: Option<&str>) {
    let Some(schema) = schema else { return string(out, text) };
    out.push(b'"');
    escaped(out, text);
    escaped(out, if text.is_empty() { "" } else { "\n\n" });
    escaped(out, ASK_SCHEMA);
    escaped(out, schema);
    out.push(b'"');
}

/// Appends what stands within a string: bytes in base64.
pub(in crate::llm) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    BASE64_STANDARD.encode_slice(bytes, &mut out[start..]).expect("it was given its exact room");
}

/// A chat for providers that keep the instruction apart.
pub(in crate::llm) struct Apart {
    /// All system messages, with blank lines between.
    pub(in crate::llm) system: String,
    /// The others. Empty ones are left out: such providers refuse them.
    pub(in crate::llm) turns: Vec<Message>,
}

/// Takes a chat apart. An instruction that nothing else stands beside is the user's turn.
pub(in crate::llm) fn apart(messages: &[Message]) -> Apart {
    let systems = messages.iter().filter(|m| m.role == Role::System && !m.text.is_empty());
    let system = systems.map(|m| &*m.text).collect::<Vec<_>>().join("\n\n");
    let said = |m: &&Message| m.role != Role::System && !(m.text.is_empty() && m.images.is_empty());
    let turns: Vec<Message> = messages.iter().filter(said).cloned().collect();
    match turns.is_empty() {
        true => Apart { system: String::new(), turns: vec![Message::new(Role::User, system)] },
        false => Apart { system, turns },
    }
}

/// The media type and the base64 text of a `data:` URL.
pub(in crate::llm) fn data_url(url: &str) -> Option<(&str, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let mime = head.strip_suffix(";base64")?;
    Some((mime.split(';').next().filter(|m| !m.is_empty())?, data))
}
