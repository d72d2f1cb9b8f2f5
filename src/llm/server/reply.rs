//! What servers' replies have in common: words that are safe to repeat, waits, refused parameters, answers settled.
//!
//! Not here: what a status or an error means, which each provider says in its own way.

use super::body::{Param, Params};
use crate::{
    llm::{Answer, Failure, http::Site},
    wire::{FailureClass, Usage},
};
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// How much of a server's words a message repeats, in characters.
const WORDS: usize = 500;

/// Who was asked for what, for messages.
pub(in crate::llm) struct Asked<'a> {
    /// The provider.
    pub(in crate::llm) site: &'a Site,
    /// The base URL without user and password.
    pub(in crate::llm) base: &'a str,
    /// The model's name.
    pub(in crate::llm) model: &'a str,
    /// Whether a key was sent.
    pub(in crate::llm) keyed: bool,
}

impl Asked<'_> {
    /// The failure of a server that sent what it should not have.
    pub(in crate::llm) fn server(&self, what: impl std::fmt::Display) -> Failure {
        let failure = Failure::transient(FailureClass::Server, format!("{} {what}", self.base));
        Failure { model: Some(self.model.into()), ..failure }
    }

    /// The failure of a key that is missing or not accepted. Not in the server's words: they may repeat a part of it.
    pub(in crate::llm) fn unauthorised(&self) -> Failure {
        let (base, variable) = (self.base, &self.site.key_variable);
        let message = match self.keyed {
            true => format!("{base} does not accept the key in `{variable}`; check it, or run with `--offline`"),
            false => format!("{base} wants a key: set `{variable}`, or run with `--offline`"),
        };
        Failure::new(FailureClass::Auth, message)
    }

    /// The failure of a key that may not do this.
    pub(in crate::llm) fn forbidden(&self, words: &str) -> Failure {
        let (base, variable) = (self.base, &self.site.key_variable);
        let message = format!(
            "{base} forbids this call ({words}); check what the key in `{variable}` may do, or run with `--offline`"
        );
        Failure::new(FailureClass::Auth, message)
    }

    /// The failure of a name that nothing has.
    pub(in crate::llm) fn unknown(&self, words: &str) -> Failure {
        let Asked { site, base, model, .. } = self;
        let ending = match site.ending {
            "" => String::new(),
            ending => format!(", and that the base URL ends as the server wants (`{ending}`)"),
        };
        Failure::new(
            FailureClass::UnknownModel,
            format!("no model `{model}` at {base} ({words}); check the name{ending}"),
        )
    }

    /// The failure of an address that has moved.
    pub(in crate::llm) fn moved(&self, headers: &HeaderMap) -> Failure {
        let to = headers.get("location").and_then(|v| v.to_str().ok()).map(clean).unwrap_or_default();
        let (base, variable) = (self.base, &self.site.base_variable);
        Failure::new(
            FailureClass::BadRequest,
            format!("{base} redirects to `{to}`: set `{variable}` to the final address"),
        )
    }
}

/// One line of bounded length without control characters.
pub(in crate::llm) fn clean(text: &str) -> String {
    let text = text.trim();
    let mut out: String = text.chars().take(WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}

/// The words of a body that is no JSON.
pub(in crate::llm) fn unstructured(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    if text.trim_start().starts_with('<') { "an HTML page".into() } else { clean(&text) }
}

/// How long the server asks to wait: milliseconds, seconds, or a date (RFC 9110, 10.2.3).
pub(in crate::llm) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|t| t.parse::<f64>().ok()) {
        return seconds(ms / 1000.0);
    }
    let text = text(RETRY_AFTER.as_str())?;
    match text.parse::<f64>() {
        Ok(s) => seconds(s),
        Err(_) => Some(httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// So many seconds, when they are a time to wait.
pub(in crate::llm) fn seconds(s: f64) -> Option<Duration> {
    (s >= 0.0).then(|| Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX))
}

/// A parameter that was refused.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::llm) struct Refusal {
    pub(in crate::llm) param: Param,
    /// Whether any value of it would be: else this body's alone is.
    pub(in crate::llm) always: bool,
}

