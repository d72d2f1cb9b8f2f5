//! Strings: making, taking apart, comparing, looking for.
//!
//! Places are counted in code points; those of long strings are found at once
//! (`interp::strings`). Not here: what changes them in place (`changing`), splitting, trimming and joining (`words`), patterns (`regexps`), and what takes procedures
//! (`prelude/racket/text.scm`).

use super::{
    Entry,
    changing::{changes, changing, of_chars, with_room},
    given::{failed, mistaken},
    plain,
    tower::{natural, optional_natural, truth},
};
use crate::interp::{
    print, strings,
    value::{Fault, Native, string},
};
use std::ops::Range;
use steel::{SteelErr, SteelVal, rvals::SteelString};
use unicode_normalization::UnicodeNormalization;

pub(super) const TABLE: &[Entry] = &[
    plain!("string?", "value", |v| truth(matches!(v[0], SteelVal::StringV(_)))),
    plain!("string-length", "text", |v| {
        Ok(SteelVal::IntV(strings::length(text("string-length", &v[0])?) as isize))
    }),
    plain!("string-ref", "text index", |v| string_ref(v)),
    plain!("substring", "text start [end]", |v| part("substring", v)),
    plain!("string-copy", "text [start end]", |v| part("string-copy", v)),
    plain!("string->list", "text [start end]", |v| {
        let text = text("string->list", &v[0])?;
        let range = range("string->list", text, v.get(1), v.get(2))?;
        Ok(SteelVal::ListV(text[range].chars().map(SteelVal::CharV).collect()))
    }),
    plain!("string->vector", "text [start end]", |v| {
        let text = text("string->vector", &v[0])?;
        let range = range("string->vector", text, v.get(1), v.get(2))?;
        Ok(SteelVal::VectorV(text[range].chars().map(SteelVal::CharV).collect()))
    }),
    plain!("list->string", "chars", |v| match &v[0] {
        SteelVal::ListV(chars) => of_chars(chars.iter().map(|c| char_of("list->string", c))),
        other => Err(mistaken("list->string", "list?", other)),
    }),
    plain!("%chars->string", "name chars", |v| {
        // For procedures of the prelude that make strings of characters, under their own names.
        let name = print::displayed(&v[0]);
        match &v[1] {
            SteelVal::ListV(chars) => of_chars(chars.iter().map(|c| char_of(&name, c))),
            other => Err(mistaken(&name, "(listof char?)", other)),
        }
    }),
    plain!("vector->string", "chars [start end]", |v| {
        let chars: Vec<SteelVal> = match &v[0] {
            SteelVal::VectorV(items) => items.iter().cloned().collect(),
            SteelVal::MutableVector(items) => items.get(),
            other => return Err(mistaken("vector->string", "vector?", other)),
        };
        let start = optional_natural("vector->string", v.get(1))?.unwrap_or(0);
        let end = optional_natural("vector->string", v.get(2))?.unwrap_or(chars.len());
        let Some(chars) = chars.get(start..end) else {
            return Err(failed(format!(
                "vector->string: there is no range from {start} to {end} where there are {}",
                chars.len()
            )));
        };
        of_chars(chars.iter().map(|c| char_of("vector->string", c)))
    }),
    plain!("make-string", "count [char]", |v| {
        let filler = v.get(1).map_or(Ok('\0'), |c| char_of("make-string", c))?;
        match &v[0] {
            SteelVal::IntV(count) if *count >= 0 => {
                let filling = repeated("make-string", &filler.to_string(), *count as usize)?;
                Ok(changing(text("make-string", &filling)?))
            }
            other => Err(mistaken("make-string", "valid-string-length?", other)),
        }
    }),
    plain!("string", "char ...", |v| of_chars(v.iter().map(|c| char_of("string", c)))),
    plain!("string-append", "text ...", |v| joined("string-append", v)),
    plain!("string-append-immutable", "text ...", |v| joined("string-append-immutable", v)),
    plain!("string-concatenate", "texts", |v| match &v[0] {
        SteelVal::ListV(texts) => joined("string-concatenate", &texts.iter().cloned().collect::<Vec<_>>()),
        other => Err(mistaken("string-concatenate", "(listof string?)", other)),
    }),
    plain!("string-append*", "text ... texts", |v| {
        let (last, first) = (&v[v.len() - 1], &v[..v.len() - 1]);
        match last {
            SteelVal::ListV(rest) => {
                let all: Vec<SteelVal> = first.iter().chain(rest.iter()).cloned().collect();
                joined("string-append", &all)
            }
            other => Err(mistaken("apply", "list?", other)),
        }
    }),
    plain!("string-null?", "text", |v| truth(text("string-null?", &v[0])?.is_empty())),
    plain!("non-empty-string?", "value", |v| truth(matches!(&v[0], SteelVal::StringV(s) if !s.is_empty()))),
    plain!("string-reverse", "text", |v| Ok(string(text("string-reverse", &v[0])?.chars().rev().collect::<String>()))),
    plain!("string-utf-8-length", "text", |v| Ok(SteelVal::IntV(text("string-utf-8-length", &v[0])?.len() as isize))),
    // ---- cases
    plain!("string-upcase", "text", |v| Ok(string(text("string-upcase", &v[0])?.to_uppercase()))),
    plain!("string-downcase", "text", |v| Ok(string(text("string-downcase", &v[0])?.to_lowercase()))),
    plain!("string-normalize-nfc", "text", |v| Ok(string(
        text("string-normalize-nfc", &v[0])?.nfc().collect::<String>()
    ))),
    plain!("string-normalize-nfd", "text", |v| Ok(string(
        text("string-normalize-nfd", &v[0])?.nfd().collect::<String>()
    ))),
    plain!("string-normalize-nfkc", "text", |v| Ok(string(
        text("string-normalize-nfkc", &v[0])?.nfkc().collect::<String>()
    ))),
    plain!("string-normalize-nfkd", "text", |v| Ok(string(
        text("string-normalize-nfkd", &v[0])?.nfkd().collect::<String>()
    ))),
    plain!("string-foldcase", "text", |v| Ok(string(folded(text("string-foldcase", &v[0])?)))),
    plain!("string-titlecase", "text", |v| Ok(string(titled(text("string-titlecase", &v[0])?)))),
    // ---- comparing
    plain!("string=?", "text more ...", |v| compared("string=?", v, false, |a, b| a == b)),
    plain!("string<?", "text more ...", |v| compared("string<?", v, false, |a, b| a < b)),
    plain!("string>?", "text more ...", |v| compared("string>?", v, false, |a, b| a > b)),
    plain!("string<=?", "text more ...", |v| compared("string<=?", v, false, |a, b| a <= b)),
    plain!("string>=?", "text more ...", |v| compared("string>=?", v, false, |a, b| a >= b)),
    plain!("string-ci=?", "text more ...", |v| compared("string-ci=?", v, true, |a, b| a == b)),
    plain!("string-ci<?", "text more ...", |v| compared("string-ci<?", v, true, |a, b| a < b)),
    plain!("string-ci>?", "text more ...", |v| compared("string-ci>?", v, true, |a, b| a > b)),
    plain!("string-ci<=?", "text more ...", |v| compared("string-ci<=?", v, true, |a, b| a <= b)),
    plain!("string-ci>=?", "text more ...", |v| compared("string-ci>=?", v, true, |a, b| a >= b)),
    // ---- looking for
    plain!("string-prefix?", "text prefix", |v| {
        let (text, part) = two("string-prefix?", v)?;
        truth(text.starts_with(part.as_str()))
    }),
    plain!("string-suffix?", "text suffix", |v| {
        let (text, part) = two("string-suffix?", v)?;
        truth(text.ends_with(part.as_str()))
    }),
    plain!("string-contains?", "text part", |v| {
        let (text, part) = two("string-contains?", v)?;
        truth(text.contains(part.as_str()))
    }),
    plain!("string-contains", "text part", |v| {
        let (text, part) = two("string-contains", v)?;
        Ok(place(text, text.find(part.as_str())))
    }),
    plain!("string-search-forward", "part text [start]", |v| {
        let (part, text) = two("string-search-forward", v)?;
        let from = range("string-search-forward", text, v.get(2), None)?.start;
        Ok(place(text, text[from..].find(part.as_str()).map(|at| from + at)))
    }),
    plain!("string-search-backward", "part text end", |v| {
        let (part, text) = two("string-search-backward", v)?;
        let until = range("string-search-backward", text, None, v.get(2))?.end;
        Ok(place(text, text[..until].rfind(part.as_str()).map(|at| at + part.len())))
    }),
    plain!("string-search-all", "part text", |v| {
        let (part, text) = two("string-search-all", v)?;
        let starts = text.char_indices().map(|(at, _)| at).filter(|at| text[*at..].starts_with(part.as_str()));
        Ok(SteelVal::ListV(starts.map(|at| place(text, Some(at))).collect()))
    }),
    plain!("%string-index", "name text what start end last?", |v| {
        // A character or a text; procedures are asked in the prelude.
        let name = print::displayed(&v[0]);
        let text = text(&name, &v[1])?;
        let range = range(&name, text, Some(&v[3]), Some(&v[4]))?;
        let within = &text[range.clone()];
        let last = matches!(v[5], SteelVal::BoolV(true));
        let found = match &v[2] {
            SteelVal::CharV(c) if last => within.rfind(*c),
            SteelVal::CharV(c) => within.find(*c),
            SteelVal::StringV(part) if last => within.rfind(part.as_str()),
            SteelVal::StringV(part) => within.find(part.as_str()),
            other => return Err(mistaken(&name, "(or/c char? procedure?)", other)),
        };
        Ok(place(text, found.map(|at| range.start + at)))
    }),
    // ---- parts by length
    plain!("string-take", "text count", |v| taken("string-take", v, |count, _| 0..count)),
    plain!("string-drop", "text count", |v| taken("string-drop", v, |count, length| count..length)),
    plain!("string-take-right", "text count", |v| taken("string-take-right", v, |count, length| length - count
        ..length)),
    plain!("string-drop-right", "text count", |v| taken("string-drop-right", v, |count, length| 0..length - count)),
    plain!("string-pad", "text width [char]", |v| padded("string-pad", v, true)),
    plain!("string-pad-left", "text width [char]", |v| padded("string-pad-left", v, true)),
    plain!("string-pad-right", "text width [char]", |v| padded("string-pad-right", v, false)),
];

