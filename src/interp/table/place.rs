//! Where the call stands whose arguments are being looked at.
//!
//! A procedure of the prelude's finds mistakes in what it is given; where it was called, Steel tells by what it did last
//! before the call, and not when an argument is a procedure written there. Then the program notes the place itself.

use crate::interp::{
    natives::is_called_at,
    value::{Native, error},
};
use std::cell::Cell;
use steel::{SteelVal, parser::span::Span};

thread_local! {
    /// Where the call stands that is being made.
    static NOTED: Cell<Option<u32>> = const { Cell::new(None) };
    /// Where that stands whose arguments are being looked at.
    static CALL: Cell<Option<Span>> = const { Cell::new(None) };
}

/// `(%called-at place value)` → the value, which is the last argument of a call that begins there.
pub(crate) fn called_at(args: &[SteelVal]) -> Native {
    match args {
        [SteelVal::IntV(place), value] => {
            NOTED.set(u32::try_from(*place).ok());
            Ok(value.clone())
        }
        _ => Err(error("%called-at takes a place and a value")),
    }
}

/// The arguments of a procedure of this name are looked at from here on.
pub(super) fn begin(name: &str) {
    // What was noted may be of another program's.
    let start = NOTED.take().filter(|start| is_called_at(name, *start as usize));
    CALL.set(start.map(|start| Span { start, end: start + 1, source_id: None }));
}

/// Where the call stands, if it is known.
pub(super) fn here() -> Option<Span> {
    CALL.get()
}
