//! Sorting in Rust, where the comparison is one of the language's own and the keys are plain. Other comparisons are
//! procedures, and sort in `prelude/racket/sorting.scm`.

use super::{Entry, hashes::real, lists::items, plain};
use crate::interp::value::{Native, symbol};
use std::cmp::Ordering;
use steel::{
    SteelVal,
    steel_vm::primitives::{NUMBER_MODULE, ORD_MODULE, STRING_MODULE},
};

pub(super) const TABLE: &[Entry] = &[
    // The name of a comparison that `%sort-plain` knows; else `#f`.
    plain!("%order", "procedure", |args| {
        Ok(ORDERS.iter().find(|name| is(name, &args[0])).map_or(SteelVal::BoolV(false), |name| symbol(name)))
    }),
    // `(%sort-plain items keys order)`: the items in the order of their keys, or `#f` when these are no plain data of the
    // kind that ORDER, a symbol such as `<`, compares.
    plain!("%sort-plain", "items keys order", sort_plain),
];

const ORDERS: &[&str] = &[
    "<",
    ">",
    "<=",
    ">=",
    "string<?",
    "string>?",
    "string<=?",
    "string>=?",
    "string-ci<?",
    "string-ci>?",
    "symbol<?",
    "char<?",
    "char>?",
];

/// Whether a procedure is the one of this name, ours or Steel's.
fn is(name: &str, procedure: &SteelVal) -> bool {
    let ours = super::all().find(|entry| entry.name == name);
    match (procedure, ours) {
        (SteelVal::FuncV(function), Some(ours)) if std::ptr::fn_addr_eq(*function, ours.function) => return true,
        _ => {}
    }
    let modules = [&NUMBER_MODULE, &ORD_MODULE, &STRING_MODULE];
    modules.iter().any(|module| {
        let steels = module.with(|module| module.try_get_ref(name));
        steels.is_some_and(|steels| super::equality::eqv(&steels, procedure))
    })
}

/// What plain keys compare by.
enum Keys {
    Integers(Vec<isize>),
    Reals(Vec<f64>),
    Texts(Vec<steel::rvals::SteelString>),
    Folded(Vec<String>),
    Chars(Vec<char>),
}

impl Keys {
    fn of(keys: &[SteelVal], order: &str) -> Option<Self> {
        let texts = || {
            let text = |key: &SteelVal| if let SteelVal::StringV(text) = key { Some(text.clone()) } else { None };
            keys.iter().map(text).collect::<Option<Vec<_>>>()
        };
        let whole = |key: &SteelVal| if let SteelVal::IntV(n) = key { Some(*n) } else { None };
        match order {
            "<" | ">" | "<=" | ">=" => match keys.iter().map(whole).collect() {
                Some(all) => Some(Self::Integers(all)),
                // Large numbers are not told apart as floats: those are for the general sort.
                None => {
                    let small = |key: &SteelVal| match key {
                        SteelVal::NumV(n) if !n.is_nan() => Some(*n),
                        SteelVal::IntV(n) if n.unsigned_abs() < 1 << 53 => real(key),
                        _ => None,
                    };
                    keys.iter().map(small).collect::<Option<_>>().map(Self::Reals)
                }
            },
            "string<?" | "string>?" | "string<=?" | "string>=?" => texts().map(Self::Texts),
            "string-ci<?" | "string-ci>?" => {
                Some(Self::Folded(texts()?.iter().map(|text| text.to_lowercase()).collect()))
            }
            "symbol<?" => {
                let name = |key: &SteelVal| if let SteelVal::SymbolV(name) = key { Some(name.clone()) } else { None };
                keys.iter().map(name).collect::<Option<_>>().map(Self::Texts)
            }
            "char<?" | "char>?" => {
                let char = |key: &SteelVal| if let SteelVal::CharV(c) = key { Some(*c) } else { None };
                keys.iter().map(char).collect::<Option<_>>().map(Self::Chars)
            }
            _ => None,
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Integers(keys) => keys[a].cmp(&keys[b]),
            Self::Reals(keys) => keys[a].partial_cmp(&keys[b]).unwrap_or(Ordering::Equal),
            Self::Texts(keys) => keys[a].as_str().cmp(keys[b].as_str()),
            Self::Folded(keys) => keys[a].cmp(&keys[b]),
            Self::Chars(keys) => keys[a].cmp(&keys[b]),
        }
    }
}

fn sort_plain(args: &[SteelVal]) -> Native {
    let (all, keys) = (items("sort", &args[0])?, items("sort", &args[1])?);
    let SteelVal::SymbolV(order) = &args[2] else { return Ok(SteelVal::BoolV(false)) };
    let Some(keys) = Keys::of(&keys, order) else { return Ok(SteelVal::BoolV(false)) };
    let falling = order.contains('>');
    let mut places: Vec<usize> = (0..all.len()).collect();
    // Stable, also where it falls. By `<=` and `>=` each of two equal ones comes before the other, so a merge turns them round.
    if order.trim_end_matches('?').ends_with('=') {
        places.reverse();
    }
    places.sort_by(|a, b| if falling { keys.compare(*b, *a) } else { keys.compare(*a, *b) });
    Ok(SteelVal::ListV(places.into_iter().map(|at| all[at].clone()).collect()))
}