/// A string, or an error that names the procedure.
pub(super) fn text<'a>(name: &str, value: &'a SteelVal) -> Result<&'a SteelString, SteelErr> {
    match value {
        SteelVal::StringV(text) => Ok(text),
        other => Err(mistaken(name, "string?", other)),
    }
}

pub(super) fn char_of(name: &str, value: &SteelVal) -> Result<char, SteelErr> {
    match value {
        SteelVal::CharV(c) => Ok(*c),
        other => Err(mistaken(name, "char?", other)),
    }
}

fn two<'a>(name: &str, v: &'a [SteelVal]) -> Result<(&'a SteelString, &'a SteelString), SteelErr> {
    Ok((text(name, &v[0])?, text(name, &v[1])?))
}

/// The bytes of a range that is given in code points.
pub(super) fn range(
    name: &str,
    text: &SteelString,
    start: Option<&SteelVal>,
    end: Option<&SteelVal>,
) -> Result<Range<usize>, SteelErr> {
    let start = optional_natural(name, start)?.unwrap_or(0);
    let end = optional_natural(name, end)?;
    strings::range(text, start, end)
        .map_err(|length| out_of_range(name, ("string", &SteelVal::StringV(text.clone())), (start, end), length))
}

/// That there is no such range in what is of that length: a string, or a byte string.
pub(super) fn out_of_range(
    name: &str,
    (kind, whole): (&str, &SteelVal),
    (start, end): (usize, Option<usize>),
    length: usize,
) -> SteelErr {
    let outside = |which: &str, index: usize| {
        format!("{name}: {which} index is out of range\n  {which} index: {index}\n  valid range: [0, {length}]")
    };
    let trouble = match end {
        Some(end) if start <= length && end > length => outside("ending", end),
        Some(end) if start <= length => format!(
            "{name}: ending index is smaller than starting index\n  ending index: {end}\n  starting index: {start}\n  valid range: [0, {length}]"
        ),
        _ => outside("starting", start),
    };
    failed(format!("{trouble}\n  {kind}: {}", print::clipped(whole)))
}

