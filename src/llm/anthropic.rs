//! Anthropic's messages: <https://docs.claude.com/en/api/messages>.
//!
//! Not here: sending and streaming ([`super::server`]), retries ([`super::retry`]), JSON checking ([`super::json`]),
//! aliases and prices ([`super::router`]). Anthropic has no embeddings.

mod answer;
mod body;
mod rates;

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
use reqwest::header::HeaderMap;
use secrecy::SecretString;

/// Where Anthropic is.
pub const DEFAULT_BASE: &str = "https://api.anthropic.com";

static SITE: Site =
    Site { base: DEFAULT_BASE, base_variable: "ANTHROPIC_BASE_URL", key_variable: "ANTHROPIC_API_KEY", ending: "" };

static TOKEN_SITE: Site =
    Site { base: DEFAULT_BASE, base_variable: "ANTHROPIC_BASE_URL", key_variable: "ANTHROPIC_AUTH_TOKEN", ending: "" };

/// The format of messages.
#[derive(Debug)]
pub struct Messages;

/// A server that speaks it.
pub type Anthropic = Server<Messages>;

impl Anthropic {
    /// The server at `base`, with a key or else a bearer token. Fails when that is no URL or the key cannot stand in a
    /// header.
    pub fn new(base: &str, key: Option<SecretString>, token: Option<SecretString>) -> Result<Self, Failure> {
        let version = [("anthropic-version", "2023-06-01")];
        let link = match (key, token) {
            (None, Some(token)) => Link::new(&TOKEN_SITE, base, Some((token, Shown::Bearer)), &version),
            (key, _) => Link::new(&SITE, base, key.map(|key| (key, Shown::Header("x-api-key"))), &version),
        };
        Ok(Self::over(link?))
    }
}

#[allow(private_interfaces)]
impl Format for Messages {
    fn path(_: &str, _: Asking) -> (String, Option<(&'static str, &'static str)>) {
        ("/v1/messages".into(), None)
    }

    fn name(param: Param) -> Option<&'static str> {
        body::name(param)
    }

    fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure> {
        body::write(request, model, refused)
    }

    fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure> {
        answer::parse(headers, body, asked)
    }

    fn parse_vectors(_: &HeaderMap, _: &[u8], _: usize, asked: &Asked<'_>) -> Result<Answer, Failure> {
        Err(asked.unknown("Anthropic has no embeddings"))
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
