//! The places where a text may be cut, from its beginning to its end, each with its strength.
//!
//! Levels count down in strength: of two places the one with the lower level is the better. What belongs together lies
//! between two places of a level and holds none of that level or a lower one. Places are found as they are asked for, so
//! that a long text costs no memory; code is parsed no further than it has to be.

pub(super) mod code;
pub(super) mod dicom;
mod json;
mod markdown;
mod prose;

use super::By;

/// A place where a text may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Break {
    /// A byte; what comes next begins there.
    pub(super) at: usize,
    pub(super) level: u16,
}

/// The places, in their order.
pub(super) type Breaks<'a> = Box<dyn Iterator<Item = Break> + 'a>;

/// The end of the text.
pub(super) const END: u16 = 0;
/// The beginning of a line, where nothing better is known of it.
const LINE: u16 = u16::MAX - 2;
/// The beginning of a word. Found where it is needed.
pub(super) const WORD: u16 = u16::MAX - 1;
/// Anywhere else.
pub(super) const HARD: u16 = u16::MAX;

/// The places of a text of this kind, of which chunks of `size` are to be made, be it characters or tokens. Where `stop`
/// says so there are no more of them.
pub(super) fn of<'a>(text: &'a str, by: By, size: usize, stop: &'a dyn Fn() -> bool) -> Breaks<'a> {
    match by {
        By::Sentence => Box::new(prose::sentences(text)),
        By::Auto | By::Paragraph => Box::new(prose::paragraphs(text)),
        By::Markdown => Box::new(markdown::Markdown::new(text)),
        By::Code => code::of(text, size, stop),
        By::Json => Box::new(json::Json::new(text)),
        By::Dicom => Box::new(dicom::Dicom::new(text)),
        By::Fixed => Box::new(std::iter::empty()),
    }
}

/// The line that begins at `at`, without its end.
fn line(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    rest.find('\n').map_or(rest, |end| &rest[..end])
}

/// Where lines begin, but for the first.
fn lines(text: &str) -> impl Iterator<Item = usize> {
    text.match_indices('\n').map(|(at, _)| at + 1).filter(|at| *at < text.len())
}

/// How far a line is indented, a tab being four.
fn indent(line: &str) -> usize {
    line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).map(|b| if b == b'\t' { 4 } else { 1 }).sum()
}
