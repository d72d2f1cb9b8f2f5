//! Strings, characters, symbols and bytes as a program would write them.

use super::super::dialect::numerals;
use regex::Regex;
use std::{fmt::Write, sync::OnceLock};

/// In a symbol's name, what begins the part that makes it unlike every other and is never shown. It is no character that
/// anybody assigned a meaning to.
pub(crate) const MARK: char = '\u{10FFFD}';

/// A symbol's name as it is shown.
pub(crate) fn unmarked(name: &str) -> &str {
    name.split(MARK).next().unwrap_or(name)
}

/// Whether a character shows as itself, as Racket sees it.
fn is_graphic(c: char) -> bool {
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    static GRAPHIC: OnceLock<Option<Regex>> = OnceLock::new();
    let graphic = GRAPHIC.get_or_init(|| Regex::new(r"[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]").ok());
    graphic.as_ref().is_none_or(|graphic| graphic.is_match(c.encode_utf8(&mut [0; 4])))
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    string(&mut out, text);
    out
}

pub(super) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    // What needs no care goes over in one piece.
    while let Some(at) = rest.find(|c: char| matches!(c, '"' | '\\') || !is_graphic(c)) {
        out.push_str(&rest[..at]);
        let mut chars = rest[at..].chars();
        if let Some(c) = chars.next() {
            escaped(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escaped(out: &mut String, c: char) {
    match escape(c) {
        Some(letter) => out.extend(['\\', letter]),
        // Writing to a string cannot fail.
        None => {
            let _ = if u32::from(c) > 0xFFFF {
                write!(out, "\\U{:08X}", u32::from(c))
            } else {
                write!(out, "\\u{:04X}", u32::from(c))
            };
        }
    }
}

/// The letter behind the backslash.
fn escape(c: char) -> Option<char> {
    Some(match c {
        '"' | '\\' => c,
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0B' => 'v',
        '\x0C' => 'f',
        '\r' => 'r',
        '\x1B' => 'e',
        _ => return None,
    })
}

pub(super) fn char(out: &mut String, c: char) {
    out.push_str("#\\");
    let name = match c {
        ' ' => "space",
        '\n' => "newline",
        '\0' => "nul",
        '\t' => "tab",
        '\x08' => "backspace",
        '\r' => "return",
        '\x0B' => "vtab",
        '\x0C' => "page",
        '\x7F' => "rubout",
        c if is_graphic(c) && !c.is_whitespace() => return out.push(c),
        c => {
            let _ = write!(out, "u{:04X}", u32::from(c));
            return;
        }
    };
    out.push_str(name);
}

pub(super) fn symbol(out: &mut String, name: &str) {
    let name = unmarked(name);
    let (prefix, name) = match name.strip_prefix("#:") {
        Some(word) => ("#:", word),
        None => ("", name),
    };
    out.push_str(prefix);
    let odd = |c: char| c.is_whitespace() || "()[]{}\",'`;\\|".contains(c);
    if name.contains('|') {
        for c in name.chars() {
            if odd(c) {
                out.push('\\');
            }
            out.push(c);
        }
        return;
    }
    let sharp = name.starts_with('#') && !name.starts_with("#%");
    // A keyword may look like a number.
    let number = prefix.is_empty() && (name == "." || numerals::read(name, 10).is_some());
    if (name.is_empty() || name.contains(odd) || sharp || number) && (prefix.is_empty() || !name.is_empty()) {
        let _ = write!(out, "|{name}|");
    } else {
        out.push_str(name);
    }
}

pub(super) fn bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("#\"");
    for (i, byte) in bytes.iter().enumerate() {
        match escape(char::from(*byte)) {
            Some(letter) => out.extend(['\\', letter]),
            None if (0x20..0x7F).contains(byte) => out.push(char::from(*byte)),
            None => {
                // Short where no digit follows that could belong to it.
                let digit = bytes.get(i + 1).is_some_and(|next| (b'0'..=b'7').contains(next));
                let _ = if digit { write!(out, "\\{byte:03o}") } else { write!(out, "\\{byte:o}") };
            }
        }
    }
    out.push('"');
}

/// How `(quote x)` and kin are abbreviated.
pub(super) fn abbreviation(word: &str) -> Option<&'static str> {
    Some(match word {
        "quote" => "'",
        "quasiquote" => "`",
        "unquote" => ",",
        "unquote-splicing" => ",@",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(f: fn(&mut String, &str), text: &str) -> String {
        let mut out = String::new();
        f(&mut out, text);
        out
    }

    #[test]
    fn strings_are_escaped_as_in_racket() {
        assert_eq!(
            by(string, "a\tb\n\r\x1B\x07\0 λ \u{200B} \"q\" \\ \x7F"),
            r#""a\tb\n\r\e\a\u0000 λ \u200B \"q\" \\ \u007F""#
        );
    }

    #[test]
    fn symbols_that_would_read_as_something_else_stand_in_bars() {
        let all = [
            ("", "||"),
            ("1", "|1|"),
            (".", "|.|"),
            ("a.b", "a.b"),
            ("#foo", "|#foo|"),
            ("#%foo", "#%foo"),
            ("A", "A"),
            ("a;b", "|a;b|"),
            ("a'b", "|a'b|"),
            ("-", "-"),
            ("+1", "|+1|"),
            ("1+", "1+"),
            ("...", "..."),
            ("a|b", r"a\|b"),
            ("a b", "|a b|"),
            ("#:k", "#:k"),
            ("#:a b", "#:|a b|"),
            ("x\u{10FFFD}7", "x"),
        ];
        for (name, wanted) in all {
            assert_eq!(by(symbol, name), wanted);
        }
    }

    #[test]
    fn bytes_and_characters_are_written_as_in_racket() {
        let mut out = String::new();
        bytes(&mut out, &[0, 65, 10, 200, 34, 92, 1, b'7']);
        assert_eq!(out, r##"#"\0A\n\310\"\\\0017""##);
        let shown = |c| {
            let mut out = String::new();
            char(&mut out, c);
            out
        };
        assert_eq!(
            [' ', '\n', '\0', 'λ', '\u{200B}'].map(shown),
            ["#\\space", "#\\newline", "#\\nul", "#\\λ", "#\\u200B"]
        );
    }
}
