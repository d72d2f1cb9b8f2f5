//! The immutable hash, and the immutable set: Steel's own map, where its collector sees the entries.
//!
//! A key that Steel compares as the hash does lies there as it is. Of any other, Steel's map has a [`Kept`] one, which is
//! compared and coded as `equality` has it, and the key itself lies beside its value. What is no plain hash by `equal?` is
//! marked: one of Steel's structs that holds the mark and the map.

use super::{Entries, Kind};
use crate::interp::{
    dialect::{equality, structs},
    value,
};
use std::{
    cell::RefCell,
    hash::{Hash, Hasher},
};
use steel::{
    HashMap, SteelVal,
    gc::{Gc, ShareableMut},
    primitives::hashmaps::{hash_insert, hash_remove},
    rvals::{Custom, CustomType, DynHash, as_underlying_type},
};

/// What a hash is, beside its entries.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    kind: Kind,
    set: bool,
}

const PLAIN: Mark = Mark { kind: Kind::Equal, set: false };

impl Custom for Mark {}

/// A key as Steel's map has it.
struct Kept {
    kind: Kind,
    code: u64,
    key: SteelVal,
}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.code);
    }
}

impl Custom for Kept {
    fn try_as_dyn_hash(&self) -> Option<&dyn DynHash> {
        Some(self)
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other)
            .is_some_and(|other| self.code == other.code && self.kind.same(&self.key, &other.key))
    }
}

thread_local! {
    /// What all of them begin as. So all have one hasher, whose making takes longer than a small hash.
    static EMPTY: HashMap<SteelVal, SteelVal> = HashMap::new();
    /// One mark of each sort.
    static MARKS: RefCell<Vec<(Mark, SteelVal)>> = const { RefCell::new(Vec::new()) };
}

/// An immutable hash or set, to read.
#[derive(Clone, Copy)]
pub(crate) struct Frozen<'a> {
    mark: Mark,
    map: &'a HashMap<SteelVal, SteelVal>,
}

impl<'a> Frozen<'a> {
    pub(super) fn of(value: &'a SteelVal) -> Option<Self> {
        let (mark, value) = unmarked(value);
        match value {
            SteelVal::HashMapV(map) => Some(Self { mark, map }),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.mark.kind
    }

    pub(crate) fn is_set(&self) -> bool {
        self.mark.set
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn has(&self, key: &SteelVal) -> bool {
        self.map.contains_key(&kept(self.kind(), key))
    }

    pub(crate) fn get(&self, key: &SteelVal) -> Option<SteelVal> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key as it is held, and its value.
    pub(crate) fn entry(&self, key: &SteelVal) -> Option<(SteelVal, SteelVal)> {
        self.map.get_key_value(&kept(self.kind(), key)).map(|(key, value)| apart(key, value))
    }

    pub(crate) fn entries(&self) -> Entries {
        self.map.iter().map(|(key, value)| apart(key, value)).collect()
    }

    /// The same sort of hash or set with nothing in it.
    pub(super) fn emptied(&self) -> SteelVal {
        made(self.mark, [])
    }
}

/// Whether Steel's own comparison is that of the hash.
fn lies_bare(kind: Kind, key: &SteelVal) -> bool {
    use SteelVal::{BoolV, CharV, IntV, StringV, SymbolV, Void};
    match key {
        IntV(_) | SymbolV(_) | BoolV(_) | CharV(_) | Void => true,
        StringV(_) => kind == Kind::Equal,
        _ => false,
    }
}

fn kept(kind: Kind, key: &SteelVal) -> SteelVal {
    if lies_bare(kind, key) {
        return key.clone();
    }
    value::custom(Kept { kind, code: equality::hash(kind, key), key: key.clone() })
}

/// An entry of Steel's map.
fn together(kind: Kind, key: SteelVal, value: SteelVal) -> (SteelVal, SteelVal) {
    if lies_bare(kind, &key) {
        return (key, value);
    }
    (kept(kind, &key), structs::make(&[key, value]))
}

/// The key and the value of an entry of Steel's map.
fn apart(key: &SteelVal, value: &SteelVal) -> (SteelVal, SteelVal) {
    match (key, value) {
        (SteelVal::Custom(_), SteelVal::CustomStruct(both)) => {
            let part = |at| both.get_index(at).cloned().unwrap_or(SteelVal::Void);
            (part(0), part(1))
        }
        _ => (key.clone(), value.clone()),
    }
}

/// An immutable hash of these pairs. Of equal keys the last counts.
pub(crate) fn immutable(kind: Kind, pairs: impl IntoIterator<Item = (SteelVal, SteelVal)>) -> SteelVal {
    made(Mark { kind, set: false }, pairs)
}

/// An immutable set of these items.
pub(crate) fn immutable_set(kind: Kind, items: impl IntoIterator<Item = SteelVal>) -> SteelVal {
    made(Mark { kind, set: true }, items.into_iter().map(|item| (item, SteelVal::Void)))
}

fn made(mark: Mark, pairs: impl IntoIterator<Item = (SteelVal, SteelVal)>) -> SteelVal {
    let mut map = EMPTY.with(Clone::clone);
    map.extend(pairs.into_iter().map(|(key, value)| together(mark.kind, key, value)));
    marked(mark, SteelVal::HashMapV(Gc::new(map).into()))
}

/// Puts an entry in: into the very map, if nothing else holds it.
pub(crate) fn with(hash: SteelVal, key: SteelVal, value: SteelVal) -> SteelVal {
    let (mark, mut map) = bared(hash);
    let (mut key, mut value) = together(mark.kind, key, value);
    marked(mark, hash_insert(&mut map, &mut key, &mut value).unwrap_or(SteelVal::Void))
}

/// Takes an entry out.
pub(crate) fn without(hash: SteelVal, key: &SteelVal) -> SteelVal {
    let (mark, mut map) = bared(hash);
    marked(mark, hash_remove(&mut map, kept(mark.kind, key)).unwrap_or(SteelVal::Void))
}

fn marked(mark: Mark, map: SteelVal) -> SteelVal {
    if mark == PLAIN {
        return map;
    }
    let shared = MARKS.with_borrow_mut(|marks| match marks.iter().find(|(known, _)| *known == mark) {
        Some((_, shared)) => shared.clone(),
        None => {
            marks.push((mark, value::custom(mark)));
            marks[marks.len() - 1].1.clone()
        }
    });
    structs::make(&[shared, map])
}

/// What lies behind a mark, or the value itself.
fn unmarked(value: &SteelVal) -> (Mark, &SteelVal) {
    let marked = match value {
        SteelVal::CustomStruct(held) => match held.get_index(0) {
            Some(SteelVal::Custom(first)) => as_underlying_type::<Mark>(first.read().as_ref()).copied(),
            _ => None,
        }
        .and_then(|mark| Some((mark, held.get_index(1)?))),
        _ => None,
    };
    marked.unwrap_or((PLAIN, value))
}

/// As [`unmarked`]; what held the map is let go.
fn bared(hash: SteelVal) -> (Mark, SteelVal) {
    match unmarked(&hash) {
        (PLAIN, _) => (PLAIN, hash),
        (mark, map) => (mark, map.clone()),
    }
}
