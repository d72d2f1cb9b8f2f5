//! Strings, characters, numbers and names.

use super::Reader;
use crate::interp::{
    dialect::numerals,
    expand::{
        Step, error,
        syntax::{Datum, Name, Node, Syntax},
    },
};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Num, ToPrimitive};

/// What ends a name or a number.
pub(crate) fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '"' | ';' | '\'' | '`' | ',')
}

/// The names of characters.
const CHARACTERS: &[(&str, char)] = &[
    ("space", ' '),
    ("newline", '\n'),
    ("linefeed", '\n'),
    ("tab", '\t'),
    ("return", '\r'),
    ("nul", '\0'),
    ("null", '\0'),
    ("backspace", '\u{8}'),
    ("alarm", '\u{7}'),
    ("delete", '\u{7f}'),
    ("rubout", '\u{7f}'),
    ("escape", '\u{1b}'),
    ("altmode", '\u{1b}'),
    ("esc", '\u{1b}'),
    ("vtab", '\u{b}'),
    ("page", '\u{c}'),
];

impl Reader<'_> {
    /// The text of a string whose opening quote has been read.
    pub(super) fn string(&mut self, start: usize) -> Step<String> {
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let Some(next) = rest.find(['"', '\\']) else {
                self.ends_early = true;
                let hint = "it ends at a `\"`; within it, a quote is written `\\\"`";
                return Err(error(self.span(start, 1), "this string never ends", hint));
            };
            out.push_str(&rest[..next]);
            self.at += next + 1;
            if rest[next..].starts_with('"') {
                return Ok(out);
            }
            self.at += escape(&rest[next + 1..], &mut out);
        }
    }

    /// `#<<TAG`, lines, and a line that is `TAG`.
    pub(super) fn here_string(&mut self, start: usize) -> Step<Syntax> {
        let rest = self.rest();
        let (first, body) = rest.split_once('\n').unwrap_or((rest, ""));
        let tag = first[3..].trim_end_matches('\r');
        let mut end = 0;
        for line in body.split_inclusive('\n') {
            if line.trim_end_matches(['\n', '\r']) == tag && !tag.is_empty() {
                let text = body[..end].strip_suffix('\n').unwrap_or(&body[..end]);
                self.at += first.len() + 1 + end + tag.len();
                return Ok(Syntax::string(text, self.since(start)));
            }
            end += line.len();
        }
        self.ends_early = true;
        let hint = format!("it ends at a line that is `{tag}` and nothing else");
        Err(error(self.span(start, first.len()), format!("the here-string `#<<{tag}` does not end"), hint))
    }

    /// `#\a`, `#\space`, `#\u3bb`.
    pub(super) fn character(&mut self, start: usize) -> Step<Syntax> {
        let after = &self.rest()[2..];
        let first = after.chars().next().map_or(0, char::len_utf8);
        let more = &after[first..];
        let len = first + if after.starts_with(char::is_alphanumeric) { word_len(more) } else { 0 };
        let word = &after[..len];
        let c = named_character(word).ok_or_else(|| {
            let hint = "characters are written `#\\a`, `#\\space`, `#\\newline`, `#\\u3bb`";
            error(self.span(start, 2 + len), "there is no character of this name", hint)
        })?;
        self.at += 2 + len;
        Ok(Syntax::literal(Datum::Char(c), self.since(start)))
    }

    /// A number, a boolean, a keyword or a name.
    pub(super) fn atom(&mut self, start: usize) -> Step<Syntax> {
        let (word, len, barred) = word(self.rest());
        if len == 0 {
            // A lone character that begins nothing, such as a stray `#` before a quote.
            let hint = "is something missing before or behind it?";
            return Err(error(self.span(start, 1), "this character begins nothing", hint));
        }
        self.at += len;
        let span = self.since(start);
        let literal = |datum| Ok(Syntax::literal(datum, span));
        if !barred {
            match &*word {
                "#t" | "#true" | "#T" => return literal(Datum::Boolean(true)),
                "#f" | "#false" | "#F" => return literal(Datum::Boolean(false)),
                "#!void" | "#<void>" => return literal(Datum::Void),
                _ => {}
            }
            if let Some(keyword) = word.strip_prefix("#:").filter(|k| !k.is_empty()) {
                return literal(Datum::Keyword(keyword.into()));
            }
            if let Some(number) = number(&word, 10) {
                return literal(Datum::Number(number.into()));
            }
            let own = word.len() > 1 && (word.starts_with('%') || word.starts_with("#%") || word.starts_with("##"));
            if own && !self.internal {
                let message = format!("`{word}` is the interpreter's own, and not for scripts");
                return Err(error(
                    span,
                    message,
                    "choose another name; `define-syntax` with `syntax-rules` makes macros",
                ));
            }
            if word.starts_with('#') && !self.internal {
                let hint = match &*word {
                    "#lang" => "leave it out: everything in `bessemer doc` is there without it",
                    _ => "names do not begin with `#`",
                };
                return Err(error(span, format!("`{word}` cannot be read"), hint));
            }
        }
        Ok(Syntax::new(Node::Name(Name::Plain(word.into())), span))
    }
}

