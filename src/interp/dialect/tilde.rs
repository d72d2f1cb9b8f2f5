//! racket/format: `~a ~s ~v ~e ~.a ~r` with their widths, pads and notations.

use super::{
    Entry, Given,
    formatted::styled,
    given::{failed, keyed, mistaken},
    numbers::rational_of,
    numerals::{decimals, digits},
    tower::natural_key,
    words::flag,
};
use crate::interp::{
    print::{self, Style},
    value::{Native, string, text_like},
};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    keyed!(
        "~a",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~a", given, Style::Display, "", "")
    ),
    keyed!(
        "~s",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~s", given, Style::Write, " ", "...")
    ),
    keyed!(
        "~v",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~v", given, Style::Print, " ", "...")
    ),
    keyed!(
        "~.a",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~.a", given, Style::Display, "", "")
    ),
    keyed!(
        "~.s",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~.s", given, Style::Write, " ", "...")
    ),
    keyed!(
        "~.v",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~.v", given, Style::Print, " ", "...")
    ),
    keyed!(
        "~e",
        "value ... #:separator separator #:width width #:min-width least #:max-width most #:align align #:pad-string pad #:left-pad-string left #:right-pad-string right #:limit-marker marker #:limit-prefix? prefix?",
        |given| fitted("~e", given, Style::Print, " ", "...")
    ),
    keyed!(
        "%~r",
        "number #:sign sign #:base base #:precision precision #:notation notation #:format-exponent exponent #:min-width least #:pad-string pad #:groups groups #:group-sep group-separator #:decimal-sep point",
        |given| numeral(given)
    ),
];

/// A keyword's text.
fn text_key(name: &str, given: &Given, key: &str, default: &str) -> Result<String, SteelErr> {
    match given.key(key) {
        None => Ok(default.to_owned()),
        Some(SteelVal::StringV(text)) => Ok(text.to_string()),
        Some(other) => Err(mistaken(name, "string?", other)),
    }
}

/// A keyword's text that fills.
fn pad_key(name: &str, given: &Given, key: &str, default: &str) -> Result<String, SteelErr> {
    let text = text_key(name, given, key, default)?;
    if text.is_empty() {
        return Err(mistaken(name, "non-empty-string?", &string("")));
    }
    Ok(text)
}

fn fitted(name: &str, given: &Given, style: Style, separator: &str, marker: &str) -> Native {
    let separator = text_key(name, given, "separator", separator)?;
    let values = given.args().iter().map(|value| match name {
        "~e" => print::clipped(value),
        _ => styled(value, style),
    });
    let text = values.collect::<Vec<_>>().join(&separator);
    let width = natural_key(name, given, "width")?;
    let least = natural_key(name, given, "min-width")?.or(width).unwrap_or(0);
    let most = match given.key("max-width") {
        Some(SteelVal::NumV(n)) if *n == f64::INFINITY => None,
        _ => natural_key(name, given, "max-width")?.or(width),
    };
    if let Some(most) = most.filter(|most| *most < least) {
        return Err(failed(format!("{name}: pad-to length greater than limit ({most}): {least}")));
    }
    let marker = text_key(name, given, "limit-marker", marker)?;
    let text = limited(name, text, most, &marker, flag(given, "limit-prefix?", false))?;
    let pad = pad_key(name, given, "pad-string", " ")?;
    let left = pad_key(name, given, "left-pad-string", &pad)?;
    let right = pad_key(name, given, "right-pad-string", &pad)?;
    let missing = least.saturating_sub(text.chars().count());
    let before = match given.key("align").map(|align| text_like(align).unwrap_or_default()).as_deref() {
        None | Some("left") => 0,
        Some("right") => missing,
        Some("center") => missing / 2,
        Some(_) => {
            let align = given.key("align").cloned().unwrap_or(SteelVal::Void);
            return Err(mistaken(name, "(or/c 'left 'right 'center)", &align));
        }
    };
    Ok(string(format!("{}{text}{}", left_pad(&left, before), right_pad(&right, missing - before))))
}

fn limited(name: &str, text: String, most: Option<usize>, marker: &str, prefix: bool) -> Result<String, SteelErr> {
    let length = text.chars().count();
    let Some(most) = most.filter(|most| *most < length) else { return Ok(text) };
    let marked = marker.chars().count();
    if marked > most {
        return Err(failed(format!(
            "{name}: limit marker string is longer than limit ({most}): {}",
            print::quoted(marker)
        )));
    }
    let kept = most - marked;
    Ok(if prefix {
        format!("{marker}{}", text.chars().skip(length - kept).collect::<String>())
    } else {
        format!("{}{marker}", text.chars().take(kept).collect::<String>())
    })
}

