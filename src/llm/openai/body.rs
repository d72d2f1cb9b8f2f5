//! The body of a chat completion request.
//!
//! The format: <https://platform.openai.com/docs/api-reference/chat/create>. Not here: sending it, and strings.

use crate::{
    llm::{
        Failure, Image, Message, Request,
        http::text::{escaped, string},
        schema,
        server::body::{Body, Param, Params, base64, buffer, extra, fields, key, text_asking, value},
    },
    wire::{JsonMode, Role},
};

/// A parameter's name in the body.
pub(super) fn name(param: Param) -> &'static str {
    match param {
        Param::Temperature => "temperature",
        Param::TopP => "top_p",
        Param::Seed => "seed",
        Param::Stop => "stop",
        Param::MaxTokens => "max_tokens",
        Param::MaxCompletionTokens => "max_completion_tokens",
        Param::JsonSchema | Param::JsonObject => "response_format",
        Param::StreamOptions => "stream_options",
    }
}

/// Writes the body for `model` without the parameters that it refuses. Fails when what the script adds cannot be sent.
pub(super) fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure> {
    let extra = extra(request, &["model", "messages", "stream"])?;
    let schema = request.schema.as_ref().map(schema::compiled).transpose()?;
    let ours = |param: Param| !refused.contains(param) && !extra.contains_key(name(param));

    let mut out = buffer(request);
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

    let mut field = |param: Param, write: &dyn Fn(&mut Vec<u8>)| {
        if ours(param) {
            sent.insert(param);
            key(&mut out, name(param));
            write(&mut out);
        }
    };
    let sampling = &request.sampling;
    if let Some(x) = sampling.temperature {
        field(Param::Temperature, &|out| value(out, &x));
    }
    // The two names mean the same: one that the script adds stands for both.
    let limited = [Param::MaxTokens, Param::MaxCompletionTokens].iter().any(|p| extra.contains_key(name(*p)));
    if let Some(n) = sampling.max_tokens.filter(|_| !limited) {
        let param = match (wants_completion_tokens(model), refused) {
            (true, r) if !r.contains(Param::MaxCompletionTokens) => Param::MaxCompletionTokens,
            (false, r) if r.contains(Param::MaxTokens) => Param::MaxCompletionTokens,
            _ => Param::MaxTokens,
        };
        field(param, &|out| out.extend_from_slice(n.to_string().as_bytes()));
    }
    if let Some(x) = sampling.top_p {
        field(Param::TopP, &|out| value(out, &x));
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
    fields(&mut out, &extra);
    out.push(b'}');
    Ok(Body { bytes: out.into(), sent })
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
    if message.images.is_empty() {
        text_asking(out, &message.text, schema);
    } else {
        out.push(b'[');
        if !message.text.is_empty() || schema.is_some() {
            out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
            text_asking(out, &message.text, schema);
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
            base64(out, bytes);
            out.push(b'"');
        }
    }
}

/// The reasoning models refuse `max_tokens` by that name.
fn wants_completion_tokens(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"].iter().any(|p| model.starts_with(p))
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
