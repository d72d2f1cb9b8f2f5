//! The journal's thread: it gives the store what has been handed over, many entries at a time.
//!
//! Nobody waits for it: an entry is in the spool before anybody sees it. What the store does not take is kept here and tried
//! again, and the run goes on: an answer that is not in the journal is still an answer. That is told once when it begins,
//! once when it is over, and at the run's end if it is not. Not here: what is written (`store`, `sqlite`, `spool`).

use super::{
    now_ms,
    spool::{self, Spool},
    store::{Entry, Kept, Problem, Store, Taken},
};
use crate::{
    llm::Text,
    trace::{self, Provenance},
};
use std::{
    fs::File,
    io::Write,
    mem::take,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

/// How long entries gather before they go to the store: a transaction of many costs little more than one of few. Much longer,
/// and there are more of them than the processor's caches hold.
const GATHER: Duration = Duration::from_millis(20);
/// How often what the store did not take is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How much of that is kept in memory, in bytes of answers.
pub(super) const BACKLOG: usize = if cfg!(test) { 4096 } else { 64 << 20 };
/// How large a spool may grow before another is begun, in bytes.
const SPOOL: u64 = 64 << 20;

type Question = Box<dyn FnOnce(Result<&mut dyn Store, Problem>) + Send>;

/// What the thread is given to do.
pub(super) enum Job {
    /// Something waits to go to the store, some time.
    Gather,
    /// Give the store all that waits, now.
    Write,
    /// Ask the store.
    Ask(Question),
    /// Give the store all that waits, and say whether it has everything.
    Flush(mpsc::Sender<Result<(), Unkept>>),
    /// Write what happens into this file from now on.
    Trace(File),
    /// This answer is known already.
    Learn(u32, Text),
}

/// Why a store does not have everything, and how many entries are nowhere: the others are in the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unkept {
    /// What the store said.
    pub problem: Problem,
    /// So many entries would be gone if the process ended now.
    pub missing: usize,
}

/// What has been handed over and waits for the thread.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    spool: Spool,
    entries: Vec<Kept>,
    /// Whether the thread knows that there are some.
    told: bool,
    /// There is no store.
    closed: bool,
}

/// What was taken from there, and where the spool was then.
struct Batch {
    entries: Vec<Kept>,
    taken: Option<Taken>,
    /// Whether the spool has all of it.
    whole: bool,
}

impl Waiting {
    /// Hands that over. What the thread must be told, if anything.
    pub(super) fn put(&mut self, kept: Kept) -> Option<Job> {
        if self.closed {
            return None;
        }
        self.spool.put(&kept);
        self.entries.push(kept);
        (!std::mem::replace(&mut self.told, true)).then_some(Job::Gather)
    }

    /// Writes down what was handed over. What the thread must be told, if anything.
    pub(super) fn write_down(&mut self) -> Option<Job> {
        self.spool.write();
        // What cannot be written down goes to the store at once.
        (self.spool.is_broken() && !self.entries.is_empty()).then_some(Job::Write)
    }

    fn take(&mut self) -> Batch {
        self.told = false;
        self.spool.write();
        // There will be as many again.
        let next = Vec::with_capacity(self.entries.len());
        let entries = std::mem::replace(&mut self.entries, next);
        Batch { entries, taken: self.spool.taken(), whole: self.spool.is_whole() }
    }
}

pub(super) fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file that `--trace` names.
struct Traced {
    file: File,
    began_ms: i64,
    failed: bool,
}

impl Traced {
    fn write(&mut self, batch: &[Kept]) {
        let lines: String =
            batch.iter().map(|kept| format!("{}\n", trace::entry(&kept.entry, self.began_ms))).collect();
        if let Err(e) = self.file.write_all(lines.as_bytes())
            && !std::mem::replace(&mut self.failed, true)
        {
            tracing::warn!("the trace cannot be written: {e}; the run goes on without it");
        }
    }
}

struct Writer {
    store: Box<dyn Store>,
    waiting: Arc<Mutex<Waiting>>,
    /// What the store did not take yet.
    backlog: Vec<Kept>,
    /// How much that is, in bytes of answers.
    bytes: usize,
    /// The spool has entries up to here, before all of the backlog, that the store did not take and that are too much for
    /// the memory.
    behind: Option<Taken>,
    /// Entries that were given up.
    lost: usize,
    /// Why it did not take them, and when it is tried again.
    failing: Option<(Problem, Instant)>,
    provenance: Provenance,
    traced: Option<Traced>,
}

