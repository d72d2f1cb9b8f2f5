//! The mutable hash: entries in a vector of Steel's, where its collector sees them, and an index over them in Rust.
//!
//! As a value it is one of Steel's structs that holds the index (a [`Store`]) and the vector: key, value, key, value, ….
//! What is removed is replaced by the last entry, so the vector has no holes.

use super::Kind;
use crate::interp::dialect::{equality, structs};
use hashbrown::HashTable;
use std::cell::RefCell;
use steel::{
    SteelVal,
    gc::{GcMut, ShareableMut},
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

/// Which entry may have a key.
#[derive(Default)]
struct Index {
    /// The entries' numbers, by their hash codes.
    numbers: HashTable<u32>,
    /// Every entry's hash code.
    codes: Vec<u64>,
}

impl Index {
    fn find(&self, code: u64, same: impl Fn(usize) -> bool) -> Option<usize> {
        self.numbers.find(code, |entry| same(*entry as usize)).map(|entry| *entry as usize)
    }

    fn push(&mut self, code: u64) {
        self.codes.push(code);
        let codes = &self.codes;
        self.numbers.insert_unique(code, (codes.len() - 1) as u32, |entry| codes[*entry as usize]);
    }

    /// Takes an entry out and gives its number to the last one.
    fn swap_remove(&mut self, entry: usize) {
        let last = self.codes.len() - 1;
        if let Ok(found) = self.numbers.find_entry(self.codes[entry], |other| *other as usize == entry) {
            found.remove();
        }
        if let Some(moved) = self.numbers.find_mut(self.codes[last], |other| *other as usize == last) {
            *moved = entry as u32;
        }
        self.codes.swap_remove(entry);
    }
}

/// What Steel gives to look at a value of ours.
type Held<'a> = <GcMut<Box<dyn CustomType>> as ShareableMut<Box<dyn CustomType>>>::ShareableRead<'a>;

/// A mutable hash or set.
pub(crate) struct Table<'a> {
    held: Held<'a>,
    vector: &'a SteelVal,
}

/// Makes one of an empty vector of Steel's.
pub(crate) fn make(kind: Kind, set: bool, vector: SteelVal) -> SteelVal {
    let store = crate::interp::value::custom(Store { kind, set, index: RefCell::default() });
    structs::make(&[store, vector])
}

impl<'a> Table<'a> {
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        let SteelVal::CustomStruct(fields) = value else { return None };
        let SteelVal::Custom(first) = fields.get_index(0)? else { return None };
        let held = first.read();
        as_underlying_type::<Store>(held.as_ref())?;
        Some(Self { held, vector: fields.get_index(1)? })
    }

    fn store(&self) -> &Store {
        as_underlying_type(self.held.as_ref()).expect("`of` has looked")
    }

    fn read<T>(&self, f: impl FnOnce(&Store, &[SteelVal]) -> T) -> T {
        match self.vector {
            SteelVal::MutableVector(items) => items.borrow(|items| f(self.store(), items)),
            _ => f(self.store(), &[]),
        }
    }

    fn write<T>(&self, f: impl FnOnce(&Store, &mut Vec<SteelVal>) -> T) -> T {
        match self.vector {
            SteelVal::MutableVector(items) => {
                // Taken out meanwhile: Steel shows its vectors to be read only.
                let mut taken = items.set_and_return(Vec::new());
                let result = f(self.store(), &mut taken);
                items.set_and_return(taken);
                result
            }
            _ => f(self.store(), &mut Vec::new()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.store().kind
    }

    pub(crate) fn is_set(&self) -> bool {
        self.store().set
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
