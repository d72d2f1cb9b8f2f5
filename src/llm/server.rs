//! A provider over HTTP: one attempt at a time, in the wire format that a [`Format`] knows.
//!
//! What all providers share is here: sending, following a stream, and parameters that a model refuses, which are left out
//! with one warning and remembered. Not here: the formats ([`super::openai`], [`super::anthropic`], [`super::gemini`]),
//! further attempts ([`super::retry`]), and names and prices ([`super::router`]).

pub(super) mod body;
pub(super) mod reply;
mod stream;

use super::{
    Answer, Failure, Pieces, Request,
    http::{self, Link, MAX_ANSWER, Place, Reply, Site},
    limit::Told,
    retry::Provider,
    window,
};
use crate::wire::{FailureClass, Usage};
use ::http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use body::{Body, Param, Params};
use reply::{Asked, Refusal};
use serde::Deserialize;
use std::{
    collections::HashMap,
    fmt::Debug,
    marker::PhantomData,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

pub(super) use stream::{SoFar, Streamed};

/// How many characters of an answer make a token, about.
pub(crate) const CHARACTERS: u64 = 4;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// An answer.
    Whole,
    /// An answer in pieces.
    Stream,
    /// Vectors.
    Vectors,
}

impl Asking {
    /// What a request asks for.
    fn of(request: &Request) -> Self {
        match (request.embedding, &request.pieces) {
            (true, _) => Self::Vectors,
            (false, Some(_)) => Self::Stream,
            (false, None) => Self::Whole,
        }
    }
}

/// A provider's wire format: pure functions between requests, bytes and answers.
pub trait Format: Debug + Send + Sync + 'static {
    /// The path below the base URL, and what is added to the query.
    #[doc(hidden)]
    fn path(model: &str, asking: Asking) -> (String, Option<(&'static str, &'static str)>);

    /// Where a server lists its models.
    #[doc(hidden)]
    fn catalogue() -> (&'static str, Option<(&'static str, &'static str)>);

    /// What this format calls a parameter; `None` when it has no place for it.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn name(param: Param) -> Option<&'static str>;

    /// Writes the body for `model` without the parameters that it refuses. Fails when the request cannot be said.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn write(request: &Request, model: &str, refused: Params) -> Result<Body, Failure>;

    /// The answer that a 200's body holds. Its cost and latency are the caller's to fill in.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn parse(headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Result<Answer, Failure>;

    /// The answer, in the form of [`super::embed`], that a 200's body holds when vectors were asked for.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn parse_vectors(headers: &HeaderMap, body: &[u8], texts: usize, asked: &Asked<'_>) -> Result<Answer, Failure>;

    /// Takes the data of one event of a stream.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn take(so_far: &mut SoFar, data: &[u8], asked: &Asked<'_>) -> Result<(), Failure>;

    /// The failure that a reply with another status than 2xx is.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn classify(status: u16, headers: &HeaderMap, body: &[u8], asked: &Asked<'_>) -> Failure;

    /// What a reply tells of the limits, by its headers and, where it is none of an answer, its body.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn told(headers: &HeaderMap, complaint: &[u8]) -> Option<Told>;

    /// The parameter that an HTTP 400 says the model does not take at all, among those that were sent. A value out of
    /// range is no such thing: that is the user's mistake to mend.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn refused_parameter(body: &[u8], sent: Params) -> Option<Refusal>;
}

/// What a server says of its models: `data` with `id`s (OpenAI, Anthropic), or `models` with `name`s (Gemini).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Catalogue {
    data: Vec<Entry>,
    models: Vec<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: Option<String>,
    name: Option<String>,
}

/// A server that speaks one format.
#[derive(Debug)]
pub struct Server<F> {
    link: Link,
    /// Where answers are asked for, when every model's is the same place.
    fixed: Option<Place>,
    /// What each model refused so far, and whether there is anything in it.
    refused: Mutex<HashMap<Arc<str>, Params>>,
    any_refused: AtomicBool,
    format: PhantomData<F>,
}

