//! Numbers as Rust sees them: exact integers and ratios of any size, floats, and the way back to Steel's.
//!
//! Not here: text of numbers (`numerals`), and procedures (`numbers`, `reals`).

use super::{Given, given::mistaken};
use crate::interp::value::Native;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{FromPrimitive, Signed, ToPrimitive, Zero};
use std::cmp::Ordering;
use steel::{SteelErr, SteelVal, rvals::IntoSteelVal};

/// A real number.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Real {
    Int(BigInt),
    /// Never a whole number.
    Ratio(BigRational),
    Float(f64),
}

impl Real {
    pub(super) fn of(value: &SteelVal) -> Option<Self> {
        Some(match value {
            SteelVal::IntV(n) => Self::Int(BigInt::from(*n)),
            SteelVal::BigNum(n) => Self::Int((**n).clone()),
            SteelVal::Rational(r) => Self::Ratio(BigRational::new((*r.numer()).into(), (*r.denom()).into())),
            SteelVal::BigRational(r) => Self::Ratio((**r).clone()),
            SteelVal::NumV(n) => Self::Float(*n),
            _ => return None,
        })
    }

    pub(super) fn float(&self) -> f64 {
        match self {
            Self::Int(n) => int_float(n),
            Self::Ratio(r) => ratio_float(r),
            Self::Float(n) => *n,
        }
    }

    /// As a ratio; none for what is infinite or no number.
    pub(super) fn ratio(&self) -> Option<BigRational> {
        match self {
            Self::Int(n) => Some(BigRational::from_integer(n.clone())),
            Self::Ratio(r) => Some(r.clone()),
            Self::Float(n) => BigRational::from_float(*n),
        }
    }

    pub(super) fn value(self) -> SteelVal {
        match self {
            Self::Int(n) => integer(n),
            Self::Ratio(r) => rational(r),
            Self::Float(n) => SteelVal::NumV(n),
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Int(n) => n.is_zero(),
            Self::Ratio(_) => false,
            Self::Float(n) => *n == 0.0,
        }
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Self::Int(n) => n.is_negative(),
            Self::Ratio(r) => r.is_negative(),
            Self::Float(n) => *n < 0.0,
        }
    }

    /// None when one of them is no number.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (a, b) => match (a.ratio(), b.ratio()) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => a.float().partial_cmp(&b.float()),
            },
        }
    }
}

/// The nearest float. Racket rounds to even; so does this.
fn int_float(n: &BigInt) -> f64 {
    n.to_f64().unwrap_or(f64::NAN)
}

/// The nearest float to a ratio of any size.
pub(super) fn ratio_float(r: &BigRational) -> f64 {
    if let (Some(n), Some(d)) = (r.numer().to_i64(), r.denom().to_i64())
        && n.unsigned_abs() <= 1 << 53
        && d <= 1 << 53
    {
        return n as f64 / d as f64;
    }
    // 66 bits of quotient with a sticky bit: what is lost cannot change how the rest is rounded.
    let (n, d) = (r.numer().abs(), r.denom());
    let shift = 66 - (n.bits() as i64 - d.bits() as i64);
    let (q, rest) = if shift >= 0 {
        num_integer::Integer::div_rem(&(n << shift as u64), d)
    } else {
        num_integer::Integer::div_rem(&n, &(d << (-shift) as u64))
    };
    let q: BigInt = (q << 1u32) + BigInt::from(u8::from(!rest.is_zero()));
    let scale = -(shift + 1);
    // Below the normal floats the bits that are lost have to be lost before rounding.
    let least = -1074 - scale;
    let float = if least > 0 && q.bits() as i64 - least < 54 {
        let cut = least.min(q.bits() as i64 + 2) as u64;
        let (half, low) = (BigInt::from(1) << (cut - 1), &q - ((&q >> cut) << cut));
        let mut kept: BigInt = &q >> cut;
        if low > half || (low == half && kept.bit(0)) {
            kept += 1;
        }
        times_power(int_float(&kept), scale + cut as i64)
    } else {
        times_power(int_float(&q), scale)
    };
    if r.is_negative() { -float } else { float }
}

