//! The journal over a store that fails on demand, and over a real one.

use super::{
    spool::Spool,
    store::{
        CallEntry, CallMark, Event, Kept, NewRun, Place, Problem, RunId, Setup, SpoolPlace, Status, Store, Summary,
        Taken,
    },
    *,
};
use crate::{
    llm::{Answer, Message, Request},
    wire::{FailureClass, Role, Usage},
};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

/// A store that is full when it is told to be, and may have no spool.
struct Full {
    store: Sqlite,
    full: Arc<AtomicBool>,
    spooled: bool,
}

impl Store for Full {
    fn begin(&mut self, run: &NewRun) -> Result<RunId, Problem> {
        self.store.begin(run)
    }
    fn take_up(&mut self, run: &Summary) -> Result<(), Problem> {
        self.store.take_up(run)
    }
    fn commit(&mut self, entries: &[Kept], taken: Option<&Taken>) -> Result<(), Problem> {
        match self.full.load(Relaxed) {
            true => Err(Problem::Unwritable { path: "p".into(), why: "full".into() }),
            false => self.store.commit(entries, taken),
        }
    }
    fn spool(&self) -> Option<SpoolPlace> {
        self.store.spool().filter(|_| self.spooled)
    }
    fn taken(&mut self, spool: &str) -> Result<u64, Problem> {
        self.store.taken(spool)
    }
    fn spent(&mut self, spool: &str) -> Result<(), Problem> {
        self.store.spent(spool)
    }
    fn runs(&mut self, name: Option<&str>) -> Result<Vec<Summary>, Problem> {
        self.store.runs(name)
    }
    fn program(&mut self, run: RunId) -> Result<(String, Setup), Problem> {
        self.store.program(run)
    }
    fn marks(&mut self, run: RunId) -> Result<Vec<CallMark>, Problem> {
        self.store.marks(run)
    }
    fn call(&mut self, place: Place) -> Result<CallEntry, Problem> {
        self.store.call(place)
    }
    fn calls(&mut self, run: RunId, each: &mut dyn FnMut(CallEntry)) -> Result<(), Problem> {
        self.store.calls(run, each)
    }
    fn checkpoints(&mut self, run: RunId) -> Result<HashMap<String, String>, Problem> {
        self.store.checkpoints(run)
    }
    fn events(&mut self, run: RunId, each: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        self.store.events(run, each)
    }
    fn delete(&mut self, run: RunId) -> Result<(), Problem> {
        self.store.delete(run)
    }
}

fn new(name: &str) -> NewRun {
    NewRun {
        name: name.into(),
        command: "run".into(),
        title: "t".into(),
        program: "p".into(),
        setup: Setup { seed: 7, ..Setup::default() },
    }
}

fn asked(text: &str) -> Request {
    Request { messages: vec![Message::new(Role::User, text)], ..Request::default() }
}

fn answer(text: &str) -> Result<Answer, crate::llm::Failure> {
    Ok(Answer {
        text: text.into(),
        model: "m".into(),
        usage: Usage { input: 1, output: 2, ..Usage::default() },
        cost_usd: Some(0.25),
        latency: Duration::from_millis(5),
        attempts: 1,
        finish_reason: "stop".into(),
    })
}

fn filling(path: &Path, full: &Arc<AtomicBool>, spooled: bool) -> Arc<Journal> {
    let (path, full) = (path.to_owned(), full.clone());
    Journal::over(move || Ok(Box::new(Full { store: Sqlite::open(&path)?, full, spooled })))
}

