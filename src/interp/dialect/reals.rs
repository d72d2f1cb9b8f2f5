//! Powers, roots, logarithms and angles, exact where they can be.

use super::{
    Entry, complex,
    given::{failed, mistaken, raised},
    numbers::{ZERO, absolute, rational_of, to_inexact},
    numerals::{self, rectangular},
    plain,
    tower::{Real, integer, is_integer, rational, real},
};
use crate::interp::value::Native;
use num_bigint::BigInt;
use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};
use std::f64::consts::{LN_2, LN_10, PI};
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    plain!("sqr", "number", |v| match &v[0] {
        SteelVal::NumV(n) => Ok(SteelVal::NumV(n * n)),
        other => expt("sqr", other, &SteelVal::IntV(2)),
    }),
    plain!("square", "number", |v| match &v[0] {
        SteelVal::NumV(n) => Ok(SteelVal::NumV(n * n)),
        other => expt("square", other, &SteelVal::IntV(2)),
    }),
    plain!("expt", "base power", |v| expt("expt", &v[0], &v[1])),
    plain!("sqrt", "number", |v| sqrt("sqrt", &v[0])),
    plain!("%integer-sqrt", "name number", |v| {
        // Gives the root and what is left, as a list.
        let name = crate::interp::print::displayed(&v[0]);
        if !is_integer(&v[1]) {
            return Err(mistaken(&name, "integer?", &v[1]));
        }
        let number = rational_of(&name, &v[1])?.to_integer();
        let root = number.abs().sqrt();
        let rest = &number - number.signum() * &root * &root;
        let inexact = |n: SteelVal| if matches!(v[1], SteelVal::NumV(_)) { to_inexact(&name, &n) } else { Ok(n) };
        let negative = number.is_negative();
        let root = inexact(integer(root))?;
        let root = if negative { rectangular(SteelVal::IntV(0), root) } else { root };
        Ok(SteelVal::ListV([root, inexact(integer(rest))?].into_iter().collect()))
    }),
    plain!("exp", "number", |v| zero_is("exp", &v[0], SteelVal::IntV(1), f64::exp, |z| z.exp())),
    plain!("log", "number [base]", |v| {
        let log = logarithm("log", &v[0])?;
        match v.get(1) {
            None => Ok(log),
            Some(base) => quotient_of_logs(&v[0], base, &log),
        }
    }),
    plain!("sin", "angle", |v| zero_is("sin", &v[0], SteelVal::IntV(0), f64::sin, |z| z.sin())),
    plain!("cos", "angle", |v| zero_is("cos", &v[0], SteelVal::IntV(1), f64::cos, |z| z.cos())),
    plain!("tan", "angle", |v| zero_is("tan", &v[0], SteelVal::IntV(0), f64::tan, |z| z.tan())),
    plain!("asin", "number", |v| match &v[0] {
        other if beyond_one(other) => complex::through("asin", other, |z| z.asin()),
        other => zero_is("asin", other, SteelVal::IntV(0), f64::asin, |z| z.asin()),
    }),
    plain!("acos", "number", |v| match &v[0] {
        SteelVal::IntV(1) => Ok(SteelVal::IntV(0)),
        other if beyond_one(other) => complex::through("acos", other, |z| z.acos()),
        other => float_of("acos", other).map(|n| SteelVal::NumV(n.acos())),
    }),
    plain!("atan", "y [x]", |v| match v.get(1) {
        None => zero_is("atan", &v[0], SteelVal::IntV(0), f64::atan, |z| z.atan()),
        Some(x) => {
            let (y, x) = (real("atan", &v[0])?, real("atan", x)?);
            match (&y, &x) {
                (Real::Int(y), Real::Int(x)) if y.is_zero() && x.is_zero() => {
                    Err(failed("atan2: undefined for values 0 and 0"))
                }
                (Real::Int(y), x) if y.is_zero() && !x.is_negative() && !matches!(x, Real::Float(_)) => {
                    Ok(SteelVal::IntV(0))
                }
                _ => Ok(SteelVal::NumV(y.float().atan2(x.float()))),
            }
        }
    }),
    plain!("sinh", "number", |v| zero_is("sinh", &v[0], SteelVal::IntV(0), f64::sinh, |z| z.sinh())),
    plain!("cosh", "number", |v| zero_is("cosh", &v[0], SteelVal::NumV(1.0), f64::cosh, |z| z.cosh())),
    plain!("tanh", "number", |v| zero_is("tanh", &v[0], SteelVal::IntV(0), f64::tanh, |z| z.tanh())),
    plain!("degrees->radians", "degrees", |v| {
        zero_is("degrees->radians", &v[0], SteelVal::IntV(0), |n| n * PI / 180.0, |z| z * PI / 180.0)
    }),
    plain!("radians->degrees", "radians", |v| {
        zero_is("radians->degrees", &v[0], SteelVal::IntV(0), |n| n * 180.0 / PI, |z| z * 180.0 / PI)
    }),
    plain!("order-of-magnitude", "number", |v| {
        let number = rational_of("order-of-magnitude", &v[0])?;
        if !number.is_positive() {
            return Err(mistaken("order-of-magnitude", "(and/c real? positive?)", &v[0]));
        }
        let ten = BigInt::from(10);
        let digits = |n: &BigInt| n.to_string().len() as i64;
        let mut power = digits(number.numer()) - digits(number.denom());
        if BigRational::from_integer(ten).pow(power as i32) > number {
            power -= 1;
        }
        Ok(SteelVal::IntV(power as isize))
    }),
    // ---- complex numbers
    plain!("magnitude", "number", |v| match &v[0] {
        SteelVal::Complex(z) => {
            let (re, im) = (float_of("magnitude", &z.re)?, float_of("magnitude", &z.im)?);
            match (rational_of("", &z.re), rational_of("", &z.im)) {
                (Ok(a), Ok(b)) if is_exact(&z.re) && is_exact(&z.im) => sqrt("magnitude", &rational(&a * &a + &b * &b)),
                _ => Ok(SteelVal::NumV(re.hypot(im))),
            }
        }
        other => absolute("magnitude", other),
    }),
    plain!("angle", "number", |v| match &v[0] {
        SteelVal::Complex(z) => {
            Ok(SteelVal::NumV(float_of("angle", &z.im)?.atan2(float_of("angle", &z.re)?)))
        }
        other if real("angle", other)?.is_negative() => Ok(SteelVal::NumV(PI)),
        SteelVal::NumV(_) => Ok(SteelVal::NumV(0.0)),
        _ => Ok(SteelVal::IntV(0)),
    }),
    plain!("real-part", "number", |v| match &v[0] {
        SteelVal::Complex(z) => Ok(z.re.clone()),
        other => real("real-part", other).map(|_| other.clone()),
    }),
    plain!("imag-part", "number", |v| match &v[0] {
        SteelVal::Complex(z) => Ok(z.im.clone()),
        other => real("imag-part", other).map(|_| SteelVal::IntV(0)),
    }),
    plain!("make-rectangular", "real imaginary", |v| {
        real("make-rectangular", &v[0])?;
        real("make-rectangular", &v[1])?;
        complex::of_parts(&v[0], &v[1])
    }),
    plain!("make-polar", "magnitude angle", |v| {
        let (size, angle) = (float_of("make-polar", &v[0])?, float_of("make-polar", &v[1])?);
        match &v[1] {
            SteelVal::IntV(0) => Ok(v[0].clone()),
            _ => Ok(rectangular(SteelVal::NumV(size * angle.cos()), SteelVal::NumV(size * angle.sin()))),
        }
    }),
    plain!("conjugate", "number", |v| match &v[0] {
        SteelVal::Complex(z) => Ok(rectangular(z.re.clone(), negated(&z.im))),
        other => real("conjugate", other).map(|_| other.clone()),
    }),
];

