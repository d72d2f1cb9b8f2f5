//! Characters, by Unicode.

use super::{
    Entry,
    given::mistaken,
    plain,
    strings::char_of,
    tower::{natural, truth},
};
use crate::interp::value::{Native, symbol};
use regex::RegexSet;
use std::sync::OnceLock;
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    plain!("char?", "value", |v| truth(matches!(v[0], SteelVal::CharV(_)))),
    plain!("char->integer", "char", |v| Ok(SteelVal::IntV(u32::from(char_of("char->integer", &v[0])?) as isize))),
    plain!("integer->char", "number", |v| {
        let code = if let SteelVal::IntV(n) = v[0] { u32::try_from(n).ok().and_then(char::from_u32) } else { None };
        code.map(SteelVal::CharV).ok_or_else(|| mistaken("integer->char", "valid-unicode-scalar-value?", &v[0]))
    }),
    plain!("char-upcase", "char", |v| Ok(SteelVal::CharV(upper(char_of("char-upcase", &v[0])?)))),
    plain!("char-titlecase", "char", |v| Ok(SteelVal::CharV(upper(char_of("char-titlecase", &v[0])?)))),
    plain!("char-downcase", "char", |v| Ok(SteelVal::CharV(lower(char_of("char-downcase", &v[0])?)))),
    plain!("char-foldcase", "char", |v| Ok(SteelVal::CharV(lower(upper(char_of("char-foldcase", &v[0])?))))),
    plain!("char-alphabetic?", "char", |v| is("char-alphabetic?", v, char::is_alphabetic)),
    plain!("char-numeric?", "char", |v| is("char-numeric?", v, char::is_numeric)),
    plain!("char-alphanumeric?", "char", |v| is("char-alphanumeric?", v, char::is_alphanumeric)),
    plain!("char-whitespace?", "char", |v| is("char-whitespace?", v, char::is_whitespace)),
    plain!("char-upper-case?", "char", |v| is("char-upper-case?", v, char::is_uppercase)),
    plain!("char-lower-case?", "char", |v| is("char-lower-case?", v, char::is_lowercase)),
    plain!("char-title-case?", "char", |v| is("char-title-case?", v, |c| category(c) == "lt")),
    plain!("char-iso-control?", "char", |v| is("char-iso-control?", v, char::is_control)),
    plain!("char-blank?", "char", |v| is("char-blank?", v, |c| c == '\t' || category(c) == "zs")),
    plain!("char-punctuation?", "char", |v| is("char-punctuation?", v, |c| category(c).starts_with('p'))),
    plain!("char-symbolic?", "char", |v| is("char-symbolic?", v, |c| category(c).starts_with('s'))),
    plain!("char-graphic?", "char", |v| {
        is("char-graphic?", v, |c| c.is_alphabetic() || category(c).starts_with(['l', 'm', 'n', 'p', 's']))
    }),
    plain!("char-general-category", "char", |v| Ok(symbol(category(char_of("char-general-category", &v[0])?)))),
    plain!("char-utf-8-length", "char", |v| {
        Ok(SteelVal::IntV(char_of("char-utf-8-length", &v[0])?.len_utf8() as isize))
    }),
    plain!("digit-value", "char", |v| Ok(digit(char_of("digit-value", &v[0])?, 10))),
    plain!("char->digit", "char [radix]", |v| {
        Ok(digit(char_of("char->digit", &v[0])?, radix("char->digit", v.get(1))?))
    }),
    plain!("digit->char", "digit [radix]", |v| {
        let (n, radix) = (natural("digit->char", &v[0])?, radix("digit->char", v.get(1))?);
        let digit = u32::try_from(n).ok().and_then(|n| char::from_digit(n, radix));
        Ok(digit.map_or(SteelVal::BoolV(false), SteelVal::CharV))
    }),
    plain!("char=?", "char more ...", |v| compared("char=?", v, false, |a, b| a == b)),
    plain!("char<?", "char more ...", |v| compared("char<?", v, false, |a, b| a < b)),
    plain!("char>?", "char more ...", |v| compared("char>?", v, false, |a, b| a > b)),
    plain!("char<=?", "char more ...", |v| compared("char<=?", v, false, |a, b| a <= b)),
    plain!("char>=?", "char more ...", |v| compared("char>=?", v, false, |a, b| a >= b)),
    plain!("char-ci=?", "char more ...", |v| compared("char-ci=?", v, true, |a, b| a == b)),
    plain!("char-ci<?", "char more ...", |v| compared("char-ci<?", v, true, |a, b| a < b)),
    plain!("char-ci>?", "char more ...", |v| compared("char-ci>?", v, true, |a, b| a > b)),
    plain!("char-ci<=?", "char more ...", |v| compared("char-ci<=?", v, true, |a, b| a <= b)),
    plain!("char-ci>=?", "char more ...", |v| compared("char-ci>=?", v, true, |a, b| a >= b)),
];

fn is(name: &str, v: &[SteelVal], f: fn(char) -> bool) -> Native {
    truth(f(char_of(name, &v[0])?))
}

fn compared(name: &str, v: &[SteelVal], fold: bool, f: fn(char, char) -> bool) -> Native {
    let folded = |c: char| if fold { lower(upper(c)) } else { c };
    let chars = v.iter().map(|c| char_of(name, c).map(folded)).collect::<Result<Vec<_>, _>>()?;
    truth(chars.windows(2).all(|pair| f(pair[0], pair[1])))
}

/// One character's other case, where that is one character.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

fn upper(c: char) -> char {
    single(c, c.to_uppercase())
}

fn lower(c: char) -> char {
    single(c, c.to_lowercase())
}

fn digit(c: char, radix: u32) -> SteelVal {
    c.to_digit(radix).map_or(SteelVal::BoolV(false), |n| SteelVal::IntV(n as isize))
}

fn radix(name: &str, value: Option<&SteelVal>) -> Result<u32, SteelErr> {
    match value {
        None => Ok(10),
        Some(SteelVal::IntV(n @ 2..=36)) => Ok(*n as u32),
        Some(other) => Err(mistaken(name, "(integer-in 2 36)", other)),
    }
}

const CATEGORIES: [&str; 30] = [
    "lu", "ll", "lt", "lm", "lo", "mn", "mc", "me", "nd", "nl", "no", "ps", "pe", "pi", "pf", "pd", "pc", "po", "sc",
    "sm", "sk", "so", "zs", "zp", "zl", "cc", "cf", "cs", "co", "cn",
];

/// Unicode's general category of a character, as Racket names it.
fn category(c: char) -> &'static str {
    static SET: OnceLock<Option<RegexSet>> = OnceLock::new();
    // Surrogates are no characters of Rust's.
    let set = SET.get_or_init(|| {
        let pattern = |name: &&str| if *name == "cs" { r"[^\s\S]".to_owned() } else { format!(r"\p{{{name}}}") };
        RegexSet::new(CATEGORIES.iter().map(pattern)).ok()
    });
    let found = set.as_ref().and_then(|set| set.matches(c.encode_utf8(&mut [0; 4])).iter().next());
    found.map_or("cn", |at| CATEGORIES[at])
}

#[cfg(test)]
mod tests {
    use super::category;

    #[test]
    fn every_character_has_its_category() {
        let all =
            [('a', "ll"), ('A', "lu"), ('1', "nd"), ('½', "no"), ('!', "po"), ('+', "sm"), (' ', "zs"), ('\n', "cc")];
        for (c, wanted) in all {
            assert_eq!(category(c), wanted, "{c:?}");
        }
    }
}
