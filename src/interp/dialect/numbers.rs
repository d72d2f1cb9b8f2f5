//! What numbers are, and arithmetic on whole ones and ratios.
//!
//! Steel's own `+ - = < >` stay, since they have opcodes; its `*` makes a float of an exact zero times a float; its `/` multiplies by a float's inverse, which rounds twice.
//! Not here: roots, logarithms and angles (`reals`), bits (`bits`).

use super::{
    Entry, complex,
    given::{failed, mistaken, raised},
    numerals, plain,
    tower::{
        Real, exact_integer, integer, is_exact_integer, is_integer, is_number, is_real, natural, rational, real, truth,
        whole,
    },
};
use crate::interp::value::{Exn, Native, string};
use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;
use steel::{SteelErr, SteelVal, steel_vm::primitives::NUMBER_MODULE};

/// What Racket calls a division by zero.
pub(super) const ZERO: Exn = Exn::DivideByZero;

pub(super) const TABLE: &[Entry] = &[
    // Steel's own takes two numbers and no more; a call with two is Steel's.
    plain!("=", "number more ...", |v| {
        v.iter().try_for_each(|n| compared("=", n))?;
        truth(v.windows(2).all(|pair| same(&pair[0], &pair[1])))
    }),
    plain!("*", "number ...", |v| match v {
        [a, b] => times(a, b),
        all => all.iter().try_fold(SteelVal::IntV(1), |product, n| times(&product, n)),
    }),
    // ---- what a number is
    plain!("number?", "value", |v| truth(is_number(&v[0]))),
    plain!("complex?", "value", |v| truth(is_number(&v[0]))),
    plain!("real?", "value", |v| truth(is_real(&v[0]))),
    plain!("rational?", "value", |v| truth(is_real(&v[0]) && Real::of(&v[0]).is_some_and(|n| n.float_is_finite()))),
    plain!("integer?", "value", |v| truth(is_integer(&v[0]))),
    plain!("exact-integer?", "value", |v| truth(is_exact_integer(&v[0]))),
    plain!("exact-rational?", "value", |v| truth(is_real(&v[0]) && !matches!(v[0], SteelVal::NumV(_)))),
    plain!("exact-nonnegative-integer?", "value", |v| truth(is_exact_integer(&v[0]) && sign(&v[0]) >= 0)),
    plain!("exact-positive-integer?", "value", |v| truth(is_exact_integer(&v[0]) && sign(&v[0]) > 0)),
    plain!("natural?", "value", |v| truth(is_exact_integer(&v[0]) && sign(&v[0]) >= 0)),
    plain!("positive-integer?", "value", |v| truth(is_integer(&v[0]) && sign(&v[0]) > 0)),
    plain!("negative-integer?", "value", |v| truth(is_integer(&v[0]) && sign(&v[0]) < 0)),
    plain!("nonnegative-integer?", "value", |v| truth(is_integer(&v[0]) && sign(&v[0]) >= 0)),
    plain!("nonpositive-integer?", "value", |v| truth(is_integer(&v[0]) && sign(&v[0]) <= 0)),
    plain!("byte?", "value", |v| truth(matches!(v[0], SteelVal::IntV(0..=255)))),
    plain!("fixnum?", "value", |v| truth(matches!(v[0], SteelVal::IntV(n) if n.unsigned_abs() < 1 << 60))),
    plain!("flonum?", "value", |v| truth(matches!(v[0], SteelVal::NumV(_)))),
    plain!("double-flonum?", "value", |v| truth(matches!(v[0], SteelVal::NumV(_)))),
    plain!("single-flonum?", "value", |_| truth(false)),
    plain!("exact?", "number", |v| exact("exact?", &v[0]).and_then(truth)),
    plain!("inexact?", "number", |v| exact("inexact?", &v[0]).and_then(|exact| truth(!exact))),
    plain!("inexact-real?", "value", |v| truth(matches!(v[0], SteelVal::NumV(_)))),
    plain!("nan?", "number", |v| truth(real("nan?", &v[0])?.float().is_nan())),
    plain!("infinite?", "number", |v| {
        truth(matches!(real("infinite?", &v[0])?, Real::Float(n) if n.is_infinite()))
    }),
    plain!("finite?", "number", |v| truth(real("finite?", &v[0])?.float_is_finite())),
    plain!("zero?", "number", |v| match &v[0] {
        SteelVal::IntV(n) => truth(*n == 0),
        SteelVal::Complex(_) => truth(false),
        other => truth(number("zero?", other)?.is_zero()),
    }),
    plain!("positive?", "number", |v| match &v[0] {
        SteelVal::IntV(n) => truth(*n > 0),
        other => real("positive?", other).and_then(|n| truth(!n.is_negative() && !n.is_zero() && !n.float().is_nan())),
    }),
    plain!("negative?", "number", |v| match &v[0] {
        SteelVal::IntV(n) => truth(*n < 0),
        other => truth(real("negative?", other)?.is_negative()),
    }),
    plain!("even?", "integer", |v| even("even?", &v[0]).and_then(truth)),
    plain!("odd?", "integer", |v| even("odd?", &v[0]).and_then(|even| truth(!even))),
    // ---- steps, signs, order
    plain!("add1", "number", |v| shifted("add1", &v[0], 1)),
    plain!("sub1", "number", |v| shifted("sub1", &v[0], -1)),
    plain!("1+", "number", |v| shifted("1+", &v[0], 1)),
    plain!("-1+", "number", |v| shifted("-1+", &v[0], -1)),
    plain!("1-", "number", |v| shifted("1-", &v[0], -1)),
    plain!("sgn", "number", |v| Ok(match real("sgn", &v[0])? {
        Real::Int(n) => integer(n.signum()),
        Real::Ratio(r) => integer(r.signum().to_integer()),
        Real::Float(n) if n == 0.0 || n.is_nan() => SteelVal::NumV(n),
        Real::Float(n) => SteelVal::NumV(n.signum()),
    })),
    plain!("abs", "number", |v| absolute("abs", &v[0])),
    plain!("min", "number more ...", |v| extreme("min", v, Ordering::Less)),
    plain!("max", "number more ...", |v| extreme("max", v, Ordering::Greater)),
    // ---- division
    plain!("/", "number more ...", |v| match v {
        [one] => quotient_of(&SteelVal::IntV(1), one),
        [n, d] => quotient_of(n, d),
        all => all[1..].iter().try_fold(all[0].clone(), |n, d| quotient_of(&n, d)),
    }),
    plain!("quotient", "n d", |v| divided("quotient", &v[0], &v[1], |n, d| n / d)),
    plain!("remainder", "n d", |v| divided("remainder", &v[0], &v[1], |n, d| n % d)),
    plain!("modulo", "n d", |v| divided("modulo", &v[0], &v[1], |n, d| n.mod_floor(&d))),
    plain!("truncate-quotient", "n d", |v| divided("truncate-quotient", &v[0], &v[1], |n, d| n / d)),
    plain!("truncate-remainder", "n d", |v| divided("truncate-remainder", &v[0], &v[1], |n, d| n % d)),
    plain!("floor-quotient", "n d", |v| divided("floor-quotient", &v[0], &v[1], |n, d| n.div_floor(&d))),
    plain!("floor-remainder", "n d", |v| divided("floor-remainder", &v[0], &v[1], |n, d| n.mod_floor(&d))),
    plain!("exact-integer-divide", "n d", |v| divided("exact-integer-divide", &v[0], &v[1], |n, d| n / d)),
    plain!("gcd", "number ...", |v| folded("gcd", v, BigInt::zero(), |a, b| a.gcd(b))),
    plain!("lcm", "number ...", |v| folded("lcm", v, BigInt::one(), |a, b| a.lcm(b))),
    plain!("numerator", "number", |v| part("numerator", &v[0], |r| r.numer().clone())),
    plain!("denominator", "number", |v| part("denominator", &v[0], |r| r.denom().clone())),
    // ---- rounding
    plain!("floor", "number", |v| rounded("floor", &v[0], f64::floor, |r| r.floor())),
    plain!("ceiling", "number", |v| rounded("ceiling", &v[0], f64::ceil, |r| r.ceil())),
    plain!("truncate", "number", |v| rounded("truncate", &v[0], f64::trunc, |r| r.trunc())),
    plain!("round", "number", |v| rounded("round", &v[0], f64::round_ties_even, round_even)),
    plain!("exact-floor", "number", |v| exactly("exact-floor", &v[0], |r| r.floor())),
    plain!("exact-ceiling", "number", |v| exactly("exact-ceiling", &v[0], |r| r.ceil())),
    plain!("exact-truncate", "number", |v| exactly("exact-truncate", &v[0], |r| r.trunc())),
    plain!("exact-round", "number", |v| exactly("exact-round", &v[0], round_even)),
    // ---- exact and inexact
    plain!("exact", "number", |v| to_exact("exact", &v[0])),
    plain!("inexact->exact", "number", |v| to_exact("inexact->exact", &v[0])),
    plain!("inexact", "number", |v| to_inexact("inexact", &v[0])),
    plain!("exact->inexact", "number", |v| to_inexact("exact->inexact", &v[0])),
    plain!("real->double-flonum", "number", |v| to_inexact("real->double-flonum", &v[0])),
    plain!("->fl", "integer", |v| to_inexact("->fl", &v[0])),
    plain!("fl->exact-integer", "number", |v| to_exact("fl->exact-integer", &v[0])),
    // ---- text
    plain!("number->string", "number [radix]", |v| number_to_string(v)),
    plain!("string->number", "text [radix mode decimal]", |v| {
        let SteelVal::StringV(text) = &v[0] else { return Err(mistaken("string->number", "string?", &v[0])) };
        let base = match v.get(1) {
            None => 10,
            Some(SteelVal::IntV(n @ 2..=16)) => *n as u32,
            Some(other) => return Err(mistaken("string->number", "(integer-in 2 16)", other)),
        };
        let exactly = matches!(v.get(3), Some(SteelVal::SymbolV(way)) if way.as_str() == "decimal-as-exact");
        let read = match exactly && !text.to_ascii_lowercase().contains("#i") {
            true => numerals::read(&format!("#e{text}"), base),
            false => numerals::read(text, base),
        };
        Ok(read.unwrap_or(SteelVal::BoolV(false)))
    }),
    plain!("real->decimal-string", "number [digits]", |v| {
        let number = rational_of("real->decimal-string", &v[0])?;
        let count = v.get(1).map_or(Ok(2), |n| natural("real->decimal-string", n))?;
        let unit = BigInt::from(10).pow(count as u32);
        let (whole, rest) = round_even(number.abs() * &unit).to_integer().div_rem(&unit);
        let minus_zero = matches!(v[0], SteelVal::NumV(n) if n.is_sign_negative());
        let sign = if number.is_negative() || minus_zero { "-" } else { "" };
        let rest = if count == 0 { String::new() } else { format!("{rest:0>count$}") };
        Ok(string(format!("{sign}{whole}.{rest}")))
    }),
];

