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

mod calls;
mod contexts;
mod functions;
mod granted;

pub use calls::{
    Asks, Blame, CallHead, DoneHead, FailureClass, ImageHead, JsonMode, Limits, MessageHead, NestedHead, Priority,
    Role, Sampling, ScopeLeft, Usage,
};
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
    /// The script keeps a value (`checkpoint`); the tail is the value as JSON.
    Checkpoint {
        /// By what it is found again.
        key: String,
    },
    /// The script has looked at the clock, which stood at so many microseconds since 1970.
    Clock(u64),
    /// Python ran for so many microseconds.
    Python(u64),
    /// A fiber that has a handle (`spawn`, `with-deadline`) begins: the number that its handle shows, which another may have
    /// later.
    FiberBegan(u32),
    /// Such a one has ended, so if it failed.
    FiberEnded(u32, Option<FailureClass>),
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

/// What makes a run that is taken up again give the same prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// Where Python's random numbers begin; without one, wherever Python says.
    pub seed: Option<u64>,
    /// How long ago the run began, in milliseconds: Python's clock goes on from there.
    pub ago_ms: u64,
    /// What the clock showed when the script looked before, in microseconds since 1970: it shows that again.
    pub readings: Vec<u64>,
    /// Whether the host wants to know what it shows from there on.
    pub journaled: bool,
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
        /// What else makes it the run that it is.
        run: RunHead,
        /// The names of the files, and how many bytes each has.
        beside: Vec<(String, u32)>,
    },
    /// A value that the run's script has kept before; the tail is the value as JSON. It comes before the program.
    Checkpoint {
        /// By what it is found again.
        key: String,
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
