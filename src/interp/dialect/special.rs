//! Special functions of floating-point numbers: for `math/special-functions`, which sorts out what is exact.

use super::{Entry, given::mistaken, hashes::real, plain};
use crate::interp::value::Native;
use std::f64::consts::PI;
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    plain!("%gamma", "x", |v| of("gamma", v, libm::tgamma)),
    plain!("%log-gamma", "x", |v| of("log-gamma", v, libm::lgamma)),
    plain!("%erf", "x", |v| of("erf", v, libm::erf)),
    plain!("%erfc", "x", |v| of("erfc", v, libm::erfc)),
    plain!("%zeta", "s", |v| of("zeta", v, zeta)),
    plain!("%hurwitz-zeta", "s q", |v| Ok(SteelVal::NumV(hurwitz(
        number("hurwitz-zeta", &v[0])?,
        number("hurwitz-zeta", &v[1])?
    )))),
    plain!("%digamma", "x", |v| of("psi0", v, digamma)),
    plain!("%lambert", "x", |v| of("lambert", v, lambert)),
    // The lower part of the gamma function, as a share of the whole.
    plain!("%gamma-share", "k x", |v| Ok(SteelVal::NumV(gamma_share(
        number("gamma-inc", &v[0])?,
        number("gamma-inc", &v[1])?
    )))),
    // The lower part of the beta function, as a share of the whole.
    plain!("%beta-share", "a b x", |v| Ok(SteelVal::NumV(beta_share(
        number("beta-inc", &v[0])?,
        number("beta-inc", &v[1])?,
        number("beta-inc", &v[2])?
    )))),
];

fn number(name: &str, value: &SteelVal) -> Result<f64, SteelErr> {
    real(value).ok_or_else(|| mistaken(name, "real?", value))
}

fn of(name: &str, v: &[SteelVal], f: fn(f64) -> f64) -> Native {
    number(name, &v[0]).map(|x| SteelVal::NumV(f(x)))
}

/// The even Bernoulli numbers from the second on, each over the factorial of its place.
const BERNOULLI: [f64; 10] = [
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30_240.0,
    -1.0 / 1_209_600.0,
    1.0 / 47_900_160.0,
    -691.0 / 1_307_674_368_000.0,
    1.0 / 74_724_249_600.0,
    -3617.0 / 10_670_622_842_880_000.0,
    43_867.0 / 5_109_094_217_170_944_000.0,
    -174_611.0 / 802_857_662_698_291_200_000.0,
];

/// By Euler's and Maclaurin's sum. The smallest terms are added first.
fn hurwitz(s: f64, q: f64) -> f64 {
    const FIRST: i32 = 12;
    let a = q + f64::from(FIRST);
    let mut tail = 0.0;
    for (at, known) in BERNOULLI.iter().enumerate().rev() {
        let rising: f64 = (0..2 * at + 1).map(|k| s + k as f64).product();
        tail += known * rising * a.powf(-s - (2 * at + 1) as f64);
    }
    let mut sum = tail + 0.5 * a.powf(-s) + a.powf(1.0 - s) / (s - 1.0);
    for k in (0..FIRST).rev() {
        sum += (q + f64::from(k)).powf(-s);
    }
    sum
}

fn zeta(s: f64) -> f64 {
    if s < 0.0 {
        // By its mirror image.
        return 2.0 * (2.0 * PI).powf(s - 1.0) * (PI * s / 2.0).sin() * libm::tgamma(1.0 - s) * zeta(1.0 - s);
    }
    hurwitz(s, 1.0)
}

/// The logarithmic derivative of the gamma function.
fn digamma(x: f64) -> f64 {
    if x < 0.0 {
        return digamma(1.0 - x) - PI / (PI * x).tan();
    }
    let (mut x, mut shift) = (x, 0.0);
    while x < 12.0 {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let terms = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0, 1.0 / 12.0];
    let series = terms.iter().rev().fold(0.0, |sum, term| (sum + term) * square);
    x.ln() - 0.5 / x - series + shift
}

/// The upper branch, by Halley's steps.
fn lambert(x: f64) -> f64 {
    if x < -(-1.0f64).exp() {
        return f64::NAN;
    }
    if x == 0.0 || x.is_infinite() {
        return x;
    }
    let mut w = if x > 3.0 { x.ln() - x.ln().ln() } else { x.ln_1p() * 0.7 };
    for _ in 0..60 {
        let e = w.exp();
        let off = w * e - x;
        let next = w - off / (e * (w + 1.0) - (w + 2.0) * off / (2.0 * w + 2.0));
        if !next.is_finite() || (next - w).abs() <= 1e-17 * next.abs() {
            break;
        }
        w = next;
    }
    w
}

/// By its series below, by its continued fraction above.
fn gamma_share(k: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = (k * x.ln() - x - libm::lgamma(k)).exp();
    if x < k + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / k, 1.0 / k, k);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return sum * front;
    }
    let (mut b, mut c) = (x + 1.0 - k, 1e300);
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..1000 {
        let i = f64::from(i);
        let an = -i * (i - k);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    1.0 - front * h
}

/// By its continued fraction.
fn beta_share(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_share(b, a, 1.0 - x);
    }
    let front = (libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * x.ln() + b * (-x).ln_1p()).exp() / a;
    let (mut c, mut d) = (1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0)));
    let mut h = d;
    for m in 1..1000 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / (1.0 + numerator * d);
            c = 1.0 + numerator / c;
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * h
}
