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
use http::HeaderMap;
use secrecy::SecretString;
use std::borrow::Cow;

/// Where Anthropic is.
pub const DEFAULT_BASE: &str = "https://api.anthropic.com";

pub(super) const SITE: Site = Site {
    base: Cow::Borrowed(DEFAULT_BASE),
    base_variable: Cow::Borrowed("ANTHROPIC_BASE_URL"),
    key_variable: Cow::Borrowed("ANTHROPIC_API_KEY"),
    ending: "",
};

/// The variable of a bearer token.
pub(super) const TOKEN_VARIABLE: &str = "ANTHROPIC_AUTH_TOKEN";

/// The format of messages.
#[derive(Debug)]
pub struct Messages;

/// A server that speaks it.
pub type Anthropic = Server<Messages>;

impl Anthropic {
    /// The server at `base`, with a key or else a bearer token. Fails when that is no URL or the key cannot stand in a
    /// header.
    pub fn new(base: &str, key: Option<SecretString>, token: Option<SecretString>) -> Result<Self, Failure> {
        let bearer = key.is_none() && token.is_some();
        let site = match bearer {
            true => Site { key_variable: TOKEN_VARIABLE.into(), ..SITE },
            false => SITE,
        };
        Ok(Self::over(link(site, base, key.or(token), bearer)?))
    }
}

/// The way to a server that is shown a key as Anthropic is, or as a bearer's.
pub(super) fn link(site: Site, base: &str, key: Option<SecretString>, bearer: bool) -> Result<Link, Failure> {
    let shown = if bearer { Shown::Bearer } else { Shown::Header("x-api-key") };
    Link::new(site, base, key.map(|key| (key, shown)), &[("anthropic-version", "2023-06-01")])
}

#[allow(private_interfaces)]
impl Format for Messages {
    fn path(_: &str, _: Asking) -> (String, Option<(&'static str, &'static str)>) {
        ("/v1/messages".into(), None)
    }

    fn catalogue() -> (&'static str, Option<(&'static str, &'static str)>) {
        ("/v1/models", Some(("limit", "1000")))
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
