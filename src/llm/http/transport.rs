//! How a request travels.
//!
//! To a server of plain HTTP without a proxy between, such as one on this machine or beside it, it goes through hyper's
//! own client: those answer tens of thousands of calls a second, and reqwest parses an address two times for each. What
//! needs TLS or a proxy goes through reqwest. Not here: addresses, keys, and what is told of a reply.

use super::{CONNECT, root_cause};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::{
        legacy::{Client as Hyper, connect::HttpConnector},
        proxy::matcher::Matcher,
    },
    rt::{TokioExecutor, TokioTimer},
};
use reqwest::{Client, Response, Url, redirect};
use std::{error::Error, io, sync::OnceLock, time::Duration};

/// How often a connection on which nothing moves is asked whether it is still there, as reqwest does.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Connections to one server.
#[derive(Debug)]
pub(in crate::llm) enum Transport {
    /// Plain HTTP, and nothing between.
    Plain(Box<Hyper<HttpConnector, Full<Bytes>>>),
    /// All else. Made at the first call: loading the TLS roots takes time that a run without calls need not spend.
    Any { loopback: bool, client: OnceLock<Result<Client, String>> },
}

/// An address, as the transport to its server wants it.
#[derive(Clone, Debug)]
pub(in crate::llm) enum Place {
    Plain(Uri),
    Any(Url),
}

impl Transport {
    /// The way to the server at `url`.
    pub(super) fn to(url: &Url, loopback: bool) -> Self {
        let named = !url.username().is_empty() || url.password().is_some();
        let proxied = || match url.as_str().parse() {
            Ok(uri) => !loopback && Matcher::from_system().intercept(&uri).is_some(),
            Err(_) => true,
        };
        if url.scheme() != "http" || named || proxied() {
            return Self::Any { loopback, client: OnceLock::new() };
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_keepalive(Some(KEEPALIVE));
        let client = Hyper::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self::Plain(Box::new(client))
    }

    /// An address below the server's.
    pub(super) fn place(&self, url: Url) -> Place {
        match (self, url.as_str().parse()) {
            (Self::Plain(_), Ok(uri)) => Place::Plain(uri),
            (Self::Plain(_), Err(_)) | (Self::Any { .. }, _) => Place::Any(url),
        }
    }

    /// Sends a request, and gives the reply once its headers are there.
    pub(super) async fn send(
        &self,
        method: Method,
        place: Place,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, Broken> {
        match (self, place) {
            (Self::Plain(client), Place::Plain(uri)) => {
                let mut request = Request::new(Full::new(body));
                (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
                let (head, body) = client.request(request).await?.into_parts();
                Ok(Reply { status: head.status, headers: head.headers, body: Body::Plain(body) })
            }
            (Self::Any { loopback, client }, Place::Any(url)) => {
                let client =
                    client.get_or_init(|| any(*loopback)).as_ref().map_err(|why| Broken::Setup(why.clone()))?;
                let mut request = reqwest::Request::new(method, url);
                (*request.headers_mut(), *request.body_mut()) = (headers, Some(body.into()));
                let mut response = client.execute(request).await?;
                let headers = std::mem::take(response.headers_mut());
                Ok(Reply { status: response.status(), headers, body: Body::Any(response) })
            }
            _ => Err(Broken::Setup("no such address".into())),
        }
    }
}

fn any(loopback: bool) -> Result<Client, String> {
    // Fails when another part of the process has installed one, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .http1_only()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(usize::MAX)
        .connect_timeout(CONNECT)
        .redirect(redirect::Policy::none());
    if loopback {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| root_cause(&e))
}

/// A reply whose headers are there.
#[derive(Debug)]
pub(in crate::llm) struct Reply {
    pub(in crate::llm) status: StatusCode,
    pub(in crate::llm) headers: HeaderMap,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Plain(Incoming),
    Any(Response),
}

impl Reply {
    /// The next bytes of the body.
    pub(in crate::llm) async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        match &mut self.body {
            Body::Plain(body) => loop {
                match body.frame().await.transpose().map_err(|e| Broken::Body(root_cause(&e)))? {
                    None => return Ok(None),
                    Some(frame) => match frame.into_data() {
                        Ok(data) => return Ok(Some(data)),
                        Err(_) => continue, // trailers
                    },
                }
            },
            Body::Any(response) => Ok(response.chunk().await?),
        }
    }
}

/// How a connection was lost, with the innermost cause.
#[derive(Debug)]
pub(in crate::llm) enum Broken {
    /// There is no client: TLS cannot be set up.
    Setup(String),
    /// Nobody takes the connection in time.
    ConnectTimeout,
    /// Nobody takes the connection.
    Connect(String),
    /// The answer was cut off.
    Body(String),
    /// It was lost in between.
    Lost(String),
}

impl From<hyper_util::client::legacy::Error> for Broken {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        match error.is_connect() {
            true if timed_out(&error) => Self::ConnectTimeout,
            true => Self::Connect(root_cause(&error)),
            false => Self::Lost(root_cause(&error)),
        }
    }
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        let cause = root_cause(&error);
        match error {
            e if e.is_connect() && e.is_timeout() => Self::ConnectTimeout,
            e if e.is_connect() => Self::Connect(cause),
            e if e.is_body() || e.is_decode() => Self::Body(cause),
            _ => Self::Lost(cause),
        }
    }
}

fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::TimedOut) {
            return true;
        }
        cause = error.source();
    }
    false
}
