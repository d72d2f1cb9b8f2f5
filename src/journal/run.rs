//! One run: which of its calls have been answered already, and what becomes of the others.

use super::{
    Journal, Unkept,
    key::Key,
    now_ms,
    store::{CallEntry, CallMark, Entry, Event, Kept, Place, Problem, RunId, Status, Summary},
};
use crate::{
    llm::{Answer, Failure, Request},
    wire::FailureClass,
};
use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};
use tokio::sync::oneshot;

/// How many events of a run are kept.
const NOTES: u64 = 1_000_000;

/// What is done again of what a run has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redo {
    /// What failed for reasons that have nothing to do with the request, such as a missing key or the network: of a run
    /// that came to its end, nothing.
    #[default]
    Circumstances,
    /// Every call that failed.
    Failed,
    /// Every answer that was cut off at its token limit.
    Truncated,
}

/// Whether the same request may do better another day.
fn circumstantial(class: FailureClass) -> bool {
    use FailureClass::{Auth, Budget, Cancelled, Network, Quota, RateLimit, Server, Timeout, UnknownModel};
    matches!(class, Auth | Budget | Cancelled | Network | Quota | RateLimit | Server | Timeout | UnknownModel)
}

/// A key is a hash already.
#[derive(Default)]
struct First(u64);

impl Hasher for First {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(bytes) = bytes.first_chunk() {
            self.0 ^= u64::from_le_bytes(*bytes);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn write_u32(&mut self, n: u32) {
        self.0 = self.0.wrapping_add(u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
}

type ByKey<K, V> = HashMap<K, V, BuildHasherDefault<First>>;

/// A call that the run has made before.
#[derive(Clone, Copy, Debug)]
struct Made {
    place: Place,
    number: u32,
    /// Whether it is made again, in place of what came of it.
    again: bool,
}

/// What a run has done before it was resumed.
#[derive(Default)]
pub(super) struct Earlier {
    made: ByKey<(Key, u32), Made>,
    checkpoints: HashMap<String, String>,
    readings: Vec<u64>,
    next: u32,
    began_ms: Option<i64>,
}

impl Earlier {
    pub(super) fn new(
        marks: Vec<CallMark>,
        checkpoints: HashMap<String, String>,
        readings: Vec<u64>,
        redo: Redo,
        summary: &Summary,
    ) -> Self {
        let again = |mark: &CallMark| match redo {
            Redo::Circumstances => summary.status != Status::Finished && mark.class.is_some_and(circumstantial),
            Redo::Failed => mark.class.is_some(),
            Redo::Truncated => mark.cut,
        };
        // Numbers of rows that were replaced, or of calls that were never answered, may be above: a new one must not
        // meet them. Those who are in the journal but were replaced come before the ones that replaced them.
        let next = marks.iter().map(|mark| mark.number + 1).max().unwrap_or_default();
        let made = marks.iter().map(|mark| {
            let made = Made { place: mark.place, number: mark.number, again: again(mark) };
            ((mark.key, mark.occurrence), made)
        });
        Self { made: made.collect(), checkpoints, readings, next, began_ms: Some(summary.began_ms) }
    }
}

/// How a run's calls came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers that the journal had when the run was taken up again.
    pub had: u64,
    /// Of those, how many were asked for again.
    pub used: u64,
    /// Calls that were made.
    pub made: u64,
}

/// A run that is being journaled.
pub struct Run {
    journal: Arc<Journal>,
    id: RunId,
    name: String,
    seed: u64,
    earlier: Earlier,
    /// Held for moments only.
    seen: Mutex<Seen>,
    /// Calls that were asked for, and those that have an answer or a failure.
    asked: AtomicU64,
    answered: AtomicU64,
    used: AtomicU64,
    notes: AtomicU64,
}

#[derive(Default)]
struct Seen {
    occurrences: ByKey<Key, u32>,
    next: u32,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.name).finish()
    }
}

