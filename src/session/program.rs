//! What a session is given to run, who hears of it, and what it came to.

use super::{Beside, Exit, Usage};
use crate::{
    error::Error,
    llm::Summary,
    permissions::Permissions,
    wire::{Limits, Mode, Stream},
};
use std::time::Duration;

/// What hears of a program while it runs.
pub trait Listener {
    /// The script wrote something.
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error>;
    /// Whether what was written is still on its way: the session's next words can wait.
    fn behind(&self) -> bool {
        false
    }
    /// A map-async has come further.
    fn progress(&mut self, progress: Progress);
    /// The script noted something, by `log-event`: what it calls it, and the value as JSON.
    fn noted(&mut self, _name: &str, _value: &str) {}
}

/// How far a map-async is.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Its number within the program.
    pub group: u32,
    /// What it calls its items.
    pub label: String,
    /// Items that have ended.
    pub done: u32,
    /// Items in all.
    pub total: u32,
    /// Of those that ended, how many failed.
    pub failed: u32,
}

/// Why a program is ended from outside.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// SIGINT or SIGTERM came.
    Signal(i32),
}

/// A program to run.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Its text.
    pub text: String,
    /// The files that it requires ([`Program::require_beside`] reads them).
    pub beside: Vec<Beside>,
    /// Whether it is a script, or what somebody has typed.
    pub mode: Mode,
    /// Whether its value is wanted as JSON rather than in `display` form.
    pub json: bool,
    /// What `(script-args)` gives.
    pub args: Vec<String>,
    /// What it may do. Of a session's programs, which are in one process, the first one's count; connections, which the
    /// host makes, go by each one's own.
    pub permissions: Permissions,
    /// What its calls may take in all.
    pub limits: Limits,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// How much memory its process may have, in bytes.
    pub max_memory: Option<u64>,
}

/// What a program came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its value as text, or as JSON if that was asked for; `None` when there is none to show.
    pub value: Option<String>,
    /// Whether it called `finish`.
    pub finished: bool,
}

/// What a program came to, and what it took.
#[derive(Debug)]
pub struct Report {
    /// What it came to.
    pub outcome: Result<Outcome, Error>,
    /// Calls, tokens, money.
    pub usage: Usage,
    /// How they went: latencies, failures by class, what limits cost.
    pub summary: Summary,
    /// From the first call sent to the last answer in.
    pub calls_time: Duration,
    /// How the session's process ended, when it has.
    pub exit: Option<Exit>,
    /// What its calls suggest to whoever wrote it, each a sentence.
    pub hints: Vec<String>,
    /// The earlier input that an error has its place in.
    pub input: Option<u32>,
}