impl Real {
    fn float_is_finite(&self) -> bool {
        !matches!(self, Self::Float(n) if !n.is_finite())
    }
}

fn quotient_of(n: &SteelVal, d: &SteelVal) -> Native {
    match (n, d) {
        (SteelVal::NumV(n), SteelVal::NumV(d)) => return Ok(SteelVal::NumV(n / d)),
        (SteelVal::IntV(n), SteelVal::IntV(d)) if *d != 0 && n.checked_rem(*d) == Some(0) => {
            return Ok(SteelVal::IntV(n / d));
        }
        (SteelVal::Complex(_), other) | (other, SteelVal::Complex(_)) if is_number(other) => {
            return complex::divided(n, d);
        }
        _ => {}
    }
    let (n, d) = (number("/", n)?, number("/", d)?);
    match (&n, &d) {
        (_, Real::Int(zero)) if zero.is_zero() => Err(raised(ZERO, "/: division by zero")),
        // An exact zero stays exact whatever divides it.
        (Real::Int(zero), _) if zero.is_zero() => Ok(SteelVal::IntV(0)),
        (Real::Float(_), _) | (_, Real::Float(_)) => Ok(SteelVal::NumV(n.float() / d.float())),
        _ => match (n.ratio(), d.ratio()) {
            (Some(n), Some(d)) => Ok(rational(over(n, d))),
            _ => Err(failed("/: these numbers cannot be divided")),
        },
    }
}

