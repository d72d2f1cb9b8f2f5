//! Vectors, mutable (Steel's own, which its machine makes) and immutable (literals). Whatever reads takes both.

use super::{
    Entry, Machined,
    given::{NOTHING, failed, misplaced, mistaken, ordinal},
    hashes::Kind,
    lists::items,
    machined, plain,
    support::several,
};
use crate::interp::{print, value::Native};
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    plain!("vector?", "value", |args| {
        Ok(SteelVal::BoolV(matches!(args[0], SteelVal::VectorV(_) | SteelVal::MutableVector(_))))
    }),
    plain!("vector-ref", "vector index", |args| {
        let held = match (&args[0], &args[1]) {
            (SteelVal::MutableVector(all), SteelVal::IntV(at)) if *at >= 0 => {
                all.borrow(|all| all.get(*at as usize).cloned())
            }
            (SteelVal::VectorV(all), SteelVal::IntV(at)) if *at >= 0 => all.get(*at as usize).cloned(),
            _ => None,
        };
        held.map_or_else(|| Err(bad_place("vector-ref", "vector?", args)), Ok)
    }),
    plain!("vector-set!", "vector index value", |args| {
        set("vector-set!", &args[0], &args[1], &args[2], args)?;
        NOTHING
    }),
    plain!("vector-length", "vector", |args| length("vector-length", args)),
    plain!("vector*-length", "vector", |args| length("vector*-length", args)),
    plain!("vector-empty?", "vector", |args| Ok(SteelVal::BoolV(count("vector-empty?", &args[0])? == 0))),
    plain!("vector->list", "vector [start end]", |args| Ok(SteelVal::ListV(part("vector->list", args)?.into()))),
    plain!("vector-fill!", "vector value [start end]", |args| {
        let (start, end) = range("vector-fill!", &args[0], args.get(2), args.get(3))?;
        change("vector-fill!", &args[0], |all| all[start..end].fill(args[1].clone()))?;
        NOTHING
    }),
    plain!("vector-copy!", "target at source [start end]", |args| {
        let (start, end) = range("vector-copy!", &args[2], args.get(3), args.get(4))?;
        let from = all("vector-copy!", &args[2])?;
        let length = count("vector-copy!", &args[0])?;
        let at = place("vector-copy!", args, 1)?;
        if at > length {
            return Err(outside("vector-copy!", "starting ", at, (0, length), &args[0]));
        }
        if at + (end - start) > length {
            return Err(failed(format!(
                "vector-copy!: not enough room in target vector\n  target length: {}\n  needed length: {}",
                length - at,
                end - start
            )));
        }
        change("vector-copy!", &args[0], |all| all[at..at + end - start].clone_from_slice(&from[start..end]))?;
        NOTHING
    }),
    plain!("vector-set*!", "vector index-and-value ...", |args| {
        if args.len() % 2 == 0 {
            let given = print::clipped(&SteelVal::ListV(args[1..].iter().cloned().collect()));
            return Err(failed(format!(
                "vector-set*!: expected an even number of association elements, but received an odd number: {given}"
            )));
        }
        for pair in args[1..].chunks_exact(2) {
            set("vector-set*!", &args[0], &pair[0], &pair[1], args)?;
        }
        NOTHING
    }),
    plain!("vector-member", "value vector", |args| member("vector-member", Kind::Equal, args)),
    plain!("vector-memv", "value vector", |args| member("vector-memv", Kind::Eqv, args)),
    plain!("vector-memq", "value vector", |args| member("vector-memq", Kind::Eq, args)),
    plain!("vector-immutable", "item ...", |args| Ok(SteelVal::VectorV(args.iter().cloned().collect()))),
    plain!("vector->immutable-vector", "vector", |args| {
        Ok(SteelVal::VectorV(all("vector->immutable-vector", &args[0])?.into_iter().collect()))
    }),
];

