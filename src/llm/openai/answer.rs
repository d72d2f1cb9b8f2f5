//! What a server's reply means: pure functions from status, headers and body to an answer or a failure.
//!
//! Not here: reading the reply, and keys. The server's words are cut and cleaned before they enter a message.

use super::body::{Param, Params};
use crate::{
    llm::{Answer, Failure},
    wire::{FailureClass, Usage},
};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// How much of a server's words a message repeats, in characters.
const WORDS: usize = 500;

/// Who was asked for what, for messages.
pub(super) struct Asked<'a> {
    /// The base URL without user and password.
    pub(super) base: &'a str,
    /// The model's name.
    pub(super) model: &'a str,
    /// Whether a key was sent.
    pub(super) keyed: bool,
}

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
            let text = String::from_utf8_lossy(body);
            let html = text.trim_start().starts_with('<');
            return Self { message: if html { "an HTML page".into() } else { clean(&text) }, ..Self::default() };
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

/// One line of bounded length without control characters.
fn clean(text: &str) -> String {
    let text = text.trim();
    let mut out: String = text.chars().take(WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

/// The failure that a reply with another status than 2xx is.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Failure {
    use FailureClass::*;
    let said = Complaint::parse(body);
    let Asked { base, model, keyed } = *asked;
    let words = if said.message.is_empty() { format!("HTTP {status}") } else { said.message.clone() };
    let lower = said.message.to_ascii_lowercase();
    let mut failure = match status {
        // Not the server's own words: it may repeat a part of the key.
        401 if keyed => Failure::new(
            Auth,
            format!("{base} does not accept the key in `OPENAI_API_KEY`; check it, or run with `--offline`"),
        ),
        401 => Failure::new(Auth, format!("{base} wants a key: set `OPENAI_API_KEY`, or run with `--offline`")),
        _ if said.is("model_not_found") || status == 404 => Failure::new(
            UnknownModel,
            format!(
                "no model `{model}` at {base} ({words}); check the name, and that the base URL ends as the server \
                 wants (`/v1`)"
            ),
        ),
        403 => Failure::new(
            Auth,
            format!(
                "{base} forbids this call ({words}); check what the key in `OPENAI_API_KEY` may do, or run with \
                 `--offline`"
            ),
        ),
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
        408 | 409 | 425 | 500.. => Failure::transient(Server, format!("{base} failed (HTTP {status}): {words}")),
        300..400 => {
            let to = headers.get("location").and_then(|v| v.to_str().ok()).map(clean).unwrap_or_default();
            Failure::new(BadRequest, format!("{base} redirects to `{to}`: set `OPENAI_BASE_URL` to the final address"))
        }
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

/// How long the server asks to wait: milliseconds, seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |s: f64| (s >= 0.0).then(|| Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX));
    if let Some(ms) = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()) {
        return seconds(ms / 1000.0);
    }
    let text = text(RETRY_AFTER.as_str())?;
    match text.parse::<f64>() {
        Ok(s) => seconds(s),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// A parameter that was refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) param: Param,
    /// Whether any value of it would be: else this body's alone is.
    pub(super) always: bool,
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
    let unsupported = said.code.starts_with("unsupported_")
        || said.code == "unknown_parameter"
        || ["unsupported", "not support", "unrecognized", "unknown parameter", "unexpected keyword", "not permitted"]
            .iter()
            .any(|p| lower.contains(p));
    let sent = || Param::ALL.into_iter().filter(|&p| sent.contains(p));
    if !unsupported {
        return None;
    }
    if !said.param.is_empty() {
        return sent().find(|p| p.name() == said.param);
    }
    // The first that the message names: "'max_tokens' is not supported; use 'max_completion_tokens'".
    sent().filter_map(|p| Some((word_at(lower, p.name())?, p))).min_by_key(|&(at, _)| at).map(|(_, p)| p)
}

/// Where `word` stands in `text` as a whole word.
fn word_at(text: &str, word: &str) -> Option<usize> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        !text[..at].chars().next_back().is_some_and(inside)
            && !text[at + word.len()..].chars().next().is_some_and(inside)
    })
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
pub(super) struct Tokens {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
}

#[derive(Default, Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

/// What a model said, however it came.
#[derive(Default)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) refusal: String,
    pub(super) finish_reason: Option<Arc<str>>,
    pub(super) tokens: Option<Tokens>,
    pub(super) model: Option<Arc<str>>,
}

/// The answer that a 200's body holds. Its cost and latency are the caller's to fill in.
pub(super) fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure> {
    let Asked { base, model, .. } = *asked;
    let server = |what: String| {
        let failure = Failure::transient(FailureClass::Server, format!("{base} {what}"));
        Failure { model: Some(model.into()), ..failure }
    };
    let completion: Completion = serde_json::from_slice(body).map_err(|e| {
        let sort = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(clean);
        match sort {
            Some(sort) if !sort.contains("json") => server(format!("sent `{sort}` instead of JSON")),
            _ if e.is_eof() => server("sent an answer that is cut off".into()),
            _ => server(format!("sent an answer that is no chat completion: {}", clean(&e.to_string()))),
        }
    })?;
    let Some(choice) = completion.choices.into_iter().next() else {
        // OpenRouter reports failures of the servers behind it with status 200.
        return Err(match completion.error {
            Some(_) => classify(status_within(body), headers, body, asked),
            None => server("sent an answer without choices".into()),
        });
    };
    let said = Said {
        text: choice.message.content.unwrap_or_default(),
        refusal: choice.message.refusal.unwrap_or_default(),
        finish_reason: choice.finish_reason,
        tokens: completion.usage,
        model: completion.model,
    };
    settle(said, asked)
}

/// The status that an error reported under another one would have had.
pub(super) fn status_within(body: &[u8]) -> u16 {
    let said = Complaint::parse(body);
    match said.code.parse() {
        Ok(status) if status >= 400 => status,
        _ if ["rate_limit", "quota"].iter().any(|w| said.code.contains(w) || said.kind.contains(w)) => 429,
        _ if said.kind == "invalid_request_error" => 400,
        _ => 500,
    }
}

/// The answer that what was said makes; a refusal when it is one, which is paid for like an answer.
pub(super) fn settle(said: Said, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let finish_reason = said.finish_reason.unwrap_or_else(|| "stop".into());
    let model = said.model.filter(|m| !m.is_empty()).unwrap_or_else(|| asked.model.into());
    let tokens = said.tokens.unwrap_or_default();
    let usage = Usage {
        input: tokens.prompt_tokens.unwrap_or(0),
        output: tokens.completion_tokens.unwrap_or(0),
        cached: tokens.prompt_tokens_details.and_then(|d| d.cached_tokens).unwrap_or(0),
    };
    let refused = |words: &str| {
        let failure = Failure::new(FailureClass::Refused, format!("`{}` refuses: {words}", asked.model));
        let cost_usd = failure.cost_usd.filter(|_| usage == Usage::default());
        Failure { model: Some(asked.model.into()), usage, cost_usd, ..failure }
    };
    if said.text.is_empty() {
        if !said.refusal.is_empty() {
            return Err(refused(&clean(&said.refusal)));
        }
        if &*finish_reason == "content_filter" {
            return Err(refused("the answer was withheld by a content filter"));
        }
    }
    Ok(Answer {
        text: said.text.into(),
        model,
        usage,
        cost_usd: None,
        latency: Duration::ZERO,
        attempts: 1,
        finish_reason,
    })
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
