//! The sketch of a JSON shape within an instruction, such as `[{product: string, count: number}]`, and how to fill it.
//!
//! Not here: JSON Schema (`fill`). What does not look like a sketch is prose.

use std::ops::Range;

/// How deep sketches may nest.
const DEPTH: usize = 8;

/// What an answer is to look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Number,
    Bool,
    List(Box<Shape>),
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// The first sketch in a text, and where it stands: an object or a list of a known type, keys and types bare or
    /// quoted, types optional.
    pub(super) fn find(text: &str) -> Option<(Self, Range<usize>)> {
        text.match_indices(['{', '[']).find_map(|(at, _)| {
            let mut parser = Parser { rest: &text[at..] };
            let shape = parser.shape(DEPTH)?;
            // `[1]` is a footnote, `{}` says nothing.
            let telling = match &shape {
                Self::Object(fields) => !fields.is_empty(),
                Self::List(inner) => {
                    **inner != Self::Text || text[at + 1..].trim_start_matches([' ', '"']).starts_with("str")
                }
                _ => false,
            };
            telling.then(|| (shape, at..text.len() - parser.rest.len()))
        })
    }

    /// Appends JSON of this shape that says `sentence`, keys in the sketch's order.
    pub(super) fn fill(&self, sentence: &str, out: &mut String) {
        match self {
            Self::Text => out.push_str(&quoted(sentence)),
            Self::Number => out.push_str(&first_number(sentence)),
            Self::Bool => out.push_str("true"),
            Self::List(inner) => {
                out.push('[');
                inner.fill(sentence, out);
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (i, (key, shape)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    shape.fill(sentence, out);
                }
                out.push('}');
            }
        }
    }
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The first number in a sentence as JSON, thousands commas left out; else 0. The digits of `K2` are part of a name.
pub(super) fn first_number(sentence: &str) -> String {
    let joins = |c: char| c.is_alphanumeric() || c == '.' || c == ',';
    let starts = sentence.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at);
    let Some(start) = { starts }.find(|&at| !sentence[..at].ends_with(joins)) else { return "0".into() };
    let (before, rest) = sentence.split_at(start);
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(rest.len());
    let digits = rest[..end].trim_end_matches(['.', ',']).replace(',', "");
    let minus = before.strip_suffix('-').is_some_and(|b| b.is_empty() || b.ends_with(char::is_whitespace));
    // Two points make a version or a date: its first part will do.
    let plain = digits.match_indices('.').nth(1).map_or(&digits[..], |(at, _)| &digits[..at]);
    let plain = plain.trim_start_matches('0').trim_end_matches('.');
    let zero = if plain.is_empty() || plain.starts_with('.') { "0" } else { "" };
    format!("{}{zero}{plain}", if minus { "-" } else { "" })
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// Whether `c` comes next, after white space; takes it then.
    fn take(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        let next = self.rest.strip_prefix(c);
        self.rest = next.unwrap_or(self.rest);
        next.is_some()
    }

    fn shape(&mut self, depth: usize) -> Option<Shape> {
        if depth == 0 {
            return None;
        }
        if self.take('{') {
            let mut fields = Vec::new();
            while !self.take('}') {
                let key = self.word().filter(|k| !k.starts_with(|c: char| c.is_ascii_digit()))?.to_owned();
                let mut shape = Shape::Text;
                if self.take(':') {
                    shape = self.shape(depth - 1)?;
                    self.skip();
                }
                fields.push((key, shape));
                if !self.take(',') && !self.rest.trim_start().starts_with('}') {
                    return None;
                }
            }
            return Some(Shape::Object(fields));
        }
        if self.take('[') {
            let inner = if self.rest.trim_start().starts_with(']') { Shape::Text } else { self.shape(depth - 1)? };
            // Further elements show no more than the first did: `[{…}, …]`.
            loop {
                self.skip();
                if self.take(']') {
                    return Some(Shape::List(Box::new(inner)));
                }
                if !self.take(',') {
                    return None;
                }
            }
        }
        let word = self.word().unwrap_or_default().to_ascii_lowercase();
        Some(match &word[..] {
            w if w.starts_with("int") || w.starts_with("num") || w.starts_with("float") => Shape::Number,
            w if w.starts_with("bool") => Shape::Bool,
            w if w.starts_with("array") || w.starts_with("list") => Shape::List(Box::new(Shape::Text)),
            _ => Shape::Text,
        })
    }

    /// A key or a type: bare or quoted.
    fn word(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        for quote in ['"', '\'', '`'] {
            if let Some((word, rest)) = self.rest.strip_prefix(quote).and_then(|r| r.split_once(quote)) {
                self.rest = rest;
                return Some(word);
            }
        }
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Passes what may follow a type (`| null`, `(optional)`, `…`) up to the next comma or bracket.
    fn skip(&mut self) {
        let end = self.rest.find([',', '}', ']', '{', '[']).unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(instruction: &str, sentence: &str) -> Option<String> {
        Shape::find(instruction).map(|(shape, _)| {
            let mut out = String::new();
            shape.fill(sentence, &mut out);
            serde_json::from_str::<serde_json::Value>(&out).unwrap();
            out
        })
    }

    #[test]
    fn sketches_are_read_leniently() {
        for (text, want) in [
            ("Give [{product: string, reason: string}].", r#"[{"product": "s 7", "reason": "s 7"}]"#),
            (r#"as {"name": string, "count": number}"#, r#"{"name": "s 7", "count": 7}"#),
            ("{b, a,}", r#"{"b": "s 7", "a": "s 7"}"#),
            (r#"{"x": "string", 'n': 'integer', ok: boolean}"#, r#"{"x": "s 7", "n": 7, "ok": true}"#),
            (
                "{tags: array, refs: [int], sub: {k: string | null}}",
                r#"{"tags": ["s 7"], "refs": [7], "sub": {"k": "s 7"}}"#,
            ),
            (r#"like [{"a": "..."}, ...] or so"#, r#"[{"a": "s 7"}]"#),
            ("a list [string] of names", r#"["s 7"]"#),
            ("see [1] and {broken: then [{a: int}]", r#"[{"a": 7}]"#),
        ] {
            assert_eq!(filled(text, "s 7").as_deref(), Some(want), "{text}");
        }
        for text in
            ["", "plain", "note [1]", "{}", "{", "[", "[[[[[[[[[[[[[[", "{a", "set {1 + 2}", "{ return x; }", "{é"]
        {
            assert_eq!(filled(text, "s"), None, "{text}");
        }
    }

    #[test]
    fn the_sketch_has_a_place() {
        let text = "List as [{a: string}], please.";
        assert_eq!(&text[Shape::find(text).unwrap().1], "[{a: string}]");
    }

    #[test]
    fn numbers_are_json() {
        for (text, want) in [
            ("sold 1,200.50 units", "1200.50"),
            ("-4 degrees", "-4"),
            ("A-4", "4"),
            ("no. 007.", "7"),
            ("0.5%", "0.5"),
            ("000", "0"),
            ("v1.2.3", "0"),
            ("in 1.2.3", "1.2"),
            ("none", "0"),
            ("1..2", "1"),
        ] {
            assert_eq!(first_number(text), want, "{text}");
            assert!(serde_json::from_str::<f64>(&first_number(text)).is_ok());
        }
    }
}
