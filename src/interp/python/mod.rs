//! stub until the real one lands
mod absent;
pub(crate) use absent::*;
/// A Python exception.
pub(crate) struct PyFailure { pub(crate) message: String, pub(crate) traceback: String, pub(crate) line: Option<u32>, pub(crate) interrupted: bool }
