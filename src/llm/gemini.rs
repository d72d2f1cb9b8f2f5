//! Gemini's `generateContent`: <https://ai.google.dev/api/generate-content>.
//!
//! Not here: sending and streaming ([`super::server`]), retries ([`super::retry`]), JSON checking ([`super::json`]),
//! aliases and prices ([`super::router`]); Vertex AI, which wants other credentials.

mod answer;
mod body;
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

/// Where Gemini is.
pub const DEFAULT_BASE: &str = "https://generativelanguage.googleapis.com";

pub(super) const SITE: Site = Site {
    base: Cow::Borrowed(DEFAULT_BASE),
    base_variable: Cow::Borrowed("GEMINI_BASE_URL"),
    key_variable: Cow::Borrowed("GEMINI_API_KEY"),
    ending: "",
};

/// The format of `generateContent`.
#[derive(Debug)]
pub struct GenerateContent;

/// A server that speaks it.
pub type Gemini = Server<GenerateContent>;

impl Gemini {
    /// The server at `base`. Fails when that is no URL or the key cannot stand in a header.
    pub fn new(base: &str, key: Option<SecretString>) -> Result<Self, Failure> {
        Ok(Self::over(link(SITE, base, key)?))
    }
}

/// The way to a server that is shown a key as Gemini is.
pub(super) fn link(site: Site, base: &str, key: Option<SecretString>) -> Result<Link, Failure> {
    Link::new(site, base, key.map(|key| (key, Shown::Header("x-goog-api-key"))), &[])
}

#[allow(private_interfaces)]
impl Format for GenerateContent {
    fn path(model: &str, asking: Asking) -> (String, Option<(&'static str, &'static str)>) {
        let (verb, query) = match asking {
            Asking::Whole => ("generateContent", None),
            Asking::Stream => ("streamGenerateContent", Some(("alt", "sse"))),
            Asking::Vectors => ("batchEmbedContents", None),
        };
        (format!("/v1beta/{}:{verb}", resource(model)), query)
    }

    fn catalogue() -> (&'static str, Option<(&'static str, &'static str)>) {
        ("/v1beta/models", Some(("pageSize", "1000")))
    }

    fn name(param: Param) -> Option<&'static str> {
        body::name(param)
    }

    fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure> {
        if request.embedding { vectors::write(request, model) } else { body::write(request, refused) }
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

    fn told(_: &HeaderMap, complaint: &[u8]) -> Option<Told> {
        answer::told(complaint)
    }

    fn refused_parameter(body: &[u8], sent: Params) -> Option<Refusal> {
        answer::refused_parameter(body, sent)
    }
}

/// A model's name as a path: `models/…`, or that of a tuned one. What no name has, such as `?`, is taken out by force:
/// the name is a script's.
fn resource(model: &str) -> String {
    let escaped: String = model
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"-_.@/".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    // A path that climbs would ask another server's question.
    let escaped = escaped.replace("..", "%2E%2E");
    match escaped.starts_with("models/") || escaped.starts_with("tunedModels/") {
        true => escaped,
        false => format!("models/{escaped}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_path() {
        assert_eq!(resource("gemini-2.5-pro"), "models/gemini-2.5-pro");
        assert_eq!(resource("tunedModels/a-1"), "tunedModels/a-1");
        assert_eq!(resource("x/../../y?z#é"), "models/x/%2E%2E/%2E%2E/y%3Fz%23%C3%A9");
    }
}
