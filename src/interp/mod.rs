//! The interpreter process: one thread, Steel and CPython, and a socket to the host.
//!
//! It is started as a *zygote* ([`zygote`]) that builds the engine once and forks a session for every program; it knows
//! nothing of HTTP, keys, retries or disks. It asks the host, by frame, and parks the fiber that asked.

mod context;
mod dialect;
mod disarm;
mod documents;
mod engine;
mod errors;
mod expand;
pub(crate) mod files;
pub(crate) mod foreign;
mod functions;
mod group;
pub(crate) mod input;
mod inputs;
mod json;
mod ledger;
pub(crate) mod lex;
mod link;
mod natives;
mod output;
mod print;
#[cfg(feature = "python")]
mod python;
#[cfg(not(feature = "python"))]
#[path = "python/absent.rs"]
mod python;
pub(crate) mod reference;
mod sched;
mod session;
mod strings;
pub mod table;
mod value;
pub(crate) mod wall;
pub(crate) mod zygote;

pub(crate) use expand::modules::{beside, required};
pub(crate) use files::resolved;

/// The candidate nearest to a misspelt name, when one is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|c| (strsim::damerau_levenshtein(name, c), c))
        // A third may differ; of one letter or two, nothing.
        .filter(|(distance, c)| *distance <= (name.len().max(c.len()) / 3).max(usize::from(name.len() > 2)))
        .min()
        .map(|(_, c)| c)
}
