//! Complex numbers: exact where their parts are and the result can be, else by floats.

use super::{
    given::{failed, mistaken, raised},
    numbers::{ZERO, rational_of, to_inexact},
    numerals::rectangular,
    reals::{is_exact, sqrt},
    tower::{rational, real},
};
use crate::interp::value::Native;
use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{One, Zero};
use steel::{SteelErr, SteelVal};

type Float = Complex<f64>;

/// The parts of a number.
fn parts(value: &SteelVal) -> (SteelVal, SteelVal) {
    match value {
        SteelVal::Complex(z) => (z.re.clone(), z.im.clone()),
        other => (other.clone(), SteelVal::IntV(0)),
    }
}

/// A number as floats have it.
pub(super) fn float(name: &str, value: &SteelVal) -> Result<Float, SteelErr> {
    let (re, im) = parts(value);
    let part = |part: &SteelVal| real(name, part).map(|n| n.float()).map_err(|_| mistaken(name, "number?", value));
    Ok(Complex::new(part(&re)?, part(&im)?))
}

/// A number whose parts are both exact.
fn exact(value: &SteelVal) -> Option<Complex<BigRational>> {
    let (re, im) = parts(value);
    let part = |part: &SteelVal| rational_of("", part).ok().filter(|_| is_exact(part));
    Some(Complex::new(part(&re)?, part(&im)?))
}

pub(super) fn of_floats(z: Float) -> SteelVal {
    rectangular(SteelVal::NumV(z.re), SteelVal::NumV(z.im))
}

/// A number of exact parts: a real one when the imaginary part is zero.
fn of_ratios(z: Complex<BigRational>) -> SteelVal {
    if z.im.is_zero() { rational(z.re) } else { rectangular(rational(z.re), rational(z.im)) }
}

/// As floats when one part is a float, as in Racket.
pub(super) fn of_parts(re: &SteelVal, im: &SteelVal) -> Native {
    match (is_exact(re), is_exact(im)) {
        (true, true) if real("", im)?.is_zero() => Ok(re.clone()),
        (true, true) | (false, false) => Ok(rectangular(re.clone(), im.clone())),
        (_, true) if matches!(im, SteelVal::IntV(0)) => Ok(re.clone()),
        _ => Ok(rectangular(to_inexact("", re)?, to_inexact("", im)?)),
    }
}

/// A function of floats.
pub(super) fn through(name: &str, value: &SteelVal, f: impl FnOnce(Float) -> Float) -> Native {
    Ok(of_floats(f(float(name, value)?)))
}

pub(super) fn divided(n: &SteelVal, d: &SteelVal) -> Native {
    match (exact(n), exact(d)) {
        (_, Some(d)) if d.is_zero() => Err(raised(ZERO, "/: division by zero")),
        (Some(n), Some(d)) => Ok(of_ratios(n / d)),
        _ => Ok(of_floats(float("/", n)? / float("/", d)?)),
    }
}

/// The root in the right half of the plane. Exact when the parts are.
pub(super) fn root(name: &str, value: &SteelVal) -> Native {
    let z = float(name, value)?;
    let size = z.norm();
    let (a, b) = (((size + z.re) / 2.0).sqrt(), ((size - z.re) / 2.0).sqrt().copysign(z.im));
    if let Some(z) = exact(value) {
        // With the exact size the real part's square is exact too; and from it the imaginary part follows.
        let two = BigRational::from_integer(2.into());
        let size = sqrt(name, &rational(&z.re * &z.re + &z.im * &z.im))?;
        if is_exact(&size)
            && let a @ (SteelVal::IntV(_) | SteelVal::Rational(_) | SteelVal::BigNum(_) | SteelVal::BigRational(_)) =
                sqrt(name, &rational((rational_of(name, &size)? + &z.re) / &two))?
        {
            let a = rational_of(name, &a)?;
            if !a.is_zero() {
                let b = &z.im / (&two * &a);
                return Ok(of_ratios(Complex::new(a, b)));
            }
        }
    }
    Ok(of_floats(Complex::new(a, b)))
}

/// How large an exact power may be at most, in bits of one part.
const MOST_BITS: u64 = 1 << 33;

pub(super) fn power(name: &str, base: &SteelVal, power: &SteelVal) -> Native {
    if let SteelVal::IntV(n) = power {
        if let Some(z) = exact(base) {
            let bits = z.re.numer().bits().max(z.re.denom().bits()).max(z.im.numer().bits()).max(z.im.denom().bits());
            if (n.unsigned_abs() as u64).saturating_mul(bits) > MOST_BITS {
                return Err(failed(format!("{name}: out of memory")));
            }
            let raised = multiplied(z, n.unsigned_abs());
            let inverse = || Complex::new(BigRational::one(), BigRational::zero()) / &raised;
            return Ok(of_ratios(if *n < 0 { inverse() } else { raised }));
        }
        let raised = multiplied(float(name, base)?, n.unsigned_abs());
        return Ok(of_floats(if *n < 0 { raised.inv() } else { raised }));
    }
    let (z, w) = (float(name, base)?, float(name, power)?);
    match exact(power) {
        Some(half) if half == Complex::new(BigRational::new(1.into(), 2.into()), BigRational::zero()) => {
            root(name, base)
        }
        _ if z.is_zero() => Ok(SteelVal::IntV(0)),
        _ => Ok(of_floats((w * z.ln()).exp())),
    }
}

/// A power by squaring.
fn multiplied<T: Clone + One + for<'a> std::ops::Mul<&'a T, Output = T>>(mut base: T, mut power: usize) -> T {
    let mut result = T::one();
    while power > 0 {
        if power & 1 == 1 {
            result = result * &base;
        }
        power >>= 1;
        if power > 0 {
            base = base.clone() * &base;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_multiplied_by_squaring() {
        let i = Complex::new(0.0, 1.0);
        assert_eq!(multiplied(i, 4), Complex::new(1.0, 0.0));
        assert_eq!(multiplied(i, 7), Complex::new(0.0, -1.0));
        assert_eq!(multiplied(Complex::new(1.0, 1.0), 0), Complex::one());
    }
}
