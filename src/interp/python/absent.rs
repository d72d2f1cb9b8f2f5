//! What `py-` primitives say in a build without CPython.

use super::PyFailure;
use steel::SteelVal;

fn absent<T>() -> Result<T, PyFailure> {
    Err(PyFailure {
        message: "this Bessemer was built without Python; install CPython with its shared library (Debian: \
                  `apt-get install python3-dev`) and build with the feature `python`"
            .into(),
        traceback: String::new(),
        line: None,
        interrupted: false,
    })
}

pub(crate) fn start() -> Result<(), String> {
    Ok(())
}

pub(crate) fn fork(f: impl FnOnce() -> i32) -> i32 {
    f()
}

pub(crate) fn set_output(_: fn(&str, bool)) {}

pub(crate) fn set_context(_: String) {}

pub(crate) fn interrupt() {}

pub(crate) fn drain_signals() {}

pub(crate) fn eval(_: &str) -> Result<SteelVal, PyFailure> {
    absent()
}

pub(crate) fn exec(_: &str) -> Result<String, PyFailure> {
    absent()
}

pub(crate) fn set(_: &str, _: &SteelVal) -> Result<(), PyFailure> {
    absent()
}

pub(crate) fn call(_: &SteelVal, _: &str, _: &[SteelVal]) -> Result<SteelVal, PyFailure> {
    absent()
}

pub(crate) fn import(_: &str) -> Result<SteelVal, PyFailure> {
    absent()
}