/// Pads repeat from the text's side outwards: on the left the pad's last characters come last, on the right its first come last
/// but are cut at the end.
fn left_pad(pad: &str, count: usize) -> String {
    pad.chars().cycle().take(count).collect()
}

fn right_pad(pad: &str, count: usize) -> String {
    let length = pad.chars().count();
    // The last pad is whole.
    pad.chars().cycle().skip((length - count % length) % length).take(count).collect()
}

/// How many digits stand behind the point.
#[derive(Clone, Copy)]
struct Precision {
    digits: usize,
    /// Whether all are shown, zeros too.
    exact: bool,
}

struct Notation {
    base: u32,
    upper: bool,
    precision: Precision,
    groups: Vec<usize>,
    separator: String,
    point: String,
}

fn numeral(given: &Given) -> Native {
    let name = "~r";
    let number = rational_of(name, &given[0])?;
    let notation = Notation::of(name, given)?;
    let size = number.abs();
    let exponential = given.key("notation").is_some_and(|n| text_like(n).as_deref() == Some("exponential"));
    let body = if exponential {
        notation.exponential(&size, given)?
    } else {
        notation.positional(&size, if let SteelVal::NumV(n) = given[0] { Some(n.abs()) } else { None })
    };
    let (before, behind) = sign(name, given, &number, matches!(given[0], SteelVal::NumV(n) if n.is_sign_negative()))?;
    let least = natural_key(name, given, "min-width")?.unwrap_or(0);
    let pad = pad_key(name, given, "pad-string", " ")?;
    let missing = least.saturating_sub(body.chars().count());
    let filling = left_pad(&pad, missing);
    // Zeros stand behind the sign, spaces before it: so does Racket, by the order of its parts.
    Ok(string(format!("{before}{filling}{body}{behind}")))
}

impl Notation {
    fn of(name: &str, given: &Given) -> Result<Self, SteelErr> {
        let base = given.key("base");
        let (upper, number) = match base {
            None => (false, Some(10)),
            Some(SteelVal::IntV(n)) => (false, Some(*n)),
            Some(SteelVal::ListV(parts)) => {
                (true, parts.get(1).and_then(|n| if let SteelVal::IntV(n) = n { Some(*n) } else { None }))
            }
            Some(_) => (false, None),
        };
        let Some(base) = number.and_then(|n| u32::try_from(n).ok()).filter(|n| (2..=36).contains(n)) else {
            let given = base.cloned().unwrap_or(SteelVal::Void);
            return Err(mistaken(name, "(or/c (integer-in 2 36) (list/c 'up (integer-in 2 36)))", &given));
        };
        let precision = match given.key("precision") {
            None => Precision { digits: 6, exact: false },
            Some(SteelVal::IntV(n)) if *n >= 0 => Precision { digits: *n as usize, exact: false },
            Some(SteelVal::ListV(parts)) if parts.len() == 2 => match parts.get(1) {
                Some(SteelVal::IntV(n)) if *n >= 0 => Precision { digits: *n as usize, exact: true },
                _ => {
                    return Err(mistaken(
                        name,
                        "(or/c natural? (list/c '= natural?))",
                        &SteelVal::ListV(parts.clone()),
                    ));
                }
            },
            Some(other) => return Err(mistaken(name, "(or/c natural? (list/c '= natural?))", other)),
        };
        let groups = match given.key("groups") {
            None => vec![3],
            Some(SteelVal::ListV(sizes)) => {
                let size = |n: &SteelVal| if let SteelVal::IntV(n @ 1..) = n { Some(*n as usize) } else { None };
                let sizes: Vec<usize> = sizes.iter().filter_map(size).collect();
                if sizes.is_empty() { vec![3] } else { sizes }
            }
            Some(other) => return Err(mistaken(name, "(non-empty-listof exact-positive-integer?)", other)),
        };
        let separator = text_key(name, given, "group-sep", "")?;
        let point = text_key(name, given, "decimal-sep", ".")?;
        Ok(Self { base, upper, precision, groups, separator, point })
    }

    fn digits(&self, n: &BigInt) -> String {
        let digits = digits(n, self.base);
        if self.upper { digits.to_uppercase() } else { digits }
    }

    /// Digits in groups; the last size is that of the last group, and the first goes on to the left.
    fn grouped(&self, digits: &str) -> String {
        if self.separator.is_empty() {
            return digits.to_owned();
        }
        let mut pieces = Vec::new();
        let (mut rest, mut at) = (digits, self.groups.len());
        loop {
            at = at.saturating_sub(1);
            let size = self.groups[at];
            if rest.len() <= size {
                pieces.push(rest);
                break;
            }
            let (before, piece) = rest.split_at(rest.len() - size);
            pieces.push(piece);
            rest = before;
        }
        pieces.reverse();
        pieces.join(&self.separator)
    }