#[test]
fn what_a_full_disk_did_not_take_is_written_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (path, full) = (folder.path().join("j"), Arc::new(AtomicBool::new(false)));
    let journal = filling(&path, &full, false);
    let run = journal.begin(new("a")).unwrap();
    full.store(true, Relaxed);
    for text in ["one", "two"] {
        let request = asked(text);
        // It does not wait for the disk.
        run.ticket(&request, None).keep(&request, &answer(text));
    }
    let Unkept { problem, missing } = run.end(Status::Finished, "").unwrap_err();
    assert_eq!((problem.to_string().contains("full"), missing), (true, 3));
    full.store(false, Relaxed);
    run.end(Status::Finished, "").unwrap();
    let found = Sqlite::open(&path).unwrap().runs(Some("a")).unwrap().pop().unwrap();
    assert_eq!((found.done, found.status, found.cost_usd), (2, Status::Finished, Some(0.5)));
}

#[test]
fn what_a_store_does_not_take_waits_in_the_spool_however_much_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (path, full) = (folder.path().join("j"), Arc::new(AtomicBool::new(false)));
    let journal = filling(&path, &full, true);
    let run = journal.begin(new("a")).unwrap();
    full.store(true, Relaxed);
    let long = "x".repeat(writer::BACKLOG / 3);
    for n in 0..10 {
        let request = asked(&n.to_string());
        run.ticket(&request, None).keep(&request, &answer(&format!("{n}{long}")));
        run.note("log", n.to_string());
        // Each goes to the store in a batch of its own, or at least may.
        let _ = journal.ask(|_| Ok(()));
    }
    let unkept = run.end(Status::Finished, "").unwrap_err();
    assert_eq!(unkept.missing, 0, "all of it is in the spool: {unkept:?}");
    full.store(false, Relaxed);
    run.end(Status::Finished, "").unwrap();
    assert_eq!(spools(&path), 0);
    let mut store = Sqlite::open(&path).unwrap();
    assert_eq!(store.runs(Some("a")).unwrap()[0].done, 10);
    let mut notes = Vec::new();
    store.events(RunId(1), &mut |event| notes.push(event.data)).unwrap();
    assert_eq!(notes, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// How many spools lie beside a journal.
fn spools(path: &Path) -> usize {
    let folder = Sqlite::open(path).unwrap().spool().unwrap().folder;
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

/// A note, as the run's `n`th entry.
fn noted(run: RunId, n: usize) -> Kept {
    let event = Event { at_ms: 0, kind: "log".into(), data: n.to_string() };
    Kept { run, pending: 0, entry: store::Entry::Event(event) }
}

/// The notes of a run, as a journal that is opened has them.
fn notes(path: &Path, run: RunId) -> Vec<String> {
    let mut notes = Vec::new();
    look(path).unwrap().unwrap().events(run, &mut |event| notes.push(event.data)).unwrap();
    notes
}

#[test]
fn what_a_killed_process_left_is_taken_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut store = Sqlite::open(&path).unwrap();
    let run = store.begin(&new("a")).unwrap();
    let mut spool = Spool::at(store.spool());
    for n in 0..5 {
        spool.put(&noted(run, n));
        spool.write();
        if n == 1 {
            store.commit(&[noted(run, 0), noted(run, 1)], spool.taken().as_ref()).unwrap();
        }
    }
    assert_eq!(notes(&path, run), ["0", "1"], "its process lives and does it itself");
    drop(spool);
    // A line that was being written.
    let file = std::fs::read_dir(store.spool().unwrap().folder).unwrap().next().unwrap().unwrap().path();
    let mut file = std::fs::OpenOptions::new().append(true).open(file).unwrap();
    std::io::Write::write_all(&mut file, b"{\"run\":1,\"pen").unwrap();
    assert_eq!(notes(&path, run), ["0", "1", "2", "3", "4"]);
    assert_eq!(notes(&path, run).len(), 5);
    assert_eq!(spools(&path), 0);
}

#[test]
fn a_spool_that_another_journal_left_is_not_taken_for_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut old = Sqlite::open(&path).unwrap();
    let run = old.begin(&new("a")).unwrap();
    let mut spool = Spool::at(old.spool());
    spool.put(&noted(run, 0));
    spool.write();
    drop((spool, old));
    // It was moved away, and its spool was not.
    std::fs::remove_file(&path).unwrap();
    let run = Sqlite::open(&path).unwrap().begin(&new("b")).unwrap();
    assert_eq!((notes(&path, run).len(), spools(&path)), (0, 1));
}