/// A string in a message, cut when it is long.
fn shown(text: &SteelString) -> String {
    print::clipped(&SteelVal::StringV(text.clone()))
}

fn part(name: &str, v: &[SteelVal]) -> Native {
    let whole = text(name, &v[0])?;
    let range = range(name, whole, v.get(1), v.get(2))?;
    // What never changes need not be copied.
    let shared = range.len() == whole.len() && name == "substring" && !changes(whole);
    Ok(if shared { v[0].clone() } else { changing(&whole[range]) })
}

/// The second argument, which is a place in the first.
pub(super) fn index(name: &str, v: &[SteelVal]) -> Result<usize, SteelErr> {
    natural(name, &v[1]).map_err(|_| {
        failed(format!(
            "{name}: contract violation\n  expected: exact-nonnegative-integer?\n  given: {}\n  argument position: 2nd\n  first argument...:\n   {}",
            print::clipped(&v[1]),
            print::clipped(&v[0])
        ))
    })
}

fn string_ref(v: &[SteelVal]) -> Native {
    let text = text("string-ref", &v[0])?;
    let index = index("string-ref", v)?;
    match strings::at(text, index) {
        Some(c) => Ok(SteelVal::CharV(c)),
        None if text.is_empty() => {
            Err(failed(format!("string-ref: index is out of range for empty string\n  index: {index}\n  string: \"\"")))
        }
        None => Err(failed(format!(
            "string-ref: index is out of range\n  index: {index}\n  valid range: [0, {}]\n  string: {}",
            strings::length(text) - 1,
            shown(text)
        ))),
    }
}

