//! Sequences of every kind as lists, and ranges of numbers.

use super::{
    Entry, Machined,
    given::{failed, misplaced, mistaken},
    hashes::{self, SetView},
    lists::index,
    machined, number_vectors, plain,
    structs::cons,
};
use crate::interp::{
    print,
    value::{Native, bytes},
};
use steel::{SteelVal, steel_vm::primitives::NUMBER_MODULE};

pub(super) const TABLE: &[Entry] = &[
    // The elements of any sequence but a stream; `#f` for what is none. NAME is for messages.
    plain!("%elements", "value", |args| Ok(elements(&args[0]).unwrap_or(SteelVal::BoolV(false)))),
    plain!("%no-sequence", "name value", |args| {
        let name = print::displayed(&args[0]);
        Err(failed(format!("{name}: expected a sequence for x, got something else: {}", print::printed(&args[1]))))
    }),
    // Whether it is such a one.
    plain!("%sequence?", "value", |args| Ok(SteelVal::BoolV(elements(&args[0]).is_some()))),
    plain!("range", "start-or-end [end step]", |args| range("range", args, false)),
    plain!("inclusive-range", "start end [step]", |args| range("inclusive-range", args, true)),
    plain!("in-range", "start-or-end [end step]", |args| range("in-range", args, false)),
    plain!("in-inclusive-range", "start end [step]", |args| range("in-inclusive-range", args, true)),
    plain!("iota", "count [start step]", |args| {
        let count = index("iota", args, 0)?;
        let start = args.get(1).cloned().unwrap_or(SteelVal::IntV(0));
        let step = args.get(2).cloned().unwrap_or(SteelVal::IntV(1));
        let steps = (0..count).map(|i| add(&start, &times(i, &step)?));
        Ok(SteelVal::ListV(steps.collect::<Result<Vec<_>, _>>()?.into()))
    }),
];

pub(super) const MAKERS: &[Machined] = &[machined!("sequence->vector", "sequence", |machine, args| {
    match elements(&args[0]) {
        Some(SteelVal::ListV(items)) => Ok(machine.make_mutable_vector(items.iter().cloned().collect())),
        _ => Err(mistaken("sequence->vector", "sequence?", &args[0])),
    }
})];

/// The elements of a sequence as a list.
pub(super) fn elements(value: &SteelVal) -> Option<SteelVal> {
    Some(SteelVal::ListV(match value {
        SteelVal::ListV(_) => return Some(value.clone()),
        SteelVal::VectorV(items) => items.iter().cloned().collect(),
        SteelVal::MutableVector(items) => items.get().into(),
        SteelVal::StringV(text) => text.chars().map(SteelVal::CharV).collect(),
        SteelVal::IntV(n) if *n >= 0 => (0..*n).map(SteelVal::IntV).collect(),
        SteelVal::ByteVector(held) => bytes(held).into_iter().map(|byte| SteelVal::IntV(isize::from(byte))).collect(),
        other => match hashes::sorted(other) {
            Some(entries) => entries.into_iter().map(|(key, value)| cons(key, value)).collect(),
            None => match number_vectors::parts(other) {
                Some((_, numbers)) => numbers.into(),
                None => SetView::of(other)?.items().into(),
            },
        },
    }))
}

/// Steel's own arithmetic.
fn arithmetic(operator: &str, a: &SteelVal, b: &SteelVal) -> Native {
    match NUMBER_MODULE.with(|module| module.try_get_ref(operator)) {
        Some(SteelVal::FuncV(function)) => function(&[a.clone(), b.clone()]),
        _ => Err(failed(format!("{operator}: it is not there"))),
    }
}

fn add(a: &SteelVal, b: &SteelVal) -> Native {
    match (a, b) {
        (SteelVal::IntV(a), SteelVal::IntV(b)) if a.checked_add(*b).is_some() => Ok(SteelVal::IntV(a + b)),
        _ => arithmetic("+", a, b),
    }
}

fn times(count: usize, step: &SteelVal) -> Native {
    arithmetic("*", &SteelVal::IntV(count as isize), step)
}

/// `(range end)`, `(range start end [step])`.
fn range(name: &str, args: &[SteelVal], inclusive: bool) -> Native {
    for arg in args {
        if hashes::real(arg).is_none() {
            // Racket's `range` stands on `in-range`, and says so.
            let name = name.strip_prefix("in-").map_or_else(|| format!("in-{name}"), |_| name.to_owned());
            return Err(mistaken(&name, "real?", arg));
        }
    }
    let zero = SteelVal::IntV(0);
    let (start, end) = if args.len() == 1 { (&zero, &args[0]) } else { (&args[0], &args[1]) };
    let one = SteelVal::IntV(1);
    let step = args.get(2).unwrap_or(&one);
    let size = |value: &SteelVal| hashes::real(value).unwrap_or_default();
    let (last, by) = (size(end), size(step));
    if by == 0.0 {
        return Err(misplaced(name, "(not/c zero?)", args, 2));
    }
    let within = |at: &SteelVal| match (at, end) {
        (SteelVal::IntV(at), SteelVal::IntV(end)) if by > 0.0 => at < end || inclusive && at == end,
        (SteelVal::IntV(at), SteelVal::IntV(end)) => at > end || inclusive && at == end,
        _ if by > 0.0 => size(at) < last || inclusive && size(at) == last,
        _ => size(at) > last || inclusive && size(at) == last,
    };
    let (mut at, mut all) = (start.clone(), Vec::new());
    while within(&at) {
        let next = add(&at, step)?;
        all.push(std::mem::replace(&mut at, next));
    }
    Ok(SteelVal::ListV(all.into()))
}
