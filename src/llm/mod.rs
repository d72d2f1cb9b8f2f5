//! Model calls: one narrow trait, and wrappers round it.
//!
//! A provider ([`openai`], [`anthropic`], [`gemini`], [`offline`]) is the innermost [`Model`] and only knows its wire
//! format; what they share is in `http` (the way there) and [`server`], and `place` says which are set up. [`retry`] over
//! `limit`, [`json`] and [`router`] wrap it; `choice` takes one of several models, `once` sends what is the same once, `cache`
//! shares answers between runs, `recorded` journals what is answered, `dry` sends nothing. `schema` is what an answer is checked against, `models` what is known of models, `catalogue` what providers
//! say of theirs, `embed` how vectors travel, `course` what becomes of one call. [`dispatch`] decides when a call starts.
//! None of them knows of scripts, sessions or frames.

pub mod anthropic;
pub mod cache;
pub(crate) mod catalogue;
mod choice;
pub(crate) mod course;
pub mod dispatch;
pub(crate) mod dry;
pub(crate) mod embed;
pub mod gemini;
mod http;
pub mod json;
mod limit;
pub(crate) mod models;
pub mod offline;
mod once;
pub mod openai;
mod place;
mod recorded;
pub mod retry;
pub mod router;
mod schema;
pub mod server;
pub(crate) mod window;

use crate::wire::{FailureClass, JsonMode, Priority, Role, Sampling, Usage};
use bytes::Bytes;
pub use choice::Choices;
pub use course::{Course, Summary, Taken, Traffic};
pub use limit::{Left, Settled, Standing};
pub use models::{Above, Price};
use serde::{Deserialize, Serialize};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// UTF-8 text that shares its bytes: a prompt is read off the socket once and never copied again.
#[derive(Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
pub struct Text(Bytes);

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl Text {
    /// Checks the bytes.
    pub fn new(bytes: Bytes) -> Result<Self, std::str::Utf8Error> {
        std::str::from_utf8(&bytes)?;
        Ok(Self(bytes))
    }
}

impl From<String> for Text {
    fn from(s: String) -> Self {
        Self(s.into())
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Self {
        Self(Bytes::copy_from_slice(s.as_bytes()))
    }
}

impl std::ops::Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        // SAFETY: the constructors take checked UTF-8 alone, and `Bytes` is immutable.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&**self, f)
    }
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub text: Text,
    /// What is shown beside it.
    pub images: Vec<Image>,
}

impl Message {
    /// A message of text alone.
    pub fn new(role: Role, text: impl Into<Text>) -> Self {
        Self { role, text: text.into(), images: Vec::new() }
    }
}

/// An image of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Image {
    /// Where it lies. The provider fetches it, never this process.
    Url(Text),
    /// The image itself.
    Bytes {
        /// Its media type, such as `image/png`.
        mime: Arc<str>,
        /// Its bytes.
        bytes: Bytes,
    },
}

/// Who is given the pieces of an answer as they come, in order.
#[derive(Clone)]
pub struct Pieces(
    /// Called with each piece.
    pub Arc<dyn Fn(&str) + Send + Sync>,
);

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pieces")
    }
}

/// What a model is asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A name, an alias or `provider/name`; the configured default when absent. The router replaces it by the provider's own name.
    pub model: Option<Arc<str>>,
    /// The chat, never empty.
    pub messages: Vec<Message>,
    /// Sampling parameters.
    pub sampling: Sampling,
    /// Whether the answer must be JSON.
    pub json: JsonMode,
    /// The JSON Schema that the answer must fit, as JSON text.
    pub schema: Option<Text>,
    /// Parameters that the provider is given as they are: the text of a JSON object.
    pub extra: Option<Text>,
    /// Who wants the answer piece by piece as well.
    pub pieces: Option<Pieces>,
    /// Whether vectors of the messages' texts are wanted, in place of an answer to them.
    pub embedding: bool,
    /// For each attempt.
    pub timeout: Duration,
    /// Attempts after the first.
    pub retries: u32,
    /// Who goes first when the provider's limit is short.
    pub priority: Priority,
    /// Which models it may go to besides its own, and when.
    pub choices: Choices,
    /// What it costs, where that is known; the router says it to those it asks.
    pub price: Option<Price>,
    /// What becomes of it on its way.
    pub course: Arc<Course>,
    /// Whether its answer is shared with other runs; as the stack has it when it does not say.
    pub cache: Option<bool>,
    /// Its place in a journaled run.
    pub ticket: Option<Arc<crate::journal::Ticket>>,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's text.
    pub text: Text,
    /// The model's name as the provider gives it.
    pub model: Arc<str>,
    /// Tokens.
    pub usage: Usage,
    /// US dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
    /// From the start of the first attempt to the last byte of the answer.
    pub latency: Duration,
    /// How many attempts it took, at least 1.
    pub attempts: u32,
    /// Why the model stopped, as the provider says: `stop` and `length`, `end_turn` and `max_tokens`, `STOP`, ….
    pub finish_reason: Arc<str>,
}

impl Answer {
    /// Whether it was cut off at the token limit, as each provider says that.
    pub fn is_cut(&self) -> bool {
        is_cut(&self.finish_reason)
    }
}

/// Whether a provider says by this that an answer was cut off at the token limit.
pub(crate) fn is_cut(finish_reason: &str) -> bool {
    matches!(finish_reason, "length" | "max_tokens" | "MAX_TOKENS")
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure.
    pub class: FailureClass,
    /// What happened and what to do, for people. Never holds a key.
    pub message: String,
    /// The model asked, when that was settled.
    pub model: Option<Arc<str>>,
    /// Attempts made.
    pub attempts: u32,
    /// Whether another attempt may do better.
    pub transient: bool,
    /// When the server said how long to wait.
    pub retry_after: Option<Duration>,
    /// Whether the server has too much to do for now, whoever asks.
    pub busy: bool,
    /// Tokens that were paid for all the same: those of answers that were of no use.
    pub usage: Usage,
    /// What these cost in US dollars; `None` when the price is unknown.
    pub cost_usd: Option<f64>,
}

impl Failure {
    /// A failure for good.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            model: None,
            attempts: 1,
            transient: false,
            retry_after: None,
            busy: false,
            usage: Usage::default(),
            cost_usd: Some(0.0),
        }
    }

    /// The same, worth another attempt.
    pub fn transient(class: FailureClass, message: impl Into<String>) -> Self {
        Self { transient: true, ..Self::new(class, message) }
    }

    /// The same, of a server that has too much to do.
    pub fn busy(class: FailureClass, message: impl Into<String>) -> Self {
        Self { busy: true, ..Self::transient(class, message) }
    }
}

/// A call under way.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

/// Something that answers requests. Dropping the future cancels the call and frees what it holds.
pub trait Model: Send + Sync {
    /// Answers one request, or says why not. Waits at most `timeout` for each attempt that it makes.
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a>;

    /// How the limits stand that it keeps to.
    fn limits(&self) -> Vec<Standing> {
        Vec::new()
    }

    /// What a call to a model costs, or one for vectors; `None` when that is unknown.
    fn price(&self, _model: Option<&str>, _vectors: bool) -> Option<Price> {
        None
    }
}

impl<M: Model + ?Sized> Model for Arc<M> {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        (**self).complete(request)
    }

    fn limits(&self) -> Vec<Standing> {
        (**self).limits()
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        (**self).price(model, vectors)
    }
}
