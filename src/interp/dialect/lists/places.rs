//! Walks along lists and chains of pairs: by index, to the end, to where they part.

use super::{
    super::{
        given::{failed, mistaken},
        structs::{cons, parts},
    },
    index,
};
use crate::interp::{print, value::Native};
use std::collections::VecDeque;
use steel::{SteelErr, SteelVal};

pub(super) fn too_large(name: &str, at: usize, value: &SteelVal) -> SteelErr {
    failed(format!("{name}: index too large for list\n  index: {at}\n  in: {}", print::clipped(value)))
}

pub(super) fn non_pair(name: &str, at: usize, value: &SteelVal) -> SteelErr {
    failed(format!("{name}: index reaches a non-pair\n  index: {at}\n  in: {}", print::clipped(value)))
}

/// An index as `list-ref` and `list-tail` complain of it.
pub(super) fn list_index(name: &str, value: &SteelVal) -> Result<usize, SteelErr> {
    match value {
        SteelVal::IntV(n) if *n >= 0 => Ok(*n as usize),
        other => Err(failed(format!("{name}: index {} is not an exact nonnegative integer", print::clipped(other)))),
    }
}

pub(super) fn list_ref(name: &str, args: &[SteelVal]) -> Native {
    let at = list_index(name, &args[1])?;
    if let SteelVal::ListV(items) = &args[0] {
        return items.get(at).cloned().ok_or_else(|| too_large(name, at, &args[0]));
    }
    let (mut left, mut steps) = (args[0].clone(), at);
    while let Some((first, rest)) = parts(&left) {
        if steps == 0 {
            return Ok(first);
        }
        (left, steps) = (rest, steps - 1);
    }
    Err(non_pair(name, at, &args[0]))
}

pub(super) fn list_tail(args: &[SteelVal]) -> Native {
    let at = list_index("list-tail", &args[1])?;
    let mut left = args[0].clone();
    for _ in 0..at {
        left = match parts(&left) {
            Some((_, rest)) => rest,
            None if matches!(left, SteelVal::ListV(_)) => return Err(too_large("list-tail", at, &args[0])),
            None => return Err(non_pair("list-tail", at, &args[0])),
        };
    }
    Ok(left)
}

pub(super) fn nth(name: &str, args: &[SteelVal], at: usize) -> Native {
    let expected = if at == 0 { "(and/c list? (not/c empty?))" } else { "list?" };
    let SteelVal::ListV(items) = &args[0] else { return Err(mistaken(name, expected, &args[0])) };
    match items.get(at) {
        Some(item) => Ok(item.clone()),
        None if at == 0 => Err(mistaken(name, expected, &args[0])),
        None => Err(failed(format!("{name}: list contains too few elements\n  list: {}", print::clipped(&args[0])))),
    }
}

/// `cadr` and kin: the letters between `c` and `r`, from the right.
pub(super) fn walk(name: &str, value: &SteelVal) -> Native {
    let steps = name.trim_start_matches('c').trim_end_matches('r');
    let mut at = value.clone();
    for step in steps.chars().rev() {
        let Some((first, rest)) = parts(&at) else {
            let mut expected = "pair?".to_owned();
            for outer in steps.chars().skip(1) {
                expected = if outer == 'a' {
                    format!("(cons/c {expected} any/c)")
                } else {
                    format!("(cons/c any/c {expected})")
                };
            }
            return Err(mistaken(name, &expected, value));
        };
        at = if step == 'a' { first } else { rest };
    }
    Ok(at)
}

pub(super) fn last_pair(args: &[SteelVal]) -> Native {
    let mut left = args[0].clone();
    loop {
        match parts(&left) {
            Some((_, rest)) if parts(&rest).is_some() => left = rest,
            Some(_) => return Ok(left),
            None => return Err(mistaken("last-pair", "pair?", &left)),
        }
    }
}

pub(super) fn too_short(name: &str, count: usize, value: &SteelVal) -> SteelErr {
    let wanted = match value {
        SteelVal::ListV(_) => format!("a list with at least {count} elements"),
        _ => format!("a (possibly improper) list with at least {count} pairs"),
    };
    mistaken(name, &wanted, value)
}

/// What stands before a place, and what from there on.
pub(super) fn split(name: &str, args: &[SteelVal]) -> Result<(SteelVal, SteelVal), SteelErr> {
    let count = index(name, args, 1)?;
    let (mut taken, mut left) = (Vec::new(), args[0].clone());
    for _ in 0..count {
        let (first, rest) = parts(&left).ok_or_else(|| too_short(name, count, &args[0]))?;
        taken.push(first);
        left = rest;
    }
    Ok((SteelVal::ListV(taken.into()), left))
}

/// What stands before the last `count`, and these, with an improper list's end.
pub(super) fn split_right(name: &str, args: &[SteelVal]) -> Result<(SteelVal, SteelVal), SteelErr> {
    let count = index(name, args, 1)?;
    let (mut held, mut taken, mut left) = (VecDeque::new(), Vec::new(), args[0].clone());
    while let Some((first, rest)) = parts(&left) {
        held.push_back(first);
        if held.len() > count {
            taken.extend(held.pop_front());
        }
        left = rest;
    }
    if held.len() < count {
        return Err(too_short(name, count, &args[0]));
    }
    let end = held.into_iter().rev().fold(left, |tail, item| cons(item, tail));
    Ok((SteelVal::ListV(taken.into()), end))
}