/// A character by the part behind `#\`.
pub(crate) fn named_character(word: &str) -> Option<char> {
    let mut chars = word.chars();
    let first = chars.next()?;
    if chars.next().is_none() {
        return Some(first);
    }
    if let Some((_, c)) = CHARACTERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        return Some(*c);
    }
    let digits = &word[first.len_utf8()..];
    match first {
        'x' | 'u' | 'U' => u32::from_str_radix(digits, 16).ok().and_then(char::from_u32),
        '0'..='3' if word.len() == 3 => u32::from_str_radix(word, 8).ok().and_then(char::from_u32),
        _ => None,
    }
}

fn word_len(text: &str) -> usize {
    text.find(is_delimiter).unwrap_or(text.len())
}

/// A word, how many bytes it takes, and whether bars or backslashes make it a name whatever it looks like.
fn word(text: &str) -> (String, usize, bool) {
    let (mut out, mut barred) = (String::new(), false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '|' => {
                barred = true;
                let Some(end) = text[at + 1..].find('|') else { return (out, at, barred) };
                out.push_str(&text[at + 1..at + 1 + end]);
                let (more, len, _) = word(&text[at + end + 2..]);
                out.push_str(&more);
                return (out, at + end + 2 + len, barred);
            }
            '\\' => {
                barred = true;
                out.extend(chars.next().map(|(_, c)| c));
            }
            c if is_delimiter(c) => return (out, at, barred),
            c => out.push(c),
        }
    }
    (out, text.len(), barred)
}

/// The bytes of a byte string's text in which one to three octal digits stand behind a backslash; none where no such escape
/// is in it.
pub(super) fn octal(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut found, mut rest) = (Vec::new(), false, text.as_bytes());
    while let [first, after @ ..] = rest {
        let digits = after.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
        if *first != b'\\' {
            out.push(*first);
            rest = after;
        } else if digits > 0 {
            // Past 255 the last digit is not one of them.
            let value = |n: usize| after[..n].iter().fold(0_u32, |value, digit| value * 8 + u32::from(digit - b'0'));
            let taken = if value(digits) > 255 { digits - 1 } else { digits };
            out.push(u8::try_from(value(taken)).ok()?);
            found = true;
            rest = &after[taken..];
        } else {
            let next = std::str::from_utf8(after).ok()?;
            let mut escaped = String::new();
            let taken = escape(next, &mut escaped);
            out.extend(escaped.chars().map(|c| u8::try_from(u32::from(c))).collect::<Result<Vec<_>, _>>().ok()?);
            rest = &after[taken..];
        }
    }
    found.then_some(out)
}

/// Writes what an escape stands for; the bytes after the backslash that it takes. One that no string knows stands for itself.
fn escape(after: &str, out: &mut String) -> usize {
    let Some(c) = after.chars().next() else {
        out.push('\\');
        return 0;
    };
    let known = match c {
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        '"' | '\'' | '\\' | '|' => c,
        // Two or three octal digits are a character. One alone, but for a null, is more often meant for a pattern.
        '0'..='7' => {
            let digits = after.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let digits = if c > '3' { digits.min(2) } else { digits };
            if digits < 2 && c != '0' {
                out.push('\\');
                return 0;
            }
            out.extend(u32::from_str_radix(&after[..digits], 8).ok().and_then(char::from_u32));
            return digits;
        }
        'x' | 'u' | 'U' => return scalar(c, after, out),
        ' ' | '\t' | '\n' | '\r' => {
            // A line that goes on: white space round one end of line.
            let blank = after.len() - after.trim_start_matches([' ', '\t', '\r']).len();
            if after[blank..].starts_with('\n') {
                let next = &after[blank + 1..];
                // R7RS leaves out the white space that begins the next line, Racket keeps it.
                return blank + 1 + if blank > 0 { next.len() - next.trim_start_matches([' ', '\t']).len() } else { 0 };
            }
            out.push('\\');
            return 0;
        }
        _ => {
            out.push('\\');
            return 0;
        }
    };
    out.push(known);
    1
}

