//! The items of a file, found without parsing it: they begin at a line's first column, outside of brackets, strings and
//! comments.
//!
//! What reads along knows no more of a language than how its strings and comments end. Where that is too little (a regular
//! expression of JavaScript's that looks like a quotient), an item seems to go on too long: it is parsed then, and the tree
//! knows better.

use super::{ATTACHED, Break, ITEM, LINE, Language, PART, Trees, closes, line, lines};

/// Words that go on with the item before.
const GO_ON: &[&str] = &["else", "elif", "except", "finally", "catch", "where"];

/// The places of source code.
pub(in crate::text) struct Items<'a> {
    text: &'a str,
    language: Language,
    /// An item of so many bytes need not be cut.
    size: usize,
    stop: &'a dyn Fn() -> bool,
    reader: Reader<'a>,
    /// Where the next item begins, and how strong that place is; none at the end.
    next: Option<Break>,
    /// The places within the last one.
    within: Box<dyn Iterator<Item = Break> + 'a>,
}

impl<'a> Items<'a> {
    pub(in crate::text) fn new(text: &'a str, language: Language, size: usize, stop: &'a dyn Fn() -> bool) -> Self {
        let reader = Reader::new(text, language);
        // Whatever stands before the first item counts as one.
        let next = Some(Break { at: 0, level: ITEM });
        Self { text, language, size, stop, reader, next, within: Box::new(std::iter::empty()) }
    }

    /// The places of the item from `from` to `to`, but for its beginning.
    fn within(&self, from: usize, to: usize) -> Box<dyn Iterator<Item = Break> + 'a> {
        let text = &self.text[..to];
        let trees = if to - from > self.size { Trees::new(text, from, self.language, PART, self.stop) } else { None };
        match trees {
            Some(trees) => Box::new(trees.filter(move |place| place.at > from)),
            None => {
                let starts = lines(&text[from..]).map(move |at| from + at);
                let starts = starts.filter(move |at| !closes(line(text, *at)));
                Box::new(starts.map(|at| Break { at, level: LINE }))
            }
        }
    }
}

impl Iterator for Items<'_> {
    type Item = Break;

    fn next(&mut self) -> Option<Break> {
        loop {
            if let Some(place) = self.within.next() {
                return Some(place);
            }
            let item = self.next.take()?;
            self.next = self.reader.next();
            let end = self.next.map_or(self.text.len(), |next| next.at);
            self.within = self.within(item.at, end);
            if item.at > 0 {
                return Some(item);
            }
        }
    }
}

/// What the reader is within.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Brackets, so many of them open.
    Code(u32),
    /// A template of JavaScript's.
    Template,
}

