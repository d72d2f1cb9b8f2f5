//! What Gemini's replies mean: <https://ai.google.dev/gemini-api/docs/troubleshooting>, and the details of errors as
//! <https://cloud.google.com/apis/design/errors> has them.
//!
//! Pure functions. Not here: reading the reply, and keys.

use super::body::name;
use crate::{
    llm::{
        Answer, Failure,
        limit::Told,
        server::{
            SoFar,
            body::{Param, Params},
            reply::{
                self, Asked, Refusal, Said, clean, first_named, retry_after, says_unsupported, seconds, settle,
                unstructured,
            },
        },
    },
    wire::{FailureClass, Usage},
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Why Gemini stops when it, and not the model, ends the answer.
const WITHHELD: [&str; 8] = [
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "LANGUAGE",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
];

/// What Google says about an error.
#[derive(Default, Deserialize)]
struct Complaint {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    details: Vec<Value>,
}

#[derive(Deserialize)]
struct Complaining {
    error: Complaint,
}

impl Complaint {
    /// The error of a body, which may stand in an array.
    fn parse(body: &[u8]) -> Self {
        // The list first: a list could pass for an error without words.
        let listed = serde_json::from_slice::<Vec<Complaining>>(body).ok().and_then(|all| all.into_iter().next());
        let found = listed.or_else(|| serde_json::from_slice(body).ok());
        match found {
            Some(Complaining { error }) => Self { message: clean(&error.message), ..error },
            None => Self { message: unstructured(body), ..Self::default() },
        }
    }

    /// The details of a type.
    fn details<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.details.iter().filter(move |d| d["@type"].as_str().is_some_and(|t| t.ends_with(kind)))
    }

    fn reason(&self) -> &str {
        self.details("ErrorInfo").find_map(|d| d["reason"].as_str()).unwrap_or_default()
    }

    /// How long to wait, as `RetryInfo` has it: `34.4s`.
    fn retry_delay(&self) -> Option<Duration> {
        let delay = self.details("RetryInfo").find_map(|d| d["retryDelay"].as_str())?;
        seconds(delay.strip_suffix('s')?.parse().ok()?)
    }

    /// Whether what is used up comes back no sooner than tomorrow, or never was.
    fn used_up(&self) -> bool {
        let violations = self.details("QuotaFailure").filter_map(|d| d["violations"].as_array()).flatten();
        let daily = violations.filter_map(|v| v["quotaId"].as_str()).any(|id| id.contains("PerDay"));
        daily || self.message.contains("limit: 0") || self.message.to_ascii_lowercase().contains("billing account")
    }
}

/// What a refusal tells of the limit that was reached. Gemini tells of none before.
pub(super) fn told(complaint: &[u8]) -> Option<Told> {
    if complaint.is_empty() {
        return None;
    }
    let said = Complaint::parse(complaint);
    let violations = said.details("QuotaFailure").filter_map(|d| d["violations"].as_array()).flatten();
    let mut told = Told::default();
    for violation in violations {
        let value = match &violation["quotaValue"] {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        match violation["quotaId"].as_str().unwrap_or_default() {
            id if !id.contains("PerMinute") => {}
            id if id.contains("Token") => told.input_a_minute = value,
            id if id.contains("Request") => told.requests_a_minute = value,
            _ => {}
        }
    }
    (told != Told::default()).then_some(told)
}

/// The failure that a reply with another status than 2xx is.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Failure {
    use FailureClass::*;
    let said = Complaint::parse(body);
    let Asked { base, model, .. } = *asked;
    let words = if said.message.is_empty() { format!("HTTP {status}") } else { said.message.clone() };
    let lower = said.message.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    // An error within a stream comes under status 200, and says its own.
    let code = if status == 200 && said.code >= 400 { said.code } else { status };
    let mut failure = match (said.status.as_str(), code) {
        // Google answers a wrong key with 400, in words that repeat nothing of it.
        _ if said.reason() == "API_KEY_INVALID" || says(&["api key not valid", "api key expired"]) => {
            asked.unauthorised()
        }
        ("UNAUTHENTICATED", _) | (_, 401) => asked.unauthorised(),
        ("PERMISSION_DENIED", _) | (_, 403) => asked.forbidden(&words),
        ("NOT_FOUND", _) | (_, 404) => asked.unknown(&words),
        ("RESOURCE_EXHAUSTED", _) | (_, 429) if said.used_up() => {
            Failure::new(Quota, format!("the account at {base} has no quota left: {words}"))
        }
        ("RESOURCE_EXHAUSTED", _) | (_, 429) => {
            Failure::transient(RateLimit, format!("{base} limits the rate of calls: {words}"))
        }
        (_, 402) => Failure::new(Quota, format!("{base} wants to be paid first: {words}")),
        (_, 413) => Failure::new(TooLong, format!("the prompt is too long for {base}: {words}")),
        ("UNAVAILABLE", _) | (_, 503) => Failure::busy(Server, format!("{base} is overloaded: {words}")),
        ("INTERNAL" | "DEADLINE_EXCEEDED" | "ABORTED" | "UNKNOWN", _) | (_, 200 | 408 | 409 | 425 | 500..) => {
            Failure::transient(Server, format!("{base} failed (HTTP {code}): {words}"))
        }
        (_, 400 | 422) if says(&["token count", "exceeds the maximum number of tokens", "payload size exceeds"]) => {
            Failure::new(TooLong, format!("the prompt is too long for `{model}`: {words}"))
        }
        ("FAILED_PRECONDITION", _) if says(&["billing"]) => {
            Failure::new(Quota, format!("{base} wants to be paid first: {words}"))
        }
        ("FAILED_PRECONDITION", _) => asked.forbidden(&words),
        (_, 300..400) => asked.moved(headers),
        _ => Failure::new(BadRequest, format!("{base} refuses the request (HTTP {code}): {words}")),
    };
    if failure.transient {
        failure.retry_after = said.retry_delay().or_else(|| retry_after(headers, SystemTime::now()));
    }
    Failure { model: Some(model.into()), ..failure }
}

