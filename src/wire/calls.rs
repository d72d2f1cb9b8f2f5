//! What a call says of itself, and what is said at its end.
//!
//! Not here: frames ([`super`]).

use super::{CALL_OVERHEAD, PART_OVERHEAD};
use serde::{Deserialize, Serialize};

/// Who says a message of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The trusted instruction.
    System,
    /// The person, or the untrusted data.
    User,
    /// The model's own earlier answer.
    Assistant,
}

/// Who goes first when the limit is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Priority {
    /// P0.
    High,
    /// P1.
    #[default]
    Normal,
    /// P2.
    Batch,
}

/// Whether the answer must be JSON, and how that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JsonMode {
    /// Any text will do.
    #[default]
    Off,
    /// Asked for in the instruction.
    Asked,
    /// Asked for, and the provider's object mode as well.
    Object,
}

/// What went wrong, as a handler sees it (`failure-class`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum FailureClass {
    RateLimit,
    Quota,
    Timeout,
    Auth,
    UnknownModel,
    BadRequest,
    TooLong,
    Refused,
    Server,
    Network,
    InvalidJson,
    Schema,
    Validation,
    Budget,
    Cancelled,
    Script,
    Python,
    Items,
}

impl FailureClass {
    /// The name that scripts, messages and `--json` use.
    pub fn name(self) -> &'static str {
        match self {
            Self::RateLimit => "rate-limit",
            Self::Quota => "quota",
            Self::Timeout => "timeout",
            Self::Auth => "auth",
            Self::UnknownModel => "unknown-model",
            Self::BadRequest => "bad-request",
            Self::TooLong => "too-long",
            Self::Refused => "refused",
            Self::Server => "server",
            Self::Network => "network",
            Self::InvalidJson => "invalid-json",
            Self::Schema => "schema",
            Self::Validation => "validation",
            Self::Budget => "budget",
            Self::Cancelled => "cancelled",
            Self::Script => "script",
            Self::Python => "python",
            Self::Items => "items",
        }
    }

    /// Whether the next item would fail the same way: no run goes on buying calls after one of these.
    pub fn dooms_the_rest(self) -> bool {
        matches!(self, Self::Auth | Self::Quota | Self::UnknownModel)
    }

    /// Whose doing a failure of this class is, where nothing else is known.
    pub fn blame(self) -> Blame {
        match self {
            Self::Script | Self::Python | Self::Items | Self::Validation | Self::Cancelled => Blame::Program,
            Self::Budget => Blame::Limit,
            _ => Blame::Call,
        }
    }
}

/// Whose doing an error is: it decides the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blame {
    /// The program's own.
    #[default]
    Program,
    /// It was denied something, or over its budget.
    Limit,
    /// A model call failed for good.
    Call,
}

impl std::fmt::Display for FailureClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How a model is to answer. Unset means: the provider's own default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
    pub top_p: Option<f64>,
    pub seed: Option<i64>,
    pub stop: Vec<String>,
}

/// What the tail of a call holds of one message: its text, then its images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageHead {
    /// Who says it.
    pub role: Role,
    /// The bytes of its text.
    pub text: u32,
    /// Its images, in order.
    pub images: Vec<ImageHead>,
}

/// An image in the tail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ImageHead {
    /// A URL of so many bytes, which goes to the provider as it is.
    Url(u32),
    /// The image itself.
    Bytes {
        /// Its media type, such as `image/png`.
        mime: String,
        /// How many bytes it has.
        len: u32,
    },
}

/// What a call wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asks {
    /// An answer.
    #[default]
    Answer,
    /// Vectors of the messages' texts.
    Vectors,
    /// An answer by a loop of its own: the instruction is its question, the user messages are what it may read.
    Loop,
    /// The value, as JSON, of a program that a model has written: the first message; what it is given is in `extra`.
    Program,
    /// How the providers' limits stand, as JSON. No provider is asked, and nothing is charged.
    Limits,
    /// What the model costs, likewise.
    Price {
        /// Whether vectors will be asked of it.
        vectors: bool,
    },
    /// What the function of the embedding program's gives whose name stands in the model's place. The tail is its
    /// arguments, a JSON array. Nothing is charged, and the answer's finish reason says what became of it.
    Function,
}

