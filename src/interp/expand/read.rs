//! Reads a program's text as Racket does, places included.
//!
//! Here-strings and regexps are literals; an escape that no string knows stands for itself, since strings are full of
//! Python. Infix dots (`(a . < . b)`) are put in front. Not here: what a form means, and telling which parenthesis is the
//! wrong one (`errors::unbalanced`).

mod atoms;

use super::{
    Step, error,
    syntax::{Datum, Name, Node, Span, Syntax},
};
use crate::interp::dialect::hashes::Kind;
pub(crate) use atoms::is_delimiter;

/// Deeper than this nobody writes.
const DEPTH: usize = 2_000;
/// What any thread's stack holds.
const SHALLOW: usize = 300;

/// Reads all of a program. `internal`: whether it may use the interpreter's own names.
pub(crate) fn program(text: &str, internal: bool) -> Step<Vec<Syntax>> {
    let mut reader = Reader::new(text, internal);
    reader.program()
}

/// Reads a part of a text, with its places in the whole.
pub(crate) fn part(text: &str, part: std::ops::Range<usize>) -> Step<Vec<Syntax>> {
    Reader { at: part.start, ..Reader::new(&text[..part.end], false) }.program()
}

/// Whether a text ends within something that has begun: there would have to be more of it. `None` where it is nested so
/// deeply that a small stack might not hold it.
pub(crate) fn ends_early(text: &str) -> Option<bool> {
    let mut reader = Reader { deepest: SHALLOW, ..Reader::new(text, false) };
    // Whatever is wrong before its end, more text would not mend it.
    let read = reader.program();
    (read.is_ok() || reader.depth <= SHALLOW).then_some(reader.ends_early)
}

/// The forms of a program that has none too deeply nested for a small stack; else nothing.
pub(crate) fn shallow(text: &str) -> Vec<Syntax> {
    Reader { deepest: SHALLOW, ..Reader::new(text, false) }.program().unwrap_or_default()
}

