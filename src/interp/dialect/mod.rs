//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

mod equality;
mod exceptions;
pub(crate) mod given;
pub(crate) mod hashes;
mod lists;
mod procedures;
pub(crate) mod records;
mod sequences;
mod sets;
mod sorting;
pub(crate) mod structs;
pub(crate) mod support;
#[cfg(test)]
mod tests;
mod vectors;

pub(crate) use exceptions::{kind_of, message_of};
pub(crate) use given::{Entry, Given, Machined, Shape, machined, plain};

use crate::interp::value::string;
use steel::SteelVal;

/// Every procedure, a file's after another's.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    let tables: &[&'static [Entry]] = &[
        support::TABLE,
        equality::TABLE,
        exceptions::TABLE,
        hashes::TABLE,
        lists::TABLE,
        procedures::TABLE,
        records::TABLE,
        sequences::TABLE,
        sets::TABLE,
        sorting::TABLE,
        vectors::TABLE,
    ];
    tables.iter().copied().flatten()
}

/// Those that need Steel's machine.
pub(crate) fn machined() -> impl Iterator<Item = &'static Machined> {
    let tables: &[&'static [Machined]] =
        &[hashes::MAKERS, records::MAKERS, sequences::MAKERS, sets::MAKERS, vectors::MAKERS];
    tables.iter().copied().flatten()
}

/// The value of a literal such as `#rx"a+"`.
pub(crate) fn regexp(pattern: &str, _px: bool) -> Result<SteelVal, String> {
    Ok(string(pattern))
}