pub(super) const MAKERS: &[Machined] =
    &[
        machined!("vector", "item ...", |machine, args| Ok(machine.make_mutable_vector(args.to_vec()))),
        machined!("make-vector", "size [fill]", |machine, args| {
            let size = match &args[0] {
                SteelVal::IntV(n) if (0..1 << 32).contains(n) => *n as usize,
                other => return Err(mistaken("make-vector", "valid-vector-length?", other)),
            };
            Ok(machine.make_mutable_vector(vec![args.get(1).cloned().unwrap_or(SteelVal::IntV(0)); size]))
        }),
        machined!("list->vector", "list", |machine, args| Ok(
            machine.make_mutable_vector(items("list->vector", &args[0])?)
        )),
        machined!("vector-copy", "vector [start end]", |machine, args| {
            Ok(machine.make_mutable_vector(part("vector-copy", args)?))
        }),
        machined!("subvector", "vector start end", |machine, args| {
            Ok(machine.make_mutable_vector(part("subvector", args)?))
        }),
        machined!("vector-append", "vector ...", |machine, args| {
            let mut joined = Vec::new();
            for at in 0..args.len() {
                joined.append(&mut all("", &args[at]).map_err(|_| misplaced("vector-append", "vector?", args, at))?);
            }
            Ok(machine.make_mutable_vector(joined))
        }),
        machined!("vector-take", "vector count", |machine, args| {
            Ok(machine.make_mutable_vector(cut("vector-take", args, |count, _| (0, count))?))
        }),
        machined!("vector-drop", "vector count", |machine, args| {
            Ok(machine.make_mutable_vector(cut("vector-drop", args, |count, length| (count, length))?))
        }),
        machined!("vector-take-right", "vector count", |machine, args| {
            Ok(machine.make_mutable_vector(cut("vector-take-right", args, |count, length| (length - count, length))?))
        }),
        machined!("vector-drop-right", "vector count", |machine, args| {
            Ok(machine.make_mutable_vector(cut("vector-drop-right", args, |count, length| (0, length - count))?))
        }),
        machined!("vector-split-at", "vector count", |machine, args| {
            let rest = cut("vector-split-at", args, |count, length| (count, length))?;
            let first = machine.make_mutable_vector(cut("vector-split-at", args, |count, _| (0, count))?);
            // Not collected by the making of the second: its items are the first argument's.
            Ok(several(&[first, machine.make_mutable_vector(rest)]))
        }),
        machined!("vector-split-at-right", "vector count", |machine, args| {
            let rest = cut("vector-split-at-right", args, |count, length| (length - count, length))?;
            let first = cut("vector-split-at-right", args, |count, length| (0, length - count))?;
            Ok(several(&[machine.make_mutable_vector(first), machine.make_mutable_vector(rest)]))
        }),
    ];

/// The items of a vector of either kind.
pub(super) fn all(name: &str, vector: &SteelVal) -> Result<Vec<SteelVal>, SteelErr> {
    match vector {
        SteelVal::MutableVector(all) => Ok(all.get()),
        SteelVal::VectorV(all) => Ok(all.iter().cloned().collect()),
        other => Err(mistaken(name, "vector?", other)),
    }
}

fn count(name: &str, vector: &SteelVal) -> Result<usize, SteelErr> {
    match vector {
        SteelVal::MutableVector(all) => Ok(all.borrow(Vec::len)),
        SteelVal::VectorV(all) => Ok(all.len()),
        other => Err(mistaken(name, "vector?", other)),
    }
}

fn length(name: &str, args: &[SteelVal]) -> Native {
    Ok(SteelVal::IntV(count(name, &args[0])? as isize))
}

fn place(name: &str, args: &[SteelVal], at: usize) -> Result<usize, SteelErr> {
    match &args[at] {
        SteelVal::IntV(n) if *n >= 0 => Ok(*n as usize),
        _ => Err(misplaced(name, "exact-nonnegative-integer?", args, at)),
    }
}

/// What is wrong with a vector and an index into it.
fn bad_place(name: &str, expected: &str, args: &[SteelVal]) -> SteelErr {
    let Ok(length) = count(name, &args[0]) else { return mistaken(name, expected, &args[0]) };
    match &args[1] {
        SteelVal::IntV(at) if *at >= 0 => outside(name, "", *at as usize, (0, length.wrapping_sub(1)), &args[0]),
        other => failed(format!(
            "{name}: contract violation\n  expected: exact-nonnegative-integer?\n  given: {}\n  argument position: {}\n  first argument...:\n   {}",
            print::clipped(other),
            ordinal(2),
            print::clipped(&args[0])
        )),
    }
}

