//! Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, Ollama, LM Studio, LiteLLM, OpenRouter.
//!
//! One pooled HTTP/1.1 client: over HTTP/2 one connection carries about a hundred streams and would cap the fan-out
//! unseen. Not here: retries ([`super::retry`]), JSON checking ([`super::json`]), aliases and prices
//! ([`super::router`]).

mod answer;
mod body;
mod sse;
mod stream;
mod text;

use super::{Answer, Failure, Pieces, Request, retry::Provider};
use crate::wire::FailureClass;
use answer::Asked;
use body::{Body, Params};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::HashMap,
    error::Error,
    net::IpAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use stream::Streamed;

/// Where OpenAI itself is.
pub const DEFAULT_BASE: &str = "https://api.openai.com/v1";

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 20;

/// How much of an error's body is read, in bytes.
const MAX_COMPLAINT: usize = 64 << 10;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);

/// A server, and the connections to it.
#[derive(Debug)]
pub struct OpenAi {
    url: Url,
    /// The base as messages show it: without user, password and query.
    base: String,
    loopback: bool,
    headers: HeaderMap,
    key: Option<SecretString>,
    /// Made at the first call: loading the TLS roots takes time that a run without calls need not spend.
    client: OnceLock<Result<Client, String>>,
    /// What each model refused so far, and whether there is anything in it.
    refused: Mutex<HashMap<Arc<str>, Params>>,
    any_refused: AtomicBool,
}

/// A serialised request.
#[derive(Debug)]
pub struct Prepared {
    model: Arc<str>,
    body: Body,
    /// What the server refuses of this request alone.
    refused: Params,
    /// How many characters of the answer were handed out.
    handed: usize,
}

