//! Regular expressions as values, and what they find. Places are counted in code points.
//!
//! A pattern that looks ahead or behind or refers back to a group needs an engine that tries again (`fancy-regex`, with a
//! bound on how long); all others go to `regex`, which takes time in proportion to the text. Not here: the syntax (`pattern`),
//! and procedures as replacements (`prelude/racket/text.scm`).

use super::{
    Entry,
    bytes::made,
    given::{failed, mistaken},
    insert::Insert,
    pattern::translate,
    plain, ports,
    strings::text,
    tower::{optional_natural, truth},
};
use crate::interp::{
    expand, print, strings,
    value::{self, Native, custom, string},
};
use std::{cell::RefCell, collections::HashMap, fmt, ops::Range, rc::Rc};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, SteelString, as_underlying_type},
};

/// A compiled pattern.
pub(crate) struct Pattern {
    source: String,
    px: bool,
    /// Whether what it finds are bytes.
    bytes: bool,
    engine: Engine,
}

enum Engine {
    Straight(regex::Regex),
    TriesAgain(Box<fancy_regex::Regex>),
}

/// The value that scripts hold.
struct Regexp(Rc<Pattern>);

impl Custom for Regexp {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        let kind = if self.0.px { "#px" } else { "#rx" };
        let bytes = if self.0.bytes { "#" } else { "" };
        Some(Ok(format!("{kind}{bytes}{}", print::quoted(&self.0.source))))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| Rc::ptr_eq(&other.0, &self.0) || other.0.like(&self.0))
    }
}

thread_local! {
    static COMPILED: RefCell<HashMap<(bool, bool, String), Rc<Pattern>>> = RefCell::default();
}

/// How many patterns are kept compiled.
const KEPT: usize = 1000;

/// How often an engine that tries again may do so.
const TRIES: usize = 10_000_000;

/// Where the groups of one match lie, the whole match first.
pub(super) type Groups = Vec<Option<Range<usize>>>;

/// The pattern of a literal in a program, as a value; `Err` says what is wrong with it.
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) fn literal(pattern: &str, px: bool, bytes: bool) -> Result<SteelVal, String> {
    compiled(pattern, px, bytes).map(|pattern| custom(Regexp(pattern)))
}

/// What `(regexp …)` and `(pregexp …)` make of a text.
fn compiled(source: &str, px: bool, bytes: bool) -> Result<Rc<Pattern>, String> {
    COMPILED.with_borrow_mut(|known| {
        if let Some(pattern) = known.get(&(px, bytes, source.to_owned())) {
            return Ok(pattern.clone());
        }
        let pattern = Rc::new(Pattern { bytes, ..Pattern::new(source, px)? });
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert((px, bytes, source.to_owned()), pattern.clone());
        Ok(pattern)
    })
}

/// `(byte-regexp bytes)`
fn of_bytes(name: &str, value: &SteelVal, px: bool) -> Native {
    let SteelVal::ByteVector(held) = value else { return Err(mistaken(name, "bytes?", value)) };
    literal(&String::from_utf8_lossy(&value::bytes(held)), px, true).map_err(failed)
}

/// The pattern that a value is. Strings are none.
pub(super) fn pattern_of(value: &SteelVal) -> Option<Rc<Pattern>> {
    match value {
        SteelVal::Custom(inner) => as_underlying_type::<Regexp>(inner.read().as_ref()).map(|r| r.0.clone()),
        _ => None,
    }
}

/// The text that a pattern was made of: its `object-name`.
pub(crate) fn source(value: &SteelVal) -> Option<String> {
    pattern_of(value).map(|pattern| pattern.source.clone())
}

impl Pattern {
    fn like(&self, other: &Self) -> bool {
        (self.px, self.bytes, &self.source) == (other.px, other.bytes, &other.source)
    }

    fn new(source: &str, px: bool) -> Result<Self, String> {
        let name = if px { "pregexp" } else { "regexp" };
        let wrong = |what: &str| format!("{name}: {what}\n  pattern: {}", print::quoted(source));
        let translated = translate(source, px).map_err(|what| wrong(&what))?;
        let unusable = |e: &dyn fmt::Display| wrong(&format!("the pattern cannot be used: {e}"));
        let engine = if translated.tries_again {
            let mut builder = fancy_regex::RegexBuilder::new(&translated.text);
            let engine = builder.backtrack_limit(TRIES).build().map_err(|e| unusable(&e))?;
            Engine::TriesAgain(Box::new(engine))
        } else {
            let mut builder = regex::RegexBuilder::new(&translated.text);
            Engine::Straight(builder.size_limit(64 << 20).build().map_err(|e| unusable(&e))?)
        };
        Ok(Self { source: source.to_owned(), px, bytes: false, engine })
    }

