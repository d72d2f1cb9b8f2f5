//! The journal: what every run was, asked and was answered, so that no answer is paid for twice.
//!
//! A [`Journal`] is a thread with a [`store::Store`]; a [`Run`] is one program's place in it. Whoever sends a request on
//! behalf of a run has [`Run::ticket`] write a [`Ticket`] for it, and [`crate::llm`]'s recorder does the rest: what the
//! run has been answered already comes from the journal, and what a model answers is handed to it. Whoever passes answers on
//! calls [`Run::secure`] first: they are in a file of the journal's (`spool`) then. A session does all of that; a front end that
//! wants a journal begins a run ([`Journal::begin`] or [`Journal::resume`]) and gives it to its session.
//!
//! Not here: keys and addresses of providers, which no journal holds; and prompts, of which it keeps hashes alone.

mod key;
mod nowhere;
mod owner;
mod run;
mod spool;
mod sqlite;
pub mod store;
mod writer;

pub use key::{Key, digest};
pub use nowhere::Nowhere;
pub(crate) use owner::process;
pub use run::{Redo, Run, Tally, Ticket};
pub use sqlite::Sqlite;
pub use writer::Unkept;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    time::{SystemTime, UNIX_EPOCH},
};
use store::{Kept, NewRun, Problem, Store, Summary};
use writer::{Job, Waiting};

/// How much of what a run came to is kept, in bytes.
const OUTCOME: usize = 64 << 10;

/// A journal that this process writes to. Its thread ends when nobody holds it any more.
#[derive(Debug)]
pub struct Journal {
    jobs: mpsc::Sender<Job>,
    /// Held for moments only.
    waiting: Arc<Mutex<Waiting>>,
}

impl Journal {
    /// The journal in this file. It is opened while the caller goes on; what is wrong with it [`Journal::ask`] says.
    pub fn open(path: PathBuf) -> Arc<Self> {
        Self::over(move || Ok(Box::new(Sqlite::open(&path)?)))
    }

    /// The journal over another store, which is made in the journal's own thread.
    pub fn over(make: impl FnOnce() -> Result<Box<dyn Store>, Problem> + Send + 'static) -> Arc<Self> {
        let ((jobs, received), waiting) = (mpsc::channel(), Arc::<Mutex<Waiting>>::default());
        let shared = waiting.clone();
        let serve = move || writer::serve(make(), &received, shared);
        // Without a thread the jobs have no receiver, and every question fails.
        let _ = std::thread::Builder::new().name("journal".into()).spawn(serve);
        Arc::new(Self { jobs, waiting })
    }

    /// Asks the store, behind all that was to be written before. Blocks until it has answered.
    pub fn ask<R: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Store) -> Result<R, Problem> + Send + 'static,
    ) -> Result<R, Problem> {
        let (send, receive) = mpsc::channel();
        let asked = Job::Ask(Box::new(move |store| {
            let _ = send.send(store.and_then(ask));
        }));
        let _ = self.jobs.send(Job::Write);
        self.jobs.send(asked).map_err(|_| Problem::Stopped)?;
        receive.recv().map_err(|_| Problem::Stopped)?
    }

    /// Begins a run.
    pub fn begin(self: &Arc<Self>, new: NewRun) -> Result<Arc<Run>, Problem> {
        let (name, seed) = (new.name.clone(), new.setup.seed);
        let id = self.ask(move |store| store.begin(&new))?;
        Ok(Run::new(self.clone(), id, name, seed, Default::default()))
    }

    /// Takes a run up again: what it has been answered comes from the journal, but for what is to be done again.
    pub fn resume(self: &Arc<Self>, summary: &Summary, redo: Redo) -> Result<Arc<Run>, Problem> {
        let (taken, id) = (summary.clone(), summary.id);
        let (setup, earlier) = self.ask(move |store| {
            store.take_up(&taken)?;
            let mut readings = Vec::new();
            store.events(id, &mut |event| {
                if event.kind == "clock" {
                    readings.extend(event.data.parse::<u64>());
                }
            })?;
            let (marks, checkpoints) = (store.marks(id)?, store.checkpoints(id)?);
            Ok((store.program(id)?.1, run::Earlier::new(marks, checkpoints, readings, redo, &taken)))
        })?;
        Ok(Run::new(self.clone(), id, summary.name.clone(), setup.seed, earlier))
    }

    /// Writes what happens into this file as well, as JSON lines ([`crate::trace`]).
    pub fn trace(&self, file: std::fs::File) {
        let _ = self.jobs.send(Job::Trace(file));
    }

    /// Waits until the store has everything.
    fn flush(&self) -> Result<(), Unkept> {
        let stopped = || Unkept { problem: Problem::Stopped, missing: 0 };
        let (send, receive) = mpsc::channel();
        self.jobs.send(Job::Flush(send)).map_err(|_| stopped())?;
        receive.recv().map_err(|_| stopped())?
    }

    /// Takes that, to be kept with all that comes before the next [`Journal::secure`], or in some milliseconds.
    fn keep(&self, kept: Kept) {
        let job = writer::lock(&self.waiting).put(kept);
        self.tell(job);
    }

    /// What was taken survives the end of the process from here on, unless there is no room for it.
    fn secure(&self) {
        let job = writer::lock(&self.waiting).write_down();
        self.tell(job);
    }

    fn tell(&self, job: Option<Job>) {
        if let Some(job) = job {
            // Without the thread the store is given nothing, which the run's end tells.
            let _ = self.jobs.send(job);
        }
    }
}

/// Where the journal is when nobody says: in the user's data directory. `None` where there is none.
pub fn default_path(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let data = variable("XDG_DATA_HOME").filter(absolute);
    let data = data.or_else(|| variable("HOME").filter(absolute).map(|home| home.join(".local/share")))?;
    Some(data.join("bessemer/journal.sqlite"))
}

/// A name for a run that has been given none.
pub fn fresh_name() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    (0..8).map(|_| char::from(LETTERS[fastrand::usize(..LETTERS.len())])).collect()
}

/// Whether a run may be called so.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match name {
        "last" => Err("`last` stands for the last run; take another name".into()),
        _ if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || name.starts_with(['-', '.']) => {
            Err(format!("`{name}` is no name for a run: up to 64 letters, digits, `-`, `_` and `.`"))
        }
        _ => Ok(()),
    }
}

/// Opens a journal for looking at it. Fails where there is none.
pub fn look(path: &Path) -> Result<Option<Sqlite>, Problem> {
    if !path.exists() {
        return Ok(None);
    }
    let mut store = Sqlite::open(path)?;
    spool::recover(&mut store)?;
    Ok(Some(store))
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| i64::try_from(t.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
