//! Splitting, trimming, joining and replacing: racket/string.

use super::{
    Entry, Given,
    given::mistaken,
    keyed,
    regexps::{self, Pattern},
    strings::text,
    tower::truth,
};
use crate::interp::value::{Native, string};
use std::{ops::Range, rc::Rc};
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    keyed!("string-split", "text [sep] #:trim? trim? #:repeat? repeat?", |given| split(given)),
    keyed!("string-trim", "text [sep] #:left? left? #:right? right? #:repeat? repeat?", |given| {
        let name = "string-trim";
        let whole = text(name, &given[0])?;
        let sep = Sep::of(name, given.get(1))?;
        let range =
            sep.trimmed(whole, flag(given, "left?", true), flag(given, "right?", true), flag(given, "repeat?", false));
        Ok(if range.len() == whole.len() { given[0].clone() } else { string(&whole[range]) })
    }),
    keyed!("string-normalize-spaces", "text [sep space] #:trim? trim? #:repeat? repeat?", |given| {
        let name = "string-normalize-spaces";
        let whole = text(name, &given[0])?;
        let sep = Sep::of(name, given.get(1))?;
        let space = given.get(2).map_or(Ok(" "), |space| text(name, space).map(|s| s.as_str()))?;
        let pieces = sep.pieces(whole, flag(given, "trim?", true), flag(given, "repeat?", false));
        Ok(string(pieces.join(space)))
    }),
    keyed!("string-join", "texts [sep] #:before-first first #:before-last last #:after-last end", |given| join(given)),
    keyed!("string-replace", "text from to #:all? all?", |given| {
        let name = "string-replace";
        let (whole, to) = (text(name, &given[0])?, &given[2]);
        let all = flag(given, "all?", true);
        match (&given[1], to) {
            (SteelVal::StringV(from), SteelVal::StringV(to)) => {
                Ok(string(if all { whole.replace(from.as_str(), to) } else { whole.replacen(from.as_str(), to, 1) }))
            }
            (from, SteelVal::StringV(to)) => match regexps::pattern_of(from) {
                Some(pattern) => Ok(string(pattern.replaced(whole, all, |_, out| out.push_str(to)))),
                None => Err(mistaken(name, "(or/c string? regexp?)", from)),
            },
            (SteelVal::StringV(_), to) => Err(mistaken(name, "string?", to)),
            (from, to) if regexps::pattern_of(from).is_some() => Err(mistaken(name, "string?", to)),
            (from, _) => Err(mistaken(name, "(or/c string? regexp?)", from)),
        }
    }),
    keyed!("%blank?", "text", |given| truth(text("%blank?", &given[0])?.trim().is_empty())),
];

/// A keyword that is on or off.
pub(super) fn flag(given: &Given, key: &str, default: bool) -> bool {
    given.key(key).map_or(default, |value| !matches!(value, SteelVal::BoolV(false)))
}

/// What stands between pieces.
enum Sep {
    /// Any space, however long.
    Space,
    Text(String),
    Pattern(Rc<Pattern>),
}

impl Sep {
    fn of(name: &str, value: Option<&SteelVal>) -> Result<Self, SteelErr> {
        Ok(match value {
            None => Self::Space,
            Some(SteelVal::StringV(sep)) => Self::Text(sep.to_string()),
            Some(other) => match regexps::pattern_of(other) {
                Some(pattern) => Self::Pattern(pattern),
                None => return Err(mistaken(name, "(or/c string? regexp?)", other)),
            },
        })
    }

