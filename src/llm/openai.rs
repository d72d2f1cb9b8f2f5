//! Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, Ollama, LM Studio, LiteLLM, OpenRouter.
//!
//! Not here: sending and streaming ([`super::server`]), retries ([`super::retry`]), JSON checking ([`super::json`]),
//! aliases and prices ([`super::router`]).

mod answer;
mod body;
mod rates;
mod vectors;

use super::{
    Answer, Failure, Request,
    http::{Link, Shown, Site},
    limit::Told,
    server::{
        Asking, Format, Server, SoFar,
        body::{Body, Param, Params},
        reply::{Asked, Refusal},
    },
};
use http::HeaderMap;
use secrecy::SecretString;
use std::borrow::Cow;

/// Where OpenAI itself is.
pub const DEFAULT_BASE: &str = "https://api.openai.com/v1";

pub(super) const SITE: Site = Site {
    base: Cow::Borrowed(DEFAULT_BASE),
    base_variable: Cow::Borrowed("OPENAI_BASE_URL"),
    key_variable: Cow::Borrowed("OPENAI_API_KEY"),
    ending: "/v1",
};

/// The format of chat completions.
#[derive(Debug)]
pub struct ChatCompletions;

/// A server that speaks it.
pub type OpenAi = Server<ChatCompletions>;

impl OpenAi {
    /// The server at `base`, such as [`DEFAULT_BASE`]. Fails when that is no URL or the key cannot stand in a header.
    pub fn new(base: &str, key: Option<SecretString>) -> Result<Self, Failure> {
        Ok(Self::over(link(SITE, base, key)?))
    }
}

/// The way to a server that is shown a key as OpenAI is.
pub(super) fn link(site: Site, base: &str, key: Option<SecretString>) -> Result<Link, Failure> {
    Link::new(site, base, key.map(|key| (key, Shown::Bearer)), &[])
}

#[allow(private_interfaces)]
impl Format for ChatCompletions {
    fn path(_: &str, asking: Asking) -> (String, Option<(&'static str, &'static str)>) {
        (if asking == Asking::Vectors { "/embeddings" } else { "/chat/completions" }.into(), None)
    }

    fn catalogue() -> (&'static str, Option<(&'static str, &'static str)>) {
        ("/models", None)
    }

    fn name(param: Param) -> Option<&'static str> {
        Some(body::name(param))
    }

    fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure> {
        if request.embedding { vectors::write(request, model) } else { body::write(request, model, refused) }
    }

    fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure> {
        answer::parse(headers, body, asked)
    }

    fn parse_vectors(headers: &HeaderMap, body: &[u8], texts: usize, asked: &Asked<'_>) -> Result<Answer, Failure> {
        vectors::parse(headers, body, texts, asked)
    }

    fn take(so_far: &mut SoFar, data: &[u8], asked: &Asked<'_>) -> Result<(), Failure> {
        answer::take(so_far, data, asked)
    }

    fn classify(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Failure {
        answer::classify(status, headers, body, asked)
    }

    fn told(headers: &HeaderMap, _: &[u8]) -> Option<Told> {
        rates::told(headers)
    }

    fn refused_parameter(body: &[u8], sent: Params) -> Option<Refusal> {
        answer::refused_parameter(body, sent)
    }
}

#[cfg(test)]
#[path = "openai/stream_tests.rs"]
mod stream_tests;

#[cfg(test)]
#[path = "openai/tests.rs"]
mod tests;