    /// The first match at or behind a place.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        match &self.engine {
            Engine::Straight(regex) => regex.find_at(text, from).map(|m| m.range()),
            Engine::TriesAgain(regex) => regex.find_from_pos(text, from).ok().flatten().map(|m| m.start()..m.end()),
        }
    }

    fn groups(&self, text: &str, from: usize) -> Option<Groups> {
        match &self.engine {
            Engine::Straight(regex) => {
                regex.captures_at(text, from).map(|found| found.iter().map(|group| group.map(|m| m.range())).collect())
            }
            Engine::TriesAgain(regex) => regex
                .captures_from_pos(text, from)
                .ok()
                .flatten()
                .map(|found| found.iter().map(|group| group.map(|m| m.start()..m.end())).collect()),
        }
    }

    /// All matches, one behind the other. An empty one may stand where another ended, as in Racket.
    pub(super) fn all(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = Some(0);
        while let Some(next) = from.and_then(|from| self.find(text, from)) {
            from = after(text, &next);
            found.push(next);
        }
        found
    }

    fn all_groups(&self, text: &str, most: usize) -> Vec<(Range<usize>, Groups)> {
        let mut found = Vec::new();
        let mut from = Some(0);
        while found.len() < most
            && let Some(groups) = from.and_then(|from| self.groups(text, from))
        {
            let whole = groups.first().cloned().flatten().unwrap_or(0..0);
            from = after(text, &whole);
            found.push((whole, groups));
        }
        found
    }

    /// The text with something in the place of each match.
    pub(super) fn replaced(&self, text: &str, all: bool, mut put: impl FnMut(&Groups, &mut String)) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (whole, groups) in self.all_groups(text, if all { usize::MAX } else { 1 }) {
            out.push_str(&text[done..whole.start]);
            put(&groups, &mut out);
            done = whole.end;
        }
        out.push_str(&text[done..]);
        out
    }
}

/// Where the next match is looked for.
fn after(text: &str, found: &Range<usize>) -> Option<usize> {
    if !found.is_empty() {
        return Some(found.end);
    }
    text[found.end..].chars().next().map(|c| found.end + c.len_utf8())
}

