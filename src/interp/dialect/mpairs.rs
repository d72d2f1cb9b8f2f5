//! Pairs that change: `mcons` and its kin.
//!
//! One is a struct of Steel's that holds a mark and a vector of two, so that the collector sees what is in it.

use super::{
    Entry, Machined,
    given::{machined, mistaken, plain},
    structs,
};
use crate::interp::value::{Native, custom};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{Custom, as_underlying_type},
};

pub(super) const TABLE: &[Entry] = &[
    plain!("mpair?", "value", |v| Ok(SteelVal::BoolV(parts(&v[0]).is_some()))),
    plain!("mcar", "mpair", |v| of("mcar", &v[0]).map(|[first, _]| first)),
    plain!("mcdr", "mpair", |v| of("mcdr", &v[0]).map(|[_, rest]| rest)),
    plain!("set-mcar!", "mpair value", |v| set("set-mcar!", &v[0], 0, &v[1])),
    plain!("set-mcdr!", "mpair value", |v| set("set-mcdr!", &v[0], 1, &v[1])),
];

pub(super) const MAKERS: &[Machined] = &[machined!("mcons", "first rest", |machine, args| {
    Ok(structs::make(&[custom(Mark), machine.make_mutable_vector(args.to_vec())]))
})];

/// What is the first field of every such pair.
struct Mark;

impl Custom for Mark {}

/// The vector of a pair.
fn held(value: &SteelVal) -> Option<&SteelVal> {
    let SteelVal::CustomStruct(held) = value else { return None };
    let SteelVal::Custom(first) = held.get_index(0)? else { return None };
    as_underlying_type::<Mark>(first.read().as_ref())?;
    held.get_index(1)
}

/// Both halves of a pair that changes; none when it is none.
pub(crate) fn parts(value: &SteelVal) -> Option<[SteelVal; 2]> {
    match held(value)? {
        SteelVal::MutableVector(items) => items.get().try_into().ok(),
        _ => None,
    }
}

/// Where it is in memory: it may hold itself.
pub(crate) fn place(value: &SteelVal) -> Option<usize> {
    match held(value)? {
        SteelVal::MutableVector(items) => Some(items.as_ptr_usize()),
        _ => None,
    }
}

/// Whether two are equal; none when neither is one.
pub(super) fn equal(a: &SteelVal, b: &SteelVal, same: &mut dyn FnMut(&SteelVal, &SteelVal) -> bool) -> Option<bool> {
    match (parts(a), parts(b)) {
        (Some(a), Some(b)) => Some(a.iter().zip(&b).all(|(a, b)| same(a, b))),
        (None, None) => None,
        _ => Some(false),
    }
}

fn of(name: &str, value: &SteelVal) -> Result<[SteelVal; 2], SteelErr> {
    parts(value).ok_or_else(|| mistaken(name, "mpair?", value))
}

fn set(name: &str, pair: &SteelVal, at: usize, value: &SteelVal) -> Native {
    let Some(SteelVal::MutableVector(items)) = held(pair) else { return Err(mistaken(name, "mpair?", pair)) };
    let mut taken = items.set_and_return(Vec::new());
    if let Some(half) = taken.get_mut(at) {
        *half = value.clone();
    }
    items.set_and_return(taken);
    Ok(SteelVal::Void)
}