#[test]
fn an_answer_is_in_the_spool_as_it_was() {
    let (key, failed) = (Key::of(&asked("x"), None), crate::llm::Failure::new(FailureClass::TooLong, "so \"long\"\n"));
    for result in [answer("é\u{1F600}\0"), Err(failed)] {
        let call = CallEntry {
            number: 7,
            key,
            occurrence: 2,
            result,
            asked_ms: 5,
            took_ms: 6,
            stage: Some("s".into()),
            sources: Vec::new(),
            replaces: Some(Place(9)),
            prompt: Vec::new(),
        };
        let kept = Kept { run: RunId(3), pending: 4, entry: store::Entry::Call(Box::new(call)) };
        let line = serde_json::to_string(&kept).unwrap();
        assert!(!line.contains('\n'));
        let read: Kept = serde_json::from_str(&line).unwrap();
        assert_eq!(format!("{read:?}"), format!("{kept:?}"));
    }
}

#[tokio::test]
async fn an_answer_is_recalled_as_it_was_and_only_as_often_as_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path().join("j"));
    let run = journal.begin(new("a")).unwrap();
    for text in ["first", "second"] {
        let request = asked("x");
        let ticket = run.ticket(&request, Some("stage".into()));
        assert!(ticket.recall().await.is_none());
        ticket.keep(&request, &answer(text));
    }
    run.checkpoint("k", "[1]");
    run.note("clock", "12".into());
    run.end(Status::Interrupted, "stopped").unwrap();
    let summary = journal.ask(|store| store.runs(Some("a"))).unwrap().pop().unwrap();
    let again = journal.resume(&summary, Redo::default()).unwrap();
    assert_eq!((again.seed(), again.readings(), &*again.checkpoints()["k"]), (7, &[12][..], "[1]"));
    for text in ["first", "second"] {
        assert_eq!(again.ticket(&asked("x"), None).recall().await, Some(answer(text)));
    }
    assert!(again.ticket(&asked("x"), None).recall().await.is_none());
    assert!(again.ticket(&asked("y"), None).recall().await.is_none());
    assert_eq!(again.tally(), Tally { had: 2, used: 2, made: 2 });
}

#[test]
fn a_run_is_taken_up_by_one_process_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(&folder.path().join("j")).unwrap();
    store.begin(&new("abc")).unwrap();
    assert_eq!(store.begin(&new("abc")), Err(Problem::Taken("abc".into())));
    let found = store.runs(Some("ab")).unwrap().pop().unwrap();
    assert_eq!(found.status, Status::Running, "this process lives");
    store.take_up(&found).unwrap();
    let elsewhere = Summary { owner: "another".into(), ..found };
    assert_eq!(store.take_up(&elsewhere), Err(Problem::Taken("abc".into())));
}

#[test]
fn what_a_deleted_run_had_is_gone_and_its_number_is_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(&folder.path().join("j")).unwrap();
    let first = store.begin(&new("a")).unwrap();
    let entry = store::Entry::Checkpoint { key: "k".into(), value: "1".into(), at_ms: 0 };
    store.commit(&[Kept { run: first, pending: 0, entry }], None).unwrap();
    store.delete(first).unwrap();
    store.shrink().unwrap();
    assert!(store.checkpoints(first).unwrap().is_empty() && store.runs(None).unwrap().is_empty());
    assert_ne!(store.begin(&new("a")).unwrap(), first);
}

#[test]
fn names_of_runs_are_plain_words() {
    for good in ["a", "nightly-3", "a.b_c", &fresh_name()] {
        assert_eq!(check_name(good), Ok(()), "{good}");
    }
    for bad in ["last", "", "-ab", ".ab", "a b", "é!", &"x".repeat(65)] {
        assert!(check_name(bad).is_err(), "{bad}");
    }
}
