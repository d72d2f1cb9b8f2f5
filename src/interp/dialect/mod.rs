//! The procedures of Racket and R7RS that Steel lacks or has otherwise, as far as they are written in Rust.
//!
//! Each is declared once, with its parameters: from these come the counting of arguments and its errors, and
//! `bessemer doc dialect`. Not here: forms (`expand`), procedures that call procedures (`prelude/racket/`, since a native
//! cannot wait for a fiber), and what is Bessemer's own (`table`).

mod given;

pub(crate) use given::{Entry, Given, Shape, keyed, plain};
