//! What is changed in a program's text before Steel reads it, and the way back from places in the new text to the old.
//!
//! - Here-strings (`#<<PY` … `PY`) become string literals; an unknown escape in a string stands for itself.
//! - `fn`, which Steel's reader takes for `lambda`, becomes an ordinary name; the form `(void)` becomes the value.
//! - `define-values` is told where to keep its values.
//! - Top-level forms that are no definitions run as fibers: `E` becomes `(%main (lambda () (%just E)))`.
//! - Behind the definition of a procedure that is called wrongly (`arity`) stands an assignment of it to itself, without
//!   effect but one: Steel leaves the procedure in its place, and counts the arguments.
//! - The interpreter's own names, and forms that run while macros expand, are refused.
//!
//! Quoted data is left alone. Not here: parsing, which is Steel's; where parentheses do not match, the rest goes to Steel
//! as it is, and Steel says what is wrong.

use crate::wire::{Blame, FailureClass, ScriptError};
use std::{borrow::Cow, collections::HashSet, ops::Range};

/// What `fn` is called on its way through Steel.
pub(crate) const FN: &str = "fn*";

/// Steel's own `define-values` uses one name for what all of them hold, so that a second one at the top level is refused.
/// Ours is given a name of its own each time.
const DEFINE_VALUES: &str = "define-values";

/// What keeps a wrapped form out of tail position.
pub(crate) const JUST: &str = "%just";

/// Names that would run code while macros expand, or reach Steel's own modules.
const REFUSED: &[&str] = &[
    "defmacro",
    "syntax-case",
    "begin-for-syntax",
    "datum->syntax",
    "require-builtin",
    "#%require-dylib",
    "define-syntax-rule-for-kernel",
];

/// Heads of top-level forms that are not wrapped: they define, or are not calls at all.
const UNWRAPPED: &[&str] = &["struct", "require", "provide", "begin", "quote", "quasiquote", "lambda", "λ", "set!"];

/// A rewritten program.
pub(crate) struct Source {
    /// What Steel reads.
    pub(crate) text: String,
    /// From where in the new text on, which old bytes stand there; `copied` when byte for byte.
    pieces: Vec<Piece>,
    /// Where the lists of the new text lie, inner ones before outer ones.
    lists: Vec<Range<usize>>,
    /// Where the user's text first names `context` outside strings, comments and quoted data.
    pub(crate) context: Option<Range<usize>>,
}

/// A message of Steel's, with the names that the user wrote.
pub(crate) fn as_written(message: &str) -> String {
    let ours = format!("%{DEFINE_VALUES}");
    let before = format!("{ours} %values-");
    let mut parts = message.split(&before);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += DEFINE_VALUES;
        text += part.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    text.replace(&ours, DEFINE_VALUES).replace(FN, "fn")
}

struct Piece {
    new: usize,
    old: Range<usize>,
    copied: bool,
}

impl Source {
    /// Where in the user's own text a place of the new one lies.
    pub(crate) fn original(&self, span: Range<usize>) -> Range<usize> {
        let start = self.at(span.start).start;
        let end = self.at(span.end.max(span.start + 1) - 1);
        start..end.end.max(start)
    }

    /// The innermost list round a place of the new text: the call, when the place is one of its arguments.
    pub(crate) fn call_round(&self, span: Range<usize>) -> Range<usize> {
        self.lists.iter().find(|list| list.contains(&span.start)).cloned().unwrap_or(span)
    }

    /// The lists round a place of the new text, inner ones first.
    pub(crate) fn lists_round(&self, at: usize) -> impl Iterator<Item = Range<usize>> {
        self.lists.iter().filter(move |list| list.contains(&at)).cloned()
    }

    /// The list that begins first behind a place of the new text, unless it begins much later.
    pub(crate) fn form_after(&self, span: Range<usize>) -> Range<usize> {
        let after = self.lists.iter().filter(|list| list.start >= span.end).min_by_key(|list| list.start);
        after.filter(|list| list.start <= span.end + 1).cloned().unwrap_or(span)
    }

    /// The old bytes for one new byte.
    fn at(&self, new: usize) -> Range<usize> {
        let index = self.pieces.partition_point(|p| p.new <= new).saturating_sub(1);
        let Some(piece) = self.pieces.get(index) else { return new..new + 1 };
        if !piece.copied {
            return piece.old.clone();
        }
        let at = (piece.old.start + (new - piece.new)).min(piece.old.end);
        at..(at + 1).min(piece.old.end.max(at))
    }
}

