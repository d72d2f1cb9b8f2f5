//! Source code: between items, and within an item that is too long by the syntax tree of its language.
//!
//! Items are found by reading along (`items`), which is fast; only an item that does not fit into a chunk is parsed
//! (`trees`). A language without a grammar here goes by indentation and blank lines.

mod items;
mod trees;

pub(in crate::text) use items::Items;
pub(in crate::text) use trees::{PART, Trees};

use super::{Break, Breaks, LINE, indent, line, lines};

/// Of the outermost nodes.
pub(in crate::text) const ITEM: u16 = 1;
/// Behind a comment or an attribute, before what it is about.
const ATTACHED: u16 = LINE - 1;
/// From here on all depths are one.
const DEEPEST: u16 = 20_000;

/// How much of a text its language is guessed from, in bytes.
const SAMPLE: usize = 64 << 10;

/// A language that has a grammar here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::text) enum Language {
    Python,
    Rust,
    JavaScript,
}

/// The places of source code; an item of up to `size` bytes is not to be cut. `stop` is asked while one is parsed: then
/// there are no more places.
pub(super) fn of<'a>(text: &'a str, size: usize, stop: &'a dyn Fn() -> bool) -> Breaks<'a> {
    match guessed(text) {
        Some((language, _)) => Box::new(Items::new(text, language, size, stop)),
        None => Box::new(by_indent(text)),
    }
}

/// The language of a text and how many of the lines looked at speak for it; none when no line does.
pub(in crate::text) fn guessed(text: &str) -> Option<(Language, usize)> {
    let votes = |language: Language, signs: &[&str], has: &[&str]| {
        let speaks =
            |line: &str| signs.iter().any(|sign| line.starts_with(sign)) || has.iter().any(|h| line.contains(h));
        (language, sample(text).lines().map(str::trim).filter(|line| speaks(line)).count())
    };
    let all = [
        votes(
            Language::Python,
            &["def ", "elif ", "async def ", "@property", "@staticmethod", "except ", "if __name__", "from __future__"],
            &["self.", "None:", " in range(", "__init__("],
        ),
        votes(
            Language::Rust,
            &["fn ", "pub ", "pub(", "impl ", "impl<", "let mut ", "use std::", "use crate::", "#[", "mod ", "struct "],
            &["&mut ", " -> Result<", "::new(", "&str"],
        ),
        votes(
            Language::JavaScript,
            &[
                "function ",
                "const ",
                "export ",
                "async function ",
                "var ",
                "import {",
                "module.exports",
                "'use strict'",
            ],
            &["=> ", " === ", " !== ", "require(", "function(", "function ("],
        ),
    ];
    let best = all.into_iter().max_by_key(|(_, votes)| *votes)?;
    let (python_like, python) = (python_heads(text), all[0].1);
    let best =
        if best.1 == 0 || python + python_like > best.1 { (Language::Python, python + python_like) } else { best };
    (best.1 > 0).then_some(best)
}

/// Lines such as `class A:` and `for x in y:`, which no other of the languages has.
fn python_heads(text: &str) -> usize {
    let heads = ["class ", "for ", "while ", "if ", "with ", "try:", "else:"];
    let speaks = |line: &str| line.ends_with(':') && heads.iter().any(|head| line.starts_with(head));
    sample(text).lines().map(str::trim).filter(|line| speaks(line)).count()
}

/// The beginning of a text, whole lines where it has any.
pub(in crate::text) fn sample(text: &str) -> &str {
    let mut end = SAMPLE.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let whole = if end < text.len() { text[..end].rfind('\n') } else { None };
    &text[..whole.unwrap_or(end)]
}

/// Whether a line ends what was opened before.
fn closes(line: &str) -> bool {
    line.trim_start().starts_with([')', ']', '}'])
}

/// The places by indentation and blank lines.
fn by_indent(text: &str) -> impl Iterator<Item = Break> {
    let mut blank = false;
    lines(text).filter_map(move |at| {
        let line = line(text, at);
        if line.trim().is_empty() {
            blank = true;
            return None;
        }
        let depth = indent(line).min(usize::from(DEEPEST)) as u16;
        let level = 1 + 2 * depth + u16::from(!std::mem::take(&mut blank));
        (!closes(line)).then_some(Break { at, level })
    })
}