/// Reads along, and gives the beginnings of items but for the first.
struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    language: Language,
    at: usize,
    /// The last is where it is now. Never empty.
    within: Vec<Within>,
    /// The last byte that is neither white space nor of a comment.
    last: u8,
    /// Whether the line before is a comment or an attribute that belongs to what follows.
    leads: bool,
    begun: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, language: Language) -> Self {
        let within = vec![Within::Code(0)];
        Self { text, bytes: text.as_bytes(), language, at: 0, within, last: b'\n', leads: false, begun: false }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Whether a line's beginning is an item's.
    fn begins(&mut self) -> Option<u16> {
        let (first, second) = (self.byte(self.at), self.byte(self.at + 1));
        let attribute = match self.language {
            Language::Python => first == b'@',
            Language::Rust => first == b'#',
            Language::JavaScript => first == b'@',
        };
        let comment = match self.language {
            Language::Python => first == b'#',
            _ => first == b'/' && matches!(second, b'/' | b'*'),
        };
        let starts = first.is_ascii_alphanumeric() || first >= 0x80 || b"_\"'($`".contains(&first);
        if !(starts || attribute || comment) {
            // An empty line parts a comment from what follows.
            self.leads &= !matches!(first, b'\n' | b'\r');
            return None;
        }
        let word = self.text[self.at..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
        // A backslash goes on with its line in the next.
        if std::mem::replace(&mut self.last, b'\n') == b'\\' || word.is_some_and(|word| GO_ON.contains(&word)) {
            return None;
        }
        let attached = std::mem::replace(&mut self.leads, attribute || comment);
        Some(if attached { ATTACHED } else { ITEM })
    }

    /// Goes on behind what begins here.
    fn step(&mut self) {
        let byte = self.byte(self.at);
        match (byte, self.language) {
            (b'#', Language::Python) => return self.at = self.line_end(self.at),
            (b'/', Language::Rust | Language::JavaScript) if self.byte(self.at + 1) == b'/' => {
                return self.at = self.line_end(self.at);
            }
            (b'/', Language::Rust | Language::JavaScript) if self.byte(self.at + 1) == b'*' => {
                return self.at = self.comment_end();
            }
            (b'/', Language::JavaScript) if b"(,=:[!&|?{};+-*%<>~^\n".contains(&self.last) => {
                self.at = self.regexp_end();
            }
            (b'`', Language::JavaScript) => {
                self.within.push(Within::Template);
                self.at += 1;
            }
            (b'"' | b'\'', Language::Python) if self.triple(byte) => self.at = self.string_end(3, true),
            (b'"' | b'\'', Language::Python | Language::JavaScript) => self.at = self.string_end(1, false),
            (b'"', Language::Rust) => self.at = self.rust_string_end(),
            (b'\'', Language::Rust) => self.at = self.char_end(),
            _ => self.code(byte),
        }
        self.last = byte;
    }

    fn code(&mut self, byte: u8) {
        self.at += 1;
        let outer = self.within.len() > 1;
        let Some(Within::Code(depth)) = self.within.last_mut() else { return };
        match byte {
            b'(' | b'[' | b'{' => *depth += 1,
            // The end of `${…}` within a template.
            b'}' if *depth == 0 && outer => {
                self.within.pop();
            }
            b')' | b']' | b'}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
    }

    fn line_end(&self, from: usize) -> usize {
        self.bytes[from..].iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |end| from + end)
    }

    /// Behind a comment `/* … */`; those of Rust nest.
    fn comment_end(&self) -> usize {
        let (mut at, mut depth) = (self.at + 2, 1);
        while depth > 0 && at < self.bytes.len() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
                (b'/', b'*') if self.language == Language::Rust => (at, depth) = (at + 2, depth + 1),
                _ => at += 1,
            }
        }
        at.min(self.bytes.len())
    }

    fn triple(&self, quote: u8) -> bool {
        self.byte(self.at + 1) == quote && self.byte(self.at + 2) == quote
    }

    /// Behind a string that ends with so many of its quotation marks, or with its line.
    fn string_end(&self, marks: usize, lines: bool) -> usize {
        let quote = self.byte(self.at);
        let mut at = self.at + marks;
        while at < self.bytes.len() {
            match self.byte(at) {
                b'\\' => at += 2,
                b'\n' if !lines => return at,
                byte if byte == quote && (1..marks).all(|n| self.byte(at + n) == quote) => return at + marks,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    /// Behind a string of Rust's, a raw one by the `r##` before it.
    fn rust_string_end(&self) -> usize {
        let marks = self.bytes[..self.at].iter().rev().take_while(|byte| **byte == b'#').count();
        let before = self.at - marks;
        let raw = before > 0
            && self.byte(before - 1) == b'r'
            && (before < 2 || !self.byte(before - 2).is_ascii_alphanumeric() || b"bc".contains(&self.byte(before - 2)));
        if !raw {
            return self.string_end(1, true);
        }
        let mut at = self.at + 1;
        while at < self.bytes.len() {
            if self.byte(at) == b'"' && (1..=marks).all(|n| self.byte(at + n) == b'#') {
                return at + 1 + marks;
            }
            at += 1;
        }
        self.bytes.len()
    }

    /// Behind a character of Rust's, or behind the mark of a lifetime.
    fn char_end(&self) -> usize {
        if self.byte(self.at + 1) == b'\\' {
            return self.string_end(1, false);
        }
        let length = self.text[self.at + 1..].chars().next().map_or(1, char::len_utf8);
        self.at + if self.byte(self.at + 1 + length) == b'\'' { length + 2 } else { 1 }
    }

    /// Behind a regular expression, or behind its first character when it does not end on its line.
    fn regexp_end(&self) -> usize {
        let (mut at, mut class) = (self.at + 1, false);
        loop {
            match self.byte(at) {
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return at + 1,
                b'\n' | 0 => return self.at + 1,
                _ => {}
            }
            at += 1;
        }
    }

    /// Goes on within a template.
    fn template(&mut self) {
        match self.byte(self.at) {
            b'\\' => self.at += 2,
            b'`' => {
                self.within.pop();
                self.last = b'`';
                self.at += 1;
            }
            b'$' if self.byte(self.at + 1) == b'{' => {
                self.within.push(Within::Code(0));
                self.at += 2;
            }
            _ => self.at += 1,
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Break;

    fn next(&mut self) -> Option<Break> {
        while self.at < self.bytes.len() {
            if self.within.last() == Some(&Within::Template) {
                self.template();
                continue;
            }
            let outside = self.within == [Within::Code(0)];
            if outside && !self.begun && (self.at == 0 || self.byte(self.at - 1) == b'\n') {
                self.begun = true;
                let at = self.at;
                if let Some(level) = self.begins().filter(|_| at > 0) {
                    return Some(Break { at, level });
                }
                continue;
            }
            self.begun = false;
            match self.byte(self.at) {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    if outside && self.last != b'\\' {
                        self.last = b'\n';
                    }
                }
                _ => self.step(),
            }
        }
        None
    }
}
