//! Hashes of both kinds: immutable ones, which are Steel's own, and mutable ones ([`store`]). Whatever reads takes both.
//!
//! Immutable ones by `eqv?` and `eq?` are Steel's too, marked so that they print as what they are; their keys are compared
//! by contents. An immutable set is a hash that is marked: Steel takes any two sets of its own of one size for equal, and so
//! loses items of a set that are sets. Where the order of entries can be seen it is the order of the keys. Not here: what takes procedures
//! (`prelude/racket/hashes.scm`), and sets (`sets`).

mod natives;
pub(crate) mod store;

pub(super) use natives::{MAKERS, TABLE, pairs_of};

use crate::interp::{dialect::structs, print, value};
use std::cell::RefCell;
use steel::{
    HashMap, SteelVal,
    gc::{Gc, ShareableMut},
    rvals::{Custom, as_underlying_type},
};
use store::Table;

/// How keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Equal,
    Eqv,
    Eq,
}

impl Kind {
    pub(crate) fn same(self, a: &SteelVal, b: &SteelVal) -> bool {
        match self {
            Self::Equal => super::equality::equal(a, b),
            Self::Eqv | Self::Eq => super::equality::eqv(a, b),
        }
    }

    /// What is put behind `#hash`, `make-hash`, `set`.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Equal => "",
            Self::Eqv => "eqv",
            Self::Eq => "eq",
        }
    }
}

/// Marks what is no plain hash by `equal?`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    kind: Kind,
    set: bool,
}

impl Custom for Mark {
    fn equality_hint(&self, other: &dyn steel::rvals::CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| other == self)
    }
}

thread_local! {
    /// What all immutable hashes begin as. So all have one hasher, and the same entries lie in the same order however they
    /// came: Steel's code of a hash that is a key itself goes by that order.
    static EMPTY: HashMap<SteelVal, SteelVal> = HashMap::new();
    /// One mark of each sort: Steel's code of a mark goes by its place.
    static MARKS: RefCell<Vec<(Mark, SteelVal)>> = const { RefCell::new(Vec::new()) };
}

/// These pairs, for an immutable hash. Of equal keys the last counts.
pub(crate) fn gathered(pairs: impl IntoIterator<Item = (SteelVal, SteelVal)>) -> HashMap<SteelVal, SteelVal> {
    let mut map = EMPTY.with(Clone::clone);
    map.extend(pairs);
    map
}

/// These items, for an immutable set.
pub(crate) fn gathered_set(items: impl IntoIterator<Item = SteelVal>) -> HashMap<SteelVal, SteelVal> {
    gathered(items.into_iter().map(|item| (item, SteelVal::Void)))
}

/// An immutable hash, of pairs that were [`gathered`].
pub(crate) fn immutable(kind: Kind, map: HashMap<SteelVal, SteelVal>) -> SteelVal {
    let value = SteelVal::HashMapV(Gc::new(map).into());
    if kind == Kind::Equal { value } else { marked(Mark { kind, set: false }, value) }
}

/// An immutable set, of items that were [`gathered_set`].
pub(crate) fn immutable_set(kind: Kind, items: HashMap<SteelVal, SteelVal>) -> SteelVal {
    marked(Mark { kind, set: true }, SteelVal::HashMapV(Gc::new(items).into()))
}

fn marked(mark: Mark, value: SteelVal) -> SteelVal {
    let shared = MARKS.with_borrow_mut(|marks| match marks.iter().find(|(known, _)| *known == mark) {
        Some((_, shared)) => shared.clone(),
        None => {
            marks.push((mark, value::custom(mark)));
            marks[marks.len() - 1].1.clone()
        }
    });
    structs::make(&[shared, value])
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
    marked.unwrap_or((Mark { kind: Kind::Equal, set: false }, value))
}