/// A serialised request.
#[derive(Debug)]
pub struct Prepared {
    model: Arc<str>,
    asking: Asking,
    body: Body,
    /// What the server refuses of this request alone.
    refused: Params,
    /// How many characters of the answer were handed out.
    handed: usize,
    /// What the last reply told of the limits.
    told: Option<Told>,
}

impl<F: Format> Server<F> {
    /// The format spoken over a link.
    pub(super) fn over(link: Link) -> Self {
        let place = |model| F::path(model, Asking::Whole);
        let fixed = (place("a") == place("b")).then(|| link.below(&place("a").0, None));
        let (refused, any_refused) = Default::default();
        Self { link, fixed, refused, any_refused, format: PhantomData }
    }

    /// The names of the models that the server says it has.
    pub(super) async fn models(&self) -> Result<Vec<String>, Failure> {
        let (path, query) = F::catalogue();
        let mut reply = self.link.get(self.link.below(path, query)).await?;
        if !reply.status.is_success() {
            let (status, headers) = (reply.status, std::mem::take(&mut reply.headers));
            let complaint = http::read_complaint(reply).await;
            let failure = F::classify(status.as_u16(), &headers, &complaint, &self.asked(""));
            return Err(self.link.redacted(failure));
        }
        let body = self.link.read(reply).await?;
        let list: Catalogue = serde_json::from_slice(&body)
            .map_err(|_| self.asked("").server("sent no list of models: is the base URL right?"))?;
        let name = |entry: Entry| match entry {
            Entry { id: Some(id), .. } => Some(id),
            Entry { name: Some(name), .. } => Some(name.strip_prefix("models/").map(str::to_owned).unwrap_or(name)),
            Entry { .. } => None,
        };
        Ok(list.data.into_iter().chain(list.models).filter_map(name).map(|name| reply::clean(&name)).collect())
    }

    fn place(&self, model: &str, asking: Asking) -> Place {
        match &self.fixed {
            Some(place) if asking != Asking::Vectors => place.clone(),
            _ => {
                let (path, query) = F::path(model, asking);
                self.link.below(&path, query)
            }
        }
    }

    fn refused_by(&self, model: &str) -> Params {
        if !self.any_refused.load(Ordering::Acquire) {
            return Params::default();
        }
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(model).copied().unwrap_or_default()
    }

    /// Notes that a model refuses a parameter. Only the first of the calls that are under way warns.
    fn remember(&self, model: &Arc<str>, param: Param, name: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.entry(model.clone()).or_default().insert(param) {
            tracing::warn!("`{model}` does not take `{name}`: {}", param.instead());
        }
        self.any_refused.store(true, Ordering::Release);
    }

    /// Notes that the model refuses a parameter which this body holds. False when the complaint is another.
    fn learn(&self, complaint: &[u8], prepared: &mut Prepared) -> bool {
        let Some(found) = F::refused_parameter(complaint, prepared.body.sent) else { return false };
        let name = F::name(found.param).unwrap_or_default();
        if !found.always {
            tracing::debug!(model = %prepared.model, "this `{name}` is refused: {}", found.param.instead());
            return prepared.refused.insert(found.param);
        }
        self.remember(&prepared.model, found.param, name);
        true
    }

    /// Sends the body, and again at once as long as the server refuses a parameter. That ends: each time there is one
    /// fewer, or the other of the token limit's two names.
    async fn exchange(&self, request: &Request, prepared: &mut Prepared) -> Result<Answer, Failure> {
        let model = prepared.model.clone();
        let place = self.place(&model, prepared.asking);
        loop {
            let mut reply = self.link.post(place.clone(), prepared.body.bytes.clone()).await?;
            let (status, headers) = (reply.status, std::mem::take(&mut reply.headers));
            let asked = self.asked(&model);
            if status.is_success() {
                prepared.told = F::told(&headers, &[]);
                if let (Some(pieces), Asking::Stream) = (&request.pieces, prepared.asking) {
                    let handed = &mut prepared.handed;
                    return self.follow(reply, &headers, &asked, pieces, handed).await;
                }
                let body = self.link.read(reply).await?;
                return match prepared.asking {
                    Asking::Vectors => F::parse_vectors(&headers, &body, request.messages.len(), &asked),
                    Asking::Whole | Asking::Stream => F::parse(&headers, &body, &asked),
                };
            }
            let complaint = http::read_complaint(reply).await;
            prepared.told = F::told(&headers, &complaint);
            let unprocessable = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
            if unprocessable && self.learn(&complaint, prepared) {
                let refused = self.refused_by(&model).with(prepared.refused);
                prepared.body = F::write(request, &model, refused)?;
                continue;
            }
            return Err(F::classify(status.as_u16(), &headers, &complaint, &asked));
        }
    }