/// One by another that is not zero. What each has is in lowest terms already, so that only what faces each other across
/// may have common factors; `num-rational` looks for them in the whole, which takes long where numbers are large.
fn over(n: BigRational, d: BigRational) -> BigRational {
    let (above, below) = (n.into_raw(), d.into_raw());
    let common = |a: &BigInt, b: &BigInt| if a.is_one() || b.is_one() { BigInt::one() } else { a.gcd(b) };
    let (outer, inner) = (common(&above.0, &below.0), common(&above.1, &below.1));
    let numerator = (above.0 / &outer) * (below.1 / &inner);
    let denominator = (above.1 / inner) * (below.0 / outer);
    match denominator.is_negative() {
        true => BigRational::new_raw(-numerator, -denominator),
        false => BigRational::new_raw(numerator, denominator),
    }
}

fn sign(value: &SteelVal) -> i8 {
    match Real::of(value) {
        Some(n) if n.is_negative() => -1,
        Some(n) if n.is_zero() => 0,
        _ => 1,
    }
}

fn number(name: &str, value: &SteelVal) -> Result<Real, SteelErr> {
    Real::of(value).ok_or_else(|| mistaken(name, "number?", value))
}

fn exact(name: &str, value: &SteelVal) -> Result<bool, SteelErr> {
    match value {
        SteelVal::Complex(z) => exact(name, &z.re),
        value => Ok(!matches!(number(name, value)?, Real::Float(_))),
    }
}

