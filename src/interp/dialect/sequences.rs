//! Sequences of every kind as lists, and ranges of numbers.

use super::{
    Entry, Machined,
    given::{failed, misplaced, mistaken},
    hashes::{self, SetView},
    lists::index,
    machined, mpairs, number_vectors, plain,
    structs::cons,
};
use crate::interp::{
    print,
    value::{Native, bytes, with_bytes},
};
use steel::{SteelErr, SteelVal, steel_vm::primitives::NUMBER_MODULE};

pub(super) const TABLE: &[Entry] = &[
    // The elements of any sequence but a stream; `#f` for what is none. NAME is for messages.
    plain!("%elements", "value", |args| Ok(elements(&args[0]).unwrap_or(SteelVal::BoolV(false)))),
    plain!("%no-sequence", "name value variable", |args| {
        let (name, variable) = (print::displayed(&args[0]), print::displayed(&args[2]));
        let given = print::clipped(&args[1]);
        Err(failed(format!("{name}: expected a sequence for {variable}, got something else: {given}")))
    }),
    // Where a loop through a part of a vector ends: before this place.
    plain!("%stop-of", "vector start stop step", |args| {
        let (_, stop, _) = span("in-vector", "vector", &args[0], &args[1..])?;
        Ok(SteelVal::IntV(stop))
    }),
    plain!("in-vector", "vector [start stop step]", |args| part("in-vector", "vector", args)),
    plain!("in-string", "string [start stop step]", |args| part("in-string", "string", args)),
    plain!("in-bytes", "bytes [start stop step]", |args| part("in-bytes", "bytes", args)),
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
            None => match (SetView::of(other), number_vectors::parts(other)) {
                (Some(set), _) => set.items().into(),
                (None, Some((_, numbers))) => numbers.into(),
                (None, None) => mutable_list(other)?.into(),
            },
        },
    }))
}

/// How many elements a vector, a string or bytes have, if it is what KIND says.
fn size_of(kind: &str, value: &SteelVal) -> Option<usize> {
    match (kind, value) {
        ("vector", SteelVal::VectorV(items)) => Some(items.len()),
        ("vector", SteelVal::MutableVector(items)) => Some(items.get().len()),
        ("string", SteelVal::StringV(text)) => Some(text.chars().count()),
        ("bytes", SteelVal::ByteVector(held)) => Some(with_bytes(held, <[u8]>::len)),
        _ => None,
    }
}

/// The places from START to STOP by STEP, checked as Racket does: START is within, STOP may lie before the beginning.
fn span(name: &str, kind: &str, value: &SteelVal, bounds: &[SteelVal]) -> Result<(isize, isize, isize), SteelErr> {
    let size = size_of(kind, value).ok_or_else(|| mistaken(name, kind, value))? as isize;
    let start = match bounds.first() {
        None => 0,
        Some(SteelVal::IntV(n)) if *n >= 0 => *n,
        Some(other) => return Err(mistaken(name, "exact-nonnegative-integer?", other)),
    };
    let stop = match bounds.get(1) {
        None | Some(SteelVal::BoolV(false)) => size,
        Some(SteelVal::IntV(n)) => *n,
        Some(other) => return Err(mistaken(name, "exact-integer?", other)),
    };
    let step = match bounds.get(2) {
        None => 1,
        Some(SteelVal::IntV(n)) if *n != 0 => *n,
        Some(other) => return Err(mistaken(name, "(and/c exact-integer? (not/c zero?))", other)),
    };
    let shown = || print::clipped(value);
    let outside = |which: &str, index: isize, least: isize, most: isize| {
        failed(format!(
            "{name}: {which} index is out of range\n  {which} index: {index}\n  valid range: [{least}, {most}]\n  {kind}: {}",
            shown()
        ))
    };
    if stop < -1 || stop > size {
        return Err(outside("stopping", stop, -1, size));
    }
    if start != stop {
        if size == 0 {
            return Err(failed(format!("{name}: starting index is out of range for empty {kind}\n  index: {start}")));
        }
        if start >= size {
            return Err(outside("starting", start, 0, size - 1));
        }
        let wrong = match (start < stop, step < 0) {
            (true, true) => Some("less than stopping index, but given a negative step"),
            (false, false) => Some("more than stopping index, but given a positive step"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(failed(format!(
                "{name}: starting index {wrong}\n  starting index: {start}\n  stopping index: {stop}\n  step: {step}"
            )));
        }
    }
    Ok((start, stop, step))
}

/// Those elements of a vector, a string or bytes as a list.
fn part(name: &str, kind: &str, args: &[SteelVal]) -> Native {
    let (mut at, stop, step) = span(name, kind, &args[0], &args[1..])?;
    let Some(all) = elements(&args[0]) else { return Err(mistaken(name, kind, &args[0])) };
    if args.len() == 1 {
        return Ok(all);
    }
    let SteelVal::ListV(items) = &all else { return Ok(all) };
    let items: Vec<SteelVal> = items.iter().cloned().collect();
    let mut taken = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        taken.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
        at = at.saturating_add(step);
    }
    Ok(SteelVal::ListV(taken.into()))
}

/// The elements of a list of pairs that change; none if it is no such list.
fn mutable_list(value: &SteelVal) -> Option<Vec<SteelVal>> {
    let [first, mut rest] = mpairs::parts(value)?;
    let mut items = vec![first];
    // It may hold itself.
    let mut places = std::collections::HashSet::from([mpairs::place(value)]);
    while let Some([next, further]) = mpairs::parts(&rest) {
        if !places.insert(mpairs::place(&rest)) {
            return None;
        }
        items.push(next);
        rest = further;
    }
    Some(items)
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
