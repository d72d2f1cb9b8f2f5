//! Source code: between items and statements, by the syntax tree of its language.
//!
//! A place is the beginning of a line, as strong as the outermost node that begins there; what stands in front of an item
//! (its comment, its attributes) stays with it. A language without a grammar here goes by indentation and blank lines.

use super::{Break, Breaks, LINE, Stopped, indent, line, lines};
use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, Parser, TreeCursor};

/// A statement that shares its line with another: minified code has no other places.
const SAME_LINE: u16 = LINE - 1;
/// Behind a comment or an attribute, before what it is about.
const ATTACHED: u16 = LINE - 2;
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

/// The places of source code.
pub(super) fn of<'a>(text: &'a str, stop: &dyn Fn() -> bool) -> Result<Breaks<'a>, Stopped> {
    let Some((language, _)) = guessed(text) else { return Ok(Box::new(by_indent(text))) };
    Ok(match parsed(text, language, stop)? {
        Some(places) => Box::new(places.into_iter()),
        None => Box::new(by_indent(text)),
    })
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

/// The places by the syntax tree; none when there can be no tree.
fn parsed(text: &str, language: Language, stop: &dyn Fn() -> bool) -> Result<Option<Vec<Break>>, Stopped> {
    let grammar = match language {
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
    };
    let mut parser = Parser::new();
    if parser.set_language(&grammar.into()).is_err() {
        return Ok(None);
    }
    let mut look =
        |_: &tree_sitter::ParseState| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let options = ParseOptions::new().progress_callback(&mut look);
    let bytes = text.as_bytes();
    let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
    let Some(tree) = tree else {
        return if stop() { Err(Stopped) } else { Ok(None) };
    };
    let places = Walk { text, places: Vec::new(), before: Vec::new() }.all(tree.walk());
    Ok(Some(with_lines(text, places)))
}

/// A walk over a tree, outer nodes before inner ones, in the order of the text.
struct Walk<'a> {
    text: &'a str,
    places: Vec<Break>,
    /// For each depth, the node before on it: where it ends, and whether it belongs to what follows.
    before: Vec<Option<(usize, bool)>>,
}

impl Walk<'_> {
    fn all(mut self, mut cursor: TreeCursor<'_>) -> Vec<Break> {
        if !cursor.goto_first_child() {
            return self.places;
        }
        self.before.push(None);
        loop {
            self.node(cursor.node());
            if cursor.goto_first_child() {
                self.before.push(None);
                continue;
            }
            while !cursor.goto_next_sibling() {
                self.before.pop();
                if !cursor.goto_parent() || self.before.is_empty() {
                    return self.places;
                }
            }
        }
    }

    fn node(&mut self, node: Node<'_>) {
        let depth = self.before.len();
        let start = node.start_byte();
        let Some(before) = self.before.last_mut() else { return };
        if !node.is_named() {
            return;
        }
        let begins = self.text[..start].rfind(|c| c != ' ' && c != '\t').map_or(0, |at| at + 1);
        let first = begins == 0 || self.text.as_bytes()[begins - 1] == b'\n';
        let leads = first && (node.kind().contains("comment") || node.kind() == "attribute_item");
        // What stands in front of it ends on the line before, or on this one.
        let attached =
            before.is_some_and(|(end, leads)| leads && self.text[end.min(start)..start].matches('\n').count() <= 1);
        *before = Some((node.end_byte(), leads));
        let level = match () {
            () if first && attached => ATTACHED,
            () if first => depth.min(usize::from(DEEPEST)) as u16,
            () if node.kind().ends_with("statement") => SAME_LINE,
            () => return,
        };
        let at = if first { begins } else { start };
        // Of those that begin at one place the outermost counts.
        if at > 0 && self.places.last().is_none_or(|last| last.at < at) {
            self.places.push(Break { at, level });
        }
    }
}

/// The places with those of the lines at which no node begins, such as those within a string.
fn with_lines(text: &str, places: Vec<Break>) -> Vec<Break> {
    let mut all = Vec::with_capacity(places.len() * 2);
    let mut places = places.into_iter().peekable();
    for at in lines(text) {
        while let Some(place) = places.next_if(|place| place.at < at) {
            all.push(place);
        }
        match places.next_if(|place| place.at == at) {
            Some(place) => all.push(place),
            None if closes(line(text, at)) => {}
            None => all.push(Break { at, level: LINE }),
        }
    }
    all.extend(places);
    all
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
