//! Hashes of both kinds: immutable ones ([`frozen`]) and mutable ones ([`store`]). Whatever reads takes both.
//!
//! Where the order of entries can be seen it is the order of the keys. Not here: what takes procedures
//! (`prelude/racket/hashes.scm`), and sets (`sets`).

mod frozen;
mod natives;
pub(crate) mod store;

pub(crate) use frozen::{Frozen, immutable, immutable_set, with, without};

pub(super) use natives::{MAKERS, TABLE, pairs_of};

use crate::interp::print;
use steel::SteelVal;
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

/// What a hash holds: keys and values, in no order.
pub(crate) type Entries = Vec<(SteelVal, SteelVal)>;

/// A hash to read.
pub(crate) enum View<'a> {
    Immutable(Frozen<'a>),
    Mutable(Table<'a>),
}

impl<'a> View<'a> {
    /// Of a hash; of nothing else, not even a set.
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        Self::of_either(value).filter(|view| !view.is_set())
    }

    /// Of a hash or a set.
    fn of_either(value: &'a SteelVal) -> Option<Self> {
        Frozen::of(value).map(Self::Immutable).or_else(|| Table::of(value).map(Self::Mutable))
    }

    fn is_set(&self) -> bool {
        match self {
            Self::Immutable(frozen) => frozen.is_set(),
            Self::Mutable(table) => table.is_set(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Immutable(frozen) => frozen.kind(),
            Self::Mutable(table) => table.kind(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Immutable(frozen) => frozen.len(),
            Self::Mutable(table) => table.len(),
        }
    }

    pub(crate) fn get(&self, key: &SteelVal) -> Option<SteelVal> {
        match self {
            Self::Immutable(frozen) => frozen.get(key),
            Self::Mutable(table) => table.get(key),
        }
    }

    pub(crate) fn has(&self, key: &SteelVal) -> bool {
        match self {
            Self::Immutable(frozen) => frozen.has(key),
            Self::Mutable(table) => table.has(key),
        }
    }

    pub(crate) fn entries(&self) -> Entries {
        match self {
            Self::Immutable(frozen) => frozen.entries(),
            Self::Mutable(table) => table.entries(),
        }
    }
}

/// A set to read: a hash whose values are not looked at.
pub(crate) struct SetView<'a>(View<'a>);

impl<'a> SetView<'a> {
    pub(crate) fn of(value: &'a SteelVal) -> Option<Self> {
        View::of_either(value).filter(View::is_set).map(Self)
    }

    pub(crate) fn is_mutable(&self) -> bool {
        matches!(self.0, View::Mutable(_))
    }

    /// Of a mutable one.
    pub(crate) fn table(self) -> Option<Table<'a>> {
        match self.0 {
            View::Mutable(table) => Some(table),
            View::Immutable(_) => None,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn has(&self, item: &SteelVal) -> bool {
        self.0.has(item)
    }

    pub(crate) fn items(&self) -> Vec<SteelVal> {
        let mut entries = self.0.entries();
        sort(&mut entries);
        entries.into_iter().map(|(item, _)| item).collect()
    }
}

/// The entries of a hash of either kind, in the order of their keys.
pub(crate) fn sorted(value: &SteelVal) -> Option<Entries> {
    let mut entries = View::of(value)?.entries();
    sort(&mut entries);
    Some(entries)
}

/// The entries of a hash or a set, in no order: for hash codes.
pub(super) fn entries(value: &SteelVal) -> Option<Entries> {
    View::of_either(value).map(|view| view.entries())
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

/// How a hash prints: what stands before the entries, and these.
pub(crate) fn shown(value: &SteelVal) -> Option<(String, Entries)> {
    let kind = View::of(value)?.kind();
    Some((format!("#hash{}", kind.suffix()), sorted(value)?))
}

/// How a set prints: its name, as in `(seteq 1 2)` and `#<seteq: 1 2>`, and its items.
pub(crate) fn shown_set(value: &SteelVal) -> Option<(String, Vec<SteelVal>)> {
    let view = SetView::of(value)?;
    let mutable = if view.is_mutable() { "mutable-" } else { "" };
    Some((format!("{mutable}set{}", view.kind().suffix()), view.items()))
}

/// Whether two hashes or sets have the same contents; none if they are no such things.
pub(super) fn equal(a: &SteelVal, b: &SteelVal, same: &mut dyn FnMut(&SteelVal, &SteelVal) -> bool) -> Option<bool> {
    let (a, b) = match (View::of_either(a), View::of_either(b)) {
        (Some(a), Some(b)) => (a, b),
        (None, None) => return None,
        _ => return Some(false),
    };
    let alike = a.is_set() == b.is_set()
        && matches!((&a, &b), (View::Mutable(_), View::Mutable(_)) | (View::Immutable(_), View::Immutable(_)))
        && a.kind() == b.kind()
        && a.len() == b.len();
    Some(alike && a.entries().iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, &other))))
}
