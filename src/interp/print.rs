//! How values print: as Racket prints them, hashes and sets in sorted order.

use super::{
    dialect::{hashes, records, structs},
    value::{field_names, text_like, with_fault, with_response},
};
use std::fmt::Write;
use steel::SteelVal;

/// How deep values are printed; what is below prints as `…`.
const DEPTH: usize = 1_000;

/// For people: strings and characters bare.
pub(crate) fn displayed(value: &SteelVal) -> String {
    // The text of a response is what a person wants to see of it, at the top; inside a list it shows what it is.
    match value {
        SteelVal::StringV(s) => s.to_string(),
        other => with_response(other, |r| r.text.to_string()).unwrap_or_else(|| print(other, false)),
    }
}

/// For programs: strings quoted.
pub(crate) fn written(value: &SteelVal) -> String {
    print(value, true)
}

/// As `print` shows it.
pub(crate) fn printed(value: &SteelVal) -> String {
    match value {
        SteelVal::SymbolV(_) | SteelVal::ListV(_) | SteelVal::Pair(_) | SteelVal::HashMapV(_) => {
            format!("'{}", written(value))
        }
        SteelVal::VectorV(_) | SteelVal::MutableVector(_) => format!("'{}", written(value)),
        other => written(other),
    }
}

fn print(value: &SteelVal, quoted: bool) -> String {
    let mut out = String::new();
    put(&mut out, value, quoted, 0);
    out
}

fn put(out: &mut String, value: &SteelVal, quoted: bool, depth: usize) {
    if depth > DEPTH {
        out.push('…');
        return;
    }
    let all = |out: &mut String, open: &str, items: &mut dyn Iterator<Item = SteelVal>| {
        out.push_str(open);
        for (i, item) in items.enumerate() {
            if i > 0 {
                out.push(' ');
            }
            put(out, &item, quoted, depth + 1);
        }
        out.push(')');
    };
    match value {
        SteelVal::StringV(s) if quoted => out.push_str(&quote(s)),
        SteelVal::StringV(s) => out.push_str(s),
        SteelVal::SymbolV(s) => out.push_str(s),
        SteelVal::CharV(c) if !quoted => out.push(*c),
        SteelVal::BoolV(b) => out.push_str(if *b { "#t" } else { "#f" }),
        SteelVal::Void => out.push_str("#<void>"),
        SteelVal::ListV(items) => all(out, "(", &mut items.iter().cloned()),
        SteelVal::VectorV(items) => all(out, "#(", &mut items.iter().cloned()),
        SteelVal::MutableVector(items) => all(out, "#(", &mut items.get().into_iter()),
        SteelVal::Pair(pair) => {
            out.push('(');
            put(out, &pair.car(), quoted, depth + 1);
            let mut rest = pair.cdr();
            // An improper list is a chain of pairs.
            while let SteelVal::Pair(next) = &rest {
                out.push(' ');
                put(out, &next.car(), quoted, depth + 1);
                let tail = next.cdr();
                rest = tail;
            }
            out.push_str(" . ");
            put(out, &rest, quoted, depth + 1);
            out.push(')');
        }
        SteelVal::HashMapV(map) => {
            let mut pairs: Vec<(&SteelVal, &SteelVal)> = map.iter().collect();
            pairs.sort_by_cached_key(|(key, _)| key_order(key));
            out.push_str("#hash(");
            for (i, (key, value)) in pairs.into_iter().enumerate() {
                out.push_str(if i > 0 { " (" } else { "(" });
                put(out, key, quoted, depth + 1);
                out.push_str(" . ");
                put(out, value, quoted, depth + 1);
                out.push(')');
            }
            out.push(')');
        }
        SteelVal::HashSetV(_) => {
            put_kept(out, value, quoted, depth);
        }
        SteelVal::HeapAllocated(cell) => {
            out.push_str("#&");
            put(out, &cell.get(), quoted, depth + 1);
        }
        SteelVal::Closure(_)
        | SteelVal::FuncV(_)
        | SteelVal::BuiltIn(_)
        | SteelVal::MutFunc(_)
        | SteelVal::BoxedFunction(_) => out.push_str("#<procedure>"),
        SteelVal::CustomStruct(_) if put_kept(out, value, quoted, depth) => {}
        SteelVal::CustomStruct(record) => match struct_values(value) {
            Some(fields) if record.is_transparent() => {
                all(out, &format!("({} ", record.name()), &mut fields.into_iter());
            }
            _ => {
                let _ = write!(out, "#<{}>", record.name());
            }
        },
        other => match with_fault(other, |f| format!("#<failure {}: {}>", f.class, f.message)) {
            Some(text) => out.push_str(&text),
            // Writing to a string cannot fail.
            None => {
                let _ = write!(out, "{other}");
            }
        },
    }
}

/// Prints what the dialect keeps in Steel's structs: hashes, sets, records. Whether it was one of these.
fn put_kept(out: &mut String, value: &SteelVal, quoted: bool, depth: usize) -> bool {
    let (open, items, close) = if let Some((open, entries)) = hashes::shown(value) {
        (format!("{open}("), entries.into_iter().map(|(key, value)| structs::cons(key, value)).collect(), ")")
    } else if let Some((name, items)) = hashes::shown_set(value) {
        (if items.is_empty() { format!("#<{name}:") } else { format!("#<{name}: ") }, items, ">")
    } else if let Some((name, transparent, fields)) = records::shown(value) {
        if transparent { (format!("#(struct:{name} "), fields, ")") } else { (format!("#<{name}"), Vec::new(), ">") }
    } else {
        return false;
    };
    out.push_str(&open);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        put(out, item, quoted, depth + 1);
    }
    out.push_str(close);
    true
}

/// Where a key stands among a hash's others: numbers first, by size, then the rest by its text.
pub(crate) fn key_order(key: &SteelVal) -> (u8, i64, String) {
    match key {
        SteelVal::IntV(n) => (0, *n as i64, String::new()),
        other => (1, 0, text_like(other).unwrap_or_else(|| written(other))),
    }
}

fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn struct_values(value: &SteelVal) -> Option<Vec<SteelVal>> {
    let SteelVal::CustomStruct(record) = value else { return None };
    let unboxed = |v: &SteelVal| match v {
        SteelVal::HeapAllocated(cell) => cell.get(),
        other => other.clone(),
    };
    Some((0..).map_while(|i| record.get_index(i).map(unboxed)).collect())
}

/// A record's fields by name; `None` for Steel's own results and options, whose fields have none.
pub(crate) fn struct_fields(value: &SteelVal) -> Option<Vec<(String, SteelVal)>> {
    let names = field_names(value)?;
    Some(names.iter().filter_map(text_like).zip(struct_values(value)?).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interp::{json, value::string};

    #[test]
    fn a_hash_prints_in_the_order_of_its_keys() {
        let hash = json::from_text(r#"{"b": [1, "x"], "a": true, "c": null}"#).unwrap();
        assert_eq!(written(&hash), r##"#hash((a . #t) (b . (1 "x")) (c . #<void>))"##);
        assert_eq!(displayed(&hash), "#hash((a . #t) (b . (1 x)) (c . #<void>))");
    }

    #[test]
    fn strings_are_bare_for_people_and_quoted_for_programs() {
        assert_eq!(displayed(&string("a\"b\n")), "a\"b\n");
        assert_eq!(written(&string("a\"b\n")), r#""a\"b\n""#);
    }
}
