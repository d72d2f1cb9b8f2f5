//! The mutable hash: entries in a vector of Steel's, where its collector sees them, and an index over them in Rust.
//!
//! As a value it is one of Steel's structs that holds the index (a [`Store`]) and the vector: key, value, key, value, ….
//! What is removed is replaced by the last entry, so the vector has no holes.

use super::Kind;
use crate::interp::dialect::{equality, structs};
use std::cell::RefCell;
use steel::{
    SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, as_underlying_type},
};

/// Where the entries are, by their keys.
pub(crate) struct Store {
    pub(crate) kind: Kind,
    /// Whether it is a mutable set: then the values are not looked at.
    pub(crate) set: bool,
    index: RefCell<Index>,
}

impl Custom for Store {
    // What Steel itself compares by: two mutable hashes are the same when they are one.
    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| std::ptr::eq(self, other))
    }
}

/// Open addressing, by linear probing.
#[derive(Default)]
struct Index {
    /// The entry's number, or `EMPTY`. As many as a power of two.
    slots: Vec<u32>,
    /// Every entry's hash code.
    codes: Vec<u64>,
}

const EMPTY: u32 = u32::MAX;

impl Index {
    fn find(&self, code: u64, same: impl Fn(usize) -> bool) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = code as usize & mask;
        loop {
            match self.slots[at] {
                EMPTY => return None,
                entry if self.codes[entry as usize] == code && same(entry as usize) => return Some(entry as usize),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn push(&mut self, code: u64) {
        // At most three in four are taken.
        if (self.codes.len() + 1) * 4 > self.slots.len() * 3 {
            self.slots = vec![EMPTY; (self.slots.len() * 2).max(8)];
            for entry in 0..self.codes.len() {
                self.place(entry);
            }
        }
        self.codes.push(code);
        self.place(self.codes.len() - 1);
    }

    fn place(&mut self, entry: usize) {
        let mask = self.slots.len() - 1;
        let mut at = self.codes[entry] as usize & mask;
        while self.slots[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.slots[at] = entry as u32;
    }

    fn slot_of(&self, entry: usize) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.codes[entry] as usize & mask;
        while self.slots[at] != entry as u32 {
            at = (at + 1) & mask;
        }
        at
    }

    /// Takes an entry out and gives its number to the last one.
    fn swap_remove(&mut self, entry: usize) {
        let last = self.codes.len() - 1;
        let mut hole = self.slot_of(entry);
        if entry != last {
            let moved = self.slot_of(last);
            self.slots[moved] = entry as u32;
        }
        let code_of = |index: &Self, slot: usize| {
            let held = index.slots[slot] as usize;
            // The last entry has its new number already, and its code not yet.
            index.codes[if held == entry { last } else { held }]
        };
        // What was pushed on by the one that goes moves back.
        let mask = self.slots.len() - 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            if self.slots[at] == EMPTY {
                break;
            }
            let home = code_of(self, at) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.slots[hole] = self.slots[at];
                hole = at;
            }
        }
        self.slots[hole] = EMPTY;
        self.codes.swap_remove(entry);
    }
}

/// A mutable hash or set.
pub(crate) struct Table<'a> {
    value: &'a SteelVal,
}

fn with_store<T>(value: &SteelVal, f: impl FnOnce(&Store, &SteelVal) -> T) -> Option<T> {
    let SteelVal::CustomStruct(held) = value else { return None };
    let SteelVal::Custom(first) = held.get_index(0)? else { return None };
    let first = first.read();
    let store = as_underlying_type::<Store>(first.as_ref())?;
    Some(f(store, held.get_index(1)?))
}

/// Makes one of an empty vector of Steel's.
pub(crate) fn make(kind: Kind, set: bool, vector: SteelVal) -> SteelVal {
    let store = crate::interp::value::custom(Store { kind, set, index: RefCell::default() });
    structs::make(&[store, vector])
}

impl<'a> Table<'a> {
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        with_store(value, |_, _| Self { value })
    }

    fn with<T>(&self, f: impl FnOnce(&Store, &SteelVal) -> T) -> T {
        // `of` has looked.
        with_store(self.value, f).expect("a table's struct holds its store")
    }

    fn read<T>(&self, f: impl FnOnce(&Store, &[SteelVal]) -> T) -> T {
        self.with(|store, vector| match vector {
            SteelVal::MutableVector(items) => items.borrow(|items| f(store, items)),
            _ => f(store, &[]),
        })
    }

    fn write<T>(&self, f: impl FnOnce(&Store, &mut Vec<SteelVal>) -> T) -> T {
        self.with(|store, vector| match vector {
            SteelVal::MutableVector(items) => {
                // Taken out meanwhile: Steel shows its vectors to be read only.
                let mut taken = items.set_and_return(Vec::new());
                let result = f(store, &mut taken);
                items.set_and_return(taken);
                result
            }
            _ => f(store, &mut Vec::new()),
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.with(|store, _| store.kind)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.with(|store, _| store.set)
    }

    pub(crate) fn len(&self) -> usize {
        self.read(|_, items| items.len() / 2)
    }

    fn find(store: &Store, items: &[SteelVal], code: u64, key: &SteelVal) -> Option<usize> {
        store.index.borrow().find(code, |entry| store.kind.same(&items[entry * 2], key))
    }

    /// The key as it is held, and the value.
    pub(crate) fn get(&self, key: &SteelVal) -> Option<(SteelVal, SteelVal)> {
        self.read(|store, items| {
            let entry = Self::find(store, items, equality::hash(store.kind, key), key)?;
            Some((items[entry * 2].clone(), items[entry * 2 + 1].clone()))
        })
    }

    pub(crate) fn set(&self, key: SteelVal, value: SteelVal) {
        self.write(|store, items| {
            let code = equality::hash(store.kind, &key);
            match Self::find(store, items, code, &key) {
                Some(entry) => items[entry * 2 + 1] = value,
                None => {
                    store.index.borrow_mut().push(code);
                    items.extend([key, value]);
                }
            }
        });
    }

    pub(crate) fn remove(&self, key: &SteelVal) -> bool {
        self.write(|store, items| {
            let Some(entry) = Self::find(store, items, equality::hash(store.kind, key), key) else { return false };
            store.index.borrow_mut().swap_remove(entry);
            let value = items.pop();
            let key = items.pop();
            if entry * 2 < items.len() {
                items[entry * 2] = key.unwrap_or(SteelVal::Void);
                items[entry * 2 + 1] = value.unwrap_or(SteelVal::Void);
            }
            true
        })
    }

    pub(crate) fn clear(&self) {
        self.write(|store, items| {
            items.clear();
            *store.index.borrow_mut() = Index::default();
        });
    }

    pub(crate) fn entries(&self) -> Vec<(SteelVal, SteelVal)> {
        self.read(|_, items| items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn what_collides_is_found_after_any_removal() {
        // Keys whose codes share their slots, taken out in every order of a small pseudo-random walk.
        let mut index = Index::default();
        let mut keys: Vec<u64> = Vec::new();
        let mut state = 7_u64;
        for step in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let code = (state >> 40) % 97;
            let found = index.find(code, |entry| keys[entry] == code);
            assert_eq!(found.is_some(), keys.contains(&code), "step {step}");
            match found {
                Some(entry) if state & 1 == 0 => {
                    index.swap_remove(entry);
                    keys.swap_remove(entry);
                }
                Some(_) => {}
                None => {
                    index.push(code);
                    keys.push(code);
                }
            }
        }
    }
}
