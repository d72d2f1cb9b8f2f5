//! A program as Steel is given it, the way back to the places where it was written, and Steel's words for its names.

use super::syntax::Span;
use std::{ops::Range, rc::Rc};
use steel::SteelVal;

/// A program as Steel is given it.
#[derive(Default)]
pub(crate) struct Source {
    /// What Steel reads.
    pub(crate) text: String,
    /// What it must know by these names before.
    pub(crate) constants: Vec<(String, SteelVal)>,
    /// From where in the new text on, what bytes of the program stand there.
    pub(super) pieces: Vec<(usize, Span)>,
    /// Where the lists of the new text lie, inner ones before outer ones.
    pub(super) lists: Vec<Range<usize>>,
    /// Where the program first names `context`.
    pub(crate) context: Option<Range<usize>>,
    /// What of the language it names.
    pub(crate) needs: Vec<usize>,
    /// The variables that it defines, where it is a part of the language.
    pub(crate) defined: Vec<Rc<str>>,
}

impl Source {
    /// A text of ours, which has no places in any program.
    pub(crate) fn ours(text: &str, constants: Vec<(String, SteelVal)>) -> Self {
        Self { text: text.into(), constants, ..Self::default() }
    }

    /// Where in the program a place of the new text lies.
    pub(crate) fn original(&self, span: Range<usize>) -> Range<usize> {
        let start = self.at(span.start).start;
        let end = self.at(span.end.max(span.start + 1) - 1).end;
        start..end.max(start)
    }

    /// The innermost list round a place of the new text: the call, when the place is one of its arguments.
    pub(crate) fn call_round(&self, span: Range<usize>) -> Range<usize> {
        self.lists.iter().find(|list| list.contains(&span.start)).cloned().unwrap_or(span)
    }

    /// The list that begins first behind a place of the new text, unless it begins much later.
    pub(crate) fn form_after(&self, span: Range<usize>) -> Range<usize> {
        let after = self.lists.iter().filter(|list| list.start >= span.end).min_by_key(|list| list.start);
        after.filter(|list| list.start <= span.end + 1).cloned().unwrap_or(span)
    }

    fn at(&self, new: usize) -> Range<usize> {
        let index = self.pieces.partition_point(|(start, _)| *start <= new).saturating_sub(1);
        self.pieces.get(index).map_or(0..0, |(_, span)| span.range())
    }
}

/// A word of Steel's as the program has it: `x%12` is `x`.
pub(crate) fn as_written(word: &str) -> &str {
    let word = word.strip_prefix("%d:").unwrap_or(word);
    match word.rsplit_once('%') {
        Some((before, "u" | "r")) if !before.is_empty() => before,
        Some((before, number)) if !before.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => before,
        _ => word,
    }
}

/// Whether Steel reads a word as a name.
pub(super) fn readable(word: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "!$%&*/:<=>?^_~+-.".contains(c);
    let number = word.starts_with(|c: char| c.is_numeric() || c == '.')
        || word.len() > 1 && word.starts_with(['+', '-']) && !word.starts_with("->");
    !word.is_empty() && word.chars().all(plain) && !number && word != "fn" && word != "λ"
}
