//! What the zygote and the host say to each other on the control socket, one packet each.

use serde::{Deserialize, Serialize};

/// The argument that makes a program an interpreter instead.
pub(crate) const ARGUMENT: &str = "--bessemer-interpreter";
/// Set in an interpreter's environment: it refuses to start another.
pub(crate) const INSIDE: &str = "BESSEMER_INTERPRETER";
/// The descriptor on which the zygote finds the control socket.
pub(crate) const CONTROL: i32 = 3;
/// The host's one request: a session, please. With the packet come the descriptors of its contexts.
pub(crate) const FORK: u8 = b'F';
/// How many descriptors of contexts a session is born with at most: one packet carries them.
pub(crate) const MAX_CONTEXTS: usize = 128;
/// How many descriptors tell of a new session.
pub(crate) const SESSION_DESCRIPTORS: usize = 3;
/// Both ends must be the same build.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the zygote tells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// Sent before anything else, so that a program that is no interpreter is told from a slow one.
    Hello { version: String },
    /// There will be no session: why.
    Failed { problem: String },
    /// A session; its socket, its pidfd and where it asks for connections come with the packet.
    Forked { pid: i32 },
    /// The last request could not be met: why. Other sessions go on.
    NoFork { problem: String },
    /// A session has ended.
    Exited { pid: i32, signal: Option<i32>, code: Option<i32>, cpu_us: u64, peak_rss_kb: u64 },
}
