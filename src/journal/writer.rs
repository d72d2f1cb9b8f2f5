//! The journal's thread: what is to be kept comes by a channel, and all that has come goes into one transaction.
//!
//! So one that is slow makes larger transactions, and never more of them. What cannot be written is kept here and tried
//! again, and the run goes on: an answer that is not in the journal is still an answer. That is told once when it begins,
//! once when it is over, and at the run's end if it is not. Not here: what is written (`store`, `sqlite`).

use super::{
    now_ms,
    store::{Entry, Kept, Problem, Store},
};
use crate::{
    llm::Text,
    trace::{self, Provenance},
};
use std::{
    fs::File,
    io::Write,
    sync::mpsc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// While answers come thick and fast, they are gathered for so long: a transaction of many costs little more than one of
/// few, and a call's time is many times this. One that comes alone does not wait.
const GATHER: Duration = Duration::from_micros(200);
/// What comes within this of the last transaction comes fast, and thick when that had so many.
const FAST: Duration = Duration::from_millis(1);
const THICK: usize = 4;
/// The most entries of one transaction.
const BATCH: usize = 4096;
/// How often what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How much may wait to be tried again, in bytes of answers.
const BACKLOG: usize = 256 << 20;

type Question = Box<dyn FnOnce(Result<&mut dyn Store, Problem>) + Send>;

/// What the thread is given to do.
pub(super) enum Job {
    /// Keep that, and tell when it is written, or cannot be.
    Keep(Kept, Option<oneshot::Sender<()>>),
    /// Ask the store.
    Ask(Question),
    /// Say whether everything is written, or how much is not.
    Flush(mpsc::Sender<Result<(), (Problem, usize)>>),
    /// Write what happens into this file from now on.
    Trace(File),
    /// These answers are known already.
    Learn(Vec<(u32, Text)>),
    /// Those who wait are told through this one from now on.
    Relay(tokio::sync::mpsc::UnboundedSender<Vec<oneshot::Sender<()>>>),
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
    /// What could not be written yet.
    backlog: Vec<Kept>,
    /// How much that is.
    bytes: usize,
    /// Entries that were given up.
    lost: usize,
    /// Why it could not, and when it is tried again.
    failing: Option<(Problem, Instant)>,
}

/// Does the jobs until nobody can give any more.
pub(super) fn serve(store: Result<Box<dyn Store>, Problem>, jobs: &mpsc::Receiver<Job>) {
    let mut writer = match store {
        Ok(store) => Writer { store, backlog: Vec::new(), bytes: 0, lost: 0, failing: None },
        Err(problem) => return refuse(&problem, jobs),
    };
    let (mut provenance, mut traced) = (Provenance::default(), None::<Traced>);
    let mut relay: Option<tokio::sync::mpsc::UnboundedSender<Vec<oneshot::Sender<()>>>> = None;
    let (mut last, mut thick) = (Instant::now(), false);
    while let Ok(first) = jobs.recv() {
        if matches!(first, Job::Keep(..)) && thick && last.elapsed() < FAST {
            std::thread::sleep(GATHER);
        }
        let (mut batch, mut waiting, mut next) = (Vec::new(), Vec::new(), Some(first));
        let mut other = None;
        while let Some(job) = next {
            match job {
                Job::Keep(mut kept, written) => {
                    if let Entry::Call(call) = &mut kept.entry {
                        let prompt = std::mem::take(&mut call.prompt);
                        call.sources = provenance.sources(prompt.iter().map(|text| &**text));
                        if let Ok(answer) = &call.result {
                            provenance.learn(call.number, &answer.text);
                        }
                    }
                    batch.push(kept);
                    waiting.extend(written);
                }
                job => {
                    other = Some(job);
                    break;
                }
            }
            next = if batch.len() < BATCH { jobs.try_recv().ok() } else { None };
        }
        if !batch.is_empty() {
            thick = batch.len() >= THICK;
            if let Some(traced) = &mut traced {
                traced.write(&batch);
            }
            writer.write(batch, false);
            last = Instant::now();
        }
        if !waiting.is_empty() {
            let unsent = match &relay {
                Some(relay) => relay.send(waiting).map_err(|unsent| unsent.0).err().unwrap_or_default(),
                None => waiting,
            };
            for written in unsent {
                let _ = written.send(());
            }
        }
        match other {
            Some(Job::Ask(ask)) => ask(Ok(&mut *writer.store)),
            Some(Job::Flush(told)) => {
                let _ = told.send(writer.flush());
            }
            Some(Job::Relay(to)) => relay = Some(to),
            Some(Job::Trace(file)) => traced = Some(Traced { file, began_ms: now_ms(), failed: false }),
            Some(Job::Learn(calls)) => calls.iter().for_each(|(number, text)| provenance.learn(*number, text)),
            Some(Job::Keep(..)) | None => {}
        }
    }
    // Nobody hears of it any more; what can be written is.
    let _ = writer.flush();
}

/// There is no store: whoever asks is told why.
fn refuse(problem: &Problem, jobs: &mpsc::Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Ask(ask) => ask(Err(problem.clone())),
            Job::Flush(told) => {
                let _ = told.send(Err((problem.clone(), 0)));
            }
            // Whoever waits is let go.
            Job::Keep(..) | Job::Relay(_) | Job::Trace(_) | Job::Learn(_) => {}
        }
    }
}

impl Writer {
    /// Writes that, and what could not be written before. `now`: even if it has just failed.
    fn write(&mut self, batch: Vec<Kept>, now: bool) {
        let batch = if self.backlog.is_empty() {
            batch
        } else {
            self.put_off(batch);
            if !now && self.failing.as_ref().is_some_and(|(_, again)| Instant::now() < *again) {
                return;
            }
            self.bytes = 0;
            std::mem::take(&mut self.backlog)
        };
        match self.store.commit(&batch) {
            Ok(()) => {
                if self.failing.take().is_some() {
                    self.store.patient(true);
                    tracing::warn!("the journal is written again, and nothing is missing");
                }
            }
            Err(problem) => {
                if self.failing.is_none() {
                    tracing::warn!("{problem}; the run goes on, and it is tried again");
                    // The calls must not wait for it each time.
                    self.store.patient(false);
                }
                self.failing = Some((problem, Instant::now() + AGAIN));
                self.put_off(batch);
            }
        }
    }

    fn put_off(&mut self, batch: Vec<Kept>) {
        for kept in batch {
            self.bytes += size(&kept);
            if self.bytes < BACKLOG {
                self.backlog.push(kept);
            } else {
                self.lost += 1;
            }
        }
    }

    fn flush(&mut self) -> Result<(), (Problem, usize)> {
        if !self.backlog.is_empty() {
            self.store.patient(true);
            self.write(Vec::new(), true);
        }
        match &self.failing {
            Some((problem, _)) => Err((problem.clone(), self.backlog.len() + self.lost)),
            None if self.lost > 0 => Err((Problem::Stopped, self.lost)),
            None => Ok(()),
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
