//! The frames that host and interpreter exchange: the only thing that both sides share.
//!
//! A frame is `length: u32 LE | head length: u32 LE | head | tail`, where `length` counts all that follows it. The head
//! is a [`ToHost`] or a [`ToSession`] in [postcard](https://postcard.jamesmunns.com/wire-format)'s format and is small;
//! long texts travel behind it as raw UTF-8, so that they are copied once into the buffer and sliced out of it on the
//! other side without a copy. Both ends are the same binary (the zygote's hello says so), so the format has no versions.
//!
//! [`encode`] and [`decode`] are pure functions over byte buffers. Not here: sockets, and what a frame means.
//!
//! **Credit.** Every call is answered by exactly one [`ToSession::Done`], cancelled ones included; its id may be used
//! again after that. A session may have at most [`CREDIT`] bytes of calls that wait for their turn in the host; the
//! host gives bytes back ([`ToSession::Credit`]) as it puts calls on the wire. So the host never stops reading, and a
//! cancel or a finish never stands behind a hundred thousand prompts.

mod contexts;
mod functions;
mod granted;

pub use contexts::{ContextGroup, ContextHead, ContextTable, DocumentFormat, Stamp, Width};
pub use functions::{FUNCTION_FAILED, FUNCTION_MISUSED, FunctionHead};
pub use granted::{Grant, Granted};

use serde::{Deserialize, Serialize};

/// The largest frame either side accepts, in bytes.
pub const MAX_FRAME: usize = 256 << 20;

/// The largest head either side accepts, in bytes: it holds names and numbers, texts are in the tail.
pub const MAX_HEAD: usize = 1 << 20;

/// How many bytes of calls a session may have waiting in the host (one call larger than that may wait alone).
pub const CREDIT: usize = 64 << 20;

/// What a call counts for against [`CREDIT`] beside its bytes: the host's own bookkeeping for it.
pub const CALL_OVERHEAD: usize = 512;

/// What each further message, image and stop word of a call counts for beside its bytes.
const PART_OVERHEAD: usize = 128;

/// The bytes before a frame's head: two lengths.
const PREFIX: usize = 8;

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

/// What a session is given a text for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// It is a script: when it ends, so does all that it left running.
    #[default]
    Script,
    /// It is the input of this number at a prompt: what it leaves running goes on, and its value is kept as `_` and comes
    /// in `write` form.
    Input(u32),
    /// It is a block that a model has written: as an input, but for `finish`, whose value is told as a script's.
    Turn {
        /// Its number among the session's inputs.
        number: u32,
        /// Whether it is Python, not Scheme.
        python: bool,
    },
    /// There is none: the host asks something itself.
    Ask(Question),
}

impl Mode {
    /// Its number, when it is one of several that keep what they define.
    pub(crate) fn input(self) -> Option<u32> {
        match self {
            Self::Input(number) | Self::Turn { number, .. } => Some(number),
            Self::Script | Self::Ask(_) => None,
        }
    }
}

/// What a host can ask of a session between inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Every name that means something, one a line.
    Names,
    /// What the inputs have defined: a line each, the name, a tab and the beginning of the value.
    Variables,
    /// The calls and events so far, as JSON.
    Trace,
}

/// Where a script's text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stream {
    /// `display` and Python's `print`.
    Stdout,
    /// `eprintf`, warnings.
    Stderr,
}

/// An error as the host reports it: already resolved to the place in the script's own text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScriptError {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// Whose doing it is.
    pub blame: Blame,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The offending bytes of the script as the user wrote it: start, end.
    pub span: Option<(u32, u32)>,
}

/// How a program ended. The tail of [`ToHost::Finished`] is the value in `display` form or, if the program was so
/// started, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ending {
    /// `finish` was called, or the last form gave a value.
    Value {
        /// Whether there is a value to print (void is none).
        shown: bool,
        /// Whether `finish` was called.
        finished: bool,
    },
    /// The program raised.
    Error(ScriptError),
}