/// Rewrites a program. `defined`: whether there is a global of this name already; Steel's own cannot be assigned to.
pub(crate) fn rewrite(old: &str, defined: &dyn Fn(&str) -> bool) -> Result<Source, ScriptError> {
    let mut reader = Reader {
        old,
        defined,
        miscalled: super::arity::miscalled(old),
        at: 0,
        copied_to: 0,
        new: String::with_capacity(old.len() + 256),
        pieces: Vec::new(),
        lists: Vec::new(),
        macros: Vec::new(),
        context: None,
    };
    if old.starts_with("#!") {
        // A script may name its interpreter in its first line.
        reader.replace(old.find('\n').unwrap_or(old.len()), "");
    }
    while reader.top_form()? {}
    reader.at = old.len();
    reader.copy();
    Ok(Source { text: reader.new, pieces: reader.pieces, lists: reader.lists, context: reader.context })
}

struct Reader<'a> {
    old: &'a str,
    defined: &'a dyn Fn(&str) -> bool,
    /// Procedures that some call gives a wrong number of arguments.
    miscalled: HashSet<&'a str>,
    at: usize,
    /// What lies before has been written to `new`.
    copied_to: usize,
    new: String,
    pieces: Vec<Piece>,
    lists: Vec<Range<usize>>,
    /// Macros the program has defined so far: their uses may be definitions.
    macros: Vec<&'a str>,
    /// Where it first met the name `context`.
    context: Option<Range<usize>>,
}

type Step<T> = Result<T, ScriptError>;