/// `x` times two to a power, in steps that floats can hold.
fn times_power(mut x: f64, mut power: i64) -> f64 {
    while power > 1000 && x.is_finite() {
        x *= 2f64.powi(1000);
        power -= 1000;
    }
    while power < -1000 && x != 0.0 {
        x *= 2f64.powi(-1000);
        power += 1000;
    }
    x * 2f64.powi(power.clamp(-1000, 1000) as i32)
}

pub(super) fn integer(n: BigInt) -> SteelVal {
    match n.to_isize() {
        Some(n) => SteelVal::IntV(n),
        // Its conversion cannot fail: it only boxes.
        None => n.into_steelval().unwrap_or(SteelVal::Void),
    }
}

pub(super) fn rational(r: BigRational) -> SteelVal {
    r.into_steelval().unwrap_or(SteelVal::Void)
}

/// A float that is a whole number, as an integer.
pub(super) fn whole(n: f64) -> Option<BigInt> {
    if n.is_finite() && n.fract() == 0.0 { BigInt::from_f64(n) } else { None }
}

pub(super) fn is_real(value: &SteelVal) -> bool {
    matches!(
        value,
        SteelVal::IntV(_) | SteelVal::BigNum(_) | SteelVal::Rational(_) | SteelVal::BigRational(_) | SteelVal::NumV(_)
    )
}

pub(super) fn is_number(value: &SteelVal) -> bool {
    is_real(value) || matches!(value, SteelVal::Complex(_))
}

pub(super) fn is_exact_integer(value: &SteelVal) -> bool {
    matches!(value, SteelVal::IntV(_) | SteelVal::BigNum(_))
}

pub(super) fn is_integer(value: &SteelVal) -> bool {
    is_exact_integer(value) || matches!(value, SteelVal::NumV(n) if n.is_finite() && n.fract() == 0.0)
}

/// A real number, or an error that names the procedure.
pub(super) fn real(name: &str, value: &SteelVal) -> Result<Real, SteelErr> {
    Real::of(value).ok_or_else(|| mistaken(name, "real?", value))
}

/// An exact integer, or an error that names the procedure.
pub(super) fn exact_integer(name: &str, value: &SteelVal) -> Result<BigInt, SteelErr> {
    match Real::of(value) {
        Some(Real::Int(n)) => Ok(n),
        _ => Err(mistaken(name, "exact-integer?", value)),
    }
}

/// A number of things or a place among them.
pub(super) fn natural(name: &str, value: &SteelVal) -> Result<usize, SteelErr> {
    match value {
        SteelVal::IntV(n) if *n >= 0 => Ok(*n as usize),
        // More than there can be of anything.
        SteelVal::BigNum(n) if !n.is_negative() => Ok(usize::MAX),
        other => Err(mistaken(name, "exact-nonnegative-integer?", other)),
    }
}

/// The same of an optional argument; `#f` counts as none.
pub(super) fn optional_natural(name: &str, value: Option<&SteelVal>) -> Result<Option<usize>, SteelErr> {
    match value {
        None | Some(SteelVal::BoolV(false)) => Ok(None),
        Some(value) => natural(name, value).map(Some),
    }
}

/// A keyword's natural number.
pub(super) fn natural_key(name: &str, given: &Given, key: &str) -> Result<Option<usize>, SteelErr> {
    optional_natural(name, given.key(key))
}

pub(super) fn truth(b: bool) -> Native {
    Ok(SteelVal::BoolV(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_becomes_the_nearest_float() {
        let float = |n: &str, d: &str| ratio_float(&BigRational::new(n.parse().unwrap(), d.parse().unwrap()));
        assert_eq!(float("1", "3"), 1.0 / 3.0);
        assert_eq!(float("-2", "3"), -2.0 / 3.0);
        assert_eq!(float("3602879701896397", "36028797018963968"), 0.1);
        let big = format!("1{}", "0".repeat(400));
        assert_eq!(float(&big, "7"), f64::INFINITY);
        assert_eq!(float("7", &big), 0.0);
        let small = format!("1{}", "0".repeat(310));
        assert_eq!(float("123456789123456789", &small), 1.234_567_891_234_567_9e-293);
        let tiny = format!("1{}", "0".repeat(324));
        assert_eq!(float("5", &tiny), 5e-324);
        assert_eq!(float("12345", &format!("1{}", "0".repeat(323))), 1.2345e-319);
    }
}