pub(super) fn is_exact(value: &SteelVal) -> bool {
    !matches!(value, SteelVal::NumV(_))
}

fn negated(value: &SteelVal) -> SteelVal {
    match Real::of(value) {
        Some(Real::Int(n)) => integer(-n),
        Some(Real::Ratio(r)) => rational(-r),
        Some(Real::Float(n)) => SteelVal::NumV(-n),
        None => value.clone(),
    }
}

/// A number as a float, for what is never exact.
fn float_of(name: &str, value: &SteelVal) -> Result<f64, SteelErr> {
    Real::of(value).map(|n| n.float()).ok_or_else(|| mistaken(name, "number?", value))
}

/// A function that is exact at an exact zero, and nowhere else.
fn zero_is(
    name: &str,
    value: &SteelVal,
    at_zero: SteelVal,
    f: fn(f64) -> f64,
    complex_f: fn(Complex<f64>) -> Complex<f64>,
) -> Native {
    match value {
        SteelVal::IntV(0) => Ok(at_zero),
        SteelVal::Complex(_) => complex::through(name, value, complex_f),
        other => float_of(name, other).map(|n| SteelVal::NumV(f(n))),
    }
}

/// Whether no angle on the real line has this sine or cosine.
fn beyond_one(value: &SteelVal) -> bool {
    match value {
        SteelVal::Complex(_) => true,
        other => Real::of(other).is_some_and(|n| n.float().abs() > 1.0),
    }
}

