//! Markdown: headings, blocks, list items, rows, sentences.
//!
//! Read line by line, which is all that cutting needs. A heading stays with what it heads, fenced code is cut only when it
//! does not fit.

use super::{
    Break, LINE, line,
    prose::{Begins, Mark, Marks},
};

// Headings are 1 to 6.
const RULE: u16 = 7;
const BLOCK: u16 = 8;
const ITEM: u16 = 9;
const NESTED: u16 = 10;
const SENTENCE: u16 = 11;
const ROW: u16 = 12;

/// The places of a Markdown text.
pub(super) struct Markdown<'a> {
    text: &'a str,
    marks: Marks<'a>,
    /// The fence that is open: its character and how many of it.
    fence: Option<(u8, usize)>,
    /// The line before was a heading.
    headed: bool,
    /// The line before closed a fence.
    closed: bool,
}

impl<'a> Markdown<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut all = Self { text, marks: Marks::new(text), fence: None, headed: false, closed: false };
        let first = text.find(|c: char| !c.is_whitespace()).unwrap_or(0);
        let first = text[..first].rfind('\n').map_or(0, |at| at + 1);
        all.level(Mark { at: first, begins: Begins::Paragraph, line: true });
        all
    }

    /// How strong the place is where this line begins.
    fn level(&mut self, mark: Mark) -> u16 {
        let line = line(self.text, mark.at).trim_end();
        let indent = super::indent(line);
        let body = line.trim_start();
        let blank_before = mark.begins == Begins::Paragraph;
        let (headed, closed) = (std::mem::take(&mut self.headed), std::mem::take(&mut self.closed));
        if let Some((mark, length)) = self.fence {
            if run(body, mark) >= length && body.len() == run(body, mark) {
                self.fence = None;
                self.closed = true;
                return LINE;
            }
            return if blank_before { ROW } else { LINE };
        }
        if let Some(mark @ (b'`' | b'~')) = body.bytes().next()
            && run(body, mark) >= 3
        {
            self.fence = Some((mark, run(body, mark)));
            return if headed { LINE } else { BLOCK };
        }
        if let Some(depth) = self.heading(mark.at, body, indent) {
            self.headed = true;
            // With nothing between, the two belong together.
            return if headed { LINE } else { depth };
        }
        if is_underline(body) {
            self.headed = headed;
            return LINE;
        }
        match () {
            () if headed => LINE,
            () if is_rule(body) => RULE,
            () if is_item(body) && indent < 2 => ITEM,
            () if is_item(body) => NESTED,
            () if body.starts_with('|') && !blank_before => ROW,
            // A paragraph of an item.
            () if indent >= 2 && blank_before => NESTED,
            () if blank_before || closed => BLOCK,
            () if mark.begins == Begins::Sentence => SENTENCE,
            () => LINE,
        }
    }

    /// The depth of the heading that this line is.
    fn heading(&self, at: usize, body: &str, indent: usize) -> Option<u16> {
        let depth = run(body, b'#');
        if (1..=6).contains(&depth) && indent < 4 && matches!(body.as_bytes().get(depth), None | Some(b' ' | b'\t')) {
            return Some(depth as u16);
        }
        let next = at + line(self.text, at).len() + 1;
        if body.is_empty() || next >= self.text.len() || is_item(body) || body.starts_with(['|', '>']) {
            return None;
        }
        let under = line(self.text, next).trim_end();
        match under.bytes().next()? {
            b'=' if is_underline(under) => Some(1),
            b'-' if is_underline(under) => Some(2),
            _ => None,
        }
    }
}

impl Iterator for Markdown<'_> {
    type Item = Break;

    fn next(&mut self) -> Option<Break> {
        loop {
            let mark = self.marks.next()?;
            if mark.line {
                return Some(Break { at: mark.at, level: self.level(mark) });
            }
            if self.fence.is_none() && !self.headed {
                return Some(Break { at: mark.at, level: SENTENCE });
            }
        }
    }
}

/// How often a line begins with this character.
fn run(line: &str, mark: u8) -> usize {
    line.bytes().take_while(|b| *b == mark).count()
}

/// What makes the line above a heading.
fn is_underline(line: &str) -> bool {
    line.len() >= 2 && (run(line, b'=') == line.len() || run(line, b'-') == line.len())
}

/// `* * *` and the like.
fn is_rule(line: &str) -> bool {
    let Some(mark @ (b'*' | b'-' | b'_')) = line.bytes().next() else { return false };
    line.bytes().all(|b| b == mark || b == b' ') && line.bytes().filter(|b| *b == mark).count() >= 3
}

fn is_item(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match line.as_bytes().get(digits) {
        Some(b'-' | b'*' | b'+') if digits == 0 => 1,
        Some(b'.' | b')') if (1..=9).contains(&digits) => digits + 1,
        _ => return false,
    };
    matches!(line.as_bytes().get(marker), Some(b' ' | b'\t'))
}
