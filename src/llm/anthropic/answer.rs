//! What Anthropic's replies mean: <https://docs.claude.com/en/api/errors>, <https://docs.claude.com/en/docs/build-with-claude/streaming>.
//!
//! Pure functions. Not here: reading the reply, and keys.

use super::body::name;
use crate::{
    llm::{
        Answer, Failure,
        server::{
            SoFar,
            body::{Param, Params},
            reply::{
                self, Asked, Refusal, Said, clean, first_named, retry_after, says_unsupported, settle, unstructured,
            },
        },
    },
    wire::{FailureClass, Usage},
};
use http::HeaderMap;
use serde::Deserialize;
use std::{sync::Arc, time::SystemTime};

/// What Anthropic says about an error.
#[derive(Default, Deserialize)]
struct Complaint {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Complaining {
    error: Complaint,
}

impl Complaint {
    fn parse(body: &[u8]) -> Self {
        match serde_json::from_slice::<Complaining>(body) {
            Ok(Complaining { error }) => Self { message: clean(&error.message), ..error },
            Err(_) => Self { message: unstructured(body), ..Self::default() },
        }
    }
}

/// The failure that a reply with another status than 2xx is.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Failure {
    use FailureClass::*;
    let said = Complaint::parse(body);
    let Asked { base, model, .. } = *asked;
    let words = if said.message.is_empty() { format!("HTTP {status}") } else { said.message.clone() };
    let lower = said.message.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    // An error within a stream comes under status 200, and is told by its type alone.
    let mut failure = match (said.kind.as_str(), status) {
        ("authentication_error", _) | (_, 401) => asked.unauthorised(),
        ("billing_error", _) | (_, 402) => Failure::new(Quota, format!("{base} wants to be paid first: {words}")),
        ("permission_error", _) | (_, 403) => asked.forbidden(&words),
        ("not_found_error", _) | (_, 404) => asked.unknown(&words),
        ("request_too_large", _) | (_, 413) => {
            Failure::new(TooLong, format!("the prompt is too long for {base}: {words}"))
        }
        ("rate_limit_error", _) | (_, 429) if says(&["credit", "usage limit", "spend limit"]) => {
            Failure::new(Quota, format!("the account at {base} has no quota left: {words}"))
        }
        ("rate_limit_error", _) | (_, 429) => {
            Failure::transient(RateLimit, format!("{base} limits the rate of calls: {words}"))
        }
        ("overloaded_error", _) | (_, 529) => Failure::busy(Server, format!("{base} is overloaded: {words}")),
        (_, 400 | 422) | ("invalid_request_error", _) => match () {
            () if says(&["credit balance is too low", "api usage limits", "spend limit"]) => {
                Failure::new(Quota, format!("the account at {base} has no quota left: {words}"))
            }
            () if says(&["prompt is too long", "exceed context limit", "context window", "input is too long"]) => {
                Failure::new(TooLong, format!("the prompt is too long for `{model}`: {words}"))
            }
            () if says(&["content filtering policy", "content filter"]) => {
                Failure::new(Refused, format!("{base} refuses this prompt: {words}"))
            }
            () => Failure::new(BadRequest, format!("{base} refuses the request (HTTP {status}): {words}")),
        },
        (_, 300..400) => asked.moved(headers),
        ("api_error" | "timeout_error", _) | (_, 200 | 408 | 409 | 425 | 500..) => {
            Failure::transient(Server, format!("{base} failed (HTTP {status}): {words}"))
        }
        _ => Failure::new(BadRequest, format!("{base} refuses the request (HTTP {status}): {words}")),
    };
    if failure.transient {
        failure.retry_after = retry_after(headers, SystemTime::now());
    }
    Failure { model: Some(model.into()), ..failure }
}

