//! Bits of exact integers, and chance.
//!
//! Each run has a generator of its own, which starts from the same place unless `random-seed` says otherwise: the same
//! script makes the same prompts.

use super::{
    Entry,
    given::{failed, mistaken},
    numbers::small,
    plain,
    tower::{exact_integer, integer, truth},
};
use crate::interp::value::Native;
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};
use std::cell::RefCell;
use steel::SteelVal;

thread_local! {
    static CHANCE: RefCell<fastrand::Rng> = RefCell::new(fastrand::Rng::with_seed(SEED));
}

/// Where a run's numbers begin.
const SEED: u64 = 0x5EED;

/// One more than the largest number that Racket's `random` counts to.
const RACKETS: isize = 4_294_967_088;

/// The most bits that a shift may add.
const MOST_BITS: i64 = 1 << 33;

pub(super) const TABLE: &[Entry] = &[
    plain!("bitwise-and", "integer ...", |v| folded("bitwise-and", v, -1, |a, b| a & b)),
    plain!("bitwise-ior", "integer ...", |v| folded("bitwise-ior", v, 0, |a, b| a | b)),
    plain!("bitwise-xor", "integer ...", |v| folded("bitwise-xor", v, 0, |a, b| a ^ b)),
    plain!("bitwise-or", "integer ...", |v| folded("bitwise-or", v, 0, |a, b| a | b)),
    plain!("bitwise-not", "integer", |v| Ok(integer(!exact_integer("bitwise-not", &v[0])?))),
    plain!("arithmetic-shift", "integer bits", |v| shifted("arithmetic-shift", v)),
    plain!("shift-left", "integer bits", |v| shifted("shift-left", v)),
    plain!("bitwise-bit-set?", "integer place", |v| {
        let (n, place) = (exact_integer("bitwise-bit-set?", &v[0])?, small("bitwise-bit-set?", &v[1])?);
        match place.map(u64::try_from) {
            Some(Ok(place)) => truth(n.bit(place)),
            Some(Err(_)) => Err(mistaken("bitwise-bit-set?", "exact-nonnegative-integer?", &v[1])),
            None => truth(n.is_negative()),
        }
    }),
    plain!("bitwise-bit-field", "integer start end", |v| {
        let name = "bitwise-bit-field";
        let place = |i: usize| match small(name, &v[i])?.and_then(|n| u64::try_from(n).ok()) {
            Some(n) => Ok(n),
            None => Err(mistaken(name, "exact-nonnegative-integer?", &v[i])),
        };
        let (n, start, end) = (exact_integer(name, &v[0])?, place(1)?, place(2)?);
        if start > end {
            return Err(failed(format!("{name}: starting index {start} is greater than ending index {end}")));
        }
        let mask = (BigInt::from(1) << (end - start)) - 1;
        Ok(integer((n >> start) & mask))
    }),
    plain!("integer-length", "integer", |v| {
        let n = exact_integer("integer-length", &v[0])?;
        let n = if n.is_negative() { !n } else { n };
        Ok(SteelVal::IntV(n.bits() as isize))
    }),
    plain!("bit-count", "integer", |v| {
        let n = exact_integer("bit-count", &v[0])?;
        let n = if n.is_negative() { !n } else { n };
        Ok(SteelVal::IntV(n.magnitude().count_ones() as isize))
    }),
    plain!("random-seed", "seed", |v| match exact_integer("random-seed", &v[0])?.to_u64() {
        Some(seed) if seed < 1 << 31 => {
            CHANCE.with_borrow_mut(|chance| chance.seed(seed ^ SEED));
            Ok(SteelVal::Void)
        }
        _ => Err(mistaken("random-seed", "(integer-in 0 (sub1 (expt 2 31)))", &v[0])),
    }),
    plain!("random", "[least limit]", |v| match v {
        [] => Ok(SteelVal::NumV(CHANCE.with_borrow_mut(fastrand::Rng::f64))),
        [SteelVal::IntV(limit)] if (1..RACKETS).contains(limit) => Ok(below(0, *limit)),
        [SteelVal::IntV(least), SteelVal::IntV(limit)] if least < limit => Ok(below(*least, *limit)),
        [SteelVal::IntV(least), limit @ SteelVal::IntV(_)] => Err(failed(format!(
            "random: contract violation\n  expected: (>/c {least})\n  given: {0}\n  argument position: 2nd\n  other arguments...:\n   {least}",
            crate::interp::print::printed(limit),
        ))),
        [other] => {
            Err(mistaken("random", "(or/c (integer-in 1 4294967087) pseudo-random-generator?)", other))
        }
        [a, b, ..] => {
            Err(mistaken("random", "exact-integer?", if matches!(a, SteelVal::IntV(_)) { b } else { a }))
        }
    }),
    plain!("random-integer", "least limit", |v| match v {
        [SteelVal::IntV(least), SteelVal::IntV(limit)] if least < limit => Ok(below(*least, *limit)),
        _ => Err(mistaken("random-integer", "exact-integer?", &v[1])),
    }),
];

/// A whole number by chance; the prelude's `shuffle` and `random-ref` count with it too.
pub(crate) fn chance(limit: usize) -> usize {
    CHANCE.with_borrow_mut(|chance| chance.usize(0..limit.max(1)))
}

fn below(least: isize, limit: isize) -> SteelVal {
    SteelVal::IntV(CHANCE.with_borrow_mut(|chance| chance.isize(least..limit)))
}

fn folded(name: &str, values: &[SteelVal], start: isize, f: fn(BigInt, BigInt) -> BigInt) -> Native {
    if let [SteelVal::IntV(a), SteelVal::IntV(b)] = values {
        return Ok(SteelVal::IntV(match name {
            "bitwise-and" => a & b,
            "bitwise-xor" => a ^ b,
            _ => a | b,
        }));
    }
    let mut all = BigInt::from(start);
    for value in values {
        all = f(all, exact_integer(name, value)?);
    }
    Ok(integer(all))
}

fn shifted(name: &str, v: &[SteelVal]) -> Native {
    let n = exact_integer(name, &v[0])?;
    let by = small(name, &v[1])?;
    if n.is_zero() {
        return Ok(SteelVal::IntV(0));
    }
    match by {
        Some(by) if by < 0 => Ok(integer(n >> by.unsigned_abs())),
        Some(by) if by < MOST_BITS => Ok(integer(n << by as u64)),
        None if exact_integer(name, &v[1])?.is_negative() => {
            Ok(SteelVal::IntV(if n.is_negative() { -1 } else { 0 }))
        }
        _ => Err(failed(format!("{name}: out of memory"))),
    }
}
