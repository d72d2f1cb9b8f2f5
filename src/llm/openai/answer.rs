//! What a server's reply means: pure functions from status, headers and body to an answer or a failure.
//!
//! Not here: reading the reply, and keys. The server's words are cut and cleaned before they enter a message.

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
use serde_json::Value;
use std::{sync::Arc, time::SystemTime};

/// What servers say about an error, each in its own shape.
#[derive(Default)]
struct Complaint {
    message: String,
    code: String,
    kind: String,
    param: String,
}

impl Complaint {
    /// Understands OpenAI's `{"error": {…}}`, the same in an array (Gemini), flat (vLLM), FastAPI's `detail`, and text.
    fn parse(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self { message: unstructured(body), ..Self::default() };
        };
        let root = value.get(0).unwrap_or(&value);
        let error = match root.get("error") {
            Some(Value::String(s)) => return Self { message: clean(s), ..Self::default() },
            Some(error) if error.is_object() => error,
            _ => root,
        };
        let word = |name: &str| match error.get(name) {
            Some(Value::String(s)) => s.clone(),
            None | Some(Value::Null) => String::new(),
            Some(other) => other.to_string(),
        };
        let message = if error.get("message").is_some() { word("message") } else { word("detail") };
        Self { message: clean(&message), code: word("code"), kind: word("type"), param: word("param") }
    }

    fn is(&self, name: &str) -> bool {
        self.code == name || self.kind == name
    }
}

/// The failure that a reply with another status than 2xx is.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Failure {
    use FailureClass::*;
    let said = Complaint::parse(body);
    let Asked { base, model, .. } = *asked;
    let words = if said.message.is_empty() { format!("HTTP {status}") } else { said.message.clone() };
    let lower = said.message.to_ascii_lowercase();
    let mut failure = match status {
        401 => asked.unauthorised(),
        _ if said.is("model_not_found") || status == 404 => asked.unknown(&words),
        403 => asked.forbidden(&words),
        402 => Failure::new(Quota, format!("{base} wants to be paid first: {words}")),
        429 if said.is("insufficient_quota") || said.is("billing_hard_limit_reached") => {
            Failure::new(Quota, format!("the account at {base} has no quota left: {words}"))
        }
        // No wait makes a request fit that is larger than the limit of a minute.
        429 if lower.starts_with("request too large") => Failure::new(TooLong, format!("{base}: {words}")),
        429 => Failure::transient(RateLimit, format!("{base} limits the rate of calls: {words}")),
        413 => Failure::new(TooLong, format!("the prompt is too long for {base}: {words}")),
        400 | 422 if said.is("context_length_exceeded") || too_long(&lower) => {
            Failure::new(TooLong, format!("the prompt is too long for `{model}`: {words}"))
        }
        400 | 422 if said.is("content_policy_violation") || said.is("content_filter") => {
            Failure::new(Refused, format!("{base} refuses this prompt: {words}"))
        }
        503 | 529 => Failure::busy(Server, format!("{base} is overloaded (HTTP {status}): {words}")),
        408 | 409 | 425 | 500.. => Failure::transient(Server, format!("{base} failed (HTTP {status}): {words}")),
        300..400 => asked.moved(headers),
        _ => Failure::new(BadRequest, format!("{base} refuses the request (HTTP {status}): {words}")),
    };
    if failure.transient {
        failure.retry_after = retry_after(headers, SystemTime::now());
    }
    Failure { model: Some(model.into()), ..failure }
}

fn too_long(lower: &str) -> bool {
    ["maximum context length", "context window", "prompt is too long", "context size"].iter().any(|p| lower.contains(p))
}

/// The parameter that an HTTP 400 says the model does not take at all, among those that were sent. A value out of range
/// is no such thing: that is the user's mistake to mend.
pub(super) fn refused_parameter(body: &[u8], sent: Params) -> Option<Refusal> {
    let said = Complaint::parse(body);
    let lower = said.message.to_ascii_lowercase();
    // There is another way to ask for JSON, so any complaint about this one will do.
    let format = [Param::JsonSchema, Param::JsonObject].into_iter().find(|&p| sent.contains(p));
    if let Some(param) = format {
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        // Servers that make a grammar of the schema say so when they cannot.
        let this_schema = param == Param::JsonSchema && says(&["invalid schema", "json schema", "grammar"]);
        let named = said.param.starts_with("response_format");
        if this_schema || named || says(&["response_format", "json_schema", "json_object"]) {
            return Some(Refusal { param, always: !this_schema });
        }
    }
    refused_name(&said, &lower, sent).map(|param| Refusal { param, always: true })
}