fn even(name: &str, value: &SteelVal) -> Result<bool, SteelErr> {
    match value {
        SteelVal::IntV(n) => Ok(n % 2 == 0),
        SteelVal::BigNum(n) => Ok(n.is_even()),
        SteelVal::NumV(n) if is_integer(value) => Ok(n % 2.0 == 0.0),
        other => Err(mistaken(name, "integer?", other)),
    }
}

fn shifted(name: &str, value: &SteelVal, by: isize) -> Native {
    Ok(match value {
        SteelVal::IntV(n) => match n.checked_add(by) {
            Some(n) => SteelVal::IntV(n),
            None => integer(BigInt::from(*n) + by),
        },
        SteelVal::NumV(n) => SteelVal::NumV(n + by as f64),
        SteelVal::Complex(z) => numerals::rectangular(shifted(name, &z.re, by)?, z.im.clone()),
        other => match number(name, other)? {
            Real::Int(n) => integer(n + by),
            Real::Ratio(r) => rational(r + BigInt::from(by)),
            Real::Float(n) => SteelVal::NumV(n + by as f64),
        },
    })
}

pub(super) fn absolute(name: &str, value: &SteelVal) -> Native {
    Ok(match value {
        SteelVal::IntV(n) if *n != isize::MIN => SteelVal::IntV(n.abs()),
        SteelVal::NumV(n) => SteelVal::NumV(n.abs()),
        other => match real(name, other)? {
            Real::Int(n) => integer(n.abs()),
            Real::Ratio(r) => rational(r.abs()),
            Real::Float(n) => SteelVal::NumV(n.abs()),
        },
    })
}