/// An index that is out of range; `which` is `starting ` or such.
fn outside(name: &str, which: &str, at: usize, (least, most): (usize, usize), vector: &SteelVal) -> SteelErr {
    let shown = print::clipped(vector);
    if most == usize::MAX {
        return failed(format!("{name}: index is out of range for empty vector\n  index: {at}\n  vector: {shown}"));
    }
    failed(format!(
        "{name}: {which}index is out of range\n  {which}index: {at}\n  valid range: [{least}, {most}]\n  vector: {shown}"
    ))
}

/// Does something to the items of a mutable vector.
pub(super) fn change<T>(name: &str, vector: &SteelVal, f: impl FnOnce(&mut [SteelVal]) -> T) -> Result<T, SteelErr> {
    let SteelVal::MutableVector(held) = vector else {
        return Err(mistaken(name, "(and/c vector? (not/c immutable?))", vector));
    };
    // Taken out meanwhile: Steel shows its vectors to be read only.
    let mut taken = held.set_and_return(Vec::new());
    let result = f(&mut taken);
    held.set_and_return(taken);
    Ok(result)
}

fn set(name: &str, vector: &SteelVal, at: &SteelVal, value: &SteelVal, args: &[SteelVal]) -> Result<(), SteelErr> {
    let done = match at {
        SteelVal::IntV(at) if *at >= 0 => {
            change(name, vector, |all| all.get_mut(*at as usize).map(|held| *held = value.clone()).is_some())?
        }
        _ => {
            change(name, vector, |_| ())?;
            false
        }
    };
    if done {
        Ok(())
    } else {
        Err(bad_place(name, "(and/c vector? (not/c immutable?))", &[vector.clone(), at.clone(), args[0].clone()]))
    }
}

/// The range that optional arguments name.
fn range(
    name: &str,
    vector: &SteelVal,
    start: Option<&SteelVal>,
    end: Option<&SteelVal>,
) -> Result<(usize, usize), SteelErr> {
    let length = count(name, vector)?;
    let index = |value: Option<&SteelVal>, default| match value {
        None => Ok(default),
        Some(SteelVal::IntV(n)) if *n >= 0 => Ok(*n as usize),
        Some(other) => Err(mistaken(name, "exact-nonnegative-integer?", other)),
    };
    let (start, end) = (index(start, 0)?, index(end, length)?);
    if start > length {
        return Err(outside(name, "starting ", start, (0, length), vector));
    }
    if end > length {
        return Err(outside(name, "ending ", end, (start, length), vector));
    }
    if end < start {
        return Err(failed(format!(
            "{name}: ending index is smaller than starting index\n  ending index: {end}\n  starting index: {start}\n  valid range: [0, {length}]\n  vector: {}",
            print::clipped(vector)
        )));
    }
    Ok((start, end))
}

fn part(name: &str, args: &[SteelVal]) -> Result<Vec<SteelVal>, SteelErr> {
    let mut items = all(name, &args[0])?;
    if let Some(SteelVal::IntV(end)) = args.get(2)
        && usize::try_from(*end).is_ok_and(|end| end > items.len())
    {
        return Err(outside(name, "ending ", *end as usize, (0, items.len()), &args[0]));
    }
    let (start, end) = range(name, &args[0], args.get(1), args.get(2))?;
    items.truncate(end);
    Ok(items.split_off(start))
}

fn cut(
    name: &str,
    args: &[SteelVal],
    place_of: impl Fn(usize, usize) -> (usize, usize),
) -> Result<Vec<SteelVal>, SteelErr> {
    let length = count(name, &args[0])?;
    let wanted = place(name, args, 1)?;
    if wanted > length {
        return Err(outside(name, "", wanted, (0, length), &args[0]));
    }
    let (start, end) = place_of(wanted, length);
    Ok(all(name, &args[0])?[start..end].to_vec())
}

fn member(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    let found = all(name, &args[1])?.iter().position(|item| kind.same(item, &args[0]));
    Ok(found.map_or(SteelVal::BoolV(false), |at| SteelVal::IntV(at as isize)))
}
