//! Values in Steel's messages, as Racket shows them.
//!
//! Steel's own instructions say in text what they were given: of records what they are made of (`dialect::structs`), of
//! hashes what Rust shows of a map. Nothing of the value itself is left by then.

use crate::interp::dialect::structs::SHOWN;
use std::fmt::Write;

/// Stands before and behind what a record's type says of itself.
pub(crate) const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

/// What a record's type shows: how many of the values behind it are shown, none if it is opaque; whether they stand in a
/// vector, since they can change; what the record's name is, or what else it is shown as.
pub(crate) fn type_shown(fields: Option<usize>, changing: bool, name: &str) -> String {
    let [open, close] = MARKS;
    let fields = fields.map_or("-".to_owned(), |count| count.to_string());
    format!("{open}{fields}{}{name}{close}", if changing { '!' } else { ':' })
}

/// How long a text is read, and how deep: a message shows far less.
const LONGEST: usize = 100_000;
const DEEPEST: usize = 200;

/// A value as `print` shows it.
pub(super) fn printed(steels: &str) -> String {
    let mut reader = Reader { rest: steels, depth: 0 };
    match if steels.len() > LONGEST { None } else { reader.value() } {
        Some(shown) if reader.rest.trim().is_empty() => shown,
        _ => steels.replace(MARKS, ""),
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// How many values lie round what is read.
    depth: usize,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// As far as a character, which is passed.
    fn until(&mut self, end: char) -> Option<&'a str> {
        let (text, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(text)
    }

    fn value(&mut self) -> Option<String> {
        self.depth += 1;
        let value = if self.depth > DEEPEST { None } else { self.datum() };
        self.depth -= 1;
        value
    }

    fn datum(&mut self) -> Option<String> {
        let top = self.depth == 1;
        self.rest = self.rest.trim_start();
        let quoted = self.eat("'");
        let [record, table] = SHOWN;
        let datum = if self.eat(&format!("({record} ")) {
            return self.record();
        } else if self.eat(&format!("({table})")) {
            return Some("#<hash>".into());
        } else if self.eat("#<hashmap {") {
            format!("#hash({})", self.entries()?)
        } else if self.eat("#<hashset {") {
            format!("(set{})", self.elements()?)
        } else if self.eat("#u8(") {
            return self.bytes();
        } else if let Some(kind) = ["#rx#", "#px#", "#rx", "#px"].into_iter().find(|kind| self.eat(kind)) {
            return self.string().map(|pattern| format!("{kind}{pattern}"));
        } else if self.rest.starts_with('"') {
            return self.string();
        } else if self.rest.starts_with("#\\") {
            return Some(self.character());
        } else if self.eat("#<") {
            return self.opaque();
        } else if self.eat("#(") {
            format!("#({})", self.items()?)
        } else if self.eat("(") {
            format!("({})", self.items()?)
        } else {
            let end = self.rest.find(|c: char| c.is_whitespace() || "()".contains(c)).unwrap_or(self.rest.len());
            let (atom, rest) = self.rest.split_at(end);
            self.rest = rest;
            let number = atom.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
            match atom {
                "" => return None,
                "#true" => return Some("#t".into()),
                "#false" => return Some("#f".into()),
                "+inf.0" | "-inf.0" | "+nan.0" => return Some(atom.into()),
                _ if number || atom.starts_with("#<") => return Some(atom.into()),
                atom => atom.into(),
            }
        };
        let set = datum.starts_with("(set");
        Some(if top && (quoted || !set) { format!("'{datum}") } else { datum })
    }

    fn items(&mut self) -> Option<String> {
        let mut items = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.eat(")") {
                return Some(items.join(" "));
            }
            items.push(self.value()?);
        }
    }

    fn record(&mut self) -> Option<String> {
        self.rest = self.rest.strip_prefix(MARKS[0])?;
        let told = self.until(MARKS[1])?;
        let at = told.find([':', '!'])?;
        let (fields, changing, name) = (told[..at].parse::<usize>().ok(), &told[at..=at] == "!", &told[at + 1..]);
        let mut shown = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.eat(")") {
                break;
            }
            if changing && self.eat("#(") {
                while !self.eat(")") {
                    shown.push(self.value()?);
                    self.rest = self.rest.trim_start();
                }
            } else {
                shown.push(self.value()?);
            }
        }
        Some(match fields {
            None => format!("#<{name}>"),
            Some(count) => {
                let shown = shown.iter().take(count).fold(String::new(), |shown, field| shown + " " + field);
                format!("({name}{shown})")
            }
        })
    }

    /// `key: value, … }>`
    fn entries(&mut self) -> Option<String> {
        let mut entries = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if self.eat("}>") {
                return Some(entries.join(" "));
            }
            let key = self.value()?;
            let key = if self.eat(":") { key } else { key.strip_suffix(':')?.to_owned() };
            let value = self.value()?;
            entries.push(format!("({key} . {})", value.trim_end_matches(',')));
        }
    }

    /// `element, … }>`
    fn elements(&mut self) -> Option<String> {
        let mut elements = String::new();
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if self.eat("}>") {
                return Some(elements);
            }
            let _ = write!(elements, " {}", self.value()?.trim_end_matches([',', '}', '>']));
        }
    }

    /// `#x61 …)`
    fn bytes(&mut self) -> Option<String> {
        let text = self.until(')')?;
        let bytes = text.split_whitespace().map(|byte| u8::from_str_radix(byte.strip_prefix("#x")?, 16).ok());
        let bytes: Vec<u8> = bytes.collect::<Option<_>>()?;
        Some(format!("#\"{}\"", bytes.escape_ascii().to_string().replace("\\'", "'")))
    }

    fn string(&mut self) -> Option<String> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find_map(|(at, c)| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes.then_some(at + 1)
        })?;
        let (string, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(string.into())
    }

    fn character(&mut self) -> String {
        let first = self.rest[2..].chars().next().map_or(0, char::len_utf8);
        let more = self.rest[2 + first..].find(|c: char| !c.is_alphanumeric()).unwrap_or(self.rest.len() - 2 - first);
        let (character, rest) = self.rest.split_at(2 + first + more);
        self.rest = rest;
        character.into()
    }

    /// `name>`, in which others may stand.
    fn opaque(&mut self) -> Option<String> {
        let mut depth = 1;
        let end = self.rest.find(|c: char| {
            depth += i32::from(c == '<') - i32::from(c == '>');
            depth == 0
        })?;
        let name = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(match name {
            "bytecode-closure" | "function" => "#<procedure>".into(),
            _ => format!("#<{}>", name.replacen("function:", "procedure:", 1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{SHOWN, printed, type_shown};

    #[test]
    fn what_steel_shows_is_shown_as_racket_does() {
        for (steels, rackets) in [
            ("5", "5"),
            ("-2.5", "-2.5"),
            ("#true", "#t"),
            ("abc", "'abc"),
            ("'abc", "'abc"),
            ("\"a (b\\\" c\"", "\"a (b\\\" c\""),
            ("#\\(", "#\\("),
            ("#\\space", "#\\space"),
            ("(1 \"a)\" b (#\\) #false))", "'(1 \"a)\" b (#\\) #f))"),
            ("'(a . b)", "'(a . b)"),
            ("#(1 2)", "'#(1 2)"),
            ("#u8(#x61 #x62)", "#\"ab\""),
            ("#<hashmap { 1: \"x\", 'b: '(1 2), }>", "'#hash((1 . \"x\") (b . (1 2)))"),
            ("#<hashmap {}>", "'#hash()"),
            ("#<function:car>", "#<procedure:car>"),
            ("#<bytecode-closure>", "#<procedure>"),
            ("#rx\"a(b\"", "#rx\"a(b\""),
            ("#<void>", "#<void>"),
            ("#<promise>", "#<promise>"),
        ] {
            assert_eq!(printed(steels), rackets, "{steels}");
        }
        let [record, table] = SHOWN;
        let of = |fields, changing, rest: &str| format!("({record} {}{rest})", type_shown(fields, changing, "p"));
        assert_eq!(printed(&of(Some(2), false, " 1 \"b\"")), "(p 1 \"b\")");
        assert_eq!(printed(&of(Some(2), true, " #(1 (2 3))")), "(p 1 (2 3))");
        assert_eq!(printed(&of(Some(1), false, " 1 77")), "(p 1)");
        assert_eq!(printed(&of(None, false, " 1 2 77")), "#<p>");
        assert_eq!(printed(&format!("({} a)", of(None, false, " 1"))), "'(#<p> a)");
        assert_eq!(printed(&format!("({table})")), "#<hash>");
        // What cannot be read is left.
        for odd in ["(1 2".to_owned(), "(".repeat(50_000) + &")".repeat(50_000)] {
            assert_eq!(printed(&odd), odd);
        }
    }
}