/// The parameter that an HTTP 400 says the model does not take at all, among those that were sent.
pub(super) fn refused_parameter(body: &[u8], sent: Params) -> Option<Refusal> {
    let lower = Complaint::parse(body).message.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if sent.contains(Param::JsonSchema) {
        // There is another way to ask for JSON, so any complaint about this one will do.
        let this_schema = says(&["schema is too complex", "output_config.format.schema", "grammar", "invalid schema"]);
        if this_schema || says(&["output_config", "output format", "structured output", "json_schema"]) {
            return Some(Refusal { param: Param::JsonSchema, always: !this_schema });
        }
    }
    if says(&["cannot both be specified"]) && sent.contains(Param::TopP) {
        return Some(Refusal { param: Param::TopP, always: true });
    }
    // A limit is what it cannot do without.
    let param = first_named(&lower, sent, name).filter(|&p| p != Param::MaxTokens && says_unsupported(&lower))?;
    Some(Refusal { param, always: true })
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    content: Vec<Block>,
    model: Option<Arc<str>>,
    stop_reason: Option<Arc<str>>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Tokens {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens_details: Option<Details>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Details {
    thinking_tokens: Option<u64>,
}

impl Tokens {
    /// What is said anew holds, the rest stays.
    fn over(self, before: Usage) -> Usage {
        let cached = self.cache_read_input_tokens.unwrap_or(before.cached);
        let written = self.cache_creation_input_tokens.unwrap_or(before.written);
        // Anthropic counts what was cached, or put into the cache, apart.
        let fresh = self.input_tokens.unwrap_or(before.input.saturating_sub(before.cached + before.written));
        let reasoning = self.output_tokens_details.and_then(|d| d.thinking_tokens).unwrap_or(before.reasoning);
        let output = self.output_tokens.unwrap_or(before.output);
        Usage { input: fresh + cached + written, output, cached, reasoning, written }
    }
}

/// Notes why the model stopped.
fn stopped(said: &mut Said, reason: Arc<str>) {
    if &*reason == "refusal" {
        said.refusal = "its safety classifiers stopped the answer".into();
        said.withheld = true;
    }
    said.finish_reason = Some(reason);
}

/// The answer that a 200's body holds.
pub(super) fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure> {
    let reply: Reply = reply::read(headers, body, asked, "message")?;
    let Some(reason) = reply.stop_reason else {
        return Err(match serde_json::from_slice::<Complaining>(body) {
            Ok(_) => classify(200, headers, body, asked),
            Err(_) => asked.server("sent an answer that is no message: it has no `stop_reason`"),
        });
    };
    let texts = reply.content.into_iter().filter(|block| block.kind == "text").map(|block| block.text);
    let usage = reply.usage.map(|tokens| tokens.over(Usage::default()));
    let mut said = Said { text: texts.collect(), usage, model: reply.model, ..Said::default() };
    stopped(&mut said, reason);
    settle(said, asked)
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Start>,
    delta: Option<Delta>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Start {
    model: Option<Arc<str>>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
    stop_reason: Option<Arc<str>>,
}

/// Takes an event. Those of kinds that are not known mean nothing, as Anthropic asks.
pub(super) fn take(so_far: &mut SoFar, data: &[u8], asked: &Asked<'_>) -> Result<(), Failure> {
    if so_far.done || data.trim_ascii().is_empty() {
        return Ok(());
    }
    let event: Event =
        serde_json::from_slice(data).map_err(|e| asked.server(format!("sent a piece that is no event: {e}")))?;
    let said = &mut so_far.said;
    match event.kind.as_str() {
        "error" => return Err(classify(200, &HeaderMap::new(), data, asked)),
        "message_stop" => so_far.done = true,
        "message_start" => {
            if let Some(start) = event.message {
                said.model = start.model;
                said.usage = start.usage.map(|tokens| tokens.over(Usage::default()));
            }
        }
        "content_block_delta" => {
            // Thoughts and their signatures have other names.
            said.text.push_str(event.delta.and_then(|delta| delta.text).as_deref().unwrap_or_default());
        }
        "message_delta" => {
            if let Some(tokens) = event.usage {
                said.usage = Some(tokens.over(said.usage.unwrap_or_default()));
            }
            if let Some(reason) = event.delta.and_then(|delta| delta.stop_reason) {
                stopped(said, reason);
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
