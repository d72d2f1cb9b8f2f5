//! JSON: between values, the outermost first.
//!
//! One pass over the bytes, which knows strings, brackets and commas and asks no more: what is not quite JSON is cut all
//! the same. Several values one after the other (JSON lines) are cut between.

use super::Break;

// Each depth has four levels, all of them stronger than those of the next depth.
/// Before a member or an element, behind the comma.
const MEMBER: u16 = 0;
/// Behind an opening bracket.
const OPEN: u16 = 1;
/// Between a key and its value.
const VALUE: u16 = 2;
/// Right behind a value, before its comma or the closing bracket: so that a value that just fits is not cut.
const BEHIND: u16 = 3;
const LEVELS: u16 = 4;
/// From here on all depths are one.
const DEEPEST: u16 = 10_000;

/// The places of a JSON text.
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u16,
    /// The level of the place before the next value.
    before: u16,
    /// The end of a value that has just been passed.
    behind: Option<Break>,
}

impl<'a> Json<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, depth: 0, before: level(0, MEMBER), behind: None }
    }

    /// Behind the string that begins here.
    fn string(&self) -> usize {
        let mut at = self.at + 1;
        while let Some(byte) = self.bytes.get(at) {
            at += match byte {
                b'\\' => 2,
                b'"' => return at + 1,
                _ => 1,
            };
        }
        self.bytes.len()
    }

    /// Behind the number or word that begins here.
    fn scalar(&self) -> usize {
        let delimits = |b: &u8| b.is_ascii_whitespace() || b",:[]{}\"".contains(b);
        self.bytes[self.at..].iter().position(delimits).map_or(self.bytes.len(), |length| self.at + length)
    }

    /// A value ends at `end`.
    fn ended(&mut self, end: usize) {
        self.at = end;
        self.behind = Some(Break { at: end, level: level(self.depth, BEHIND) });
        self.before = level(self.depth, MEMBER);
    }
}

fn level(depth: u16, kind: u16) -> u16 {
    1 + depth.min(DEEPEST) * LEVELS + kind
}

impl Iterator for Json<'_> {
    type Item = Break;

    fn next(&mut self) -> Option<Break> {
        if let Some(behind) = self.behind.take().filter(|place| place.at < self.bytes.len()) {
            return Some(behind);
        }
        while let Some(byte) = self.bytes.get(self.at).copied() {
            let start = Break { at: self.at, level: self.before };
            match byte {
                b',' | b':' => {
                    self.before = level(self.depth, if byte == b',' { MEMBER } else { VALUE });
                    self.at += 1;
                    continue;
                }
                b']' | b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.ended(self.at + 1);
                    return self.behind.take();
                }
                b'[' | b'{' => {
                    self.depth = self.depth.saturating_add(1);
                    self.before = level(self.depth, OPEN);
                    self.at += 1;
                }
                b'"' => self.ended(self.string()),
                _ if byte.is_ascii_whitespace() => {
                    self.at += 1;
                    continue;
                }
                _ => self.ended(self.scalar()),
            }
            if start.at > 0 {
                return Some(start);
            }
            if let Some(behind) = self.behind.take() {
                return Some(behind);
            }
        }
        None
    }
}