/// The parameter that an HTTP 400 says the model does not take at all, among those that were sent.
pub(super) fn refused_parameter(body: &[u8], sent: Params) -> Option<Refusal> {
    let lower = Complaint::parse(body).message.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if sent.contains(Param::JsonSchema) {
        let this_schema = says(&["too many states", "schema is too", "nesting depth", "invalid schema", "in schema"]);
        if this_schema || says(&["responsejsonschema", "response_json_schema", "response_schema"]) {
            return Some(Refusal { param: Param::JsonSchema, always: !this_schema });
        }
    }
    if sent.contains(Param::JsonObject)
        && says(&["json mode", "response mime type", "responsemimetype", "response_mime_type"])
    {
        // A schema is of no use without it.
        let param = if sent.contains(Param::JsonSchema) { Param::JsonSchema } else { Param::JsonObject };
        return Some(Refusal { param, always: true });
    }
    let snake = |param| {
        Some(match param {
            Param::TopP => "top_p",
            Param::Stop => "stop_sequences",
            Param::MaxTokens => "max_output_tokens",
            _ => return None,
        })
    };
    let param = first_named(&lower, sent, name).or_else(|| first_named(&lower, sent, snake));
    let param = param.filter(|_| says_unsupported(&lower))?;
    Some(Refusal { param, always: true })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    #[serde(default)]
    candidates: Vec<Candidate>,
    prompt_feedback: Option<Feedback>,
    usage_metadata: Option<Tokens>,
    model_version: Option<Arc<str>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    index: u32,
    content: Option<Content>,
    finish_reason: Option<Arc<str>>,
    finish_message: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
    #[serde(default)]
    thought: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
    block_reason_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
}

impl From<Tokens> for Usage {
    fn from(tokens: Tokens) -> Self {
        let reasoning = tokens.thoughts_token_count.unwrap_or(0);
        Self {
            input: tokens.prompt_token_count.unwrap_or(0) + tokens.tool_use_prompt_token_count.unwrap_or(0),
            // Gemini counts thoughts apart, and charges them as answer.
            output: tokens.candidates_token_count.unwrap_or(0) + reasoning,
            cached: tokens.cached_content_token_count.unwrap_or(0),
            reasoning,
            written: 0,
        }
    }
}

/// Adds what a reply, or a piece of one, says.
fn add(said: &mut Said, reply: Reply) {
    said.usage = reply.usage_metadata.map(Usage::from).or(said.usage.take());
    said.model = reply.model_version.or(said.model.take());
    if let Some(Feedback { block_reason: Some(reason), block_reason_message }) = reply.prompt_feedback {
        let why = block_reason_message.map(|m| format!(": {m}")).unwrap_or_default();
        said.refusal = format!("the prompt was blocked ({reason}{why})");
        said.withheld = true;
        said.finish_reason = Some(reason.into());
    }
    for candidate in reply.candidates.into_iter().filter(|c| c.index == 0) {
        for part in candidate.content.into_iter().flat_map(|c| c.parts).filter(|p| !p.thought) {
            said.text.push_str(&part.text);
        }
        if let Some(reason) = candidate.finish_reason {
            if WITHHELD.contains(&&*reason) {
                let why = candidate.finish_message.map(|m| format!(": {m}")).unwrap_or_default();
                said.refusal = format!("the answer was withheld ({reason}{why})");
                said.withheld = true;
            }
            said.finish_reason = Some(reason);
        }
    }
}

/// The answer that a 200's body holds.
pub(super) fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure> {
    let reply: Reply = reply::read(headers, body, asked, "generated content")?;
    if reply.error.is_some() {
        return Err(classify(200, headers, body, asked));
    }
    let mut said = Said::default();
    add(&mut said, reply);
    if said.finish_reason.is_none() && said.text.is_empty() {
        return Err(asked.server("sent an answer without candidates"));
    }
    settle(said, asked)
}

/// Takes a piece, which has the form of a whole answer.
pub(super) fn take(so_far: &mut SoFar, data: &[u8], asked: &Asked<'_>) -> Result<(), Failure> {
    if data.trim_ascii().is_empty() {
        return Ok(());
    }
    let reply: Reply = serde_json::from_slice(data)
        .map_err(|e| asked.server(format!("sent a piece that is no generated content: {e}")))?;
    if reply.error.is_some() {
        return Err(classify(200, &HeaderMap::new(), data, asked));
    }
    add(&mut so_far.said, reply);
    Ok(())
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
