//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

pub(crate) mod given;
pub(crate) mod support;

pub(crate) use given::{Entry, Given, Shape};

use crate::interp::value::string;
use steel::SteelVal;

/// Every procedure.
pub(crate) fn all() -> impl Iterator<Item = &'static Entry> {
    [support::TABLE].into_iter().flatten()
}

/// The value of a literal such as `#rx"a+"`.
pub(crate) fn regexp(pattern: &str, _px: bool) -> Result<SteelVal, String> {
    Ok(string(pattern))
}