impl OpenAi {
    /// The server at `base`, such as [`DEFAULT_BASE`]. Fails when that is no URL or the key cannot stand in a header.
    pub fn new(base: &str, key: Option<SecretString>) -> Result<Self, Failure> {
        let bad_base =
            |why: &str| Failure::new(FailureClass::BadRequest, format!("`OPENAI_BASE_URL` is no URL: {why}"));
        let mut url = Url::parse(base.trim()).map_err(|e| bad_base(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(bad_base("it must begin with `http://` or `https://`"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let host = url.host_str().unwrap_or_default();
        let shown = format!("{}://{host}{port}{path}", url.scheme());
        let loopback = is_loopback(host);
        url.set_path(&format!("{path}/chat/completions"));

        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("bessemer/", env!("CARGO_PKG_VERSION"))));
        if let Some(key) = &key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())).map_err(|_| {
                let message = "the key in `OPENAI_API_KEY` holds characters that no key has; was it copied whole?";
                Failure::new(FailureClass::Auth, message)
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let (client, refused, any_refused) = Default::default();
        Ok(Self { url, base: shown, loopback, headers, key, client, refused, any_refused })
    }

    fn client(&self) -> Result<&Client, Failure> {
        let client = self.client.get_or_init(|| {
            // Fails when another part of the process has installed one, which serves as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let mut builder = Client::builder()
                .http1_only()
                .tcp_nodelay(true)
                .pool_max_idle_per_host(usize::MAX)
                .connect_timeout(CONNECT)
                .redirect(redirect::Policy::none());
            if self.loopback {
                builder = builder.no_proxy();
            }
            if self.loopback && self.url.scheme() == "http" {
                // Neither TLS nor a proxy: a machine without root certificates can do this too.
                builder = builder.tls_certs_only([]);
            }
            builder.build().map_err(|e| root_cause(&e))
        });
        client.as_ref().map_err(|e| Failure::new(FailureClass::Network, format!("cannot set up HTTPS: {e}")))
    }

    fn refused_by(&self, model: &str) -> Params {
        if !self.any_refused.load(Ordering::Acquire) {
            return Params::default();
        }
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied().unwrap_or_default()
    }

    /// Notes that the model refuses a parameter which this body holds. False when the complaint is another.
    fn learn(&self, complaint: &[u8], prepared: &mut Prepared) -> bool {
        let Some(found) = answer::refused_parameter(complaint, prepared.body.sent) else { return false };
        if !found.always {
            tracing::debug!(model = %prepared.model, "this `{}` is refused: {}", found.param.name(), found.param.instead());
            return prepared.refused.insert(found.param);
        }
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the first of the calls that are under way warns.
        if refused.entry(prepared.model.clone()).or_default().insert(found.param) {
            let (name, model) = (found.param.name(), &prepared.model);
            tracing::warn!("`{model}` does not take `{name}`: {}", found.param.instead());
        }
        self.any_refused.store(true, Ordering::Release);
        true
    }

    /// Sends the body, and again at once as long as the server refuses a parameter. That ends: each time there is one
    /// fewer, or the other of the token limit's two names.
    async fn exchange(&self, request: &Request, prepared: &mut Prepared) -> Result<Answer, Failure> {
        let model = prepared.model.clone();
        loop {
            let bytes = prepared.body.bytes.clone();
            let sent = self.client()?.post(self.url.clone()).headers(self.headers.clone()).body(bytes).send().await;
            let response = sent.map_err(|e| self.broken(&e))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let asked = Asked { base: &self.base, model: &model, keyed: self.key.is_some() };
            if status.is_success() {
                if let Some(pieces) = &request.pieces {
                    let handed = &mut prepared.handed;
                    return self.follow(response, &headers, &asked, pieces, handed).await;
                }
                let body = self.read(response).await?;
                return answer::parse(&headers, &body, &asked);
            }
            let complaint = read_complaint(response).await;
            let unprocessable = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
            if unprocessable && self.learn(&complaint, prepared) {
                let refused = self.refused_by(&model).with(prepared.refused);
                prepared.body = body::write(request, &model, refused)?;
                continue;
            }
            return Err(answer::classify(status.as_u16(), &headers, &complaint, &asked));
        }
    }

    /// Reads a streamed answer, and hands out what comes; the answer of a server that does not stream is one piece.
    async fn follow(
        &self,
        mut response: Response,
        headers: &HeaderMap,
        asked: &Asked<'_>,
        Pieces(give): &Pieces,
        handed: &mut usize,
    ) -> Result<Answer, Failure> {
        let sort = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if !sort.to_ascii_lowercase().starts_with(b"text/event-stream") {
            let body = self.read(response).await?;
            let answer = answer::parse(headers, &body, asked)?;
            if !answer.text.is_empty() {
                *handed = answer.text.chars().count();
                give(&answer.text);
            }
            return Ok(answer);
        }
        let mut streamed = Streamed::new(asked, MAX_ANSWER);
        while !streamed.is_done() {
            let read = match response.chunk().await {
                Ok(Some(bytes)) => streamed.feed(&bytes).map(|()| true),
                Ok(None) => streamed.end().map(|()| false),
                // The end of the connection instead of the stream's, once the model has stopped, loses nothing.
                Err(_) if streamed.is_whole() => Ok(false),
                Err(e) => Err(self.broken(&e)),
            };
            // What came together goes out together.
            let fresh = streamed.fresh();
            if !fresh.is_empty() {
                *handed += fresh.chars().count();
                give(fresh);
            }
            if !read? {
                break;
            }
        }
        streamed.answer()
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let expected = response.content_length().unwrap_or(0).min(1 << 20);
        let mut body = Vec::with_capacity(expected as usize);
        while let Some(piece) = response.chunk().await.map_err(|e| self.broken(&e))? {
            if body.len() + piece.len() > MAX_ANSWER {
                let message = format!("{} sent an answer of more than {} MB", self.base, MAX_ANSWER >> 20);
                return Err(Failure::new(FailureClass::Server, message));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The failure that a lost connection is.
    fn broken(&self, error: &reqwest::Error) -> Failure {
        let (base, cause) = (&self.base, root_cause(error));
        let message = match error {
            e if e.is_connect() && e.is_timeout() => {
                format!("{base} takes no connection within {} s", CONNECT.as_secs())
            }
            e if e.is_connect() && cause.contains("InvalidContentType") => {
                format!("{base} speaks no TLS: should `OPENAI_BASE_URL` begin with `http://`?")
            }
            e if e.is_connect() && base == DEFAULT_BASE => {
                format!("cannot connect to {base}: {cause}; check the network, and the proxy if there is one")
            }
            e if e.is_connect() => {
                format!("cannot connect to {base}: {cause}; check `OPENAI_BASE_URL`, and that the server runs")
            }
            e if e.is_body() || e.is_decode() => format!("the answer of {base} was cut off: {cause}"),
            _ => format!("the connection to {base} was lost: {cause}"),
        };
        Failure::transient(FailureClass::Network, message)
    }

    /// What leaves this module never holds the key, not even when a server repeats it.
    fn redacted(&self, mut failure: Failure) -> Failure {
        if let Some(key) = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|k| !k.is_empty())
            && failure.message.contains(key)
        {
            failure.message = failure.message.replace(key, "[key]");
        }
        failure
    }
}

impl Provider for OpenAi {
    type Prepared = Prepared;

    fn prepare(&self, request: &Request) -> Result<Prepared, Failure> {
        let Some(model) = request.model.clone() else {
            return Err(Failure::new(FailureClass::UnknownModel, "no model is named"));
        };
        let body = body::write(request, &model, self.refused_by(&model))?;
        Ok(Prepared { model, body, refused: Params::default(), handed: 0 })
    }

    async fn attempt(&self, request: &Request, prepared: &mut Prepared) -> Result<Answer, Failure> {
        let start = Instant::now();
        let failure = match tokio::time::timeout(request.timeout, self.exchange(request, prepared)).await {
            Ok(Ok(answer)) => return Ok(Answer { latency: start.elapsed(), ..answer }),
            Ok(Err(failure)) => self.redacted(failure),
            Err(_) => {
                let message = format!("{} gave no answer within {} s", self.base, request.timeout.as_secs_f64());
                Failure::transient(FailureClass::Timeout, message)
            }
        };
        Err(Failure { model: Some(prepared.model.clone()), ..broken_off(failure, prepared.handed) })
    }
}

/// The failure of a stream of which somebody has seen so many characters: another attempt would say them again.
fn broken_off(failure: Failure, handed: usize) -> Failure {
    if handed == 0 {
        return failure;
    }
    let message = format!("the stream broke off after {handed} characters: {}", failure.message);
    Failure { message, transient: false, ..failure }
}

/// Whether a URL's host is this machine, so that no proxy stands between.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The innermost cause: what happened, without the layers that it passed through.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// As much of an error's body as arrives and fits.
async fn read_complaint(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        let room = MAX_COMPLAINT - body.len();
        body.extend_from_slice(&piece[..piece.len().min(room)]);
        if body.len() == MAX_COMPLAINT {
            break;
        }
    }
    body
}

#[cfg(test)]
#[path = "openai/tests.rs"]
mod tests;
