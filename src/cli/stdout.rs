//! The program's stdout, written by a thread of its own: a slow reader holds up the script's output and nothing else.

use crate::error::Error;
use std::{
    io::{IsTerminal, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
};
use tokio::sync::Notify;

/// Past this many unwritten bytes the script has to wait.
const BOUND: usize = 4 << 20;

#[derive(Default)]
struct State {
    unwritten: AtomicUsize,
    /// Nothing can be written any more.
    closed: AtomicBool,
    /// Why, when that is not because nobody reads it.
    problem: OnceLock<String>,
    changed: Notify,
}

impl State {
    fn failed(&self) -> Error {
        self.problem.get().map_or(Error::OutputClosed, |problem| Error::Output(problem.clone()))
    }
}

/// The handle to that thread.
pub(super) struct Stdout {
    texts: Sender<String>,
    state: Arc<State>,
    /// A terminal is written to at once: the progress line has made room for just that moment.
    terminal: bool,
}

impl Stdout {
    pub(super) fn new() -> Self {
        let (texts, receiver) = channel();
        let state: Arc<State> = Arc::default();
        // Left to itself at the end: a write that never returns must not hold up the exit.
        std::thread::spawn({
            let state = state.clone();
            move || write_all(&receiver, &state)
        });
        Self { texts, state, terminal: std::io::stdout().is_terminal() }
    }

    /// Takes a text to write. Fails when the reader has gone away.
    pub(super) fn write(&self, text: String) -> Result<(), Error> {
        if self.terminal {
            return put(&text).map_err(|e| Error::output(&e));
        }
        self.state.unwritten.fetch_add(text.len(), SeqCst);
        let sent = self.texts.send(text);
        if sent.is_err() || self.state.closed.load(SeqCst) { Err(self.state.failed()) } else { Ok(()) }
    }

    /// Whether the reader is far behind.
    pub(super) fn full(&self) -> bool {
        self.state.unwritten.load(SeqCst) > BOUND && !self.state.closed.load(SeqCst)
    }

    /// Waits until all has been written. Fails when the reader has gone away.
    pub(super) async fn drained(&self) -> Result<(), Error> {
        loop {
            let changed = self.state.changed.notified();
            if self.state.closed.load(SeqCst) {
                return Err(self.state.failed());
            }
            if self.state.unwritten.load(SeqCst) == 0 {
                return Ok(());
            }
            changed.await;
        }
    }
}

fn put(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())
}

fn write_all(texts: &Receiver<String>, state: &State) {
    for text in texts {
        if let Err(e) = put(&text) {
            if let Error::Output(problem) = Error::output(&e) {
                // The first one is the one that is told.
                let _ = state.problem.set(problem);
            }
            state.closed.store(true, SeqCst);
        }
        state.unwritten.fetch_sub(text.len(), SeqCst);
        state.changed.notify_one();
    }
}
