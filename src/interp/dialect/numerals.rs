//! Numbers as text: how Racket prints them, and what it reads as one.

use super::{
    reals::is_exact,
    tower::{Real, ratio_float},
};
use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{Num, One, Zero};
use steel::{
    SteelVal,
    rvals::{IntoSteelVal, SteelComplex},
};

/// A number's text in base ten; none when it is no number.
pub(crate) fn text(value: &SteelVal) -> Option<String> {
    Some(match value {
        SteelVal::IntV(n) => n.to_string(),
        SteelVal::NumV(n) => float_text(*n),
        SteelVal::BigNum(n) => n.to_string(),
        SteelVal::Rational(r) => format!("{}/{}", r.numer(), r.denom()),
        SteelVal::BigRational(r) => format!("{}/{}", r.numer(), r.denom()),
        SteelVal::Complex(z) => {
            // Steel's `+` leaves one part exact beside a float.
            let inexact = !is_exact(&z.re) || !is_exact(&z.im);
            let part = |part: &SteelVal| match inexact {
                true => Real::of(part).map(|n| float_text(n.float())),
                false => text(part),
            };
            let (re, im) = (part(&z.re)?, part(&z.im)?);
            let sign = if im.starts_with(['-', '+']) { "" } else { "+" };
            format!("{re}{sign}{im}i")
        }
        _ => return None,
    })
}

/// A float as Racket prints it: the shortest digits that read as the same float again.
pub(crate) fn float_text(n: f64) -> String {
    if n.is_nan() {
        return "+nan.0".into();
    }
    if n.is_infinite() {
        return if n > 0.0 { "+inf.0" } else { "-inf.0" }.into();
    }
    if n == 0.0 {
        return if n.is_sign_negative() { "-0.0" } else { "0.0" }.into();
    }
    let (digits, exponent) = float_digits(n.abs());
    let sign = if n < 0.0 { "-" } else { "" };
    let (count, point) = (digits.len() as i32, exponent + 1);
    if (-3..=14.max(count + 3)).contains(&point) {
        let body = if point <= 0 {
            format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
        } else if count <= point {
            format!("{digits}{}.0", "0".repeat((point - count) as usize))
        } else {
            let (whole, rest) = digits.split_at(point as usize);
            format!("{whole}.{rest}")
        };
        return format!("{sign}{body}");
    }
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    let plus = if exponent > 0 { "+" } else { "" };
    format!("{sign}{first}{dot}{rest}e{plus}{exponent}")
}

/// The shortest digits of a positive float, and the power of ten of the first.
fn float_digits(n: f64) -> (String, i32) {
    let shown = format!("{n:e}");
    // Rust always writes an exponent here.
    let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    (digits.replace('.', ""), exponent.parse().unwrap_or(0))
}

/// A number's text in another base. Floats have none but in base ten.
pub(super) fn in_base(value: &SteelVal, base: u32) -> Option<String> {
    match Real::of(value)? {
        Real::Int(n) => Some(n.to_str_radix(base)),
        Real::Ratio(r) => Some(format!("{}/{}", r.numer().to_str_radix(base), r.denom().to_str_radix(base))),
        Real::Float(_) => (base == 10).then(|| text(value)).flatten(),
    }
}

/// Whether a number is to come out exact, whatever it looks like.
#[derive(Clone, Copy, PartialEq)]
enum Exactness {
    AsWritten,
    Exact,
    Inexact,
}

/// The largest exponent that an exact number may be written with.
const LARGEST: i64 = 100_000;

/// Reads a number as Racket does; none when the text is none.
pub(crate) fn read(text: &str, base: u32) -> Option<SteelVal> {
    let (mut rest, mut base, mut exactness) = (text, base, Exactness::AsWritten);
    while let Some(after) = rest.strip_prefix('#') {
        match after.bytes().next()?.to_ascii_lowercase() {
            b'e' => exactness = Exactness::Exact,
            b'i' => exactness = Exactness::Inexact,
            b'x' => base = 16,
            b'd' => base = 10,
            b'o' => base = 8,
            b'b' => base = 2,
            _ => return None,
        }
        rest = &after[1..];
    }
    if !rest.is_ascii() {
        return None;
    }
    if let Some(number) = real(rest, base, exactness) {
        return Some(number.value());
    }
    complex(rest, base, exactness)
}

