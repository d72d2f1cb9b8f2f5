//! What a program was granted, as its interpreter is told it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which things of a kind a program may have: files, unless something else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grant<T = PathBuf> {
    /// None.
    #[default]
    Nothing,
    /// These; of paths, with all below them.
    Only(Vec<T>),
    /// All that its user may have.
    Everything,
}

impl<T> Grant<T> {
    /// What both grant together.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, grant) | (grant, Self::Nothing) => grant,
            (Self::Only(mut these), Self::Only(those)) => {
                these.extend(those);
                Self::Only(these)
            }
        }
    }
}

/// What the interpreter enforces, or has the operating system enforce. Hosts are the host's affair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The files it may read.
    pub read: Grant,
    /// Those that it may not.
    pub deny_read: Grant,
    /// The files it may write.
    pub write: Grant,
    /// Those that it may not.
    pub deny_write: Grant,
    /// Whether it may ask the host for connections.
    pub net: bool,
    /// Whether it may start other programs.
    pub run: bool,
    /// Its environment: names and values.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
}
