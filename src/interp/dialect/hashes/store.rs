//! The mutable hash: entries, key, value, key, value, …, and an index over them.
//!
//! As a value it is one of Steel's structs that holds the index (a [`Store`]) and a vector of Steel's. As long as nothing in
//! the hash holds other values, the entries lie in the store, which is quicker; from then on in the vector, where Steel's
//! collector sees them. What is removed is replaced by the last entry, so there are no holes.

use super::Kind;
use crate::interp::dialect::{equality, structs};
use hashbrown::{HashTable, hash_table::Entry};
use std::cell::{Ref, RefCell};
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
    /// The entries, unless they are in the vector.
    plain: RefCell<Option<Vec<SteelVal>>>,
}

/// Whether a value holds no others: then Steel's collector need not see it.
fn is_plain(value: &SteelVal) -> bool {
    use SteelVal::{BigNum, BigRational, BoolV, ByteVector, CharV, IntV, NumV, Rational, StringV, SymbolV, Void};
    matches!(
        value,
        IntV(_)
            | StringV(_)
            | SymbolV(_)
            | BoolV(_)
            | NumV(_)
            | CharV(_)
            | Void
            | BigNum(_)
            | Rational(_)
            | BigRational(_)
            | ByteVector(_)
    )
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
    /// Half of every entry's hash code: a table that grows need not look at the keys.
    codes: Vec<u32>,
}

/// A code for the table, which looks at the lowest bits and at the highest.
fn spread(code: u32) -> u64 {
    u64::from(code) << 32 | u64::from(code)
}

impl Index {
    /// Codes are compared first: they lie closer together than keys.
    fn find(&self, code: u32, same: impl Fn(usize) -> bool) -> Option<usize> {
        let is = |entry: &u32| self.codes[*entry as usize] == code && same(*entry as usize);
        self.numbers.find(spread(code), is).map(|entry| *entry as usize)
    }

    /// Finds an entry, or puts in a new one behind the others.
    fn find_or_push(&mut self, code: u32, same: impl Fn(usize) -> bool) -> Option<usize> {
        let codes = &mut self.codes;
        let is = |entry: &u32| codes[*entry as usize] == code && same(*entry as usize);
        match self.numbers.entry(spread(code), is, |entry| spread(codes[*entry as usize])) {
            Entry::Occupied(found) => Some(*found.get() as usize),
            Entry::Vacant(place) => {
                place.insert(codes.len() as u32);
                codes.push(code);
                None
            }
        }
    }

    /// Takes an entry out and gives its number to the last one.
    fn swap_remove(&mut self, code: u32, same: impl Fn(usize) -> bool) -> Option<usize> {
        let found = self.numbers.find_entry(spread(code), |entry| same(*entry as usize)).ok()?;
        let (removed, last) = (*found.get() as usize, self.codes.len() - 1);
        found.remove();
        if let Some(moved) = self.numbers.find_mut(spread(self.codes[last]), |entry| *entry as usize == last) {
            *moved = removed as u32;
        }
        self.codes.swap_remove(removed);
        Some(removed)
    }
}

/// A mutable hash or set.
pub(crate) struct Table<'a> {
    store: Ref<'a, Store>,
    vector: &'a SteelVal,
}

/// Makes one of an empty vector of Steel's.
pub(crate) fn make(kind: Kind, set: bool, vector: SteelVal) -> SteelVal {
    let store = crate::interp::value::custom(Store {
        kind,
        set,
        index: RefCell::default(),
        plain: RefCell::new(Some(Vec::new())),
    });
    structs::make(&[store, vector])
}

