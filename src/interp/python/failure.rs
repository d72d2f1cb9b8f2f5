//! What a failed call into Python tells its caller; the same with CPython and without it.

/// Why Python gave no value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PyFailure {
    /// The exception line, such as `ZeroDivisionError: division by zero`, or why a value could not be converted.
    pub(crate) message: String,
    /// What Python prints above that line, less the frames that are not the script's own. Empty when none is left.
    pub(crate) traceback: String,
    /// Where the code that was handed over failed: the 1-based line of its innermost frame, or of its syntax error.
    pub(crate) line: Option<u32>,
    /// Whether it was a `KeyboardInterrupt`.
    pub(crate) interrupted: bool,
}

impl PyFailure {
    /// A failure with nothing to tell but its message.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}
