//! The wall: what the operating system lets a session do, from before the first line of a script until its process ends.
//!
//! Landlock shuts files (`files`), seccomp the system calls that reach anything else (`calls`), and resource limits what
//! is left. All of it is put up once, by the session itself, and nothing in that process can take it down again. Not
//! here: the checks that give a script's own procedures kind errors (`interp::files`), and the host's watch over memory
//! and time.

mod calls;
mod files;

pub use files::landlock_abi;

use crate::wire::{Blame, FailureClass, Grant, Granted, ScriptError};
use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities},
};
use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Descriptors that a session may have open: Python's files, its own sockets.
const DESCRIPTORS: u64 = 1024;
/// Processes and threads that a session with `--allow-run` may add to those that there are.
const PROCESSES: u64 = 1000;

/// What can be made ready before the fork.
struct Prepared {
    calls: calls::Filters,
    /// What every session reads.
    needed: Vec<PathBuf>,
}

enum State {
    /// Why there can be none.
    Impossible(String),
    Ready(Box<Prepared>),
    Up,
}

/// What is open behind the wall. Any thread of Python's may ask.
static OPEN: OnceLock<Opened> = OnceLock::new();

struct Opened {
    files: Vec<files::Open>,
    net: bool,
    run: bool,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::Impossible(String::new())) };
}

/// Makes ready, in the zygote, what every session's wall shares. `readable` is what Python reads.
pub(crate) fn prepare(readable: &[PathBuf]) {
    // Asked for once, by a call that the wall shuts.
    let _ = rustix::param::page_size();
    STATE.set(match calls::Filters::new() {
        Ok(calls) => State::Ready(Box::new(Prepared { calls, needed: files::needed(readable) })),
        Err(why) => State::Impossible(why),
    });
}

/// Puts the wall up, unless it stands already. `more` can be read beside what was granted. Fails when this kernel cannot.
pub(crate) fn raise(granted: &Granted, more: Vec<PathBuf>) -> Result<(), String> {
    let prepared = match STATE.replace(State::Up) {
        State::Ready(prepared) => prepared,
        State::Up => return Ok(()),
        State::Impossible(why) => {
            STATE.set(State::Impossible(why.clone()));
            return Err(why);
        }
    };
    let Prepared { calls, needed } = *prepared;
    let files = files::opened(needed, &more, granted);
    let opens = calls::Opens {
        writing: granted.write != Grant::Nothing,
        net: granted.net,
        programs: granted.run,
        signals: granted.run && files::signals_are_scoped(),
    };
    let raised = limit(granted)
        .and_then(|()| drop_powers())
        .and_then(|()| files::shut(&files))
        .and_then(|()| calls.apply(opens));
    // Only the first is ever put up.
    let _ = OPEN.set(Opened { files, net: granted.net, run: granted.run });
    // What does not stand must not be taken to stand by the next program.
    raised.inspect_err(|why| STATE.set(State::Impossible(why.clone())))
}

/// Whether it stands: this session is confined.
pub(crate) fn stands() -> bool {
    STATE.with_borrow(|state| matches!(state, State::Up))
}

/// Whether the wall, if it stands, leaves a path open. It has neither links nor dots.
pub(crate) fn leaves_open(path: &Path, writing: bool) -> bool {
    OPEN.get().is_none_or(|open| open.files.iter().any(|each| each.covers(path, writing)))
}

/// Whether the wall, if it stands, lets the session ask for connections.
pub(crate) fn lets_connect() -> bool {
    OPEN.get().is_none_or(|open| open.net)
}

/// Whether the wall, if it stands, lets the session start programs.
pub(crate) fn lets_run() -> bool {
    OPEN.get().is_none_or(|open| open.run)
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

fn limit(granted: &Granted) -> Result<(), String> {
    let set = |resource: Resource, most: u64| {
        let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|e| format!("a limit cannot be set: {e}"))
    };
    // A dump would hold prompts and answers.
    set(Resource::Core, 0)?;
    set(Resource::Nofile, DESCRIPTORS)?;
    if granted.write == Grant::Nothing {
        set(Resource::Fsize, 0)?;
    }
    if granted.run {
        // The kernel counts all of a user's, of which the machine's are the upper bound.
        set(Resource::Nproc, running() + PROCESSES)?;
    }
    Ok(())
}

/// Of what root may beside its files, a session may nothing, though it be root's: looking into other processes, for one. What
/// it starts gains none of it back, since nothing that it starts gains privileges.
fn drop_powers() -> Result<(), String> {
    let problem = |e: rustix::io::Errno| format!("the powers of root cannot be dropped: {e}");
    let had = capabilities(None).map_err(problem)?;
    let kept = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    let left = CapabilitySets {
        effective: had.effective & kept,
        permitted: had.permitted & kept,
        inheritable: CapabilitySet::empty(),
    };
    // Each thread has its own: the session has one, until a script starts others.
    set_capabilities(None, left).map_err(problem)
}

/// How many processes and threads there are on the machine.
fn running() -> u64 {
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let counts = loads.split(' ').nth(3).and_then(|counts| counts.split('/').nth(1));
    counts.and_then(|all| all.parse().ok()).unwrap_or(PROCESSES)
}
