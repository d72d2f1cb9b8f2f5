//! Where Python's `sys.stdout` and `sys.stderr` lead: one function, called on the interpreter's own thread only.
//!
//! A script may start Python threads, and those run on while the interpreter's thread is in Scheme. What they print
//! waits here until that thread comes by, so that the function needs no locks. Not here: buffering, and what becomes of
//! the text.

use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

/// Takes a text and whether it is for stderr.
pub(super) type Sink = fn(&str, bool);

struct Output {
    /// Absent until `set_output`: until then everything waits.
    sink: Option<(ThreadId, Sink)>,
    /// What came from other threads.
    waiting: Vec<(String, bool)>,
}

static OUTPUT: Mutex<Output> = Mutex::new(Output { sink: None, waiting: Vec::new() });

/// A panic elsewhere leaves both fields whole, so a poisoned lock is as good as any.
fn lock() -> MutexGuard<'static, Output> {
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Text goes to `sink` from now on, on the calling thread.
pub(crate) fn set_output(sink: Sink) {
    lock().sink = Some((thread::current().id(), sink));
}

/// Passes on a text, or keeps it when this is not the interpreter's thread.
pub(super) fn send(text: &str, is_stderr: bool) {
    match here() {
        Some(sink) => {
            pass_on_waiting();
            sink(text, is_stderr);
        }
        None => lock().waiting.push((text.to_owned(), is_stderr)),
    }
}

/// Passes on what other threads have printed so far.
pub(crate) fn pass_on_waiting() {
    if let Some(sink) = here() {
        // The lock is given back first: the sink must be free to do as it likes.
        let waiting = mem::take(&mut lock().waiting);
        waiting.iter().for_each(|(text, is_stderr)| sink(text, *is_stderr));
    }
}

/// The sink, when this is its thread.
fn here() -> Option<Sink> {
    lock().sink.filter(|(owner, _)| *owner == thread::current().id()).map(|(_, sink)| sink)
}