/// `\x41;`, `\x41`, `\u{41}`, `\u0041`, and two `\u` that are one character.
fn scalar(c: char, after: &str, out: &mut String) -> usize {
    let hex = |text: &str, most: usize| text.bytes().take(most).take_while(u8::is_ascii_hexdigit).count();
    let value = |digits: &str| u32::from_str_radix(digits, 16).ok();
    let body = &after[1..];
    let closed = |digits: &str, taken: usize| Some((char::from_u32(value(digits)?)?, taken));
    let found = if let Some(inner) = body.strip_prefix('{') {
        let len = hex(inner, 8);
        if inner[len..].starts_with('}') { closed(&inner[..len], len + 3) } else { None }
    } else if c == 'x' {
        let len = hex(body, 8);
        match body[len..].starts_with(';') {
            true => closed(&body[..len], len + 2),
            false => closed(&body[..len.min(2)], len.min(2) + 1),
        }
    } else {
        let len = hex(body, if c == 'u' { 4 } else { 8 });
        let pair = value(&body[..len]).filter(|high| (0xd800..0xdc00).contains(high)).and_then(|high| {
            let low = body[len..].strip_prefix("\\u")?;
            let low = value(low.get(..4)?).filter(|low| (0xdc00..0xe000).contains(low))?;
            char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).map(|c| (c, 1 + len + 6))
        });
        pair.or_else(|| closed(&body[..len], len + 1))
    };
    match found {
        Some((scalar, taken)) => {
            out.push(scalar);
            taken
        }
        None => {
            out.push('\\');
            0
        }
    }
}

/// A number as Steel reads it, if the word is one.
pub(crate) fn number(word: &str, radix: u32) -> Option<String> {
    if let Some(rest) = word.strip_prefix('#') {
        let (kind, rest) = (rest.chars().next()?, rest.get(1..)?);
        return match kind.to_ascii_lowercase() {
            'x' => number(rest, 16),
            'b' => number(rest, 2),
            'o' => number(rest, 8),
            'd' => number(rest, 10),
            'e' => numerals::text(&numerals::read(word, radix)?),
            'i' => Some(inexact(&number(rest, radix)?)),
            _ => None,
        };
    }
    match word.to_ascii_lowercase().as_str() {
        "+inf.0" | "-inf.0" | "+nan.0" => return Some(word.to_ascii_lowercase()),
        "-nan.0" => return Some("+nan.0".into()),
        "+inf.f" | "-inf.f" => return Some(format!("{}inf.0", &word[..1])),
        _ => {}
    }
    if word.ends_with('i')
        && let Some(number) = numerals::read(word, radix)
    {
        return numerals::text(&number);
    }
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let digit = |c: char| c.is_digit(radix);
    if !digits.starts_with(|c| digit(c) || (c == '.' && radix == 10)) {
        return None;
    }
    if digits.chars().all(digit) {
        return Some(BigInt::from_str_radix(word.trim_start_matches('+'), radix).ok()?.to_string());
    }
    if let Some((over, under)) = digits.split_once('/') {
        let whole = |text: &str| !text.is_empty() && text.chars().all(digit);
        if !whole(over) || !whole(under) {
            return None;
        }
        let under = BigInt::from_str_radix(under, radix).ok()?;
        if under == BigInt::ZERO {
            return None;
        }
        let over = BigInt::from_str_radix(over, radix).ok()?;
        let sign = if word.starts_with('-') { -BigInt::from(1) } else { BigInt::from(1) };
        return Some(BigRational::new(over * sign, under).to_string());
    }
    if radix != 10 {
        return None;
    }
    float(word).map(shown)
}

/// A decimal number: digits, one point, an exponent.
fn float(word: &str) -> Option<f64> {
    let lower = word.to_ascii_lowercase().replace(['d', 'f', 's', 'l'], "e");
    let (mantissa, exponent) = lower.split_once('e').map_or((&*lower, None), |(m, e)| (m, Some(e)));
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && digits.matches('.').count() <= 1
        && digits.chars().any(|c| c.is_ascii_digit());
    let exponent_is_one = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && e.chars().all(|c| c.is_ascii_digit())
    });
    if !plain || !exponent_is_one {
        return None;
    }
    lower.trim_start_matches('+').parse().ok()
}

/// As Steel reads it.
fn shown(value: f64) -> String {
    match value {
        v if v == f64::INFINITY => "+inf.0".into(),
        v if v == f64::NEG_INFINITY => "-inf.0".into(),
        v if v.is_nan() => "+nan.0".into(),
        v => format!("{v:?}"),
    }
}

fn inexact(text: &str) -> String {
    match text.parse::<BigRational>() {
        Ok(value) => value.to_f64().map_or_else(|| text.to_owned(), shown),
        Err(_) => text.to_owned(),
    }
}
