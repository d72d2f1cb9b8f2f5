//! The way to a provider: its address, its key, and one pooled HTTP/1.1 client.
//!
//! HTTP/1.1, since over HTTP/2 one connection carries about a hundred streams and would cap the fan-out unseen. What is
//! read is bounded, and nothing that leaves this module holds a key. Not here: what the bytes mean ([`super::server`]).

pub(super) mod sse;
pub(super) mod text;
mod transport;

use super::Failure;
use crate::wire::FailureClass;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use std::{borrow::Cow, error::Error, net::IpAddr, time::Duration};
use transport::{Broken, Transport};

pub(super) use transport::{Place, Reply};

/// The largest answer that is read, in bytes.
pub(super) const MAX_ANSWER: usize = 64 << 20;

/// How much of an error's body is read, in bytes.
const MAX_COMPLAINT: usize = 64 << 10;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A provider, as settings and messages name it.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Where it is.
    pub(super) base: Cow<'static, str>,
    /// What names another place: a variable, or a key of the configuration.
    pub(super) base_variable: Cow<'static, str>,
    /// The variable that holds its key.
    pub(super) key_variable: Cow<'static, str>,
    /// What a compatible server's base URL ends in, for messages.
    pub(super) ending: &'static str,
}

/// How a provider is shown a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    /// As `Authorization: Bearer`.
    Bearer,
    /// In a header of its own.
    Header(&'static str),
}

/// A server, and the connections to it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) site: Site,
    /// Without a `/` at its end.
    url: Url,
    /// The base as messages show it: without user, password and query.
    base: String,
    headers: HeaderMap,
    key: Option<SecretString>,
    transport: Transport,
}

