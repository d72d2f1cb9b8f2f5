//! Lays a value out in lines, and cuts long texts to the screen.

use crate::interp::lex::{Kind, tokens};
use unicode_width::UnicodeWidthStr;

/// What is longer is not laid out, in bytes: nobody reads it.
const LONGEST: usize = 1 << 20;
/// What is nested deeper stays on one line.
const DEPTH: usize = 100;

/// A part of a written value.
enum Part<'a> {
    Atom(&'a str),
    /// With the bracket that opens it and what stands right before that, such as `#hash`.
    List(&'a str, Vec<Part<'a>>, &'a str),
}

/// A value as `write` shows it, in lines of at most so many columns where that can be.
pub(super) fn laid_out(text: &str, width: usize) -> String {
    if text.width() <= width || text.len() > LONGEST || text.contains('\n') {
        return text.to_owned();
    }
    let Some(parts) = parts(text) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len() * 2);
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        put(&mut out, part, text, 0, width, 0);
    }
    out
}

fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut stack: Vec<(&str, Vec<Part>)> = vec![("", Vec::new())];
    let mut last = 0..0;
    for (kind, place) in tokens(text) {
        let token = &text[place.clone()];
        match kind {
            Kind::Open => {
                // `#hash(` is one, and so is `#(`, whose `#` is no token.
                let before = text[..place.start].rfind(|c: char| c.is_whitespace() || "()[]{}".contains(c));
                let start = before.map_or(0, |at| at + 1);
                if last == (start..place.start) && !last.is_empty() {
                    stack.last_mut()?.1.pop();
                }
                stack.push((&text[start..place.end], Vec::new()));
            }
            Kind::Close => {
                let (open, items) = stack.pop()?;
                stack.last_mut()?.1.push(Part::List(open, items, token));
            }
            Kind::Text(false) => return None,
            Kind::Text(true) | Kind::Name | Kind::Other => stack.last_mut()?.1.push(Part::Atom(token)),
        }
        last = place;
    }
    let (_, parts) = stack.pop()?;
    stack.is_empty().then_some(parts)
}

fn flat(part: &Part<'_>, out: &mut String) {
    match part {
        Part::Atom(atom) => out.push_str(atom),
        Part::List(open, items, close) => {
            out.push_str(open);
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                flat(item, out);
            }
            out.push_str(close);
        }
    }
}

fn put(out: &mut String, part: &Part<'_>, text: &str, column: usize, width: usize, depth: usize) {
    let mut line = String::new();
    flat(part, &mut line);
    let Part::List(open, items, close) = part else { return out.push_str(&line) };
    if column + line.width() <= width || depth > DEPTH || items.is_empty() {
        return out.push_str(&line);
    }
    out.push_str(open);
    let inner = column + open.width();
    // `(key . value)`
    if let [key, Part::Atom("."), value] = &items[..] {
        let mut before = String::new();
        flat(key, &mut before);
        before.push_str(" . ");
        out.push_str(&before);
        put(out, value, text, inner + before.width(), width, depth + 1);
        return out.push_str(close);
    }
    let atoms = items.iter().all(|item| matches!(item, Part::Atom(atom) if atom.width() < width / 3));
    let mut at = inner;
    for (index, item) in items.iter().enumerate() {
        let mut next = String::new();
        flat(item, &mut next);
        if index > 0 && atoms && at + 1 + next.width() < width {
            out.push(' ');
            at += 1;
        } else if index > 0 {
            out.push('\n');
            out.push_str(&" ".repeat(inner));
            at = inner;
        }
        put(out, item, text, inner, width, depth + 1);
        at += next.width();
    }
    out.push_str(close);
}

/// The lines of a text that a screen of this size shows at once, and what is left of it.
pub(super) fn cut(text: &str, rows: usize, columns: usize) -> (&str, &str) {
    let (mut used, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let width = line.trim_end_matches('\n').width();
        let takes = width.div_ceil(columns.max(1)).max(1);
        if used + takes > rows.max(1) {
            if used == 0 {
                // One line that fills more than the screen.
                let end = line.char_indices().nth(rows.max(1) * columns.max(1)).map_or(line.len(), |(at, _)| at);
                return text.split_at(end);
            }
            return text.split_at(at);
        }
        used += takes;
        at += line.len();
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_its_line() {
        assert_eq!(laid_out("(1 2 3)", 20), "(1 2 3)");
        assert_eq!(laid_out("\"a long string of words ( [\"", 10), "\"a long string of words ( [\"");
    }

    #[test]
    fn a_long_list_goes_on_below_its_first_item() {
        assert_eq!(laid_out("((a . 1) (b . 2) (c . 3))", 12), "((a . 1)\n (b . 2)\n (c . 3))");
        let hash = r##"#hash((name . "Ada Lovelace") (tags . ("x" "yy" "zzz")))"##;
        assert_eq!(laid_out(hash, 30), "#hash((name . \"Ada Lovelace\")\n      (tags . (\"x\" \"yy\" \"zzz\")))");
        assert_eq!(laid_out("(1 2 3 4 5 6 7 8 9)", 9), "(1 2 3 4\n 5 6 7 8\n 9)");
        assert_eq!(laid_out("#(10 20 30 40)", 10), "#(10 20\n  30 40)");
    }

    #[test]
    fn what_the_screen_does_not_hold_is_left_for_later() {
        assert_eq!(cut("a\nb\nc\n", 2, 80), ("a\nb\n", "c\n"));
        assert_eq!(cut("a\nb\n", 2, 80), ("a\nb\n", ""));
        assert_eq!(cut("abcdefgh", 2, 3), ("abcdef", "gh"));
        assert_eq!(cut("abcdefgh\nx", 3, 3), ("abcdefgh\n", "x"));
    }
}
