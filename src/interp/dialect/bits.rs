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
    static CHANCE: RefCell<Generator> = RefCell::new(Generator::seeded(SEED));
}

/// Where a run's numbers begin.
const SEED: u32 = 0x5EED;

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
    plain!("random-seed", "seed", |v| match exact_integer("random-seed", &v[0])?.to_u32() {
        Some(seed) if seed < 1 << 31 => {
            CHANCE.set(Generator::seeded(seed));
            Ok(SteelVal::Void)
        }
        _ => Err(mistaken("random-seed", "(integer-in 0 (sub1 (expt 2 31)))", &v[0])),
    }),
    plain!("random", "[least limit]", |v| match v {
        [] => Ok(SteelVal::NumV(CHANCE.with_borrow_mut(Generator::float))),
        [SteelVal::IntV(limit)] if (1..RACKETS).contains(limit) => Ok(below(0, *limit)),
        [SteelVal::IntV(least), SteelVal::IntV(limit)] if least < limit && limit - least < RACKETS => {
            Ok(below(*least, *limit))
        }
        [SteelVal::IntV(least), limit @ SteelVal::IntV(_)] => Err(failed(format!(
            "random: contract violation\n  expected: (>/c {least})\n  given: {0}\n  argument position: 2nd\n  other arguments...:\n   {least}",
            crate::interp::print::clipped(limit),
        ))),
        [other] => Err(mistaken("random", "(or/c (integer-in 1 4294967087) pseudo-random-generator?)", other)),
        [a, b, ..] => {
            Err(mistaken("random", "exact-integer?", if matches!(a, SteelVal::IntV(_)) { b } else { a }))
        }
    }),
    plain!("random-integer", "least limit", |v| match v {
        [SteelVal::IntV(least), SteelVal::IntV(limit)] if least < limit => Ok(below(*least, *limit)),
        _ => Err(mistaken("random-integer", "exact-integer?", &v[1])),
    }),
];

/// Puts things into an order by chance, step by step as Racket does it.
pub(super) fn shuffle<T>(items: &mut [T]) {
    CHANCE.with_borrow_mut(|chance| {
        for at in 0..items.len() {
            items.swap(chance.below(at as u64 + 1) as usize, at);
        }
    });
}

fn below(least: isize, limit: isize) -> SteelVal {
    SteelVal::IntV(least + CHANCE.with_borrow_mut(|chance| chance.below((limit - least) as u64)) as isize)
}

/// L'Ecuyer's MRG32k3a (Operations Research 47, 1999), started from a seed as Racket starts it: so that a program that
/// seeds its numbers gets the ones that it gets there.
struct Generator {
    first: [u64; 3],
    second: [u64; 3],
}

const FIRST: u64 = 4_294_967_087;
const SECOND: u64 = 4_294_944_443;

impl Generator {
    fn seeded(seed: u32) -> Self {
        let mut state = Self {
            first: [1_062_452_522, 2_961_816_100, 342_112_271],
            second: [2_854_655_037, 3_321_940_838, 3_542_344_109],
        };
        // Each half of the seed is stirred in by a generator of its own, which carries 16 bits over.
        for half in [seed & 0xFFFF, seed >> 16] {
            let mut carry = half;
            let mut draw = |limit: u64| {
                let mut sixteen = || {
                    let low = carry & 0xFFFF;
                    carry = 30_903u32.wrapping_mul(low).wrapping_add(carry >> 16);
                    low
                };
                let high = sixteen();
                u64::from((high << 16).wrapping_add(sixteen())) % limit
            };
            let stir = |old: u64, drawn: u64, limit: u64| u64::from((old as u32).wrapping_add(drawn as u32)) % limit;
            for (part, modulus) in [(&mut state.first, FIRST), (&mut state.second, SECOND)] {
                part[0] = 1 + stir(part[0], draw(modulus - 1), modulus - 1);
                part[1] = stir(part[1], draw(modulus), modulus);
                part[2] = stir(part[2], draw(modulus), modulus);
            }
        }
        state
    }

    fn next(&mut self) -> u64 {
        let step =
            |a: u64, x: u64, b: u64, y: u64, modulus: u64| (a * x % modulus + modulus - b * y % modulus) % modulus;
        let [a, b, c] = self.first;
        let x = step(1_403_580, b, 810_728, c, FIRST);
        self.first = [x, a, b];
        let [a, b, c] = self.second;
        let y = step(527_612, a, 1_370_589, c, SECOND);
        self.second = [y, a, b];
        if x <= y { x + FIRST - y } else { x - y }
    }

    /// Between 0 and 1, neither included.
    fn float(&mut self) -> f64 {
        (self.next() + 1) as f64 * 2.328_306_549_295_728e-10
    }

    /// Below a limit, which is no larger than what is drawn from.
    fn below(&mut self, limit: u64) -> u64 {
        let each = FIRST / limit;
        loop {
            let drawn = self.next();
            if drawn < each * limit {
                return drawn / each;
            }
        }
    }
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
        None if exact_integer(name, &v[1])?.is_negative() => Ok(SteelVal::IntV(if n.is_negative() { -1 } else { 0 })),
        _ => Err(failed(format!("{name}: out of memory"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_numbers_are_rackets() {
        let mut chance = Generator::seeded(42);
        assert_eq!([chance.below(100), chance.below(100), chance.below(100)], [7, 8, 98]);
        assert_eq!(chance.float(), 0.262_085_475_147_184_67);
        assert_eq!(5 + chance.below(5), 6);
        let mut chance = Generator::seeded(2_147_483_647);
        assert_eq!([chance.below(1_000_000), chance.below(2), chance.below(3)], [488_598, 1, 1]);
        let mut chance = Generator::seeded(0);
        assert_eq!([chance.below(1_000_000), chance.below(2), chance.below(3)], [857_349, 1, 0]);
        assert_eq!(chance.float(), 0.406_851_329_986_256_7);
    }

    #[test]
    fn an_order_by_chance_is_rackets() {
        CHANCE.set(Generator::seeded(42));
        for _ in 0..5 {
            CHANCE.with_borrow_mut(|chance| chance.next());
        }
        let mut items: Vec<u8> = (1..=8).collect();
        shuffle(&mut items);
        assert_eq!(items, [5, 2, 3, 4, 8, 6, 7, 1]);
    }
}