impl Run {
    pub(super) fn new(journal: Arc<Journal>, id: RunId, name: String, seed: u64, earlier: Earlier) -> Arc<Self> {
        let seen = Mutex::new(Seen { next: earlier.next, ..Seen::default() });
        let count = AtomicU64::default;
        Arc::new(Self {
            journal,
            id,
            name,
            seed,
            earlier,
            seen,
            asked: count(),
            answered: count(),
            used: count(),
            notes: count(),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its random numbers begin.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The values that its script has kept before, as JSON, by their keys.
    pub fn checkpoints(&self) -> &HashMap<String, String> {
        &self.earlier.checkpoints
    }

    /// What the clock showed when its script looked before, in microseconds since 1970.
    pub fn readings(&self) -> &[u64] {
        &self.earlier.readings
    }

    /// How long ago it began, in milliseconds, when it was taken up again.
    pub fn ago_ms(&self) -> u64 {
        self.earlier.began_ms.map_or(0, |began| u64::try_from(now_ms() - began).unwrap_or_default())
    }

    /// How its calls came about so far.
    pub fn tally(&self) -> Tally {
        let used = self.used.load(Relaxed);
        Tally { had: self.earlier.made.len() as u64, used, made: self.asked.load(Relaxed).saturating_sub(used) }
    }

    /// Writes a ticket for a request of this run, in the order in which the script asks. `stage` is what the script calls
    /// the items that it belongs to.
    pub fn ticket(self: &Arc<Self>, request: &Request, stage: Option<Arc<str>>) -> Arc<Ticket> {
        let key = Key::of(request, None);
        let (occurrence, made, number) = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let times = seen.occurrences.entry(key).or_default();
            let occurrence = *times;
            *times += 1;
            let made = self.earlier.made.get(&(key, occurrence)).copied();
            let number = match made {
                Some(Made { number, again: false, .. }) => number,
                _ => {
                    seen.next += 1;
                    seen.next - 1
                }
            };
            (occurrence, made, number)
        };
        self.asked.fetch_add(1, Relaxed);
        let (asked, asked_ms) = (Instant::now(), now_ms());
        Arc::new(Ticket { run: self.clone(), number, key, occurrence, made, asked, asked_ms, stage })
    }

    /// Keeps a value of the script's, as JSON.
    pub fn checkpoint(&self, key: &str, value: &str) {
        self.keep(Entry::Checkpoint { key: key.into(), value: value.into(), at_ms: now_ms() });
        self.secure();
    }

    /// What it was answered so far survives the end of this process from here on, if there is room for it.
    pub fn secure(&self) {
        self.journal.secure();
    }

    /// Notes that something happened; `data` is JSON. A run that notes without end is not heard any more after a while.
    pub fn note(&self, kind: &str, data: String) {
        if self.notes.fetch_add(1, Relaxed) >= NOTES {
            return;
        }
        self.keep(Entry::Event(Event { at_ms: now_ms(), kind: kind.into(), data }));
    }

    /// The run has ended so, and came to `outcome`. Blocks until the store has everything, or does not take it.
    pub fn end(&self, status: Status, outcome: &str) -> Result<(), Unkept> {
        let outcome = outcome[..outcome.floor_char_boundary(super::OUTCOME)].to_owned();
        let pending = if status == Status::Finished { 0 } else { self.pending() };
        self.journal.keep(Kept { run: self.id, pending, entry: Entry::End { status, outcome } });
        self.journal.flush()
    }

    /// How many of its calls have an answer or a failure, those that the journal had among them.
    pub fn answered(&self) -> u64 {
        self.answered.load(Relaxed)
    }

    fn pending(&self) -> u64 {
        self.asked.load(Relaxed).saturating_sub(self.answered.load(Relaxed))
    }

    fn keep(&self, entry: Entry) {
        self.journal.keep(Kept { run: self.id, pending: self.pending(), entry });
    }
}

/// A request's place in its run.
pub struct Ticket {
    run: Arc<Run>,
    number: u32,
    key: Key,
    occurrence: u32,
    /// The same call of an earlier life of the run's.
    made: Option<Made>,
    asked: Instant,
    asked_ms: i64,
    stage: Option<Arc<str>>,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({} {})", self.run.name, self.number)
    }
}

impl Ticket {
    /// What came of it in an earlier life of the run's.
    pub(crate) async fn recall(&self) -> Option<Result<Answer, Failure>> {
        let made = self.made.filter(|made| !made.again)?;
        let (send, receive) = oneshot::channel();
        let ask = super::Job::Ask(Box::new(move |store| {
            let _ = send.send(store.and_then(|store| store.call(made.place)));
        }));
        let _ = self.run.journal.jobs.send(ask);
        let found = receive.await.unwrap_or(Err(Problem::Stopped));
        match found {
            Ok(call) => {
                self.run.used.fetch_add(1, Relaxed);
                self.run.answered.fetch_add(1, Relaxed);
                if let Ok(answer) = &call.result {
                    let learn = super::Job::Learn(self.number, answer.text.clone());
                    let _ = self.run.journal.jobs.send(learn);
                }
                Some(call.result)
            }
            Err(problem) => {
                tracing::warn!("an answer cannot be read, and the call is made again: {problem}");
                None
            }
        }
    }

    /// Hands over what came of it: to be secured ([`Run::secure`]) before anybody sees it.
    pub(crate) fn keep(&self, request: &Request, result: &Result<Answer, Failure>) {
        self.run.answered.fetch_add(1, Relaxed);
        let entry = CallEntry {
            number: self.number,
            key: self.key,
            occurrence: self.occurrence,
            result: result.clone(),
            asked_ms: self.asked_ms,
            took_ms: u32::try_from(self.asked.elapsed().as_millis()).unwrap_or(u32::MAX),
            stage: self.stage.clone(),
            sources: Vec::new(),
            replaces: self.made.map(|made| made.place),
            prompt: request.messages.iter().map(|message| message.text.clone()).collect(),
        };
        self.run.keep(Entry::Call(Box::new(entry)));
    }

    /// Notes that the answer was another run's.
    pub(crate) fn cached(&self) {
        self.run.note("cached", serde_json::json!({ "call": self.number }).to_string());
    }

    /// Notes that another attempt follows.
    pub(crate) fn retried(&self, failure: &Failure, attempts: u32, wait: std::time::Duration) {
        let data = serde_json::json!({
            "call": self.number, "class": failure.class, "attempt": attempts, "wait_s": wait.as_secs_f64(),
        });
        self.run.note("retry", data.to_string());
    }
}
