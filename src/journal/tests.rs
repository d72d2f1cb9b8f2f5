//! The journal over a store that fails on demand, and over a real one.

use super::{
    store::{CallEntry, CallMark, Event, Kept, NewRun, Place, Problem, RunId, Setup, Status, Store, Summary},
    *,
};
use crate::{
    llm::{Answer, Message, Request},
    wire::{Role, Usage},
};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

/// A store in memory's place, which is full when it is told to be.
struct Full(Sqlite, Arc<AtomicBool>);

impl Store for Full {
    fn begin(&mut self, run: &NewRun) -> Result<RunId, Problem> {
        self.0.begin(run)
    }
    fn take_up(&mut self, run: &Summary) -> Result<(), Problem> {
        self.0.take_up(run)
    }
    fn commit(&mut self, entries: &[Kept]) -> Result<(), Problem> {
        match self.1.load(Relaxed) {
            true => Err(Problem::Unwritable { path: "p".into(), why: "full".into() }),
            false => self.0.commit(entries),
        }
    }
    fn runs(&mut self, name: Option<&str>) -> Result<Vec<Summary>, Problem> {
        self.0.runs(name)
    }
    fn program(&mut self, run: RunId) -> Result<(String, Setup), Problem> {
        self.0.program(run)
    }
    fn marks(&mut self, run: RunId) -> Result<Vec<CallMark>, Problem> {
        self.0.marks(run)
    }
    fn call(&mut self, place: Place) -> Result<CallEntry, Problem> {
        self.0.call(place)
    }
    fn calls(&mut self, run: RunId, each: &mut dyn FnMut(CallEntry)) -> Result<(), Problem> {
        self.0.calls(run, each)
    }
    fn checkpoints(&mut self, run: RunId) -> Result<HashMap<String, String>, Problem> {
        self.0.checkpoints(run)
    }
    fn events(&mut self, run: RunId, each: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        self.0.events(run, each)
    }
    fn delete(&mut self, run: RunId) -> Result<(), Problem> {
        self.0.delete(run)
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

#[tokio::test]
async fn what_a_full_disk_did_not_take_is_written_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (path, full) = (folder.path().join("j"), Arc::new(AtomicBool::new(false)));
    let (opened, is_full) = (path.clone(), full.clone());
    let journal = Journal::over(move || Ok(Box::new(Full(Sqlite::open(&opened)?, is_full))));
    let run = journal.begin(new("a")).unwrap();
    full.store(true, Relaxed);
    for text in ["one", "two"] {
        let request = asked(text);
        // It does not wait for the disk.
        run.ticket(&request, None).keep(&request, &answer(text)).await;
    }
    let (problem, missing) = run.end(Status::Finished, "").unwrap_err();
    assert_eq!((problem.to_string().contains("full"), missing), (true, 3));
    full.store(false, Relaxed);
    run.end(Status::Finished, "").unwrap();
    let found = Sqlite::open(&path).unwrap().runs(Some("a")).unwrap().pop().unwrap();
    assert_eq!((found.done, found.status, found.cost_usd), (2, Status::Finished, Some(0.5)));
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
        ticket.keep(&request, &answer(text)).await;
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
    store.commit(&[Kept { run: first, pending: 0, entry }]).unwrap();
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