fn logarithm(name: &str, value: &SteelVal) -> Native {
    match Real::of(value) {
        Some(Real::Int(n)) if n.is_zero() => Err(raised(ZERO, format!("{name}: division by zero"))),
        Some(Real::Int(n)) if n.is_one() => Ok(SteelVal::IntV(0)),
        // What no float can hold has a logarithm all the same.
        Some(Real::Int(n)) if n.is_positive() && n.bits() > 1000 => {
            let shift = n.bits() - 64;
            let top = (&n >> shift).to_f64().unwrap_or(f64::NAN);
            Ok(SteelVal::NumV(top.ln() + shift as f64 * LN_2))
        }
        Some(n) if n.is_negative() => Ok(rectangular(SteelVal::NumV((-n.float()).ln()), SteelVal::NumV(PI))),
        Some(n) => Ok(SteelVal::NumV(n.float().ln())),
        None => complex::through(name, value, |z| z.ln()),
    }
}

fn quotient_of_logs(number: &SteelVal, base: &SteelVal, log: &SteelVal) -> Native {
    if let (SteelVal::Complex(_), _) | (_, SteelVal::Complex(_)) = (log, &logarithm("log", base)?) {
        return complex::divided(log, &logarithm("log", base)?);
    }
    let exact = |value: &SteelVal| matches!(value, SteelVal::IntV(n) if *n > 0);
    if exact(number) && exact(base) && matches!(number, SteelVal::IntV(1)) {
        return Ok(SteelVal::IntV(0));
    }
    let below = match logarithm("log", base)? {
        SteelVal::IntV(0) => return Err(raised(ZERO, "log: division by zero")),
        below => float_of("log", &below)?,
    };
    // A power of the base has a whole logarithm.
    if let (SteelVal::IntV(n), SteelVal::IntV(b)) = (number, base)
        && *n > 0
        && *b > 1
    {
        let guess = ((*n as f64).ln() / below).round();
        if b.checked_pow(guess as u32) == Some(*n) {
            return Ok(SteelVal::NumV(guess));
        }
    }
    let above = float_of("log", log)?;
    Ok(SteelVal::NumV(match base {
        SteelVal::NumV(_) | SteelVal::IntV(_) if below == LN_2 || below == LN_10 => {
            let number = float_of("log", number)?;
            let quotient = above / below;
            let whole = quotient.round();
            let power = if below == LN_2 { 2f64 } else { 10f64 }.powi(whole as i32);
            if power == number { whole } else { quotient }
        }
        _ => above / below,
    }))
}