/// Where in code points a byte lies; `#f` for none.
fn place(text: &SteelString, at: Option<usize>) -> SteelVal {
    match at {
        None => SteelVal::BoolV(false),
        Some(at) if text.is_ascii() => SteelVal::IntV(at as isize),
        Some(at) => SteelVal::IntV(text[..at].chars().count() as isize),
    }
}

fn joined(name: &str, v: &[SteelVal]) -> Native {
    let mut all = with_room(v.iter().map(|s| if let SteelVal::StringV(s) = s { s.len() } else { 0 }).sum());
    for piece in v {
        all.push_str(text(name, piece)?);
    }
    Ok(string(all))
}

/// The most bytes that a string is made of at once.
const MOST: usize = 1 << 32;

pub(super) fn repeated(name: &str, piece: &str, count: usize) -> Native {
    match piece.len().checked_mul(count) {
        Some(bytes) if bytes < MOST => Ok(string(piece.repeat(count))),
        _ => Err(exhausted(format!("{name}: out of memory making a string of {count} characters"))),
    }
}

/// More than any session may have.
pub(super) fn exhausted(message: String) -> SteelErr {
    let fault = Fault::script(message).hint("hold less at a time; `--max-memory` says how much a script may have");
    crate::interp::natives::raise(fault.into_value())
}

/// Without differences of case.
pub(super) fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn titled(text: &str) -> String {
    let (mut out, mut within) = (String::with_capacity(text.len()), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if within {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        let goes_on = matches!(c, '\'' | '’') && within && chars.peek().is_some_and(|c| c.is_alphabetic());
        within = c.is_alphabetic() || goes_on;
    }
    out
}

fn compared(name: &str, v: &[SteelVal], fold: bool, f: fn(&str, &str) -> bool) -> Native {
    let texts = v.iter().map(|value| text(name, value)).collect::<Result<Vec<_>, _>>()?;
    if fold {
        let texts: Vec<String> = texts.iter().map(|text| folded(text)).collect();
        return truth(texts.windows(2).all(|pair| f(&pair[0], &pair[1])));
    }
    truth(texts.windows(2).all(|pair| f(pair[0], pair[1])))
}

fn taken(name: &str, v: &[SteelVal], f: fn(usize, usize) -> Range<usize>) -> Native {
    let (whole, count) = (text(name, &v[0])?, natural(name, &v[1])?);
    let length = strings::length(whole);
    if count > length {
        return Err(failed(format!("{name}: there are {length} characters, not {count}")));
    }
    let wanted = f(count, length);
    Ok(string(&whole[strings::range(whole, wanted.start, Some(wanted.end)).unwrap_or(0..0)]))
}

fn padded(name: &str, v: &[SteelVal], left: bool) -> Native {
    let (whole, width) = (text(name, &v[0])?, natural(name, &v[1])?);
    let filler = v.get(2).map_or(Ok(' '), |c| char_of(name, c))?;
    let length = strings::length(whole);
    if width < length {
        let kept = if left { length - width..length } else { 0..width };
        return Ok(string(&whole[strings::range(whole, kept.start, Some(kept.end)).unwrap_or(0..0)]));
    }
    let SteelVal::StringV(filling) = repeated(name, &filler.to_string(), width - length)? else {
        return Ok(v[0].clone());
    };
    Ok(string(if left { format!("{filling}{whole}") } else { format!("{whole}{filling}") }))
}
