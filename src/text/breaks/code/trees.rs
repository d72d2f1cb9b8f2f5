//! Places by the syntax tree: the beginnings of lines, each as strong as the outermost node that begins there; what
//! stands in front of an item (its comment, its attributes) stays with it.
//!
//! A long text is parsed a part at a time: a tree takes up some forty times as much as its text.

use super::{ATTACHED, Break, DEEPEST, ITEM, LINE, Language, closes, line, lines};
use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, Parser, TreeCursor};

/// A statement that shares its line with another: minified code has no other places. Depths follow.
const SAME_LINE: u16 = 30_000;
/// How the kinds of nodes end that may share a line.
const STATES: &[&str] = &["statement", "declaration", "definition", "_item"];

/// How much is parsed at once, in bytes.
pub(in crate::text) const PART: usize = 1 << 20;
/// The most that is, where there is no item's beginning to go on from.
const LARGEST: usize = 8 << 20;

/// The places by syntax trees, each of which goes on where the one before had its last item.
pub(in crate::text) struct Trees<'a> {
    text: &'a str,
    parser: Parser,
    /// How much is parsed at once.
    part: usize,
    stop: &'a dyn Fn() -> bool,
    /// What lies before has been parsed.
    from: usize,
    ready: std::vec::IntoIter<Break>,
}

impl<'a> Trees<'a> {
    /// Those from `from` on, of which `part` bytes are parsed at once; none when there is no such grammar.
    pub(in crate::text) fn new(
        text: &'a str,
        from: usize,
        language: Language,
        part: usize,
        stop: &'a dyn Fn() -> bool,
    ) -> Option<Self> {
        let grammar = match language {
            Language::Python => tree_sitter_python::LANGUAGE,
            Language::Rust => tree_sitter_rust::LANGUAGE,
            Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        };
        let mut parser = Parser::new();
        parser.set_language(&grammar.into()).ok()?;
        Some(Self { text, parser, part, stop, from, ready: Vec::new().into_iter() })
    }
}

impl Iterator for Trees<'_> {
    type Item = Break;

    fn next(&mut self) -> Option<Break> {
        while self.from < self.text.len() {
            if let Some(place) = self.ready.next() {
                return Some(place);
            }
            self.ready = self.part()?.into_iter();
        }
        self.ready.next()
    }
}

impl Trees<'_> {
    /// The places of the next part; none when the work is to stop.
    fn part(&mut self) -> Option<Vec<Break>> {
        let mut length = self.part;
        loop {
            let end = part_end(self.text, self.from.saturating_add(length));
            let places = self.parse(end)?;
            // The last item may lack its end: it is parsed again. One that begins early makes for much of that.
            let item = places.iter().rposition(|place| place.level == ITEM && place.at > self.from);
            let item = item.filter(|item| places[*item].at - self.from > length / 2);
            let next = match item {
                _ if end == self.text.len() => return self.go_on(places, end),
                Some(item) => places[item].at,
                None if length >= LARGEST => end,
                None => {
                    length *= 2;
                    continue;
                }
            };
            return self.go_on(places, next);
        }
    }

    /// The places before `next`, where the next part begins.
    fn go_on(&mut self, mut places: Vec<Break>, next: usize) -> Option<Vec<Break>> {
        places.truncate(places.partition_point(|place| place.at < next));
        self.from = next;
        Some(places)
    }

    fn parse(&mut self, end: usize) -> Option<Vec<Break>> {
        let (from, stop) = (self.from, self.stop);
        let bytes = &self.text.as_bytes()[from..end];
        let mut look =
            |_: &tree_sitter::ParseState| if stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let options = ParseOptions::new().progress_callback(&mut look);
        let tree =
            self.parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
        let Some(tree) = tree else {
            self.parser.reset();
            return None;
        };
        let walk = Walk { text: &self.text[..end], from, places: Vec::new(), before: Vec::new() };
        Some(with_lines(&self.text[..end], from, walk.all(tree.walk())))
    }
}

/// The last beginning of a line that is no further than `at`, or a place near `at` where there is none near.
fn part_end(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let mut end = at;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let near = end.saturating_sub(PART / 4);
    text.as_bytes()[near..end].iter().rposition(|byte| *byte == b'\n').map_or(end, |line| near + line + 1)
}

/// A walk over a tree, outer nodes before inner ones, in the order of the text.
struct Walk<'a> {
    text: &'a str,
    /// Where the tree's text begins.
    from: usize,
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
        let (start, end) = (self.from + node.start_byte(), self.from + node.end_byte());
        let Some(before) = self.before.last_mut() else { return };
        if !node.is_named() {
            return;
        }
        let spaces = self.text.as_bytes()[..start].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let begins = start - spaces;
        let first = begins == 0 || self.text.as_bytes()[begins - 1] == b'\n';
        let leads = first && (node.kind().contains("comment") || node.kind() == "attribute_item");
        // What stands in front of it ends on the line before, or on this one.
        let attached =
            before.is_some_and(|(end, leads)| leads && self.text[end.min(start)..start].matches('\n').count() <= 1);
        // Comments of Rust's documentation hold the end of their line.
        *before = Some((self.text[..end].trim_end().len(), leads));
        let depth = depth.min(usize::from(DEEPEST)) as u16;
        let states = |kind: &str| STATES.iter().any(|end| kind.ends_with(end));
        let level = match () {
            () if first && attached => ATTACHED,
            () if first => depth,
            () if states(node.kind()) => SAME_LINE + depth,
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
fn with_lines(text: &str, from: usize, places: Vec<Break>) -> Vec<Break> {
    let mut all = Vec::with_capacity(places.len() * 2);
    let mut places = places.into_iter().peekable();
    for at in lines(&text[from..]).map(|at| from + at) {
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