/// From the interpreter to the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToHost {
    /// A model call; the tail is its texts.
    Call(CallHead),
    /// The call of this id is no longer wanted.
    Cancel(u32),
    /// The script notes something (`log-event`); the tail is the value as JSON.
    Event {
        /// What it calls it.
        name: String,
    },
    /// Text the script wrote; the tail is the text.
    Output(Stream),
    /// A map-async's count, for the progress line: its number, items done, items in all, items failed. The tail is its label.
    Progress {
        /// The group's number.
        group: u32,
        /// Items that have ended.
        done: u32,
        /// Items in all.
        total: u32,
        /// Of those that ended, how many failed.
        failed: u32,
    },
    /// The place of the error that ends the program lies in the earlier input of this number.
    Place {
        /// Its number.
        input: u32,
    },
    /// The program ended.
    Finished(Ending),
}

/// From the host to the interpreter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToSession {
    /// Run a program; the tail is its text, and behind that the texts of the files that it may require.
    Run {
        /// What the text is.
        mode: Mode,
        /// Whether its value is wanted as JSON.
        json: bool,
        /// How much memory the host allows it, in bytes. The session bounds its own address space somewhat above.
        max_memory: Option<u64>,
        /// What `(script-args)` gives.
        args: Vec<String>,
        /// Whether the operating system is to confine it.
        confined: bool,
        /// What it may do.
        granted: Granted,
        /// What the host will let it spend, for `(budget-left)`.
        limits: Limits,
        /// The names of the files, and how many bytes each has.
        beside: Vec<(String, u32)>,
    },
    /// What the script may find as its contexts; the tail is a [`ContextTable`]. Their texts lie in files whose descriptors
    /// the session was born with.
    Contexts,
    /// Functions of the embedding program's own, for programs to call; the tail is a list of [`FunctionHead`].
    Functions,
    /// One context more, for a session that runs already; the tail is its text.
    Context {
        /// Its name and its measures. It lies behind no descriptor.
        entry: ContextHead,
        /// The name that it shares with others.
        group: Option<String>,
    },
    /// Turn a document into text; the tail is the document. Answered by [`ToHost::Finished`].
    Convert {
        /// What kind of document.
        format: DocumentFormat,
        /// As in `Run`.
        max_memory: Option<u64>,
        /// Whether the operating system is to confine the session first.
        confined: bool,
    },
    /// A call ended; the tail is its text.
    Done {
        /// The call's number.
        id: u32,
        /// How it ended.
        head: DoneHead,
    },
    /// A piece of the answer to a call that was made with `stream`; the tail is the piece.
    Piece {
        /// The call's number.
        id: u32,
    },
    /// Bytes of calls that no longer wait in the host.
    Credit(u64),
}

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WireError {
    /// The length is over [`MAX_FRAME`], or smaller than its parts.
    #[error("a frame of {0} bytes is outside the protocol's bounds")]
    Size(usize),
    /// The head does not parse.
    #[error("a frame's head does not parse")]
    Head,
    /// A text is not UTF-8.
    #[error("a frame's text is not UTF-8")]
    Utf8,
}

/// Appends a frame to `out`. Fails when it would be larger than [`MAX_FRAME`], and leaves `out` as it was.
pub fn encode<T: Serialize>(out: &mut Vec<u8>, head: &T, tail: &[&[u8]]) -> Result<(), WireError> {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    let taken = std::mem::take(out);
    *out = postcard::to_extend(head, taken).map_err(|_| WireError::Head)?;
    let head_len = out.len() - start - PREFIX;
    let len = 4 + head_len + tail.iter().map(|t| t.len()).sum::<usize>();
    if len > MAX_FRAME || head_len > MAX_HEAD {
        out.truncate(start);
        return Err(WireError::Size(len));
    }
    out[start..start + 4].copy_from_slice(&(len as u32).to_le_bytes());
    out[start + 4..start + PREFIX].copy_from_slice(&(head_len as u32).to_le_bytes());
    out.reserve(len - 4 - head_len);
    for t in tail {
        out.extend_from_slice(t);
    }
    Ok(())
}

/// A whole frame at the front of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Where the head lies in the buffer.
    pub head: std::ops::Range<usize>,
    /// Where the tail lies; the next frame begins at its end.
    pub tail: std::ops::Range<usize>,
}

