//! What a journal's store can do, and what it keeps: the one seam between runs and a database.
//!
//! A store is used from one thread. [`Store::commit`] takes many entries at once and keeps all of them or none. Nothing here knows how a store numbers its rows: a [`Place`] is
//! the store's own word for one.

use super::key::Key;
use crate::{
    error::Error,
    llm::{Answer, Failure, Text},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, path::PathBuf, sync::Arc};

/// The number of a run within its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunId(pub i64);

/// Where a store keeps a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place(pub i64);

/// A run's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Its process lives.
    Running,
    /// Its process ended without a word: it was killed, or the machine went down.
    Broken,
    /// It came to a value.
    Finished,
    /// Its program raised an error.
    Failed,
    /// Somebody stopped it.
    Interrupted,
    /// It came up against a limit of its own.
    Limited,
}

impl Status {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Broken => "broken",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Limited => "limited",
        }
    }

    /// What a store wrote.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Running, Self::Broken, Self::Finished, Self::Failed, Self::Interrupted, Self::Limited];
        all.into_iter().find(|status| status.name() == name)
    }
}

/// A context that a run was given: its name, and a hash of its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextMark {
    /// What the script finds it as.
    pub name: String,
    /// The SHA-256 of its text; of a very large one, its size and time.
    pub hash: String,
}

/// What is needed to run a program again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// The arguments of the command line, the subcommand's name left out.
    pub arguments: Vec<String>,
    /// The directory it was started in.
    pub directory: PathBuf,
    /// Its contexts.
    pub contexts: Vec<ContextMark>,
    /// Where its random numbers begin.
    pub seed: u64,
    /// The version of this program that began it.
    pub version: String,
}

/// A run that begins.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// What it is called, which no other run of the store is.
    pub name: String,
    /// The subcommand.
    pub command: String,
    /// What people know it by: the script's path, or the question.
    pub title: String,
    /// The program's text.
    pub program: String,
    /// The rest of what is needed to run it again.
    pub setup: Setup,
}

/// A run, as a list shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Its number.
    #[serde(skip)]
    pub id: RunId,
    /// Its name.
    pub name: String,
    /// The subcommand.
    pub command: String,
    /// The script's path, or the question.
    pub title: String,
    /// How it stands.
    pub status: Status,
    /// When it began, in milliseconds since 1970.
    pub began_ms: i64,
    /// When something was last written of it.
    pub touched_ms: i64,
    /// Calls that were answered.
    pub done: u64,
    /// Calls that failed for good.
    pub failed: u64,
    /// Calls that were asked for and have no answer.
    pub pending: u64,
    /// Tokens of the prompts.
    pub input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
    /// US dollars; `None` when a price is unknown.
    pub cost_usd: Option<f64>,
    /// What it came to: the value's beginning, or the error's message.
    pub outcome: Option<String>,
    /// The process that has it.
    #[serde(skip)]
    pub owner: String,
}

/// A call that has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallEntry {
    /// Its number within the run.
    pub number: u32,
    /// What was asked.
    pub key: Key,
    /// How many of the run's earlier calls asked the same.
    pub occurrence: u32,
    /// What came of it.
    pub result: Result<Answer, Failure>,
    /// When it was asked for, in milliseconds since 1970.
    pub asked_ms: i64,
    /// How long it took from there, in milliseconds.
    pub took_ms: u32,
    /// What the script calls the items that it belongs to.
    pub stage: Option<Arc<str>>,
    /// The calls whose answers its prompt holds. Until the store has it they are not known.
    #[serde(skip)]
    pub sources: Vec<u32>,
    /// The row that it stands in for from now on.
    pub replaces: Option<Place>,
    /// What its prompt says, until its sources are known. No store keeps it.
    #[serde(skip)]
    pub prompt: Vec<Text>,
}

/// What a store is given to keep.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A call has ended.
    Call(Box<CallEntry>),
    /// The script keeps a value, as JSON.
    Checkpoint {
        /// By what it is found again.
        key: String,
        /// The value.
        value: String,
        /// When, in milliseconds since 1970.
        at_ms: i64,
    },
    /// Something happened.
    Event(Event),
    /// The run has ended.
    End {
        /// How.
        status: Status,
        /// What it came to.
        outcome: String,
    },
}

/// Something that happened in a run and is no call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What sort of thing: `log`, `retry`, `stage`, ….
    pub kind: String,
    /// What it was, as JSON.
    pub data: String,
}

/// An entry, the run that it belongs to, and how many of the run's calls have no answer at that time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The run.
    pub run: RunId,
    /// Calls without an answer.
    pub pending: u64,
    /// What is to be kept.
    pub entry: Entry,
}

/// Where entries are written down until a store has them.
#[derive(Clone, Debug)]
pub struct SpoolPlace {
    /// The folder, which need not be there. Spools of several stores may be in it.
    pub folder: PathBuf,
    /// What no other store is called: it begins the names of its spools.
    pub store: String,
}

