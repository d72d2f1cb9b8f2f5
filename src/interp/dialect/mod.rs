//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

mod bits;
mod bytes;
mod chars;
mod equality;
mod exceptions;
mod formatted;
pub(crate) mod given;
pub(crate) mod hashes;
mod known;
mod lists;
mod numbers;
pub(crate) mod numerals;
mod output;
mod parts;
mod pattern;
mod ports;
mod procedures;
mod reals;
pub(crate) mod records;
pub(crate) mod regexps;
mod sequences;
mod sets;
mod sorting;
mod strings;
pub(crate) mod structs;
pub(crate) mod support;
#[cfg(test)]
mod tests;
mod tilde;
mod tower;
mod vectors;
mod words;

pub(crate) use exceptions::{kind_of, message_of};
pub(crate) use given::{Entry, Given, Machined, Shape, keyed, machined, plain};
pub(crate) use known::{name, name_of};
pub(crate) use regexps::literal as regexp;

/// Every procedure, a file's after another's.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    let tables: &[&'static [Entry]] = &[
        bits::TABLE,
        bytes::TABLE,
        chars::TABLE,
        equality::TABLE,
        exceptions::TABLE,
        hashes::TABLE,
        known::TABLE,
        lists::TABLE,
        numbers::TABLE,
        output::TABLE,
        parts::TABLE,
        ports::TABLE,
        procedures::TABLE,
        reals::TABLE,
        records::TABLE,
        regexps::TABLE,
        sequences::TABLE,
        sets::TABLE,
        sorting::TABLE,
        strings::TABLE,
        support::TABLE,
        tilde::TABLE,
        vectors::TABLE,
        words::TABLE,
    ];
    tables.iter().copied().flatten()
}

/// Those that need Steel's machine.
pub(crate) fn machined() -> impl Iterator<Item = &'static Machined> {
    let tables: &[&'static [Machined]] =
        &[hashes::MAKERS, records::MAKERS, sequences::MAKERS, sets::MAKERS, vectors::MAKERS];
    tables.iter().copied().flatten()
}