pub(super) fn is_delimiter(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '"' | ';' | '\'' | '`' | ',')
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.old[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Where the reader is in the new text.
    fn place(&self) -> usize {
        self.new.len() + self.at - self.copied_to
    }

    /// Writes what has been passed over as it is.
    fn copy(&mut self) {
        if self.copied_to < self.at {
            self.pieces.push(Piece { new: self.new.len(), old: self.copied_to..self.at, copied: true });
            self.new.push_str(&self.old[self.copied_to..self.at]);
            self.copied_to = self.at;
        }
    }

    /// Writes `text` for the next `len` bytes.
    fn replace(&mut self, len: usize, text: &str) {
        self.copy();
        self.at += len;
        self.pieces.push(Piece { new: self.new.len(), old: self.copied_to..self.at, copied: false });
        self.new.push_str(text);
        self.copied_to = self.at;
    }

    /// Passes white space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with(';') {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("#|") {
                self.at += block_comment(trimmed);
            } else {
                return;
            }
        }
    }

    /// The next name, without taking it.
    fn name_at(&self, at: usize) -> &'a str {
        let rest = &self.old[at..];
        &rest[..rest.find(is_delimiter).unwrap_or(rest.len())]
    }

    /// Reads a form of the program. Whether there may be another.
    fn top_form(&mut self) -> Step<bool> {
        self.skip();
        match self.peek() {
            Some('(' | '[') => {}
            Some(_) => return self.datum(false),
            None => return Ok(false),
        }
        let ahead = self.at + 1 + (self.old[self.at + 1..].len() - self.old[self.at + 1..].trim_start().len());
        let head = self.name_at(ahead);
        if head == "define" {
            return self.define();
        }
        if head == "define-syntax" {
            let after = self.old[ahead + head.len()..].trim_start();
            self.macros.push(self.name_at(self.old.len() - after.len()));
        }
        if head.starts_with("define") || UNWRAPPED.contains(&head) || self.macros.contains(&head) {
            return self.datum(false);
        }
        self.wrapped()
    }

    /// Reads a datum so that it runs as a fiber.
    fn wrapped(&mut self) -> Step<bool> {
        // `%just` keeps E out of tail position, where Steel would forget the line it stands on.
        self.replace(0, &format!("(%main (lambda () ({JUST} "));
        let more = self.datum(false)?;
        self.replace(0, ")))");
        Ok(more)
    }

    /// `(define name E)`: `E` runs as a fiber, unless it is a procedure or no call at all.
    fn define(&mut self) -> Step<bool> {
        self.at += 1;
        self.skip();
        self.at += "define".len();
        self.skip();
        let mut procedure = "";
        if matches!(self.peek(), Some('(' | '[')) {
            procedure = self.name_at(self.old.len() - self.old[self.at + 1..].trim_start().len());
        } else if self.peek().is_some() {
            let name = self.name_at(self.at);
            if !self.datum(false)? {
                return Ok(false);
            }
            self.skip();
            if matches!(self.peek(), Some('(' | '[')) {
                let inner = &self.old[self.at + 1..];
                match self.name_at(self.old.len() - inner.trim_start().len()) {
                    "lambda" | "λ" => procedure = name,
                    "case-lambda" | "void" => {}
                    _ => {
                        if !self.wrapped()? {
                            return Ok(false);
                        }
                    }
                }
            }
        }
        let more = self.list_rest(false)?;
        if more && self.miscalled.contains(procedure) && procedure != "fn" && !(self.defined)(procedure) {
            // A definition, so that a program which ends here has no value.
            let number = self.at;
            self.replace(0, &format!(" (define %assigned-{number} (set! {procedure} {procedure}))"));
        }
        Ok(more)
    }

    /// Reads data up to the closing parenthesis. `false` at the end of the text.
    fn list_rest(&mut self, quoted: bool) -> Step<bool> {
        loop {
            self.skip();
            match self.peek() {
                None => return Ok(false),
                Some(')' | ']' | '}') => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(_) => {
                    if !self.datum(quoted)? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Reads one datum. `false` when the text ends within it, or nothing sensible can be read.
    fn datum(&mut self, quoted: bool) -> Step<bool> {
        self.skip();
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return Ok(false) };
        match c {
            '(' | '[' | '{' => {
                if !quoted && let Some(len) = void_form(rest) {
                    self.replace(len, "void");
                    return Ok(true);
                }
                let start = self.place();
                self.at += 1;
                let head = self.name_at(self.at);
                self.check_macro(head)?;
                let more = self.list_rest(quoted || head == "quote")?;
                self.lists.push(start..self.place());
                Ok(more)
            }
            ')' | ']' | '}' => Ok(false),
            '\'' => {
                self.at += 1;
                self.datum(true)
            }
            '`' | ',' => {
                self.at += if rest.starts_with(",@") { 2 } else { 1 };
                self.datum(quoted)
            }
            '"' => self.string(),
            '|' => {
                let start = self.at;
                self.at += 1 + rest[1..].find('|').map_or(rest.len() - 1, |n| n + 1);
                if !quoted && &self.old[start..self.at] == "|context|" {
                    self.context.get_or_insert(start..self.at);
                }
                Ok(true)
            }
            '#' => self.hash(quoted),
            _ => self.name(quoted),
        }
    }

    fn hash(&mut self, quoted: bool) -> Step<bool> {
        let rest = self.rest();
        if rest.starts_with("#<<") {
            return self.here_string();
        }
        if let Some(after) = rest.strip_prefix("#\\") {
            // A character: one at least, then the rest of its name.
            let first = after.chars().next().map_or(0, char::len_utf8);
            let name = after[first..].find(is_delimiter).unwrap_or(after.len() - first);
            self.at += 2 + first + name;
            return Ok(true);
        }
        for prefix in ["#;", "#'", "#`", "#,@", "#,"] {
            if rest.starts_with(prefix) {
                self.at += prefix.len();
                return self.datum(quoted || prefix == "#;");
            }
        }
        if rest.starts_with("#(") || rest.starts_with("#u8(") {
            self.at += rest.find('(').map_or(1, |n| n + 1);
            return self.list_rest(true);
        }
        self.name(quoted)
    }

    fn name(&mut self, quoted: bool) -> Step<bool> {
        let name = self.name_at(self.at);
        if name.is_empty() {
            // A lone character that Steel will have to judge.
            self.at += self.peek().map_or(0, char::len_utf8);
            return Ok(true);
        }
        let place = self.at..self.at + name.len();
        let own = name.len() > 1 && (name.starts_with('%') || name.starts_with("#%") || name.starts_with("##"));
        if own || REFUSED.contains(&name) {
            return Err(refused(
                place,
                format!("`{name}` is the interpreter's own, and not for scripts"),
                "choose another name; `define-syntax` with `syntax-rules` makes macros",
            ));
        }
        if name == "context" && !quoted {
            self.context.get_or_insert(place);
        }
        if name == "fn" {
            // In quoted data bars keep it the symbol that was written.
            self.replace(name.len(), if quoted { "|fn|" } else { FN });
        } else if name == DEFINE_VALUES && !quoted {
            let at = self.at;
            self.replace(name.len(), &format!("%{DEFINE_VALUES} %values-{at}"));
        } else {
            self.at += name.len();
        }
        Ok(true)
    }

    /// Macros are `syntax-rules` only: anything else would run while the program is compiled.
    fn check_macro(&self, head: &str) -> Step<()> {
        if !matches!(head, "define-syntax" | "let-syntax" | "letrec-syntax") {
            return Ok(());
        }
        let after = self.old[self.at + head.len()..].trim_start();
        let transformer = after[self.name_at(self.old.len() - after.len()).len()..].trim_start();
        let open = transformer.strip_prefix(['(', '[']).map(str::trim_start);
        if open.is_some_and(|t| t.starts_with("syntax-rules")) {
            return Ok(());
        }
        Err(refused(
            self.at..self.at + head.len(),
            format!("`{head}` takes a name and `(syntax-rules …)`"),
            "write the macro with `syntax-rules`",
        ))
    }

    fn string(&mut self) -> Step<bool> {
        self.at += 1;
        loop {
            let rest = self.rest();
            let Some(next) = rest.find(['"', '\\']) else {
                self.at = self.old.len();
                return Ok(false);
            };
            self.at += next;
            if rest[next..].starts_with('"') {
                self.at += 1;
                return Ok(true);
            }
            match known_escape(&rest[next + 1..]) {
                Some(len) => self.at += 1 + len,
                None => self.replace(1, "\\\\"),
            }
        }
    }

    /// `#<<TAG`, lines, and a line that is `TAG`.
    fn here_string(&mut self) -> Step<bool> {
        let rest = self.rest();
        let (first, body) = rest.split_once('\n').unwrap_or((rest, ""));
        let tag = first[3..].trim_end_matches('\r');
        let mut end = 0;
        for line in body.split_inclusive('\n') {
            if line.trim_end_matches(['\n', '\r']) == tag && !tag.is_empty() {
                let text = body[..end].strip_suffix('\n').unwrap_or(&body[..end]);
                let literal = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
                self.replace(first.len() + 1 + end + tag.len(), &literal);
                return Ok(true);
            }
            end += line.len();
        }
        Err(refused(
            self.at..self.at + first.len(),
            format!("the here-string `#<<{tag}` does not end"),
            Cow::Owned(format!("it ends at a line that is `{tag}` and nothing else")),
        ))
    }
}

fn refused(place: Range<usize>, message: String, hint: impl Into<String>) -> ScriptError {
    ScriptError {
        class: FailureClass::Script,
        blame: Blame::Program,
        message,
        hint: Some(hint.into()),
        span: Some((place.start as u32, place.end as u32)),
    }
}

/// The bytes of a nested `#| … |#`.
pub(super) fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'#', b'|', ..] => (depth, at) = (depth + 1, at + 2),
            [b'|', b'#', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The bytes of `(void)`.
fn void_form(text: &str) -> Option<usize> {
    let inner = text[1..].trim_start().strip_prefix("void")?.trim_start();
    matches!(inner.chars().next(), Some(')' | ']')).then(|| text.len() - inner.len() + 1)
}

/// The bytes after a backslash that make an escape Steel knows.
fn known_escape(after: &str) -> Option<usize> {
    let c = after.chars().next()?;
    match c {
        '"' | 'a' | 'b' | '\\' | '|' | 't' | 'n' | 'r' | '0' => Some(1),
        'x' | 'u' => {
            let (digits, end) = match after[1..].strip_prefix('{').filter(|_| c == 'u') {
                Some(inner) => (inner, '}'),
                None => (&after[1..], ';'),
            };
            let len = digits.find(|d: char| !d.is_ascii_hexdigit())?;
            let scalar = u32::from_str_radix(&digits[..len], 16).ok().and_then(char::from_u32);
            (digits[len..].starts_with(end) && scalar.is_some()).then(|| after.len() - digits.len() + len + 1)
        }
        ' ' | '\t' | '\n' => {
            // A line that goes on: white space round one end of line.
            let blank = after.len() - after.trim_start_matches([' ', '\t']).len();
            after[blank..].starts_with('\n').then_some(blank + 1)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