/// How far a store has taken a spool.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The spool's name.
    pub spool: Arc<str>,
    /// Bytes from its beginning.
    pub upto: u64,
}

/// What is known of a kept call without its text.
#[derive(Clone, Debug)]
pub struct CallMark {
    /// Where it is.
    pub place: Place,
    /// Its number.
    pub number: u32,
    /// What was asked.
    pub key: Key,
    /// How many earlier calls asked the same.
    pub occurrence: u32,
    /// Why there is no answer, when there is none.
    pub class: Option<crate::wire::FailureClass>,
    /// Whether the answer was cut off at the token limit.
    pub cut: bool,
}

/// A database of runs.
pub trait Store: Send {
    /// Begins a run. Fails as [`Problem::Taken`] when there is one of that name.
    fn begin(&mut self, run: &NewRun) -> Result<RunId, Problem>;

    /// Takes up a run again that has stopped: it is this process's from now on. Fails as [`Problem::Taken`] when
    /// another process has taken it meanwhile.
    fn take_up(&mut self, run: &Summary) -> Result<(), Problem>;

    /// Keeps all of that and how far the spool is taken with it, or nothing.
    fn commit(&mut self, entries: &[Kept], taken: Option<&Taken>) -> Result<(), Problem>;

    /// Where entries are written down until they are committed. Without such a place they are in memory alone until then,
    /// and a process that is killed takes the last tenth of a second's with it.
    fn spool(&self) -> Option<SpoolPlace> {
        None
    }

    /// How far a spool is taken, in bytes.
    fn taken(&mut self, _spool: &str) -> Result<u64, Problem> {
        Ok(0)
    }

    /// A spool is no more.
    fn spent(&mut self, _spool: &str) -> Result<(), Problem> {
        Ok(())
    }

    /// The runs, newest first; `name` is a name, the beginning of one, or `last`.
    fn runs(&mut self, name: Option<&str>) -> Result<Vec<Summary>, Problem>;

    /// A run's program and setup.
    fn program(&mut self, run: RunId) -> Result<(String, Setup), Problem>;

    /// Every call of a run that counts, in the order of their numbers, without the texts.
    fn marks(&mut self, run: RunId) -> Result<Vec<CallMark>, Problem>;

    /// One call.
    fn call(&mut self, place: Place) -> Result<CallEntry, Problem>;

    /// Every call of a run in the order of their numbers, those that were replaced included.
    fn calls(&mut self, run: RunId, each: &mut dyn FnMut(CallEntry)) -> Result<(), Problem>;

    /// What a run's script keeps.
    fn checkpoints(&mut self, run: RunId) -> Result<HashMap<String, String>, Problem>;

    /// What happened in a run beside its calls.
    fn events(&mut self, run: RunId, each: &mut dyn FnMut(Event)) -> Result<(), Problem>;

    /// Forgets a run and all that belongs to it.
    fn delete(&mut self, run: RunId) -> Result<(), Problem>;

    /// Whether what is written can wait for another process that writes; else such a wait fails at once.
    fn patient(&mut self, _patient: bool) {}
}

/// Why a store did not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The store was made by a later version of this program.
    #[error("the journal `{path}` is from a newer Bessemer (its format is {found}, this one knows {known})")]
    Newer {
        /// Where it is.
        path: String,
        /// Its version.
        found: i64,
        /// The last version that is known.
        known: i64,
    },
    /// It is damaged, or no journal.
    #[error("the journal `{path}` cannot be used: {why}")]
    Broken {
        /// Where it is.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// It cannot be written.
    #[error("the journal `{path}` cannot be written: {why}")]
    Unwritable {
        /// Where it is.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// Another process writes to it and does not stop.
    #[error("the journal `{path}` is locked by another process")]
    Locked {
        /// Where it is.
        path: String,
    },
    /// There is a run of this name already, or another process runs it.
    #[error("there is a run `{0}` already")]
    Taken(String),
    /// The journal's thread is gone.
    #[error("the journal has stopped")]
    Stopped,
}

impl Problem {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => {
                "update Bessemer, or use another journal with `--journal PATH`, or none with `--no-journal`"
            }
            Self::Broken { .. } => {
                "move the file away, or use another journal with `--journal PATH`, or none with `--no-journal`"
            }
            Self::Unwritable { .. } => {
                "make room or give the permission, or use another journal with `--journal PATH`, or none with `--no-journal`"
            }
            Self::Locked { .. } => {
                "wait for that process, or use another journal with `--journal PATH`, or none with `--no-journal`"
            }
            Self::Taken(_) => "take another name, or go on with that run by `bessemer resume`",
            Self::Stopped => "please report it",
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Usage { message: problem.to_string(), hint: Some(problem.hint().into()) }
    }
}