    /// What is left of a text without what stands between at its ends. Both ends are looked at on their own.
    fn trimmed(&self, text: &str, left: bool, right: bool, repeat: bool) -> Range<usize> {
        let (mut start, mut end) = (0, text.len());
        match self {
            Self::Space => {
                if left {
                    start = text.len() - text.trim_start().len();
                }
                if right {
                    end = text.trim_end().len();
                }
            }
            Self::Text(sep) if sep.is_empty() => {}
            Self::Text(sep) => {
                while left && text[start..].starts_with(sep.as_str()) {
                    start += sep.len();
                    if !repeat {
                        break;
                    }
                }
                while right && text[..end].ends_with(sep.as_str()) {
                    end -= sep.len();
                    if !repeat {
                        break;
                    }
                }
            }
            Self::Pattern(pattern) => {
                let all = pattern.all(text);
                if left {
                    for found in all.iter().take_while(|_| true) {
                        if found.start != start || found.is_empty() {
                            break;
                        }
                        start = found.end;
                        if !repeat {
                            break;
                        }
                    }
                }
                if right {
                    // The first match that goes to the end, whatever matches lie before it.
                    let mut from = start;
                    while let Some(found) = pattern.find(&text[..end], from).filter(|found| found.start < end) {
                        if found.end == end {
                            end = found.start;
                            if !repeat {
                                break;
                            }
                            from = start;
                        } else {
                            from = found.start + text[found.start..].chars().next().map_or(1, char::len_utf8);
                        }
                    }
                }
            }
        }
        if start <= end { start..end } else { 0..0 }
    }

    fn pieces<'a>(&self, text: &'a str, trim: bool, repeat: bool) -> Vec<&'a str> {
        let text = if trim { &text[self.trimmed(text, true, true, repeat)] } else { text };
        if text.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Space => {
                // One space of any length stands between two pieces.
                let mut pieces = Vec::new();
                let mut rest = text;
                while let Some(at) = rest.find(is_space) {
                    pieces.push(&rest[..at]);
                    rest = rest[at..].trim_start_matches(is_space);
                }
                pieces.push(rest);
                pieces
            }
            Self::Text(sep) if repeat && !sep.is_empty() => {
                let mut pieces = Vec::new();
                let mut rest = text;
                while let Some(at) = rest.find(sep.as_str()) {
                    pieces.push(&rest[..at]);
                    rest = rest[at..].trim_start_matches(sep.as_str());
                }
                pieces.push(rest);
                pieces
            }
            Self::Text(sep) => text.split(sep.as_str()).collect(),
            Self::Pattern(pattern) => {
                let mut found = pattern.all(text);
                if repeat {
                    found.dedup_by(|next, last| {
                        let follows = next.start == last.end && next.start < next.end;
                        if follows {
                            last.end = next.end;
                        }
                        follows
                    });
                }
                let mut start = 0;
                let mut pieces = Vec::with_capacity(found.len() + 1);
                for found in found {
                    pieces.push(&text[start..found.start]);
                    start = found.end;
                }
                pieces.push(&text[start..]);
                pieces
            }
        }
    }
}

/// What `\s` means in Racket.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0C' | '\r')
}

fn split(given: &Given) -> Native {
    let name = "string-split";
    let whole = text(name, &given[0])?;
    let sep = Sep::of(name, given.get(1))?;
    let pieces = sep.pieces(whole, flag(given, "trim?", true), flag(given, "repeat?", false));
    Ok(SteelVal::ListV(pieces.into_iter().map(string).collect()))
}

fn join(given: &Given) -> Native {
    let name = "string-join";
    let SteelVal::ListV(texts) = &given[0] else { return Err(mistaken(name, "(listof string?)", &given[0])) };
    let texts = texts
        .iter()
        .map(|value| if let SteelVal::StringV(text) = value { Ok(text.as_str()) } else { Err(()) })
        .collect::<Result<Vec<_>, ()>>()
        .map_err(|()| mistaken(name, "(listof string?)", &given[0]))?;
    let key = |value: Option<&SteelVal>, default: &str| match value {
        None => Ok(default.to_owned()),
        Some(value) => text(name, value).map(|s| s.to_string()),
    };
    let sep = key(given.get(1), " ")?;
    let last = key(given.key("before-last"), &sep)?;
    let mut out = key(given.key("before-first"), "")?;
    match texts.split_last() {
        Some((end, first)) if !first.is_empty() => {
            out.push_str(&first.join(&sep));
            out.push_str(&last);
            out.push_str(end);
        }
        _ => out.push_str(&texts.concat()),
    }
    out.push_str(&key(given.key("after-last"), "")?);
    Ok(string(out))
}