/// The least or the greatest; inexact when any of them is.
fn extreme(name: &str, values: &[SteelVal], wanted: Ordering) -> Native {
    let mut best = values[0].clone();
    let mut inexact = matches!(best, SteelVal::NumV(_));
    real(name, &best)?;
    for value in &values[1..] {
        inexact |= matches!(value, SteelVal::NumV(_));
        let order = match (value, &best) {
            (SteelVal::IntV(a), SteelVal::IntV(b)) => Some(a.cmp(b)),
            (a, b) => real(name, a)?.compare(&real(name, b)?),
        };
        match order {
            Some(order) if order == wanted => best = value.clone(),
            Some(_) => {}
            // One of the two is no number, and so is what comes of them.
            None if matches!(best, SteelVal::NumV(n) if n.is_nan()) => {}
            None => best = value.clone(),
        }
    }
    if inexact { to_inexact(name, &best) } else { Ok(best) }
}

/// A division of whole numbers; inexact when one of them is.
fn divided(name: &str, n: &SteelVal, d: &SteelVal, f: fn(BigInt, BigInt) -> BigInt) -> Native {
    if let (SteelVal::IntV(n), SteelVal::IntV(d)) = (n, d)
        && *d != 0
        && *d != -1
    {
        let (n, d) = (*n, *d);
        return Ok(SteelVal::IntV(match name {
            "quotient" | "truncate-quotient" | "exact-integer-divide" => n / d,
            "remainder" | "truncate-remainder" => n % d,
            "floor-quotient" => Integer::div_floor(&n, &d),
            _ => Integer::mod_floor(&n, &d),
        }));
    }
    let whole_of = |value: &SteelVal| match Real::of(value) {
        Some(Real::Int(n)) => Ok((n, false)),
        Some(Real::Float(n)) => whole(n).map(|n| (n, true)).ok_or_else(|| mistaken(name, "integer?", value)),
        _ => Err(mistaken(name, "integer?", value)),
    };
    let ((n, inexact), (d, other)) = (whole_of(n)?, whole_of(d)?);
    if d.is_zero() {
        return Err(raised(ZERO, format!("{name}: {}", if other { "undefined for 0.0" } else { "division by zero" })));
    }
    let result = f(n, d);
    Ok(if inexact || other { SteelVal::NumV(Real::Int(result).float()) } else { integer(result) })
}

fn folded(name: &str, values: &[SteelVal], start: BigInt, f: fn(&BigInt, &BigInt) -> BigInt) -> Native {
    let mut numbers = Vec::with_capacity(values.len());
    let mut inexact = false;
    for value in values {
        inexact |= matches!(value, SteelVal::NumV(_));
        numbers.push(rational_of(name, value)?);
    }
    // Of ratios, over a common denominator.
    let common = numbers.iter().fold(BigInt::one(), |all, r| all.lcm(r.denom()));
    let whole = |r: &BigRational| (r * &common).to_integer().abs();
    let result = match numbers.split_first() {
        None => start,
        Some((first, rest)) => rest.iter().fold(whole(first), |all, r| f(&all, &whole(r))),
    };
    let result = if numbers.is_empty() { BigRational::from_integer(result) } else { BigRational::new(result, common) };
    let exact = rational(result);
    if inexact { to_inexact(name, &exact) } else { Ok(exact) }
}

pub(super) fn rational_of(name: &str, value: &SteelVal) -> Result<BigRational, SteelErr> {
    Real::of(value).and_then(|n| n.ratio()).ok_or_else(|| mistaken(name, "rational?", value))
}

fn part(name: &str, value: &SteelVal, f: fn(&BigRational) -> BigInt) -> Native {
    let exact = integer(f(&rational_of(name, value)?));
    if matches!(value, SteelVal::NumV(_)) { to_inexact(name, &exact) } else { Ok(exact) }
}

fn round_even(r: BigRational) -> BigRational {
    let two = BigInt::from(2);
    let floor = r.floor().to_integer();
    let doubled = (r - BigRational::from_integer(floor.clone())) * &two;
    let up = match doubled.cmp(&BigRational::one()) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => floor.is_odd(),
    };
    BigRational::from_integer(if up { floor + 1 } else { floor })
}