/// Reads text that is data: what `read` and `(read (open-input-string …))` give.
pub(crate) fn first(text: &str) -> Step<Option<(Syntax, usize)>> {
    let mut reader = Reader::new(text, true);
    let datum = reader.datum()?;
    Ok(datum.map(|datum| (datum, reader.at)))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    deepest: usize,
    internal: bool,
    /// Whether the text ended within something.
    ends_early: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, internal: bool) -> Self {
        Self { text, at: 0, depth: 0, deepest: DEPTH, internal, ends_early: false }
    }

    fn program(&mut self) -> Step<Vec<Syntax>> {
        if self.rest().starts_with("#!") {
            // A script may name its interpreter in its first line.
            self.line();
        }
        let mut forms = Vec::new();
        while let Some(form) = self.datum()? {
            forms.push(form);
        }
        match self.text.get(self.at..=self.at) {
            Some(close) => {
                let message = format!("this `{close}` closes nothing");
                Err(error(self.span(self.at, 1), message, "is there one too many?"))
            }
            None => Ok(forms),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn span(&self, start: usize, len: usize) -> Span {
        Span { start: start as u32, end: (start + len).min(self.text.len()) as u32 }
    }

    fn since(&self, start: usize) -> Span {
        Span { start: start as u32, end: self.at as u32 }
    }

    fn line(&mut self) {
        let rest = self.rest();
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    /// Passes white space and comments.
    fn skip(&mut self) -> Step<()> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            // A line that begins with `#!` is for the shell.
            if trimmed.starts_with(';') || trimmed.starts_with("#! ") || trimmed.starts_with("#!/") {
                self.line();
            } else if let Some(language) = trimmed.strip_prefix("#lang ") {
                // What follows the language's name on its line is a part of the program.
                let language = language.trim_start_matches(' ');
                let name = language.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(language.len());
                self.at += trimmed.len() - language.len() + name;
            } else if trimmed.starts_with("#|") {
                let (bytes, closed) = comment(trimmed);
                self.at += bytes;
                self.ends_early |= !closed;
            } else if trimmed.starts_with("#;") {
                let start = self.at;
                self.at += 2;
                self.deeper()?;
                let datum = self.datum()?;
                self.depth -= 1;
                if datum.is_none() {
                    self.ends_early |= self.rest().is_empty();
                    return Err(error(self.span(start, 2), "`#;` has nothing to leave out", "a datum follows it"));
                }
            } else {
                return Ok(());
            }
        }
    }

    /// The next datum; none at the end of the text, and before what closes a list.
    fn datum(&mut self) -> Step<Option<Syntax>> {
        self.skip()?;
        let (start, rest) = (self.at, self.rest());
        let Some(c) = rest.chars().next() else { return Ok(None) };
        let quoting = match c {
            '(' | '[' | '{' => return self.list(start).map(Some),
            ')' | ']' | '}' => return Ok(None),
            '"' => {
                self.at += 1;
                let text = self.string(start)?;
                return Ok(Some(Syntax::literal(Datum::String(text.into()), self.since(start))));
            }
            '\'' => ("quote", 1),
            '`' => ("quasiquote", 1),
            ',' if rest.starts_with(",@") => ("unquote-splicing", 2),
            ',' => ("unquote", 1),
            '#' if rest.starts_with("#'") => ("syntax", 2),
            '#' if rest.starts_with("#`") => ("quasisyntax", 2),
            '#' => return self.hash(start).map(Some),
            _ => return self.atom(start).map(Some),
        };
        self.quoted(start, quoting).map(Some)
    }

    /// `'x` and its like.
    fn quoted(&mut self, start: usize, (word, len): (&str, usize)) -> Step<Syntax> {
        self.at += len;
        let name = Syntax::new(Node::Name(Name::Plain(word.into())), self.span(start, len));
        let datum = self.needed(start, len)?;
        Ok(Syntax::list(vec![name, datum], self.since(start)))
    }

    /// A datum where one must follow.
    fn needed(&mut self, start: usize, len: usize) -> Step<Syntax> {
        self.deeper()?;
        let datum = self.datum()?;
        self.depth -= 1;
        self.ends_early |= datum.is_none() && self.rest().is_empty();
        datum.ok_or_else(|| {
            let before = &self.text[start..start + len];
            error(self.span(start, len), format!("nothing follows this `{before}`"), "a datum follows it")
        })
    }

    fn deeper(&mut self) -> Step<()> {
        self.depth += 1;
        if self.depth > self.deepest {
            let hint = "keep large data in a context or in JSON";
            return Err(error(self.span(self.at, 1), "the program is nested too deeply", hint));
        }
        Ok(())
    }

    fn list(&mut self, start: usize) -> Step<Syntax> {
        let (items, tail) = self.items(start)?;
        let node = match tail {
            None => Node::List(items.into()),
            Some(tail) => dotted(items, tail),
        };
        Ok(Syntax::new(node, self.since(start)))
    }

    /// The items up to the closing parenthesis, and what follows a dot.
    fn items(&mut self, start: usize) -> Step<(Vec<Syntax>, Option<Syntax>)> {
        self.deeper()?;
        let open = self.rest().chars().next().unwrap_or('(');
        self.at += 1;
        let close = match open {
            '[' => ']',
            '{' => '}',
            _ => ')',
        };
        let (mut items, mut tail, mut first) = (Vec::new(), None, None);
        loop {
            self.skip()?;
            let rest = self.rest();
            match rest.chars().next() {
                Some(c) if c == close => {
                    self.at += 1;
                    break;
                }
                Some(c @ (')' | ']' | '}')) => {
                    let hint = format!("it should be a `{close}`, or something before it is not closed");
                    let message = format!("this `{c}` stands where a `{open}` is to be closed");
                    return Err(error(self.span(self.at, 1), message, hint));
                }
                None => {
                    self.ends_early = true;
                    let hint = "the script ends before it is closed";
                    return Err(error(self.span(start, 1), format!("this `{open}` is never closed"), hint));
                }
                Some('.') if rest[1..].starts_with(|c: char| is_delimiter(c)) && !items.is_empty() => {
                    let dot = self.at;
                    self.at += 1;
                    let after = self.needed(dot, 1)?;
                    self.skip()?;
                    if self.rest().starts_with('.') && first.is_none() {
                        // `(a . < . b)`: what stands between two dots is the operator.
                        self.at += 1;
                        first = Some(after);
                    } else if self.rest().starts_with(close) {
                        tail = Some(after);
                    } else {
                        return Err(error(self.span(dot, 1), "one datum follows a dot, and then the list ends", ""));
                    }
                }
                Some(_) => items.extend(self.datum()?),
            }
        }
        self.depth -= 1;
        if let Some(first) = first {
            items.insert(0, first);
        }
        Ok((items, tail))
    }

    /// What begins with `#` and is no comment.
    fn hash(&mut self, start: usize) -> Step<Syntax> {
        let rest = self.rest();
        if let Some((prefix, kind)) = [("#hasheqv", Kind::Eqv), ("#hasheq", Kind::Eq), ("#hash", Kind::Equal)]
            .into_iter()
            .find(|(prefix, _)| rest.strip_prefix(prefix).is_some_and(|after| after.starts_with(['(', '[', '{'])))
        {
            self.at += prefix.len();
            let (items, _) = self.items(start)?;
            let pairs = items.into_iter().map(|pair| self.pair(pair)).collect::<Step<Vec<_>>>()?;
            return Ok(Syntax::new(Node::Hash(kind, pairs.into()), self.since(start)));
        }
        if let Some(prefix) = ["#u8(", "#vu8("].into_iter().find(|prefix| rest.starts_with(prefix)) {
            self.at += prefix.len() - 1;
            let (items, _) = self.items(start)?;
            let byte = |item: &Syntax| match &item.node {
                Node::Literal(Datum::Number(text)) => text.parse::<u8>().ok(),
                _ => None,
            };
            let bytes = items.iter().map(|item| {
                byte(item).ok_or_else(|| error(item.span, "this is no byte", "bytes are integers from 0 to 255"))
            });
            let bytes = bytes.collect::<Step<Vec<u8>>>()?;
            return Ok(Syntax::literal(Datum::Bytes(bytes.into()), self.since(start)));
        }
        if rest[1..].starts_with(['(', '[', '{']) {
            self.at += 1;
            let (items, tail) = self.items(start)?;
            if tail.is_some() {
                return Err(error(self.since(start), "a vector has no dot", ""));
            }
            return Ok(Syntax::new(Node::Vector(items.into()), self.since(start)));
        }
        if rest.starts_with("#s(") {
            self.at += 2;
            let (items, tail) = self.items(start)?;
            let named = |key: &Syntax| key.word().is_some() || key.items().is_some_and(|items| !items.is_empty());
            return match (items.first().filter(|key| named(key)), tail) {
                (Some(key), None) => {
                    let fields = items[1..].into();
                    Ok(Syntax::new(Node::Prefab(key.clone().into(), fields), self.since(start)))
                }
                _ => Err(error(
                    self.since(start),
                    "a prefab record begins with its name",
                    "it is written `#s(name field …)`",
                )),
            };
        }
        if rest.starts_with("#&") {
            self.at += 2;
            let inner = self.needed(start, 2)?;
            return Ok(Syntax::new(Node::Boxed(inner.into()), self.since(start)));
        }
        for (prefix, px, bytes) in
            [("#rx\"", false, false), ("#px\"", true, false), ("#rx#\"", false, true), ("#px#\"", true, true)]
        {
            if rest.starts_with(prefix) {
                self.at += prefix.len();
                let text = self.string(start)?;
                return Ok(Syntax::literal(Datum::Regexp { pattern: text.into(), px, bytes }, self.since(start)));
            }
        }
        if rest.starts_with("#\"") {
            self.at += 2;
            let from = self.at;
            let text = self.string(start)?;
            if let Some(bytes) = atoms::octal(&self.text[from..self.at - 1]) {
                return Ok(Syntax::literal(Datum::Bytes(bytes.into()), self.since(start)));
            }
            let bytes: Vec<u8> = match text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect() {
                Some(bytes) => bytes,
                None => text.into_bytes(),
            };
            return Ok(Syntax::literal(Datum::Bytes(bytes.into()), self.since(start)));
        }
        if rest.starts_with("#<<") {
            return self.here_string(start);
        }
        if rest.starts_with("#\\") {
            return self.character(start);
        }
        self.atom(start)
    }

    fn pair(&self, pair: Syntax) -> Step<(Syntax, Syntax)> {
        match &pair.node {
            Node::Dotted(key, value) if key.len() == 1 => Ok((key[0].clone(), (**value).clone())),
            Node::List(items) if !items.is_empty() => {
                let rest = Syntax::list(items[1..].to_vec(), pair.span);
                Ok((items[0].clone(), rest))
            }
            _ => Err(error(pair.span, "in a hash's literal stand pairs", "they are written `(key . value)`")),
        }
    }
}

/// `(a . (b c))` is `(a b c)`.
fn dotted(mut items: Vec<Syntax>, tail: Syntax) -> Node {
    match tail.node {
        Node::List(more) => {
            items.extend(more.iter().cloned());
            Node::List(items.into())
        }
        Node::Dotted(more, tail) => {
            items.extend(more.iter().cloned());
            Node::Dotted(items.into(), tail)
        }
        _ => Node::Dotted(items.into(), tail.into()),
    }
}

/// The bytes of a nested `#| … |#`.
pub(crate) fn block_comment(text: &str) -> usize {
    comment(text).0
}

/// Its bytes, and whether it ends.
fn comment(text: &str) -> (usize, bool) {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'#', b'|', ..] => (depth, at) = (depth + 1, at + 2),
            [b'|', b'#', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return (at, true);
        }
    }
    (text.len(), false)
}

#[cfg(test)]
mod tests;
