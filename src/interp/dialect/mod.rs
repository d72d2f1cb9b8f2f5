//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

mod equality;
mod given;
pub(crate) mod hashes;
mod lists;
pub(crate) mod records;
mod structs;
#[cfg(test)]
mod tests;

pub(crate) use given::{Entry, Given, Machined, Shape, machined, plain};

/// Every procedure, a file's after another's.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    let tables: &[&'static [Entry]] = &[equality::TABLE, hashes::TABLE, lists::TABLE, records::TABLE];
    tables.iter().copied().flatten()
}

/// Those that need Steel's machine.
pub(crate) fn machined() -> impl Iterator<Item = &'static Machined> {
    let tables: &[&'static [Machined]] = &[hashes::MAKERS, records::MAKERS];
    tables.iter().copied().flatten()
}
