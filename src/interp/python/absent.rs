//! Python in a build without CPython: the interface of `python/mod.rs`, where every use fails and says what to install.
//!
//! A script that never touches Python runs here as it does elsewhere.

use crate::interp::value::Fault;
use steel::SteelVal;

mod failure;
pub(crate) use failure::PyFailure;

/// The answer to every use.
fn absent<T>() -> Result<T, PyFailure> {
    Err(PyFailure::new(
        "this bessemer was built without Python: `apt-get install python3-dev`, then `cargo install bessemer`",
    ))
}

/// There is nothing to start.
pub(crate) fn start() -> Result<Option<String>, String> {
    Ok(None)
}

/// Forks by `fork` alone.
pub(crate) fn fork(fork: impl FnOnce() -> i32) -> i32 {
    fork()
}

/// Nothing will be written.
pub(crate) fn set_output(_: fn(&str, bool)) {}

/// Fails.
pub(crate) fn eval(_: &str) -> Result<SteelVal, PyFailure> {
    absent()
}

/// Fails.
pub(crate) fn turn(_: &str) -> Result<(), PyFailure> {
    absent()
}

/// Fails.
pub(crate) fn exec(_: &str) -> Result<String, PyFailure> {
    absent()
}

/// Fails.
pub(crate) fn set(_: &str, _: &SteelVal) -> Result<(), PyFailure> {
    absent()
}

/// Fails.
pub(crate) fn call(_: &SteelVal, _: &str, _: &[SteelVal]) -> Result<SteelVal, PyFailure> {
    absent()
}

/// Fails.
pub(crate) fn import(_: &str) -> Result<SteelVal, PyFailure> {
    absent()
}

/// There is nothing to read.
pub(crate) fn readable() -> Vec<std::path::PathBuf> {
    Vec::new()
}

/// There is nothing to read.
pub(crate) fn certificates() -> Vec<std::path::PathBuf> {
    Vec::new()
}

/// Nobody makes any.
pub(crate) fn cut_copies() {}

/// Nobody reads any: Scheme has no form for it.
pub(crate) fn seed(_: u64) {}

pub(crate) fn set_clock(_: f64) {}

pub(crate) fn set_environment(_: &[(Vec<u8>, Vec<u8>)], _: bool) {}

/// Nothing is denied that would need words.
pub(crate) fn say_denials() -> Result<(), String> {
    Ok(())
}

/// Nobody asks.
pub(crate) fn ask_for_connections(_: std::os::fd::OwnedFd) -> Result<(), String> {
    Ok(())
}

/// There are none.
pub(crate) fn variable(_: &str) -> Result<Option<SteelVal>, PyFailure> {
    Ok(None)
}

/// Nothing looks for contexts.
pub(crate) fn bind_contexts(_: &str) -> Result<(), Fault> {
    Ok(())
}

/// Nothing has names.
pub(crate) fn keep_name(_: &str) {}

/// There are other contexts now.
pub(crate) fn contexts_changed() {}

/// Nothing waits.
pub(crate) fn pass_on() {}

/// Nobody to interrupt.
pub(crate) fn interrupt() {}

/// There are no signals to drain.
pub(crate) fn drain_signals() {}
