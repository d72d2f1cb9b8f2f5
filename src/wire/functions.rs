//! What sessions are told of the embedding program's functions, and how one says that it failed.

use serde::{Deserialize, Serialize};

/// The finish reason of a function's failure; the text is its message.
pub const FUNCTION_FAILED: &str = "failed";
/// The finish reason when the arguments were none that the function takes; the text says why.
pub const FUNCTION_MISUSED: &str = "misused";

/// A function that the host has of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionHead {
    /// What scripts call it.
    pub name: String,
    /// What it does, for `(help name)`.
    pub doc: String,
}