/// The head of a call. The tail is the messages one after the other, then the schema, then the extra parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallHead {
    /// The call's number within its session.
    pub id: u32,
    /// A name, an alias or `provider/name`; the host's default when absent.
    pub model: Option<String>,
    /// Models to balance over in its place, when there are any.
    pub models: Vec<String>,
    /// Whether of these the one with the fewest requests under way is taken, instead of each in turn.
    pub least_used: bool,
    /// Models to ask after a failure for good.
    pub fallback: Vec<String>,
    /// Seconds after which a second copy is sent.
    pub hedge_s: Option<f64>,
    /// The chat.
    pub messages: Vec<MessageHead>,
    /// Sampling parameters.
    pub sampling: Sampling,
    /// Whether the answer must be JSON.
    pub json: JsonMode,
    /// The bytes of the JSON Schema that the answer must fit; 0 for none.
    pub schema: u32,
    /// The bytes of a JSON object of parameters that the provider is given as they are; 0 for none.
    pub extra: u32,
    /// Whether the answer is wanted piece by piece as well.
    pub stream: bool,
    /// What is wanted.
    pub asks: Asks,
    /// Seconds for each attempt.
    pub timeout_s: Option<f64>,
    /// Attempts after the first.
    pub retries: Option<u32>,
    /// Its place in the queue.
    pub priority: Priority,
    /// For calls that make others.
    pub nested: Option<Box<NestedHead>>,
    /// Whether its answer is shared with other runs; as the host has it when it does not say.
    pub cache: Option<bool>,
    /// The number of the innermost map-async that it belongs to, as [`ToHost::Progress`] has it; 0 for none.
    pub stage: u32,
}

/// What is said of a call that makes others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NestedHead {
    /// How many loops may stand one within another from this one on.
    pub depth: Option<u32>,
    /// The script's own budgets that it is charged to, the innermost first.
    pub within: Vec<ScopeLeft>,
}

/// A script's own budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScopeLeft {
    /// Its number within its session.
    pub id: u32,
    /// What it leaves.
    pub left: Limits,
}

impl CallHead {
    /// What a call with texts of so many bytes counts for against [`CREDIT`]: all that the host has to keep of it. Both
    /// sides ask this, or a session that keeps to its own count would break the host's.
    pub fn charge(&self, texts: usize) -> usize {
        let images = self.messages.iter().flat_map(|message| &message.images);
        let mimes = images.map(|image| match image {
            ImageHead::Url(_) => PART_OVERHEAD,
            ImageHead::Bytes { mime, .. } => PART_OVERHEAD + mime.len(),
        });
        let stops = self.sampling.stop.iter().map(|word| PART_OVERHEAD + word.len());
        let parts = self.messages.len().saturating_sub(1) * PART_OVERHEAD;
        let others = self.models.iter().chain(&self.fallback).map(|name| PART_OVERHEAD + name.len()).sum::<usize>();
        let nested = self.nested.as_ref().map_or(0, |nested| nested.within.len() * PART_OVERHEAD);
        let model = self.model.as_ref().map_or(0, String::len) + others + nested;
        texts + CALL_OVERHEAD + model + parts + mimes.chain(stops).sum::<usize>()
    }
}

/// What may be spent in all; `None` is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Calls.
    pub calls: Option<u64>,
    /// Tokens of prompts and answers.
    pub tokens: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
}

impl Limits {
    /// The tighter of both, bound by bound.
    pub(crate) fn least(self, other: Self) -> Self {
        let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
        Self {
            calls: least(self.calls, other.calls),
            tokens: least(self.tokens, other.tokens),
            cost_usd: self.cost_usd.into_iter().chain(other.cost_usd).reduce(f64::min),
        }
    }
}

/// Tokens of one answer, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: u64,
    /// Tokens of the answer, thoughts included.
    pub output: u64,
    /// Tokens of the prompt that the provider had cached.
    pub cached: u64,
    /// Tokens of the answer that the model thought and did not say.
    pub reasoning: u64,
    /// Tokens of the prompt that the provider put into its cache, for which some charge more.
    pub written: u64,
}

impl Usage {
    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input + other.input,
            output: self.output + other.output,
            cached: self.cached + other.cached,
            reasoning: self.reasoning + other.reasoning,
            written: self.written + other.written,
        }
    }

    /// What is left when the other is taken off.
    pub(crate) fn less(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            output: self.output.saturating_sub(other.output),
            cached: self.cached.saturating_sub(other.cached),
            reasoning: self.reasoning.saturating_sub(other.reasoning),
            written: self.written.saturating_sub(other.written),
        }
    }
}

/// How a call ended. The tail is the answer's text, or the failure's message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum DoneHead {
    Answer {
        model: String,
        usage: Usage,
        cost_usd: Option<f64>,
        latency_ms: u32,
        waited_ms: u32,
        attempts: u32,
        finish_reason: String,
        /// Calls that it took: more than one where a loop answered.
        calls: u64,
    },
    Failure {
        class: FailureClass,
        model: Option<String>,
        attempts: u32,
        usage: Usage,
        cost_usd: Option<f64>,
        latency_ms: u32,
        waited_ms: u32,
        calls: u64,
    },
}