/// A hash to read.
pub(crate) enum View<'a> {
    Immutable(Kind, &'a HashMap<SteelVal, SteelVal>),
    Mutable(Table<'a>),
}

impl<'a> View<'a> {
    /// Of a hash; of nothing else, not even a mutable set.
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        if let Some(table) = Table::of(value) {
            return (!table.is_set()).then_some(Self::Mutable(table));
        }
        match unmarked(value) {
            (Mark { kind, set: false }, SteelVal::HashMapV(map)) => Some(Self::Immutable(kind, map)),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Immutable(kind, _) => *kind,
            Self::Mutable(table) => table.kind(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Immutable(_, map) => map.len(),
            Self::Mutable(table) => table.len(),
        }
    }

    pub(crate) fn get(&self, key: &SteelVal) -> Option<SteelVal> {
        match self {
            Self::Immutable(_, map) => map.get(key).cloned(),
            Self::Mutable(table) => table.get(key),
        }
    }

    pub(crate) fn has(&self, key: &SteelVal) -> bool {
        match self {
            Self::Immutable(_, map) => map.contains_key(key),
            Self::Mutable(table) => table.has(key),
        }
    }

    pub(crate) fn entries(&self) -> Vec<(SteelVal, SteelVal)> {
        match self {
            Self::Immutable(_, map) => map.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            Self::Mutable(table) => table.entries(),
        }
    }
}

/// A set to read.
pub(crate) enum SetView<'a> {
    Immutable(Kind, &'a HashMap<SteelVal, SteelVal>),
    Mutable(Table<'a>),
}

impl<'a> SetView<'a> {
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        match unmarked(value) {
            (Mark { kind, set: true }, SteelVal::HashMapV(items)) => Some(Self::Immutable(kind, items)),
            _ => Table::of(value).filter(Table::is_set).map(Self::Mutable),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Immutable(kind, _) => *kind,
            Self::Mutable(table) => table.kind(),
        }
    }

    pub(crate) fn items(&self) -> Vec<SteelVal> {
        let mut entries = match self {
            Self::Immutable(_, items) => items.keys().map(|item| (item.clone(), SteelVal::Void)).collect(),
            Self::Mutable(table) => table.entries(),
        };
        sort(&mut entries);
        entries.into_iter().map(|(item, _)| item).collect()
    }
}

/// The entries of a hash of either kind, in the order of their keys.
pub(crate) fn sorted(value: &SteelVal) -> Option<Vec<(SteelVal, SteelVal)>> {
    let mut entries = View::of(value)?.entries();
    sort(&mut entries);
    Some(entries)
}

/// The entries of a hash or a mutable set that is a struct of Steel's, in no order: for hash codes.
pub(super) fn entries(value: &SteelVal) -> Option<Vec<(SteelVal, SteelVal)>> {
    if let Some(view) = View::of(value) {
        return Some(view.entries());
    }
    SetView::of(value).map(|view| view.items().into_iter().map(|item| (item, SteelVal::Void)).collect())
}

/// Sorts by key, in the cases that are many fast.
fn sort(entries: &mut [(SteelVal, SteelVal)]) {
    if entries.iter().all(|(key, _)| matches!(key, SteelVal::IntV(_))) {
        entries.sort_by_key(|(key, _)| if let SteelVal::IntV(n) = key { *n } else { 0 });
    } else if entries.iter().all(|(key, _)| matches!(key, SteelVal::StringV(_) | SteelVal::SymbolV(_))) {
        fn text(key: &SteelVal) -> &str {
            match key {
                SteelVal::StringV(text) | SteelVal::SymbolV(text) => text,
                _ => "",
            }
        }
        entries.sort_by(|(a, _), (b, _)| text(a).cmp(text(b)));
    } else if entries.iter().all(|(key, _)| real(key).is_some()) {
        entries.sort_by(|(a, _), (b, _)| real(a).unwrap_or_default().total_cmp(&real(b).unwrap_or_default()));
    } else {
        entries.sort_by_cached_key(|(key, _)| print::key_order(key));
    }
}

/// A real number, as nearly as a float has it.
pub(super) fn real(value: &SteelVal) -> Option<f64> {
    use num_traits::ToPrimitive;
    match value {
        SteelVal::IntV(n) => Some(*n as f64),
        SteelVal::NumV(n) => Some(*n),
        SteelVal::Rational(n) => n.to_f64(),
        SteelVal::BigNum(n) => n.to_f64(),
        SteelVal::BigRational(n) => n.to_f64(),
        _ => None,
    }
}

/// How a hash that is no plain one of Steel's prints: what stands before the entries, and these.
pub(crate) fn shown(value: &SteelVal) -> Option<(String, Vec<(SteelVal, SteelVal)>)> {
    let kind = View::of(value)?.kind();
    Some((format!("#hash{}", kind.suffix()), sorted(value)?))
}

/// How a set prints: its name, as in `(seteq 1 2)` and `#<seteq: 1 2>`, and its items.
pub(crate) fn shown_set(value: &SteelVal) -> Option<(String, Vec<SteelVal>)> {
    let view = SetView::of(value)?;
    let mutable = if matches!(view, SetView::Mutable(_)) { "mutable-" } else { "" };
    Some((format!("{mutable}set{}", view.kind().suffix()), view.items()))
}

/// Whether two hashes or sets, of which one at least is a struct of Steel's, have the same contents; none if they are no
/// such things.
pub(super) fn equal(a: &SteelVal, b: &SteelVal, same: &mut dyn FnMut(&SteelVal, &SteelVal) -> bool) -> Option<bool> {
    match (View::of(a), View::of(b)) {
        (Some(a), Some(b)) => {
            let alike =
                matches!((&a, &b), (View::Mutable(_), View::Mutable(_)) | (View::Immutable(..), View::Immutable(..)));
            return Some(
                alike
                    && a.kind() == b.kind()
                    && a.len() == b.len()
                    && a.entries().iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, &other))),
            );
        }
        (None, None) => {}
        _ => return Some(false),
    }
    match (SetView::of(a), SetView::of(b)) {
        (Some(SetView::Mutable(a)), Some(SetView::Mutable(b))) => {
            Some(a.kind() == b.kind() && a.len() == b.len() && a.entries().iter().all(|(item, _)| b.has(item)))
        }
        (Some(SetView::Immutable(kind, a)), Some(SetView::Immutable(other, b))) => {
            Some(kind == other && a.len() == b.len() && a.keys().all(|item| b.contains_key(item)))
        }
        (None, None) => None,
        _ => Some(false),
    }
}