pub(super) const TABLE: &[Entry] = &[
    plain!("regexp", "text [fail]", |v| made_of("regexp", &v[0], false)),
    plain!("pregexp", "text [fail]", |v| made_of("pregexp", &v[0], true)),
    plain!("regexp?", "value", |v| truth(pattern_of(&v[0]).is_some_and(|pattern| !pattern.bytes))),
    plain!("pregexp?", "value", |v| truth(pattern_of(&v[0]).is_some_and(|pattern| pattern.px && !pattern.bytes))),
    plain!("byte-regexp", "bytes [fail]", |v| of_bytes("byte-regexp", &v[0], false)),
    plain!("byte-pregexp", "bytes [fail]", |v| of_bytes("byte-pregexp", &v[0], true)),
    plain!("byte-regexp?", "value", |v| truth(pattern_of(&v[0]).is_some_and(|pattern| pattern.bytes))),
    plain!("byte-pregexp?", "value", |v| {
        truth(pattern_of(&v[0]).is_some_and(|pattern| pattern.bytes && pattern.px))
    }),
    plain!("regexp-quote", "text [case-sensitive?]", |v| {
        let mut out = String::new();
        for c in text("regexp-quote", &v[0])?.chars() {
            if r".*[]{}\^$|()+?".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(string(match v.get(1) {
            Some(SteelVal::BoolV(false)) => format!("(?i:{out})"),
            _ => out,
        }))
    }),
    plain!("regexp-replace-quote", "text", |v| {
        Ok(string(text("regexp-replace-quote", &v[0])?.replace('\\', "\\\\").replace('&', "\\&")))
    }),
    plain!("regexp-match?", "pattern input [start end port prefix]", |v| {
        let subject = Subject::of("regexp-match?", v)?;
        let found = subject.pattern.find(subject.text(), 0);
        subject.consume(found.as_ref());
        truth(found.is_some())
    }),
    plain!("regexp-match-exact?", "pattern input", |v| {
        let subject = Subject::of("regexp-match-exact?", v)?;
        let whole = 0..subject.text().len();
        truth(subject.pattern.find(subject.text(), 0) == Some(whole))
    }),
    plain!("regexp-match", "pattern input [start end port prefix]", |v| found("regexp-match", v)),
    plain!("regexp-try-match", "pattern input [start end port prefix]", |v| found("regexp-try-match", v)),
    plain!("regexp-match-peek", "pattern input [start end]", |v| {
        let subject = Subject::of("regexp-match-peek", v)?;
        let groups = subject.pattern.groups(subject.text(), 0);
        Ok(groups.map_or(SteelVal::BoolV(false), |groups| subject.texts(&groups)))
    }),
    plain!("regexp-match-positions", "pattern input [start end port prefix]", |v| {
        let subject = Subject::of("regexp-match-positions", v)?;
        let groups = subject.pattern.groups(subject.text(), 0);
        let mut places = Places::of(&subject);
        Ok(groups.map_or(SteelVal::BoolV(false), |groups| places.list(&groups)))
    }),
    plain!("regexp-match-peek-positions", "pattern input [start end]", |v| {
        let subject = Subject::of("regexp-match-peek-positions", v)?;
        let groups = subject.pattern.groups(subject.text(), 0);
        let mut places = Places::of(&subject);
        Ok(groups.map_or(SteelVal::BoolV(false), |groups| places.list(&groups)))
    }),
    plain!("%regexp-match-positions*", "pattern input start end groups?", |v| {
        let subject = Subject::of("regexp-match-positions*", v)?;
        let mut places = Places::of(&subject);
        subject.consume(None);
        let all = if matches!(v[4], SteelVal::BoolV(true)) {
            let all = subject.pattern.all_groups(subject.text(), usize::MAX);
            all.iter().map(|(_, groups)| places.list(groups)).collect()
        } else {
            subject.pattern.all(subject.text()).iter().map(|found| places.pair(found)).collect()
        };
        Ok(SteelVal::ListV(all))
    }),
    plain!("%regexp-match*", "pattern input start end", |v| {
        let subject = Subject::of("regexp-match*", v)?;
        let all = subject.pattern.all(subject.text());
        subject.consume(None);
        Ok(SteelVal::ListV(all.into_iter().map(|found| subject.piece(found)).collect()))
    }),
    plain!("%regexp-parts", "pattern input start end all? name", |v| {
        // A gap, the groups of a match, a gap, …, a gap.
        let subject = Subject::of(&print::displayed(&v[5]), v)?;
        subject.consume(None);
        let most = if matches!(v[4], SteelVal::BoolV(true)) { usize::MAX } else { 1 };
        let (mut parts, mut done) = (Vec::new(), 0);
        for (whole, groups) in subject.pattern.all_groups(subject.text(), most) {
            parts.push(subject.piece(done..whole.start));
            parts.push(subject.texts(&groups));
            done = whole.end;
        }
        parts.push(subject.piece(done..subject.text().len()));
        Ok(SteelVal::ListV(parts.into_iter().collect()))
    }),
    plain!("regexp-split", "pattern input [start end prefix]", |v| {
        let subject = Subject::of("regexp-split", v)?;
        subject.consume(None);
        let (mut pieces, mut done) = (Vec::new(), 0);
        for found in subject.pattern.all(subject.text()) {
            pieces.push(subject.piece(done..found.start));
            done = found.end;
        }
        pieces.push(subject.piece(done..subject.text().len()));
        Ok(SteelVal::ListV(pieces.into_iter().collect()))
    }),
    plain!("%regexp-replace", "pattern input insert start end all? name", |v| {
        // INSERT is a text; procedures are called in the prelude.
        let name = print::displayed(&v[6]);
        let subject = Subject::of(&name, &[v[0].clone(), v[1].clone(), v[3].clone(), v[4].clone()])?;
        let insert = match &v[2] {
            SteelVal::StringV(insert) => insert.to_string(),
            SteelVal::ByteVector(insert) => String::from_utf8_lossy(&value::bytes(insert)).into_owned(),
            other => return Err(mistaken(&name, "(or/c string? bytes? procedure?)", other)),
        };
        let insert = Insert::read(&insert);
        let text = subject.text();
        let all = matches!(v[5], SteelVal::BoolV(true));
        let new = subject.pattern.replaced(text, all, |groups, out| insert.put(text, groups, out));
        Ok(subject.whole_with(new))
    }),
];

fn made_of(name: &str, value: &SteelVal, px: bool) -> Native {
    if let Some(pattern) = pattern_of(value).filter(|pattern| pattern.px == px) {
        return Ok(custom(Regexp(pattern)));
    }
    literal(text(name, value)?, px, false).map_err(failed)
}

fn found(name: &str, v: &[SteelVal]) -> Native {
    let subject = Subject::of(name, v)?;
    let groups = subject.pattern.groups(subject.text(), 0);
    // What is only tried reads nothing unless it matches.
    if groups.is_some() || name != "regexp-try-match" {
        subject.consume(groups.as_ref().and_then(|groups| groups.first()?.as_ref()));
    }
    Ok(groups.map_or(SteelVal::BoolV(false), |groups| subject.texts(&groups)))
}

/// A pattern, and the piece of text that it is tried on.
struct Subject {
    pattern: Rc<Pattern>,
    whole: SteelString,
    range: Range<usize>,
    /// Whether what is found goes back as bytes.
    bytes: bool,
    port: Option<SteelVal>,
}

impl Subject {
    /// Of `pattern input [start end …]`.
    fn of(name: &str, v: &[SteelVal]) -> Result<Self, SteelErr> {
        let pattern = match &v[0] {
            SteelVal::StringV(source) => compiled(source, false, false).map_err(failed)?,
            SteelVal::ByteVector(source) => {
                compiled(&String::from_utf8_lossy(&value::bytes(source)), false, true).map_err(failed)?
            }
            other => {
                pattern_of(other).ok_or_else(|| mistaken(name, "(or/c regexp? byte-regexp? string? bytes?)", other))?
            }
        };
        let (whole, bytes, port) = match &v[1] {
            SteelVal::StringV(text) => (text.clone(), false, None),
            SteelVal::ByteVector(bytes) => {
                (String::from_utf8_lossy(&value::bytes(bytes)).into_owned().into(), true, None)
            }
            other => match ports::unread(other) {
                Some(text) => (text.into(), true, Some(other.clone())),
                None => return Err(mistaken(name, "(or/c bytes? string? input-port? path?)", other)),
            },
        };
        let start = optional_natural(name, v.get(2))?.unwrap_or(0);
        let end = optional_natural(name, v.get(3))?;
        let range = strings::range(&whole, start, end).map_err(|length| {
            failed(match end {
                Some(end) if start <= length && end > length => {
                    format!("{name}: ending index is out of range\n  ending index: {end}")
                }
                Some(end) if start <= length => {
                    format!("{name}: ending index is smaller than starting index\n  ending index: {end}\n  starting index: {start}")
                }
                _ => format!("{name}: starting index is out of range\n  starting index: {start}"),
            })
        })?;
        Ok(Self { bytes: bytes || pattern.bytes, pattern, whole, range, port })
    }

    fn text(&self) -> &str {
        &self.whole[self.range.clone()]
    }

    fn given_back(&self, text: &str) -> SteelVal {
        if self.bytes { made(text.as_bytes().to_vec()) } else { string(text) }
    }

    fn piece(&self, range: Range<usize>) -> SteelVal {
        self.given_back(&self.text()[range])
    }

    fn texts(&self, groups: &Groups) -> SteelVal {
        let text =
            |group: &Option<Range<usize>>| group.clone().map_or(SteelVal::BoolV(false), |range| self.piece(range));
        SteelVal::ListV(groups.iter().map(text).collect())
    }

    /// The whole text with the piece changed.
    fn whole_with(&self, new: String) -> SteelVal {
        if self.range.len() == self.whole.len() && !self.bytes {
            return string(new);
        }
        let (before, behind) = (&self.whole[..self.range.start], &self.whole[self.range.end..]);
        self.given_back(&format!("{before}{new}{behind}"))
    }

    /// A port has been read up to where the match ends, or to its end.
    fn consume(&self, found: Option<&Range<usize>>) {
        if let Some(port) = &self.port {
            ports::skip(port, self.range.start + found.map_or(self.range.len(), |found| found.end));
        }
    }
}

/// Bytes to code points. Those of one match follow those of the match before, so most of the counting is done once.
struct Places<'a> {
    text: &'a str,
    first: usize,
    ascii: bool,
    known: (usize, usize),
}

impl<'a> Places<'a> {
    fn of(subject: &'a Subject) -> Self {
        let before = &subject.whole[..subject.range.start];
        let text = subject.text();
        Self { text, first: before.chars().count(), ascii: text.is_ascii(), known: (0, 0) }
    }

    fn place(&mut self, byte: usize) -> SteelVal {
        if self.ascii {
            return SteelVal::IntV((self.first + byte) as isize);
        }
        let (at, count) = if byte >= self.known.0 { self.known } else { (0, 0) };
        let count = count + self.text[at..byte].chars().count();
        self.known = (byte, count);
        SteelVal::IntV((self.first + count) as isize)
    }

    fn pair(&mut self, found: &Range<usize>) -> SteelVal {
        let (start, end) = (self.place(found.start), self.place(found.end));
        expand::cons(start, end)
    }

    fn list(&mut self, groups: &Groups) -> SteelVal {
        let pairs: Vec<SteelVal> = groups
            .iter()
            .map(|group| group.as_ref().map_or(SteelVal::BoolV(false), |found| self.pair(found)))
            .collect();
        SteelVal::ListV(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
