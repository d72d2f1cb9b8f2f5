//! The wall: what the operating system lets a session do, from before the first line of a script until its process ends.
//!
//! Landlock shuts files (`files`), seccomp the system calls that reach anything else (`calls`), and resource limits what
//! is left. All of it is put up once, by the session itself, and nothing in that process can take it down again. Not
//! here: the checks that give a script's own procedures kind errors (`interp::files`), and the host's watch over memory
//! and time.

mod calls;
mod files;

pub use files::landlock_abi;

use crate::wire::{Blame, FailureClass, Grant, ScriptError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{cell::RefCell, path::PathBuf};

/// Descriptors that a session may have open: Python's files, its own sockets.
const DESCRIPTORS: u64 = 1024;

/// What can be made ready before the fork.
struct Prepared {
    calls: calls::Filters,
    /// What Python needs to read.
    readable: Vec<PathBuf>,
}

enum State {
    /// Why there can be none.
    Impossible(String),
    Ready(Box<Prepared>),
    Up,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::Impossible(String::new())) };
}

/// Makes ready, in the zygote, what every session's wall shares. `readable` is what Python reads.
pub(crate) fn prepare(readable: Vec<PathBuf>) {
    // Asked for once, by a call that the wall shuts.
    let _ = rustix::param::page_size();
    STATE.set(match calls::Filters::new() {
        Ok(calls) => State::Ready(Box::new(Prepared { calls, readable })),
        Err(why) => State::Impossible(why),
    });
}

/// Puts the wall up, unless it stands already. Fails when this kernel cannot.
pub(crate) fn raise(read: &Grant, write: &Grant) -> Result<(), String> {
    let prepared = match STATE.replace(State::Up) {
        State::Ready(prepared) => prepared,
        State::Up => return Ok(()),
        State::Impossible(why) => {
            STATE.set(State::Impossible(why.clone()));
            return Err(why);
        }
    };
    let raised = limit(write).and_then(|()| files::shut(&prepared.readable, read, write));
    let raised = raised.and_then(|()| prepared.calls.apply(*write != Grant::Nothing));
    // What does not stand must not be taken to stand by the next program.
    raised.inspect_err(|why| STATE.set(State::Impossible(why.clone())))
}

/// Whether it stands: this session is confined.
pub(crate) fn stands() -> bool {
    STATE.with_borrow(|state| matches!(state, State::Up))
}

/// A program that was to be confined, and cannot be, does not run.
pub(crate) fn missing(why: String) -> ScriptError {
    ScriptError {
        class: FailureClass::Script,
        blame: Blame::Limit,
        message: format!("this system cannot confine the script: {why}"),
        hint: Some("`--no-sandbox` runs it as it is, with all that you may do yourself".into()),
        span: None,
    }
}

/// Stands behind the host, which looks at the memory a program uses only now and then: what one allocation asks for at
/// once, the kernel refuses. Twice the cap, since address space is not memory. A session that is confined keeps the first.
pub(crate) fn bound_memory(bytes: u64) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let most = (pages * rustix::param::page_size() as u64).saturating_add(bytes.saturating_mul(2));
    let limit = Rlimit { current: Some(most), maximum: getrlimit(Resource::As).maximum };
    // Without it the host's own look is all there is.
    let _ = setrlimit(Resource::As, limit);
}

fn limit(write: &Grant) -> Result<(), String> {
    let set = |resource: Resource, most: u64| {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|e| format!("a limit cannot be set: {e}"))
    };
    // A dump would hold prompts and answers.
    set(Resource::Core, 0)?;
    set(Resource::Nofile, DESCRIPTORS)?;
    if *write == Grant::Nothing {
        set(Resource::Fsize, 0)?;
    }
    Ok(())
}