impl Link {
    /// The server at `base`. Fails when that is no URL or the key cannot stand in a header.
    pub(super) fn new(
        site: Site,
        base: &str,
        key: Option<(SecretString, Shown)>,
        further: &[(&'static str, &'static str)],
    ) -> Result<Self, Failure> {
        let bad_base =
            |why: &str| Failure::new(FailureClass::BadRequest, format!("`{}` is no URL: {why}", site.base_variable));
        let mut url = Url::parse(base.trim()).map_err(|e| bad_base(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(bad_base("it must begin with `http://` or `https://`"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        let shown = format!("{}://{host}{port}{path}", url.scheme());
        let transport = Transport::to(&url, is_loopback(host));
        url.set_path(&path);

        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("bessemer/", env!("CARGO_PKG_VERSION"))));
        for &(name, value) in further {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if let Some((key, shown)) = &key {
            let (name, text) = match shown {
                Shown::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose_secret())),
                Shown::Header(name) => (HeaderName::from_static(name), key.expose_secret().to_owned()),
            };
            let mut value = HeaderValue::from_str(&text).map_err(|_| {
                let variable = &site.key_variable;
                let message = format!("the key in `{variable}` holds characters that no key has; was it copied whole?");
                Failure::new(FailureClass::Auth, message)
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let key = key.map(|(key, _)| key);
        Ok(Self { site, url, base: shown, headers, key, transport })
    }

    /// Sends these with every request besides. Fails when one cannot stand in a header.
    pub(super) fn saying(mut self, headers: &[(String, SecretString)]) -> Result<Self, Failure> {
        for (name, value) in headers {
            let bad = || Failure::new(FailureClass::BadRequest, format!("`{name}` is no header, or its value is none"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| bad())?;
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        Ok(self)
    }

    /// The base URL without user, password and query.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Whether a key is sent.
    pub(super) fn keyed(&self) -> bool {
        self.key.is_some()
    }

    /// The address of what lies at `path` below the base; `query` is added to the base's own.
    pub(super) fn below(&self, path: &str, query: Option<(&str, &str)>) -> Place {
        self.transport.place(self.address(path, query))
    }

    fn address(&self, path: &str, query: Option<(&str, &str)>) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        // A base that names the version already is taken at its word.
        let version = path.split('/').nth(1).unwrap_or_default();
        let rest = match version.starts_with('v') && base.ends_with(&format!("/{version}")) {
            true => &path[version.len() + 1..],
            false => path,
        };
        url.set_path(&format!("{base}{rest}"));
        if let Some((name, value)) = query {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }

    /// Sends a body, and gives the reply once its headers are there.
    pub(super) async fn post(&self, place: Place, body: Bytes) -> Result<Reply, Failure> {
        let sent = self.transport.send(Method::POST, place, self.headers.clone(), body).await;
        sent.map_err(|e| self.broken(e))
    }

    /// Asks for what is there, and gives the reply once its headers are there.
    pub(super) async fn get(&self, place: Place) -> Result<Reply, Failure> {
        let sent = self.transport.send(Method::GET, place, self.headers.clone(), Bytes::new()).await;
        sent.map_err(|e| self.broken(e))
    }

    /// Reads a whole answer.
    pub(super) async fn read(&self, mut reply: Reply) -> Result<Bytes, Failure> {
        let first = reply.chunk().await.map_err(|e| self.broken(e))?.unwrap_or_default();
        let mut body = BytesMut::new();
        while let Some(piece) = reply.chunk().await.map_err(|e| self.broken(e))? {
            if body.is_empty() {
                body.extend_from_slice(&first);
            }
            if body.len() + piece.len() > MAX_ANSWER {
                let message = format!("{} sent an answer of more than {} MB", self.base, MAX_ANSWER >> 20);
                return Err(Failure::new(FailureClass::Server, message));
            }
            body.extend_from_slice(&piece);
        }
        // Most come in one piece, which is not copied.
        Ok(if body.is_empty() { first } else { body.freeze() })
    }

    /// The failure that a lost connection is.
    pub(super) fn broken(&self, broken: Broken) -> Failure {
        let (base, variable) = (&self.base, &self.site.base_variable);
        let message = match broken {
            Broken::Setup(cause) => {
                return Failure::new(FailureClass::Network, format!("cannot set up HTTPS: {cause}"));
            }
            Broken::ConnectTimeout => format!("{base} takes no connection within {} s", CONNECT.as_secs()),
            Broken::Connect(cause) if cause.contains("InvalidContentType") => {
                format!("{base} speaks no TLS: should `{variable}` begin with `http://`?")
            }
            Broken::Connect(cause) if *base == self.site.base => {
                format!("cannot connect to {base}: {cause}; check the network, and the proxy if there is one")
            }
            Broken::Connect(cause) => {
                format!("cannot connect to {base}: {cause}; check `{variable}`, and that the server runs")
            }
            Broken::Body(cause) => format!("the answer of {base} was cut off: {cause}"),
            Broken::Lost(cause) => format!("the connection to {base} was lost: {cause}"),
        };
        Failure::transient(FailureClass::Network, message)
    }

    /// The failure without the key, should a server have repeated it.
    pub(super) fn redacted(&self, mut failure: Failure) -> Failure {
        if let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|k| !k.is_empty())
            && failure.message.contains(key)
        {
            failure.message = failure.message.replace(key, "[key]");
        }
        failure
    }
}

/// As much of an error's body as arrives and fits.
pub(super) async fn read_complaint(mut reply: Reply) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = reply.chunk().await {
        let room = MAX_COMPLAINT - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if body.len() == MAX_COMPLAINT {
            break;
        }
    }
    body
}

/// Whether a URL's host is this machine, so that no proxy stands between.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The innermost cause: what happened, without the layers that it passed through.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    static SITE: Site = Site {
        base: Cow::Borrowed("https://api.h"),
        base_variable: Cow::Borrowed("B"),
        key_variable: Cow::Borrowed("K"),
        ending: "/v1",
    };

    #[test]
    fn a_path_stands_below_the_base_and_names_the_version_once() {
        let at = |base: &str, path, query| {
            Link::new(SITE.clone(), base, None, &[]).unwrap().address(path, query).to_string()
        };
        assert_eq!(at("http://h/", "/v1/messages", None), "http://h/v1/messages");
        assert_eq!(at("http://h/v1/", "/v1/messages", None), "http://h/v1/messages");
        assert_eq!(at("http://h/a/v1", "/chat/completions", None), "http://h/a/v1/chat/completions");
        assert_eq!(
            at("http://h/x?key=7", "/v1beta/m:do", Some(("alt", "sse"))),
            "http://h/x/v1beta/m:do?key=7&alt=sse"
        );
    }

    #[test]
    fn loopback_is_known_by_its_addresses() {
        assert!(["localhost", "127.1.2.3", "[::1]", "a.localhost"].into_iter().all(is_loopback));
        assert!(!is_loopback("api.openai.com") && !is_loopback("10.0.0.1"));
    }
}
