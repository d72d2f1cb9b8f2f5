//! Paragraphs, sentences and lines.
//!
//! A sentence ends at a full stop, a question mark or an exclamation mark (and their Chinese and Japanese sisters) when
//! white space follows and the next word does not go on in lower case. Common abbreviations and initials end none.

use super::{Break, LINE};

/// What begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    Paragraph,
    Sentence,
    Line,
}

/// A place, and whether it is the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) begins: Begins,
    pub(super) line: bool,
}

/// Titles and the like: a full stop behind them ends no sentence.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "rev", "gen", "col", "capt", "lt", "sgt", "hon", "vs", "viz",
    "cf", "eg", "ie", "e.g", "i.e", "al", "approx", "dept", "est", "mt", "ed", "eds", "resp",
];
/// The same where a number follows.
const NUMBERED: &[&str] = &[
    "no", "nos", "fig", "figs", "vol", "eq", "eqs", "sec", "ch", "pp", "p", "art", "para", "ref", "refs", "tab", "jan",
    "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "ca", "c",
];

/// Paragraphs before sentences before lines.
pub(super) fn paragraphs(text: &str) -> impl Iterator<Item = Break> {
    Marks::new(text).map(|mark| {
        let level = match mark.begins {
            Begins::Paragraph => 1,
            Begins::Sentence => 2,
            Begins::Line => LINE,
        };
        Break { at: mark.at, level }
    })
}

/// Sentences, whichever paragraph they are of.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = Break> {
    Marks::new(text).map(|mark| Break { at: mark.at, level: if mark.begins == Begins::Line { LINE } else { 1 } })
}

/// Every beginning but the text's own.
pub(super) struct Marks<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Marks<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Behind a mark at `at` that may end a sentence: where white space or the next sentence begins, if it does.
    fn sentence_end(&self, at: usize) -> Option<usize> {
        let first = self.text[at..].chars().next()?;
        let wide = matches!(first, '。' | '！' | '？' | '．' | '｡');
        if first == '.' && self.abbreviates(at) {
            return None;
        }
        let mut end = at;
        for c in self.text[at..].chars() {
            let closes = matches!(
                c,
                '.' | '!'
                    | '?'
                    | '…'
                    | '。'
                    | '！'
                    | '？'
                    | '．'
                    | '｡'
                    | '"'
                    | '\''
                    | ')'
                    | ']'
                    | '»'
                    | '”'
                    | '’'
                    | '」'
                    | '』'
                    | '）'
            );
            if !closes {
                break;
            }
            end += c.len_utf8();
        }
        let next = self.text[end..].chars().next()?;
        (wide || next.is_whitespace()).then_some(end)
    }

    /// Whether the full stop at `at` belongs to an abbreviation or an initial.
    fn abbreviates(&self, at: usize) -> bool {
        let mut start = at;
        while start > 0
            && at - start < 8
            && (self.bytes[start - 1].is_ascii_alphabetic() || self.bytes[start - 1] == b'.')
        {
            start -= 1;
        }
        // Not the end of a longer word, and not of one with other letters.
        if start == at
            || (start > 0 && (self.bytes[start - 1].is_ascii_alphanumeric() || self.bytes[start - 1] >= 0x80))
        {
            return false;
        }
        let word = &self.text[start..at];
        if word.len() == 1 {
            return word.as_bytes()[0].is_ascii_uppercase() && word != "I" || self.digit_follows(at);
        }
        let among = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(word));
        among(TITLES) || (among(NUMBERED) && self.digit_follows(at))
    }

    fn digit_follows(&self, at: usize) -> bool {
        let next = self.bytes[at + 1..].iter().find(|b| !matches!(b, b' ' | b'\t'));
        next.is_some_and(|b| b.is_ascii_digit())
    }

    /// From `at`, in white space: what begins behind it. `ended`: a sentence ends here.
    fn begins(&mut self, at: usize, ended: bool) -> Option<Mark> {
        let (mut next, mut line, mut lines) = (at, at, 0);
        loop {
            match self.byte(next) {
                b'\n' => {
                    lines += 1;
                    line = next + 1;
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => {}
                _ => break,
            }
            next += 1;
        }
        self.at = next.max(at);
        if next >= self.bytes.len() {
            self.at = self.bytes.len();
            return None;
        }
        // No-break and ideographic spaces belong to what they stand before.
        let small = || self.text[next..].chars().next().is_some_and(char::is_lowercase);
        match lines {
            0 if ended && !small() => Some(Mark { at: next, begins: Begins::Sentence, line: false }),
            0 => None,
            1 if ended => Some(Mark { at: line, begins: Begins::Sentence, line: true }),
            1 => Some(Mark { at: line, begins: Begins::Line, line: true }),
            _ => Some(Mark { at: line, begins: Begins::Paragraph, line: true }),
        }
    }
}

impl Iterator for Marks<'_> {
    type Item = Mark;

    fn next(&mut self) -> Option<Mark> {
        while self.at < self.bytes.len() {
            let at = self.at;
            let end = match self.bytes[at] {
                b'\n' => Some((at, false)),
                b'.' | b'!' | b'?' => self.sentence_end(at).map(|end| (end, true)),
                // The first bytes of the wide marks.
                0xe2 | 0xe3 | 0xef => match self.text[at..].chars().next() {
                    Some('…' | '。' | '！' | '？' | '．' | '｡') => self.sentence_end(at).map(|end| (end, true)),
                    _ => None,
                },
                _ => None,
            };
            match end {
                Some((end, ended)) => {
                    if let Some(mark) = self.begins(end, ended) {
                        return Some(mark);
                    }
                }
                None => self.at += 1,
            }
        }
        None
    }
}