/// Does the jobs until nobody can give any more.
pub(super) fn serve(store: Result<Box<dyn Store>, Problem>, jobs: &mpsc::Receiver<Job>, waiting: Arc<Mutex<Waiting>>) {
    let store = store.and_then(|mut store| spool::recover(&mut *store).map(|()| store));
    let store = match store {
        Ok(store) => store,
        Err(problem) => return refuse(&problem, jobs, &waiting),
    };
    lock(&waiting).spool = Spool::at(store.spool());
    let mut writer = Writer {
        store,
        waiting,
        backlog: Vec::new(),
        bytes: 0,
        behind: None,
        lost: 0,
        failing: None,
        provenance: Provenance::default(),
        traced: None,
    };
    let mut due = None::<Instant>;
    loop {
        let job = match due {
            None => jobs.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            Some(due) => jobs.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match job {
            Ok(Job::Gather) => due = due.or_else(|| Some(Instant::now() + GATHER)),
            Ok(Job::Write) | Err(mpsc::RecvTimeoutError::Timeout) => {
                writer.write(false);
                due = writer.failing.as_ref().map(|(_, again)| *again);
            }
            Ok(Job::Ask(ask)) => ask(Ok(&mut *writer.store)),
            Ok(Job::Flush(told)) => {
                due = None;
                let _ = told.send(writer.flush());
            }
            Ok(Job::Trace(file)) => writer.traced = Some(Traced { file, began_ms: now_ms(), failed: false }),
            Ok(Job::Learn(number, text)) => writer.provenance.learn(number, &text),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    // Nobody hears of it any more; what can be written is.
    let _ = writer.flush();
}

/// There is no store: whoever asks is told why.
fn refuse(problem: &Problem, jobs: &mpsc::Receiver<Job>, waiting: &Mutex<Waiting>) {
    lock(waiting).closed = true;
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Ask(ask) => ask(Err(problem.clone())),
            Job::Flush(told) => {
                let _ = told.send(Err(Unkept { problem: problem.clone(), missing: 0 }));
            }
            Job::Gather | Job::Write | Job::Trace(_) | Job::Learn(..) => {}
        }
    }
}

impl Writer {
    /// Gives the store what waits, and what it did not take before. `now`: even if it has just failed.
    fn write(&mut self, now: bool) {
        let batch = lock(&self.waiting).take();
        let spool = batch.taken.as_ref().map_or(0, |taken| taken.upto);
        let written = self.give(batch, now);
        // Another spool is begun when one has grown large, or cannot be written any more.
        if written && (spool > SPOOL || lock(&self.waiting).spool.is_broken()) {
            self.begin_anew();
        }
    }

    /// Whether the store has everything then that is in the batch or was before.
    fn give(&mut self, mut batch: Batch, now: bool) -> bool {
        self.look_at(&mut batch.entries);
        if !now && self.failing.as_ref().is_some_and(|(_, again)| Instant::now() < *again) {
            self.put_off(batch);
            return false;
        }
        match self.commit(batch) {
            Ok(()) => {
                if self.failing.take().is_some() {
                    tracing::warn!("the journal is written again, and nothing is missing");
                }
                true
            }
            Err(problem) => {
                if self.failing.is_none() {
                    tracing::warn!("{problem}; the run goes on, and it is tried again");
                }
                self.failing = Some((problem, Instant::now() + AGAIN));
                false
            }
        }
    }

    /// Finds out which answers went into which prompts, and tells the trace.
    fn look_at(&mut self, entries: &mut [Kept]) {
        for kept in &mut *entries {
            if let Entry::Call(call) = &mut kept.entry {
                let prompt = take(&mut call.prompt);
                call.sources = self.provenance.sources(prompt.iter().map(|text| &**text));
                if let Ok(answer) = &call.result {
                    self.provenance.learn(call.number, &answer.text);
                }
            }
        }
        if let Some(traced) = self.traced.as_mut().filter(|_| !entries.is_empty()) {
            traced.write(entries);
        }
    }

    /// Gives the store that, behind what it did not take before; else puts it off.
    fn commit(&mut self, mut batch: Batch) -> Result<(), Problem> {
        if !self.backlog.is_empty() {
            self.bytes = 0;
            let later = std::mem::replace(&mut batch.entries, take(&mut self.backlog));
            batch.entries.extend(later);
        }
        let store = &mut *self.store;
        let caught_up = self.behind.as_ref().map_or(Ok(()), |behind| spool::catch_up(store, behind));
        let written = caught_up.and_then(|()| match batch.entries.is_empty() {
            true => Ok(()),
            false => store.commit(&batch.entries, batch.taken.as_ref()),
        });
        match &written {
            Ok(()) => self.behind = None,
            Err(_) => self.put_off(batch),
        }
        written
    }

    /// Keeps that until it is tried again: in memory, or when that is too much and the spool has it, there.
    fn put_off(&mut self, batch: Batch) {
        for kept in batch.entries {
            if self.behind.is_some() && batch.whole {
                continue;
            }
            self.bytes += size(&kept);
            if self.bytes < BACKLOG {
                self.backlog.push(kept);
            } else if batch.whole {
                self.backlog.clear();
                self.bytes = 0;
                self.behind.clone_from(&batch.taken);
            } else {
                self.lost += 1;
            }
        }
        if self.behind.is_some() && batch.whole {
            self.behind = batch.taken;
        }
    }

    /// Removes the spool, so that another is begun. Whoever hands something over waits for this moment.
    fn begin_anew(&mut self) {
        let waiting = self.waiting.clone();
        let mut waiting = lock(&waiting);
        let mut batch = waiting.take();
        self.look_at(&mut batch.entries);
        self.store.patient(false);
        let written = self.commit(batch);
        self.store.patient(true);
        // If not, then another time.
        if written.is_ok()
            && let Some(name) = waiting.spool.remove()
        {
            drop(waiting);
            // What stays of it otherwise is a row, which means nothing any more.
            let _ = self.store.spent(&name);
        }
    }

    fn flush(&mut self) -> Result<(), Unkept> {
        self.write(true);
        match &self.failing {
            None if self.lost == 0 => {
                self.begin_anew();
                Ok(())
            }
            None => Err(Unkept { problem: Problem::Stopped, missing: self.lost }),
            Some((problem, _)) => {
                let safe = lock(&self.waiting).spool.is_whole();
                let missing = self.lost + if safe { 0 } else { self.backlog.len() };
                Err(Unkept { problem: problem.clone(), missing })
            }
        }
    }
}

fn size(kept: &Kept) -> usize {
    let own = match &kept.entry {
        Entry::Call(call) => call.result.as_ref().map_or_else(|f| f.message.len(), |answer| answer.text.len()),
        Entry::Checkpoint { value, .. } => value.len(),
        Entry::Event(event) => event.data.len(),
        Entry::End { outcome, .. } => outcome.len(),
    };
    own + size_of::<Kept>() + 256
}
