//! Text for models: long texts cut into chunks, tokens counted, the chunks found that matter to a question.
//!
//! Pure Rust, without an interpreter and without a network; a vocabulary's tables are in the program and are unpacked
//! when the first token is counted. [`chunk`] says where a text is to be cut and copies none of it. Chunks lie end to
//! end, but for what the overlap repeats: nothing is lost, and a chunk is a slice of the text.
//!
//! - `cut`: where chunks end, given the places where they may; `meter`: how large a piece is, in characters or tokens.
//! - `breaks`: the places, a file for each kind of text; `detect`: which kind a text is.
//! - `tokens`: the vocabularies. `rank`: chunks by BM25; `words`: what counts as a word there.
//!
//! Not here: what scripts call (`interp::table::text`).

mod breaks;
mod cut;
mod detect;
mod meter;
mod rank;
#[cfg(test)]
mod tests;
mod tokens;
pub(crate) mod words;

pub use rank::best;
pub use tokens::Vocabulary;

use std::ops::Range;

/// Where chunks should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// As the text's own kind suggests, found by looking at it.
    Auto,
    /// Between sentences.
    Sentence,
    /// Between paragraphs; within one that is too long, between sentences.
    Paragraph,
    /// Before headings, the highest first; then between blocks, list items and sentences. Fenced code stays whole.
    Markdown,
    /// Between items and statements, by the syntax tree of Python, Rust or JavaScript; by indentation in other languages.
    Code,
    /// Between values, never inside one that fits.
    Json,
    /// Between groups of a textual DICOM dump, then between its elements.
    Dicom,
    /// After as much as fits, whatever stands there.
    Fixed,
}

impl By {
    /// Every one, by the name that scripts use.
    pub const NAMES: [(&str, Self); 8] = [
        ("auto", Self::Auto),
        ("sentence", Self::Sentence),
        ("paragraph", Self::Paragraph),
        ("markdown", Self::Markdown),
        ("code", Self::Code),
        ("json", Self::Json),
        ("dicom", Self::Dicom),
        ("fixed", Self::Fixed),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, by)| *by)
    }
}

/// What sizes are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unicode code points.
    Chars,
    /// Tokens of a vocabulary.
    Tokens(Vocabulary),
}

/// How a text is to be cut.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Where chunks should end.
    pub by: By,
    /// What `size` and `overlap` count.
    pub unit: Unit,
    /// The most that a chunk holds; a single character that is more than that is a chunk of its own. At least 1.
    pub size: usize,
    /// How much of the chunk before is repeated, at most. It is smaller where more would cut what fits. Less than `size`.
    pub overlap: usize,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes.
    pub range: Range<usize>,
    /// Where it goes on from the end of the chunk before; what stands earlier is the overlap.
    pub fresh: usize,
    /// How large it is, in the plan's unit.
    pub size: usize,
}

/// The work was given up because the caller asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Stopped;

/// Cuts a text. `stop` is asked every now and then whether to give up.
pub fn chunk(text: &str, plan: &Plan, stop: &dyn Fn() -> bool) -> Result<Vec<Chunk>, Stopped> {
    let plan = Plan { size: plan.size.max(1), overlap: plan.overlap.min(plan.size.max(1) - 1), ..*plan };
    let by = if plan.by == By::Auto { detect::kind(text) } else { plan.by };
    // Every token has a byte at least: what is short enough fits, and needs neither vocabulary nor syntax tree.
    if text.is_empty() || text.len() <= plan.size {
        let size = match plan.unit {
            Unit::Chars => text.chars().count(),
            Unit::Tokens(vocabulary) => vocabulary.count(text, stop)?,
        };
        let whole = Chunk { range: 0..text.len(), fresh: 0, size };
        return Ok(if text.is_empty() { Vec::new() } else { vec![whole] });
    }
    let breaks = breaks::of(text, by, plan.size, stop);
    match plan.unit {
        Unit::Chars => cut::chunks(text, by, &plan, meter::Chars::new(text, plan.size), breaks, stop),
        Unit::Tokens(v) => cut::chunks(text, by, &plan, meter::Tokens::new(text, plan.size, v), breaks, stop),
    }
}