fn complex(text: &str, base: u32, exactness: Exactness) -> Option<SteelVal> {
    let body = text.strip_suffix('i')?;
    // The imaginary part begins at the last sign that belongs to no exponent.
    let marks: &[u8] = if base <= 10 { b"eEdDfF" } else { b"" };
    let bytes = body.as_bytes();
    let at = (0..bytes.len())
        .rev()
        .find(|i| matches!(bytes[*i], b'+' | b'-') && (*i == 0 || !marks.contains(&bytes[*i - 1])))?;
    let (re, im) = body.split_at(at);
    let im = match im {
        "+" => Real::Int(BigInt::one()),
        "-" => Real::Int(-BigInt::one()),
        im => real(im, base, exactness)?,
    };
    let re = if re.is_empty() { Real::Int(BigInt::zero()) } else { real(re, base, exactness)? };
    let (re, im) = match (re, im) {
        (re, Real::Int(im)) if im.is_zero() => return Some(re.value()),
        (re @ Real::Float(_), im) => (re, Real::Float(im.float())),
        (re, im @ Real::Float(_)) if !re.is_zero() => (Real::Float(re.float()), im),
        other => other,
    };
    Some(rectangular(re.value(), im.value()))
}

/// A complex number of its parts, of which the imaginary one is not an exact zero.
pub(super) fn rectangular(re: SteelVal, im: SteelVal) -> SteelVal {
    SteelComplex::new(re, im).into_steelval().unwrap_or(SteelVal::Void)
}

fn real(text: &str, base: u32, exactness: Exactness) -> Option<Real> {
    let special = match text.to_ascii_lowercase().as_str() {
        "+inf.0" | "+inf.f" => Some(f64::INFINITY),
        "-inf.0" | "-inf.f" => Some(f64::NEG_INFINITY),
        "+nan.0" | "-nan.0" | "+nan.f" => Some(f64::NAN),
        _ => None,
    };
    if let Some(special) = special {
        return (exactness != Exactness::Exact).then_some(Real::Float(special));
    }
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let number = unsigned(body, base, exactness)?;
    Some(match number {
        _ if !negative => number,
        Real::Int(n) => Real::Int(-n),
        Real::Ratio(r) => Real::Ratio(-r),
        Real::Float(n) => Real::Float(-n),
    })
}

fn unsigned(text: &str, base: u32, exactness: Exactness) -> Option<Real> {
    let digits = |text: &str| {
        let fine = !text.is_empty() && text.chars().all(|c| c.is_digit(base));
        fine.then(|| BigInt::from_str_radix(text, base).ok()).flatten()
    };
    if let Some(n) = digits(text) {
        return Some(if exactness == Exactness::Inexact { Real::Float(Real::Int(n).float()) } else { Real::Int(n) });
    }
    let (mantissa, exponent) = match text.find(['e', 'E', 'd', 'D', 'f', 'F']).filter(|_| base <= 10) {
        Some(at) => (&text[..at], Some(exponent(&text[at + 1..])?)),
        None => (text, None),
    };
    let (exact, floating) = match mantissa.split_once('/') {
        Some((n, d)) => {
            let (n, d) = (digits(n)?, digits(d)?);
            if d.is_zero() {
                return None;
            }
            (BigRational::new(n, d), exponent.is_some())
        }
        None => {
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            // A `#` stands for a digit that is not known.
            let known = |part: &str| part.replace('#', "0");
            let all = known(whole) + &known(fraction);
            let scale = BigInt::from(base).pow(fraction.len() as u32);
            (BigRational::new(digits(&all)?, scale), true)
        }
    };
    if floating && exactness != Exactness::Exact {
        if base == 10 && !mantissa.contains(['/', '#']) {
            // Rust reads floats to the nearest, of whatever size.
            return format!("{mantissa}e{}", exponent.unwrap_or(0)).parse().ok().map(Real::Float);
        }
        let exponent = exponent.unwrap_or(0).clamp(-LARGEST, LARGEST);
        return Some(Real::Float(ratio_float(&scaled(exact, base, exponent))));
    }
    let exponent = exponent.unwrap_or(0);
    if exponent.abs() > LARGEST {
        return None;
    }
    let exact = scaled(exact, base, exponent);
    Some(match exactness {
        Exactness::Inexact => Real::Float(ratio_float(&exact)),
        _ if exact.is_integer() => Real::Int(exact.to_integer()),
        _ => Real::Ratio(exact),
    })
}