    /// What stands behind the point, the point included.
    fn fraction(&self, part: &BigInt) -> String {
        let Precision { digits, exact } = self.precision;
        let shown = if digits == 0 { String::new() } else { format!("{:0>digits$}", self.digits(part)) };
        let shown = if exact { &*shown } else { shown.trim_end_matches('0') };
        if shown.is_empty() && !exact { String::new() } else { format!("{}{shown}", self.point) }
    }

    fn positional(&self, size: &BigRational, float: Option<f64>) -> String {
        let (mut whole, mut part) = decimals(size, self.base, self.precision.digits);
        // Racket scales what stands behind the point of a float as a float, which can round otherwise.
        if let Some(float) = float {
            let unit = f64::from(self.base).powi(self.precision.digits as i32);
            if let Some(scaled) = BigRational::from_float(float.fract() * unit) {
                whole = size.to_integer();
                part = decimals(&scaled, self.base, 0).0;
                if part >= BigInt::from(self.base).pow(self.precision.digits as u32) {
                    (whole, part) = (whole + 1, BigInt::zero());
                }
            }
        }
        self.grouped(&self.digits(&whole)) + &self.fraction(&part)
    }

    fn exponential(&self, size: &BigRational, given: &Given) -> Result<String, SteelErr> {
        let base = BigRational::from_integer(self.base.into());
        let (mut mantissa, mut power) = (size.clone(), 0i64);
        if !size.is_zero() {
            let length = |n: &BigInt| digits(n, self.base).len() as i64;
            power = length(size.numer()) - length(size.denom());
            mantissa = size / num_traits::Pow::pow(base.clone(), power as i32);
            while mantissa < BigRational::from_integer(1.into()) {
                (mantissa, power) = (mantissa * &base, power - 1);
            }
            while mantissa >= base {
                (mantissa, power) = (mantissa / &base, power + 1);
            }
        }
        let (mut whole, mut part) = decimals(&mantissa, self.base, self.precision.digits);
        // Rounding may have made it too large.
        if whole >= self.base.into() {
            power += 1;
            (whole, part) = decimals(&(mantissa / &base), self.base, self.precision.digits);
        }
        let sign = if power < 0 { "-" } else { "+" };
        let shown = power.abs();
        let mark = match given.key("format-exponent") {
            None | Some(SteelVal::BoolV(false)) if self.base == 10 => "e".to_owned(),
            None | Some(SteelVal::BoolV(false)) => format!("*{}^", self.base),
            Some(SteelVal::StringV(mark)) => mark.to_string(),
            Some(other) => return Err(mistaken("~r", "(or/c #f string?)", other)),
        };
        Ok(format!("{}{}{mark}{sign}{shown:0>2}", self.digits(&whole), self.fraction(&part)))
    }
}

/// What stands before and behind a number to show its sign.
fn sign(name: &str, given: &Given, number: &BigRational, negative_zero: bool) -> Result<(String, String), SteelErr> {
    let pair = |before: &str, behind: &str| Ok((before.to_owned(), behind.to_owned()));
    let (negative, zero) = (number.is_negative() || (number.is_zero() && negative_zero), number.is_zero());
    match given.key("sign") {
        None | Some(SteelVal::BoolV(false)) => pair(if negative { "-" } else { "" }, ""),
        Some(SteelVal::ListV(three)) if three.len() == 3 => {
            let at = match () {
                () if number.is_positive() => 0,
                () if zero => 1,
                () => 2,
            };
            match three.get(at) {
                Some(SteelVal::StringV(before)) => pair(before, ""),
                Some(SteelVal::ListV(both)) => {
                    let text = |at| both.get(at).and_then(text_like).unwrap_or_default();
                    Ok((text(0), text(1)))
                }
                _ => Err(mistaken(name, "(or/c string? (list/c string? string?))", &SteelVal::ListV(three.clone()))),
            }
        }
        Some(word) => match text_like(word).as_deref() {
            Some("+") => pair(
                if negative {
                    "-"
                } else if zero {
                    ""
                } else {
                    "+"
                },
                "",
            ),
            Some("++") => pair(if negative { "-" } else { "+" }, ""),
            Some("parens") if negative => pair("(", ")"),
            Some("parens") => pair("", ""),
            _ => Err(mistaken(name, "(or/c #f '+ '++ 'parens)", word)),
        },
    }
}
