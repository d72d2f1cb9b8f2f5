//! JSON as Racket's `read-json` takes it: the first value of a text that may go on, and Racket's words for what is wrong.
//!
//! It is laxer than the standard: a string may hold control characters. Not here: JSON that
//! models write (`from_text`), which is judged strictly.

use super::hashes;
use crate::interp::{
    print,
    value::{string, symbol},
};
use steel::{
    SteelVal,
    rvals::{IntoSteelVal, SteelByteVector},
};

/// How deep values may nest.
const DEPTH: usize = 10_000;

/// Of what follows, a message shows so many bytes.
const SHOWN: usize = 255;

/// Why a text is no JSON.
pub(crate) struct Problem {
    pub(crate) message: String,
    /// How many bytes had been read; none where Racket names no place.
    pub(crate) at: Option<usize>,
}

struct Reader<'a> {
    whole: &'a str,
    text: &'a [u8],
    at: usize,
    null: &'a SteelVal,
}

type Step<T> = Result<T, Problem>;

/// The first value, and how many bytes it takes; none when there is nothing but space. NULL stands for null.
pub(crate) fn first(text: &str, null: &SteelVal) -> Step<Option<(SteelVal, usize)>> {
    let mut reader = Reader { whole: text, text: text.as_bytes(), at: 0, null };
    reader.skip_space()?;
    if reader.peek().is_none() {
        return Ok(None);
    }
    let value = reader.value(0)?;
    Ok(Some((value, reader.at)))
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn char(&self) -> Option<char> {
        self.whole.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn wrong<T>(&self, message: impl Into<String>) -> Step<T> {
        Err(Problem { message: message.into(), at: Some(self.at) })
    }

    /// What stands here begins nothing, or does not go on as it began at START.
    fn bad<T>(&self, start: usize) -> Step<T> {
        let begun = &self.text[start..self.at];
        if self.peek().is_none() {
            let after = if begun.is_empty() { String::new() } else { format!("after {}", shown(begun)) };
            return self.wrong(format!("unexpected end-of-file{after}"));
        }
        let end = (self.at + SHOWN).min(self.text.len());
        self.wrong(format!("bad input starting {}", shown(&self.text[start..end])))
    }

    fn skip_space(&mut self) -> Step<()> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        match self.char() {
            Some(c) if c.is_whitespace() => {
                let c = print::written(&SteelVal::CharV(c));
                self.wrong(format!("found whitespace that is not allowed by the JSON specification\n  char: {c}"))
            }
            _ => Ok(()),
        }
    }

    fn value(&mut self, depth: usize) -> Step<SteelVal> {
        self.skip_space()?;
        if depth > DEPTH {
            return self.wrong("a value nests too deep");
        }
        match self.peek() {
            Some(b't') => self.literal(b"true", SteelVal::BoolV(true)),
            Some(b'f') => self.literal(b"false", SteelVal::BoolV(false)),
            Some(b'n') => self.literal(b"null", self.null.clone()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => {
                self.at += 1;
                self.string().map(string)
            }
            Some(b'[') => {
                self.at += 1;
                let items = self.several("array", b']', |reader| reader.value(depth + 1))?;
                Ok(SteelVal::ListV(items.into()))
            }
            Some(b'{') => {
                self.at += 1;
                let pairs = self.several("object", b'}', |reader| reader.pair(depth + 1))?;
                Ok(hashes::immutable(hashes::Kind::Eq, pairs))
            }
            _ => self.bad(self.at),
        }
    }

    fn literal(&mut self, word: &[u8], value: SteelVal) -> Step<SteelVal> {
        let start = self.at;
        for byte in word {
            match self.peek() {
                Some(found) if found == *byte => self.at += 1,
                Some(_) => {
                    self.at += 1;
                    let end = (self.at + SHOWN).min(self.text.len());
                    return self.wrong(format!("bad input starting {}", shown(&self.text[start..end])));
                }
                None => return self.wrong(format!("bad input starting {}", shown(&self.text[start..]))),
            }
        }
        match self.peek() {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => self.bad(start),
            _ => Ok(value),
        }
    }

    /// What stands between brackets, with commas.
    fn several<T>(&mut self, what: &str, close: u8, one: impl Fn(&mut Self) -> Step<T>) -> Step<Vec<T>> {
        let mut all = Vec::new();
        self.skip_space()?;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(all);
        }
        loop {
            all.push(one(self)?);
            self.skip_space()?;
            match self.next() {
                Some(b',') => {}
                Some(byte) if byte == close => return Ok(all),
                _ => return self.wrong(format!("error while parsing a json {what}")),
            }
        }
    }

    fn pair(&mut self, depth: usize) -> Step<(SteelVal, SteelVal)> {
        self.skip_space()?;
        if self.peek() != Some(b'"') {
            return self.bad(self.at);
        }
        self.at += 1;
        let key = self.string()?;
        self.skip_space()?;
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(_) => return self.wrong("error while parsing a json object pair"),
            None => return self.wrong("unexpected end-of-file while parsing a json object pair"),
        }
        Ok((symbol(&key), self.value(depth)?))
    }

    fn number(&mut self) -> Step<SteelVal> {
        let start = self.at;
        let mut exact = true;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        // A zero at the front is the whole of an integer.
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits(start)?,
        }
        if self.peek() == Some(b'.') {
            exact = false;
            self.at += 1;
            self.digits(start)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            exact = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(start)?;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        if !exact {
            // Zero has no sign.
            return Ok(SteelVal::NumV(text.parse().unwrap_or(f64::NAN) + 0.0));
        }
        match (text.parse::<isize>(), text.parse::<num_bigint::BigInt>()) {
            (Ok(small), _) => Ok(SteelVal::IntV(small)),
            (_, Ok(big)) => Ok(big.into_steelval().unwrap_or(SteelVal::Void)),
            _ => self.bad(start),
        }
    }

    /// One digit or more.
    fn digits(&mut self, start: usize) -> Step<()> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            if self.peek().is_some() {
                self.at += 1;
                let end = (self.at + SHOWN).min(self.text.len());
                return self.wrong(format!("bad input starting {}", shown(&self.text[start..end])));
            }
            return self.bad(start);
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// What follows a quote, up to the next.
    fn string(&mut self) -> Step<String> {
        let mut text = Vec::new();
        loop {
            match self.next() {
                None => {
                    return self.wrong("unterminated string");
                }
                Some(b'"') => return Ok(String::from_utf8_lossy(&text).into_owned()),
                Some(b'\\') => {
                    let mut buffer = [0; 4];
                    let c = self.escaped()?;
                    text.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
                }
                Some(byte) => text.push(byte),
            }
        }
    }

    fn escaped(&mut self) -> Step<char> {
        let Some(c) = self.char() else { return self.wrong("bad string escape: \"#<eof>\"") };
        self.at += c.len_utf8();
        Ok(match c {
            'b' => '\u{8}',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            't' => '\t',
            '\\' | '"' | '/' => c,
            'u' => return self.coded(),
            other => return self.wrong(format!("bad string escape: \"{other}\"")),
        })
    }

    /// The four digits behind `\u`, and a second four where these are half a character.
    fn coded(&mut self) -> Step<char> {
        let first = self.code()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let missing = "bad string \\u escape, missing second half of a UTF-16 pair";
        for wanted in [b'\\', b'u'] {
            let found = self.next();
            if found != Some(wanted) {
                return self.wrong(missing);
            }
        }
        let second = self.code()?;
        if !(0xdc00..0xe000).contains(&second) || first >= 0xdc00 {
            return self.wrong("bad string \\u escape, bad second half of a UTF-16 pair");
        }
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).map_or_else(|| self.wrong(missing), Ok)
    }

    fn code(&mut self) -> Step<u32> {
        let Some(digits) = self.text.get(self.at..self.at + 4) else {
            return Err(Problem { message: "unexpected end-of-file".to_owned(), at: None });
        };
        self.at += 4;
        let text = std::str::from_utf8(digits).unwrap_or_default();
        match u32::from_str_radix(text, 16) {
            Ok(code) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(code),
            _ => self.wrong(format!("bad \\u escape {}", shown(digits))),
        }
    }
}

/// Bytes as they are written in a program, but not more than a message shows.
fn shown(bytes: &[u8]) -> String {
    let written = print::written(&SteelVal::ByteVector(SteelByteVector::new(bytes.to_vec())));
    match written.char_indices().nth(256) {
        Some(_) => format!("{}...", written.chars().take(253).collect::<String>()),
        None => written,
    }
}