/// Whether words, in lower case, say that something is not taken at all.
pub(in crate::llm) fn says_unsupported(lower: &str) -> bool {
    [
        "unsupported",
        "not support",
        "unrecognized",
        "unknown parameter",
        "unexpected keyword",
        "not permitted",
        "deprecated for this model",
        "unknown name",
        "not enabled for",
    ]
    .iter()
    .any(|p| lower.contains(p))
}

/// Of the parameters that were sent, the one that words in lower case name first: "'max_tokens' is not supported; use
/// 'max_completion_tokens'".
pub(in crate::llm) fn first_named(
    lower: &str,
    sent: Params,
    name: impl Fn(Param) -> Option<&'static str>,
) -> Option<Param> {
    let sent = Param::ALL.into_iter().filter(|&p| sent.contains(p));
    let places = sent.filter_map(|p| Some((word_at(lower, &name(p)?.to_ascii_lowercase())?, p)));
    places.min_by_key(|&(at, _)| at).map(|(_, p)| p)
}

/// Where `word` stands in `text` as a whole word.
pub(in crate::llm) fn word_at(text: &str, word: &str) -> Option<usize> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        !text[..at].chars().next_back().is_some_and(inside)
            && !text[at + word.len()..].chars().next().is_some_and(inside)
    })
}

/// What a 200's body holds; `what` is what it should be.
pub(in crate::llm) fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
    asked: &Asked<'_>,
    what: &str,
) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|e| {
        let sort = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(clean);
        match sort {
            Some(sort) if !sort.contains("json") => asked.server(format!("sent `{sort}` instead of JSON")),
            _ if e.is_eof() => asked.server("sent an answer that is cut off"),
            _ => asked.server(format!("sent an answer that is no {what}: {}", clean(&e.to_string()))),
        }
    })
}

/// What a model said, however it came.
#[derive(Default)]
pub(in crate::llm) struct Said {
    pub(in crate::llm) text: String,
    /// Why the model, or its provider, will not answer.
    pub(in crate::llm) refusal: String,
    /// Whether that holds for what text there is too: it was broken off.
    pub(in crate::llm) withheld: bool,
    pub(in crate::llm) finish_reason: Option<Arc<str>>,
    pub(in crate::llm) usage: Option<Usage>,
    pub(in crate::llm) model: Option<Arc<str>>,
}

/// The answer that what was said makes; a refusal when it is one, which is paid for like an answer.
pub(in crate::llm) fn settle(said: Said, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let usage = said.usage.unwrap_or_default();
    if !said.refusal.is_empty() && (said.withheld || said.text.is_empty()) {
        let message = format!("`{}` refuses: {}", asked.model, clean(&said.refusal));
        let failure = Failure::new(FailureClass::Refused, message);
        let cost_usd = failure.cost_usd.filter(|_| usage == Usage::default());
        return Err(Failure { model: Some(asked.model.into()), usage, cost_usd, ..failure });
    }
    Ok(Answer {
        text: said.text.into(),
        model: said.model.filter(|m| !m.is_empty()).unwrap_or_else(|| asked.model.into()),
        usage,
        cost_usd: None,
        latency: Duration::ZERO,
        attempts: 1,
        finish_reason: said.finish_reason.unwrap_or_else(|| "stop".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_in_each_notation() {
        let headers = |pairs: &[(&'static str, &str)]| -> HeaderMap {
            pairs.iter().map(|(k, v)| (http::header::HeaderName::from_static(k), v.parse().unwrap())).collect()
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (pairs, want) in [
            (&[("retry-after", "7")][..], Some(7_000)),
            (&[("retry-after", "0.5")], Some(500)),
            (&[("retry-after-ms", "120"), ("retry-after", "9")], Some(120)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], Some(60_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], Some(0)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "NaN")], None),
            (&[], None),
        ] {
            assert_eq!(retry_after(&headers(pairs), now), want.map(Duration::from_millis), "{pairs:?}");
        }
        assert_eq!(retry_after(&headers(&[("retry-after", "1e300")]), now), Some(Duration::MAX));
    }
}