fn scaled(number: BigRational, base: u32, exponent: i64) -> BigRational {
    let power = BigInt::from(base).pow(exponent.unsigned_abs() as u32);
    if exponent < 0 { number / power } else { number * power }
}

fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // What does not fit makes an infinity or a zero all the same.
    Some(text.parse().unwrap_or(if text.starts_with('-') { -i64::from(i32::MAX) } else { i64::from(i32::MAX) }))
}

/// A number with this many digits behind the point, rounded half up in size: `~r` and `real->decimal-string`.
pub(super) fn decimals(number: &BigRational, base: u32, count: usize) -> (BigInt, BigInt) {
    use num_integer::Integer;
    let unit = BigInt::from(base).pow(count as u32);
    let scaled = number * &unit;
    let two = BigInt::from(2);
    let (n, d) = (scaled.numer() * &two + scaled.denom(), scaled.denom() * &two);
    n.div_floor(&d).div_rem(&unit)
}

/// What `number->string` and `integer` share: an exact integer's digits without a sign.
pub(super) fn digits(n: &BigInt, base: u32) -> String {
    match n.sign() {
        Sign::Minus => (-n).to_str_radix(base),
        _ => n.to_str_radix(base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::dialect::tower::integer;

    #[test]
    fn floats_print_as_in_racket() {
        let all = [
            (1e21, "1e+21"),
            (1e13, "10000000000000.0"),
            (1e14, "1e+14"),
            (1.5e14, "1.5e+14"),
            (12345678901234566.0, "12345678901234566.0"),
            (12345678901234567000.0, "12345678901234567000.0"),
            (1.2345678901234568e20, "1.2345678901234568e+20"),
            (1e-7, "1e-7"),
            (0.0001, "0.0001"),
            (0.00015, "0.00015"),
            (1e-5, "1e-5"),
            (1.5e-10, "1.5e-10"),
            (100.0, "100.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (-2.5, "-2.5"),
            (-0.0, "-0.0"),
            (f64::NEG_INFINITY, "-inf.0"),
            (5e-324, "5e-324"),
        ];
        for (n, text) in all {
            assert_eq!(float_text(n), text);
        }
    }

    #[test]
    fn numbers_are_read_as_in_racket() {
        let shown = |s: &str| read(s, 10).map(|v| text(&v).unwrap());
        let all = [
            ("12", "12"),
            ("+5", "5"),
            ("1e3", "1000.0"),
            ("1/2", "1/2"),
            ("4/2", "2"),
            ("#xff", "255"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("#e1.5", "3/2"),
            ("#i1/2", "0.5"),
            ("+inf.0", "+inf.0"),
            ("1+2i", "1+2i"),
            ("+i", "0+1i"),
            ("-i", "0-1i"),
            ("1.0+2i", "1.0+2.0i"),
            ("1e400", "+inf.0"),
            ("1e-400", "0.0"),
            ("1#", "10.0"),
            ("1/2e3", "500.0"),
            ("1E3", "1000.0"),
            ("-1/2", "-1/2"),
            ("#b101", "5"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ];
        for (written, wanted) in all {
            assert_eq!(shown(written).as_deref(), Some(wanted), "{written}");
        }
        for none in ["", "abc", "-", "1/0", "1_000", " 1", "0x10", "1e", "1.2.3", "--1", "i", "#", "é"] {
            assert!(shown(none).is_none(), "{none}");
        }
        assert_eq!(read("ff", 16).and_then(|v| text(&v)).as_deref(), Some("255"));
        assert_eq!(read("1.5", 16).and_then(|v| text(&v)).as_deref(), Some("1.3125"));
        assert!(read("102", 2).is_none());
        assert_eq!(text(&integer("99999999999999999999".parse().unwrap())).as_deref(), Some("99999999999999999999"));
    }
}