/// Looks for a whole frame at the front of `buf`: `Err` when no more bytes could make it one, `Ok(Err(n))` when it needs
/// to be `n` bytes long before it can be told.
pub fn find(buf: &[u8]) -> Result<Result<Found, usize>, WireError> {
    let Some(lengths) = buf.first_chunk::<PREFIX>() else { return Ok(Err(PREFIX)) };
    let word =
        |at: usize| u32::from_le_bytes([lengths[at], lengths[at + 1], lengths[at + 2], lengths[at + 3]]) as usize;
    let (len, head_len) = (word(0), word(4));
    if !(4..=MAX_FRAME).contains(&len) || head_len > (len - 4).min(MAX_HEAD) {
        return Err(WireError::Size(len));
    }
    if buf.len() < 4 + len {
        return Ok(Err(4 + len));
    }
    let head = PREFIX..PREFIX + head_len;
    Ok(Ok(Found { tail: head.end..4 + len, head }))
}

/// Parses a head.
pub fn decode<'a, T: Deserialize<'a>>(head: &'a [u8]) -> Result<T, WireError> {
    match postcard::take_from_bytes(head) {
        Ok((value, [])) => Ok(value),
        _ => Err(WireError::Head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(tail: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out, &ToHost::Cancel(7), tail).unwrap();
        out
    }

    #[test]
    fn a_frame_is_found_with_its_tail_and_what_follows_is_left() {
        let mut bytes = frame(&[b"one", b"two"]);
        let end = bytes.len();
        bytes.extend_from_slice(&frame(&[]));
        let found = find(&bytes).unwrap().unwrap();
        assert_eq!(decode::<ToHost>(&bytes[found.head]).unwrap(), ToHost::Cancel(7));
        assert_eq!((&bytes[found.tail.clone()], found.tail.end), (&b"onetwo"[..], end));
    }

    #[test]
    fn every_part_of_a_frame_says_how_much_is_missing() {
        let bytes = frame(&[b"tail"]);
        for len in 0..bytes.len() {
            let wanted = if len < PREFIX { PREFIX } else { bytes.len() };
            assert_eq!(find(&bytes[..len]).unwrap(), Err(wanted), "{len}");
        }
    }

    #[test]
    fn lengths_outside_the_bounds_are_refused_before_anything_is_read() {
        let prefix = |len: u32, head: u32| [len.to_le_bytes(), head.to_le_bytes()].concat();
        for (len, head) in
            [(0, 0), (3, 0), (MAX_FRAME as u32 + 1, 1), (8, 5), (u32::MAX, 0), (MAX_FRAME as u32, MAX_HEAD as u32 + 1)]
        {
            assert!(find(&prefix(len, head)).is_err(), "{len} {head}");
        }
        assert_eq!(find(&prefix(MAX_FRAME as u32, 1)).unwrap(), Err(MAX_FRAME + 4));
    }

    #[test]
    fn a_frame_that_would_be_too_large_leaves_the_buffer_as_it_was() {
        let mut out = frame(&[]);
        let before = out.clone();
        let half = vec![0; MAX_FRAME / 2];
        assert!(matches!(encode(&mut out, &ToHost::Cancel(1), &[&half, &half]), Err(WireError::Size(_))));
        assert_eq!(out, before);
    }

    #[test]
    fn heads_survive_the_journey_and_nonsense_does_not_parse() {
        let head = ToSession::Done {
            id: 3,
            head: DoneHead::Answer {
                model: "m".into(),
                usage: Usage { input: 1, output: 2, cached: 3, reasoning: 1, written: 0 },
                cost_usd: Some(0.5),
                latency_ms: 4,
                waited_ms: 5,
                attempts: 5,
                finish_reason: "stop".into(),
                calls: 1,
            },
        };
        let mut out = Vec::new();
        encode(&mut out, &head, &[]).unwrap();
        let found = find(&out).unwrap().unwrap();
        assert_eq!(decode::<ToSession>(&out[found.head.clone()]).unwrap(), head);
        let cut = found.head.start..found.head.end - 1;
        assert_eq!(decode::<ToSession>(&out[cut]), Err(WireError::Head));
        assert_eq!(decode::<ToHost>(&[0xff; 16]), Err(WireError::Head));
        // Bytes behind a head are no part of it.
        assert_eq!(decode::<ToHost>(&[&out[found.head], &[0][..]].concat()), Err(WireError::Head));
    }
}
