//! What a session says, made ready for a screen: values in lines, long texts cut, variables and calls in columns.

use crate::{
    error::visible,
    interp::lex::{Kind, tokens},
    session::Usage,
};
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is longer is not laid out, in bytes: nobody reads it.
const LONGEST: usize = 1 << 20;
/// What is nested deeper stays on one line.
const DEPTH: usize = 100;
/// What is nested deeper still is not taken apart.
const DEEPEST: usize = 1_000;

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
        put(&mut out, part, 0, width, 0);
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
                if stack.len() > DEEPEST {
                    return None;
                }
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

fn put(out: &mut String, part: &Part<'_>, column: usize, width: usize, depth: usize) {
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
        put(out, value, inner + before.width(), width, depth + 1);
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
        put(out, item, inner, width, depth + 1);
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

/// Variables as the session tells them, a name and a value each, in lines of so many columns.
pub(super) fn variables(lines: &str, width: usize) -> String {
    let pairs: Vec<(&str, &str)> = lines.lines().filter_map(|line| line.split_once('\t')).collect();
    if pairs.is_empty() {
        return "nothing has been defined\n".into();
    }
    let column = pairs.iter().map(|(name, _)| name.width()).max().unwrap_or(0).min(width / 3);
    let line = |(name, value): &(&str, &str)| {
        let gap = " ".repeat(column.saturating_sub(name.width()));
        format!("{}\n", shortened(&format!("{name}{gap}  {value}"), width))
    };
    pairs.iter().map(line).collect()
}

fn shortened(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    line.chars().take_while(fits).chain(['…']).collect()
}

/// The calls and events of a session, as it tells them in JSON, a line each.
pub(super) fn trace(json: &str) -> String {
    let entries: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
    if entries.is_empty() {
        return "no call has been made\n".into();
    }
    let mut out = String::new();
    for entry in &entries {
        let number = |key: &str| entry[key].as_f64().unwrap_or(0.0);
        let text = |key: &str| visible(entry[key].as_str().unwrap_or("?")).replace('\n', " ");
        out += &format!("{:8.3} s  ", number("at"));
        out += &match entry.get("event") {
            Some(_) => format!("{}: {}\n", text("event"), visible(&entry["value"].to_string())),
            None => {
                let cost = entry["cost"].as_f64().map_or(String::new(), |cost| format!(", ${cost:.4}"));
                let (model, status) = (text("model"), text("status"));
                let (input, output) = (number("input"), number("output"));
                format!("{model}  {status}, {input} + {output} tokens, {:.2} s{cost}\n", number("latency"))
            }
        };
    }
    out
}

/// `1 call`, `2 calls`.
pub(super) fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What calls have come to.
pub(super) fn usage(usage: &Usage) -> String {
    let Usage { calls, failures, input_tokens, output_tokens, cost_usd } = *usage;
    let failed = if failures > 0 { format!(" ({failures} failed)") } else { String::new() };
    let cost = cost_usd.map_or("the price is unknown".into(), |cost| format!("${cost:.4}"));
    let calls = counted(calls, "call");
    format!("{calls}{failed}, {input_tokens} + {output_tokens} tokens, {cost}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_what_they_came_to_are_a_line_each() {
        let json = r#"[{"at":1.5,"model":"m\u001b[2J","status":"ok","input":10,"output":2,"latency":0.25,"cost":0.5},
                       {"at":2.0,"event":"seen","value":[1]}]"#;
        let lines = "   1.500 s  m␛[2J  ok, 10 + 2 tokens, 0.25 s, $0.5000\n   2.000 s  seen: [1]\n";
        assert_eq!(trace(json), lines);
        assert_eq!(trace("[]"), "no call has been made\n");
        let spent = Usage { calls: 3, failures: 1, input_tokens: 10, output_tokens: 2, cost_usd: None };
        assert_eq!(usage(&spent), "3 calls (1 failed), 10 + 2 tokens, the price is unknown\n");
    }

    #[test]
    fn variables_stand_in_columns_that_keep_to_the_width() {
        assert_eq!(variables("x\t5\nlonger\t(1 2)", 40), "x       5\nlonger  (1 2)\n");
        assert_eq!(variables("x\tabcdefghij", 8), "x  abcd…\n");
        assert_eq!(variables("", 8), "nothing has been defined\n");
    }

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
    fn what_is_nested_without_end_stays_as_it_is() {
        let deep = "(".repeat(100_000) + &")".repeat(100_000);
        assert_eq!(laid_out(&deep, 80), deep);
    }

    #[test]
    fn what_the_screen_does_not_hold_is_left_for_later() {
        assert_eq!(cut("a\nb\nc\n", 2, 80), ("a\nb\n", "c\n"));
        assert_eq!(cut("a\nb\n", 2, 80), ("a\nb\n", ""));
        assert_eq!(cut("abcdefgh", 2, 3), ("abcdef", "gh"));
        assert_eq!(cut("abcdefgh\nx", 3, 3), ("abcdefgh\n", "x"));
    }
}