fn refused_name(said: &Complaint, lower: &str, sent: Params) -> Option<Param> {
    let unsupported =
        said.code.starts_with("unsupported_") || said.code == "unknown_parameter" || says_unsupported(lower);
    if !unsupported {
        return None;
    }
    if !said.param.is_empty() {
        return Param::ALL.into_iter().find(|&p| sent.contains(p) && name(p) == said.param);
    }
    first_named(lower, sent, |p| Some(name(p)))
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Tokens>,
    model: Option<Arc<str>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<Arc<str>>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Default, Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    completion_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.prompt_tokens.unwrap_or(0),
            output: tokens.completion_tokens.unwrap_or(0),
            cached: tokens.prompt_tokens_details.and_then(|d| d.cached_tokens).unwrap_or(0),
            reasoning: tokens.completion_tokens_details.and_then(|d| d.reasoning_tokens).unwrap_or(0),
            written: 0,
        }
    }
}

/// The answer that a 200's body holds. Its cost and latency are the caller's to fill in.
pub(super) fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure> {
    let completion: Completion = reply::read(headers, body, asked, "chat completion")?;
    let Some(choice) = completion.choices.into_iter().next() else {
        // OpenRouter reports failures of the servers behind it with status 200.
        return Err(match completion.error {
            Some(_) => classify(status_within(body), headers, body, asked),
            None => asked.server("sent an answer without choices"),
        });
    };
    let said = Said {
        text: choice.message.content.unwrap_or_default(),
        refusal: choice.message.refusal.unwrap_or_default(),
        finish_reason: choice.finish_reason,
        usage: completion.usage.map(Usage::from),
        model: completion.model,
        withheld: false,
    };
    settle(filtered(said), asked)
}

/// The status that an error reported under another one would have had.
fn status_within(body: &[u8]) -> u16 {
    let said = Complaint::parse(body);
    match said.code.parse() {
        Ok(status) if status >= 400 => status,
        _ if ["rate_limit", "quota"].iter().any(|w| said.code.contains(w) || said.kind.contains(w)) => 429,
        _ if said.kind == "invalid_request_error" => 400,
        _ => 500,
    }
}

/// A filter that left nothing of the answer refuses it.
fn filtered(mut said: Said) -> Said {
    if said.finish_reason.as_deref() == Some("content_filter") && said.refusal.is_empty() {
        said.refusal = "the answer was withheld by a content filter".into();
    }
    said
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Piece>,
    usage: Option<Tokens>,
    model: Option<Arc<str>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    index: u32,
    delta: Option<Message>,
    finish_reason: Option<Arc<str>>,
}

/// Takes a chunk: <https://platform.openai.com/docs/api-reference/chat/streaming>.
pub(super) fn take(so_far: &mut SoFar, data: &[u8], asked: &Asked<'_>) -> Result<(), Failure> {
    if data.trim_ascii() == b"[DONE]" {
        so_far.done = true;
    }
    if so_far.done || data.trim_ascii().is_empty() {
        return Ok(());
    }
    let chunk: Chunk = serde_json::from_slice(data)
        .map_err(|e| asked.server(format!("sent a piece that is no chat completion: {e}")))?;
    if chunk.error.is_some() {
        return Err(classify(status_within(data), &HeaderMap::new(), data, asked));
    }
    let said = &mut so_far.said;
    for choice in chunk.choices.into_iter().filter(|c| c.index == 0) {
        if let Some(delta) = choice.delta {
            said.text.push_str(delta.content.as_deref().unwrap_or_default());
            said.refusal.push_str(delta.refusal.as_deref().unwrap_or_default());
        }
        said.finish_reason = choice.finish_reason.or(said.finish_reason.take());
    }
    said.usage = chunk.usage.map(Usage::from).or(said.usage.take());
    said.model = chunk.model.or(said.model.take());
    if said.text.is_empty() {
        *said = filtered(std::mem::take(said));
    }
    Ok(())
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
