//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

mod bits;
mod bytes;
mod chars;
mod formatted;
pub(crate) mod given;
mod numbers;
pub(crate) mod numerals;
mod output;
mod pattern;
mod ports;
mod reals;
pub(crate) mod regexps;
mod strings;
pub(crate) mod support;
mod tilde;
mod tower;
mod words;

pub(crate) use given::{Entry, Given, Shape, keyed, plain};
pub(crate) use regexps::literal as regexp;

use std::{collections::HashMap, sync::OnceLock};
use steel::SteelVal;

/// Every procedure.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [
        bits::TABLE,
        bytes::TABLE,
        chars::TABLE,
        numbers::TABLE,
        output::TABLE,
        ports::TABLE,
        reals::TABLE,
        regexps::TABLE,
        strings::TABLE,
        support::TABLE,
        tilde::TABLE,
        words::TABLE,
    ]
    .into_iter()
    .flatten()
}

/// What a procedure of the dialect is called.
pub(crate) fn name_of(value: &SteelVal) -> Option<&'static str> {
    static NAMES: OnceLock<HashMap<usize, &'static str>> = OnceLock::new();
    let SteelVal::FuncV(function) = value else { return None };
    let names = NAMES.get_or_init(|| all().map(|entry| (entry.function as usize, entry.name)).collect());
    names.get(&(*function as usize)).copied()
}
