//! Records that print themselves (`gen:custom-write`).
//!
//! Their procedures are the program's and no native can call them. So the prelude asks for the records within what is to be
//! printed (`within`), has each print itself into a string, and leaves that here (`keep`), where the printer finds it.

use super::{Style, call_of};
use crate::interp::{dialect::records, value::Kept};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};
use steel::{SteelVal, gc::Gc};

/// More texts than this are not kept: those that were printed before go.
const MOST: usize = 10_000;

thread_local! {
    static ANY: Cell<bool> = const { Cell::new(false) };
    /// By the record's place; nothing else can be there meanwhile.
    static TEXTS: RefCell<HashMap<(usize, Style), (Kept, String)>> = RefCell::default();
}

/// From now on records may print themselves.
pub(crate) fn expect() {
    ANY.set(true);
}

pub(crate) fn any() -> bool {
    ANY.get()
}

/// The records in a value that print themselves, but for those within such ones.
pub(crate) fn within(value: &SteelVal) -> Vec<SteelVal> {
    let mut found = Vec::new();
    collect(value, 0, &mut found);
    found
}

fn collect(value: &SteelVal, depth: usize, found: &mut Vec<SteelVal>) {
    let looks_inside = match value {
        SteelVal::CustomStruct(_) if records::prints_itself(value) => {
            found.push(value.clone());
            false
        }
        SteelVal::CustomStruct(_)
        | SteelVal::ListV(_)
        | SteelVal::VectorV(_)
        | SteelVal::MutableVector(_)
        | SteelVal::Pair(_)
        | SteelVal::HashMapV(_)
        | SteelVal::HeapAllocated(_) => depth < super::DEPTH,
        _ => false,
    };
    if looks_inside {
        call_of(value).1.iter().for_each(|part| collect(part, depth + 1, found));
    }
}

/// Keeps what a record printed of itself.
pub(crate) fn keep(record: &SteelVal, style: Style, text: &str) {
    if let Some(place) = place(record) {
        TEXTS.with_borrow_mut(|texts| {
            if texts.len() >= MOST {
                texts.clear();
            }
            texts.insert((place, style), (Kept::new(record.clone()), text.to_owned()));
        });
    }
}

/// What a record last printed of itself.
pub(super) fn text(record: &SteelVal, style: Style) -> Option<String> {
    if !any() || !records::prints_itself(record) {
        return None;
    }
    TEXTS.with_borrow(|texts| texts.get(&(place(record)?, style)).map(|(_, text)| text.clone()))
}

fn place(record: &SteelVal) -> Option<usize> {
    match record {
        SteelVal::CustomStruct(held) => Some(Gc::as_ptr(held) as usize),
        _ => None,
    }
}