impl<'a> Table<'a> {
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        let SteelVal::CustomStruct(fields) = value else { return None };
        let SteelVal::Custom(first) = fields.get_index(0)? else { return None };
        let store = Ref::filter_map(first.read(), |held| as_underlying_type(held.as_ref())).ok()?;
        Some(Self { store, vector: fields.get_index(1)? })
    }

    /// While entries are changed, there seem to be none.
    fn read<T>(&self, f: impl FnOnce(&[SteelVal]) -> T) -> T {
        let Ok(plain) = self.store.plain.try_borrow() else { return f(&[]) };
        if let Some(items) = &*plain {
            return f(items);
        }
        match self.vector {
            SteelVal::MutableVector(items) => items.borrow(|items| f(items)),
            _ => f(&[]),
        }
    }

    fn write<T>(&self, f: impl FnOnce(&mut Vec<SteelVal>) -> T) -> T {
        if let Ok(mut plain) = self.store.plain.try_borrow_mut()
            && let Some(items) = &mut *plain
        {
            return f(items);
        }
        match self.vector {
            SteelVal::MutableVector(items) => {
                // Taken out meanwhile: Steel shows its vectors to be read only.
                let mut taken = items.set_and_return(Vec::new());
                let result = f(&mut taken);
                items.set_and_return(taken);
                result
            }
            _ => f(&mut Vec::new()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.store.kind
    }

    pub(crate) fn is_set(&self) -> bool {
        self.store.set
    }

    pub(crate) fn len(&self) -> usize {
        self.read(|items| items.len() / 2)
    }

    fn code(&self, key: &SteelVal) -> u32 {
        equality::hash(self.kind(), key) as u32
    }

    /// What `f` makes of the place of a key in the vector.
    fn find<T>(&self, key: &SteelVal, f: impl FnOnce(&[SteelVal], usize) -> T) -> Option<T> {
        let (kind, code) = (self.kind(), self.code(key));
        self.read(|items| {
            // While an entry is put in or taken out, there seem to be none.
            let index = self.store.index.try_borrow().ok()?;
            let entry = index.find(code, |entry| kind.same(&items[entry * 2], key))?;
            Some(f(items, entry * 2))
        })
    }

    pub(crate) fn has(&self, key: &SteelVal) -> bool {
        self.find(key, |_, _| ()).is_some()
    }

    pub(crate) fn get(&self, key: &SteelVal) -> Option<SteelVal> {
        self.find(key, |items, at| items[at + 1].clone())
    }

    /// A key as it is held.
    pub(crate) fn key(&self, key: &SteelVal) -> Option<SteelVal> {
        self.find(key, |items, at| items[at].clone())
    }

    pub(crate) fn set(&self, key: SteelVal, value: SteelVal) {
        if !(is_plain(&key) && is_plain(&value)) {
            self.spill();
        }
        self.write(|items| {
            // Taken while the vector is out: a hash that has itself for a key and a value has no end.
            let (kind, code) = (self.kind(), self.code(&key));
            let mut index = self.store.index.borrow_mut();
            match index.find_or_push(code, |entry| kind.same(&items[entry * 2], &key)) {
                Some(entry) => items[entry * 2 + 1] = value,
                None => {
                    items.push(key);
                    items.push(value);
                }
            }
        });
    }

    /// Puts the entries into the vector.
    fn spill(&self) {
        if let (Some(items), SteelVal::MutableVector(vector)) = (self.store.plain.take(), self.vector) {
            vector.set_and_return(items);
        }
    }

    pub(crate) fn remove(&self, key: &SteelVal) -> bool {
        self.write(|items| {
            let (kind, code) = (self.kind(), self.code(key));
            let same = |entry: usize| kind.same(&items[entry * 2], key);
            let Some(entry) = self.store.index.borrow_mut().swap_remove(code, same) else { return false };
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
        self.write(|items| {
            items.clear();
            *self.store.index.borrow_mut() = Index::default();
        });
    }

    pub(crate) fn entries(&self) -> Vec<(SteelVal, SteelVal)> {
        self.read(|items| items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn what_collides_is_found_after_any_removal() {
        // Keys that share their codes, taken out in every order of a small pseudo-random walk.
        let mut index = Index::default();
        let mut keys: Vec<u32> = Vec::new();
        let mut state = 7_u64;
        for step in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = ((state >> 40) % 97) as u32;
            let (code, same) = (key % 31, |entry: usize| keys[entry] == key);
            let found = index.find(code, same);
            assert_eq!(found, keys.iter().position(|other| *other == key), "step {step}");
            if state & 1 == 0 {
                assert_eq!(index.swap_remove(code, same), found, "step {step}");
                if let Some(entry) = found {
                    keys.swap_remove(entry);
                }
            } else {
                assert_eq!(index.find_or_push(code, same), found, "step {step}");
                if found.is_none() {
                    keys.push(key);
                }
            }
        }
        assert!(keys.len() > 10);
    }
}