/// Exact where the root is.
pub(super) fn sqrt(name: &str, value: &SteelVal) -> Native {
    if let SteelVal::Complex(_) = value {
        return complex::root(name, value);
    }
    let number = Real::of(value).ok_or_else(|| mistaken(name, "number?", value))?;
    if number.is_negative() {
        let root = sqrt(name, &negated(value))?;
        let re =
            if matches!(root, SteelVal::NumV(_)) && !is_exact(value) { SteelVal::NumV(0.0) } else { SteelVal::IntV(0) };
        return Ok(rectangular(if matches!(root, SteelVal::NumV(_)) { SteelVal::NumV(0.0) } else { re }, root));
    }
    let root = |n: &BigInt| {
        let root = n.sqrt();
        (&root * &root == *n).then_some(root)
    };
    Ok(match &number {
        Real::Int(n) => match root(n) {
            Some(root) => integer(root),
            None => SteelVal::NumV(number.float().sqrt()),
        },
        Real::Ratio(r) => match (root(r.numer()), root(r.denom())) {
            (Some(n), Some(d)) => rational(BigRational::new(n, d)),
            _ => SteelVal::NumV(number.float().sqrt()),
        },
        Real::Float(n) => SteelVal::NumV(n.sqrt()),
    })
}

/// The largest number of bits that an exact power may have.
const MOST_BITS: u64 = 1 << 33;

fn expt(name: &str, base: &SteelVal, power: &SteelVal) -> Native {
    if let (SteelVal::IntV(base), SteelVal::IntV(power)) = (base, power)
        && let Ok(power) = u32::try_from(*power)
        && let Some(result) = base.checked_pow(power)
    {
        return Ok(SteelVal::IntV(result));
    }
    if let (SteelVal::Complex(_), _) | (_, SteelVal::Complex(_)) = (base, power) {
        return complex::power(name, base, power);
    }
    let number = |value: &SteelVal| Real::of(value).ok_or_else(|| mistaken(name, "number?", value));
    let (b, p) = (number(base)?, number(power)?);
    Ok(match (&b, &p) {
        (_, Real::Int(p)) if p.is_zero() => SteelVal::IntV(1),
        (Real::Int(b), Real::Int(_)) if b.is_one() => SteelVal::IntV(1),
        (Real::Int(b), p) if b.is_zero() && p.is_negative() => {
            let power = numerals::text(power).unwrap_or_default();
            return Err(raised(ZERO, format!("{name}: undefined for values 0 and {power}")));
        }
        (Real::Int(b), p) if b.is_zero() && !p.is_zero() => SteelVal::IntV(0),
        (Real::Int(_) | Real::Ratio(_), Real::Int(p)) => {
            let b = b.ratio().unwrap_or_else(BigRational::zero);
            if b.abs().is_one() {
                let odd = p.bit(0) && b.is_negative();
                return Ok(SteelVal::IntV(if odd { -1 } else { 1 }));
            }
            let bits = b.numer().bits().max(b.denom().bits());
            let Some(count) = p.abs().to_u32().filter(|count| u64::from(*count).saturating_mul(bits) < MOST_BITS)
            else {
                return Err(failed(format!("{name}: out of memory")));
            };
            let raised = BigRational::new(b.numer().pow(count), b.denom().pow(count));
            rational(if p.is_negative() { raised.recip() } else { raised })
        }
        (Real::Float(b), Real::Int(p)) => SteelVal::NumV(match p.to_i32() {
            Some(p) => b.powi_exactly(p),
            None => b.powf(Real::Int(p.clone()).float()),
        }),
        (_, Real::Ratio(p)) if *p == BigRational::new(1.into(), 2.into()) => return sqrt(name, base),
        _ if b.is_negative() && !is_integer(power) => return complex::power(name, base, power),
        _ => SteelVal::NumV(b.float().powf(p.float())),
    })
}

trait PowerOf {
    fn powi_exactly(self, power: i32) -> f64;
}

impl PowerOf for f64 {
    /// `powf` rounds once, repeated multiplication at every step.
    fn powi_exactly(self, power: i32) -> f64 {
        self.powf(f64::from(power))
    }
}