fn rounded(name: &str, value: &SteelVal, float: fn(f64) -> f64, ratio: fn(BigRational) -> BigRational) -> Native {
    match value {
        SteelVal::IntV(_) | SteelVal::BigNum(_) => Ok(value.clone()),
        SteelVal::NumV(n) => Ok(SteelVal::NumV(float(*n))),
        other => match real(name, other)? {
            Real::Ratio(r) => Ok(rational(ratio(r))),
            number => Ok(number.value()),
        },
    }
}

/// The product of two numbers. An exact zero stays one whatever it is multiplied by.
fn times(a: &SteelVal, b: &SteelVal) -> Native {
    if let (SteelVal::IntV(x), SteelVal::IntV(y)) = (a, b)
        && let Some(product) = x.checked_mul(*y)
    {
        return Ok(SteelVal::IntV(product));
    }
    match (a, b) {
        (SteelVal::NumV(x), SteelVal::NumV(y)) => Ok(SteelVal::NumV(x * y)),
        (SteelVal::IntV(0), SteelVal::NumV(_)) | (SteelVal::NumV(_), SteelVal::IntV(0)) => Ok(SteelVal::IntV(0)),
        _ => match TIMES.with(Clone::clone) {
            Some(SteelVal::FuncV(times)) => times(&[a.clone(), b.clone()]),
            _ => Err(failed("*: there is no multiplication")),
        },
    }
}

thread_local! {
    static TIMES: Option<SteelVal> = NUMBER_MODULE.with(|module| module.try_get_ref("*"));
}

fn exactly(name: &str, value: &SteelVal, f: fn(BigRational) -> BigRational) -> Native {
    match value {
        SteelVal::IntV(_) => Ok(value.clone()),
        other => Ok(rational(f(rational_of(name, other)?))),
    }
}

fn to_exact(name: &str, value: &SteelVal) -> Native {
    match value {
        SteelVal::NumV(n) => match whole(*n) {
            Some(n) => Ok(integer(n)),
            None => match BigRational::from_float(*n) {
                Some(r) => Ok(rational(r)),
                None => {
                    let name = if name == "inexact->exact" { "exact" } else { name };
                    Err(failed(format!("{name}: no exact representation for {}", numerals::float_text(*n))))
                }
            },
        },
        SteelVal::Complex(z) => Ok(numerals::rectangular(to_exact(name, &z.re)?, to_exact(name, &z.im)?)),
        other => number(name, other).map(Real::value),
    }
}

pub(super) fn to_inexact(name: &str, value: &SteelVal) -> Native {
    match value {
        SteelVal::NumV(_) => Ok(value.clone()),
        SteelVal::Complex(z) => Ok(numerals::rectangular(to_inexact(name, &z.re)?, to_inexact(name, &z.im)?)),
        other => Ok(SteelVal::NumV(number(name, other)?.float())),
    }
}

fn number_to_string(v: &[SteelVal]) -> Native {
    let base = match v.get(1) {
        None | Some(SteelVal::IntV(10)) => 10,
        Some(SteelVal::IntV(n @ (2 | 8 | 16))) => *n as u32,
        Some(other) => return Err(mistaken("number->string", "(or/c 2 8 10 16)", other)),
    };
    let shown = numerals::text(&v[0]).ok_or_else(|| mistaken("number->string", "number?", &v[0]))?;
    if base == 10 {
        return Ok(string(shown));
    }
    numerals::in_base(&v[0], base).map(string).ok_or_else(|| {
        failed(format!(
            "number->string: inexact numbers can only be printed in base 10\n  number: {shown}\n  requested base: {base}"
        ))
    })
}

/// An exact integer as a power or a count of places.
pub(super) fn small(name: &str, value: &SteelVal) -> Result<Option<i64>, SteelErr> {
    Ok(exact_integer(name, value)?.to_i64())
}

fn compared(name: &str, value: &SteelVal) -> Result<(), SteelErr> {
    if is_number(value) { Ok(()) } else { Err(mistaken(name, "number?", value)) }
}

fn same(a: &SteelVal, b: &SteelVal) -> bool {
    match (Real::of(a), Real::of(b)) {
        (Some(a), Some(b)) => a.compare(&b) == Some(Ordering::Equal),
        _ => a == b,
    }
}