    fn asked<'a>(&'a self, model: &'a str) -> Asked<'a> {
        Asked { site: self.site(), base: self.link.base(), model, keyed: self.link.keyed() }
    }

    fn site(&self) -> &Site {
        &self.link.site
    }

    /// Reads a streamed answer, and hands out what comes; the answer of a server that does not stream is one piece.
    async fn follow(
        &self,
        mut reply: Reply,
        headers: &HeaderMap,
        asked: &Asked<'_>,
        Pieces(give): &Pieces,
        handed: &mut usize,
    ) -> Result<Answer, Failure> {
        let sort = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        if !sort.to_ascii_lowercase().starts_with(b"text/event-stream") {
            let body = self.link.read(reply).await?;
            let answer = F::parse(headers, &body, asked)?;
            if !answer.text.is_empty() {
                *handed = answer.text.chars().count();
                give(&answer.text);
            }
            return Ok(answer);
        }
        let mut streamed = Streamed::<F>::new(asked, MAX_ANSWER);
        while !streamed.is_done() {
            let read = match reply.chunk().await {
                Ok(Some(bytes)) => streamed.feed(&bytes).map(|()| true),
                Ok(None) => streamed.end().map(|()| false),
                // The end of the connection instead of the stream's, once the model has stopped, loses nothing.
                Err(_) if streamed.is_whole() => Ok(false),
                Err(e) => Err(self.link.broken(e)),
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
}

impl<F: Format> Provider for Server<F> {
    type Prepared = Prepared;

    fn prepare(&self, request: &Request) -> Result<Prepared, Failure> {
        let Some(model) = request.model.clone() else {
            return Err(Failure::new(FailureClass::UnknownModel, "no model is named"));
        };
        // What the format has no place for is refused before it is sent.
        if request.sampling.seed.is_some() && F::name(Param::Seed).is_none() && !request.embedding {
            self.remember(&model, Param::Seed, "seed");
        }
        let body = F::write(request, &model, self.refused_by(&model))?;
        Ok(Prepared { model, asking: Asking::of(request), body, refused: Params::default(), handed: 0, told: None })
    }

    #[allow(private_interfaces)]
    fn told(&self, prepared: &mut Prepared) -> Option<Told> {
        prepared.told.take()
    }

    async fn attempt(&self, request: &Request, prepared: &mut Prepared) -> Result<Answer, Failure> {
        let start = Instant::now();
        let failure = match tokio::time::timeout(request.timeout, self.exchange(request, prepared)).await {
            Ok(Ok(answer)) => return Ok(Answer { latency: start.elapsed(), ..answer }),
            Ok(Err(failure)) => self.link.redacted(failure),
            Err(_) => {
                let message = format!("{} gave no answer within {} s", self.link.base(), request.timeout.as_secs_f64());
                Failure::transient(FailureClass::Timeout, message)
            }
        };
        Err(Failure { model: Some(prepared.model.clone()), ..broken_off(request, failure, prepared.handed) })
    }
}

/// The failure of a stream of which somebody has seen so many characters: another attempt would say them again. What it
/// took nobody tells any more: an estimate.
fn broken_off(request: &Request, failure: Failure, handed: usize) -> Failure {
    if handed == 0 {
        return failure;
    }
    let message = format!("the stream broke off after {handed} characters: {}", failure.message);
    let usage = Usage { input: window::estimate(request), output: handed as u64 / CHARACTERS, ..Usage::default() };
    Failure { message, transient: false, usage, ..failure }
}
