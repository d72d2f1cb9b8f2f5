//! How values print: as Racket's `display`, `write` and `print` do it, hashes and sets in sorted order.
//!
//! What prints by `print` reads as an expression that makes the value again: `'(a "b")`, `(list 1 (point 2 3))`.
//! Not here: how strings, characters and symbols are written (`quote`), numbers (`dialect::numerals`), and what is laid out
//! over several lines (`pretty`).

pub(crate) mod customs;
pub(crate) mod pretty;
mod quote;
#[cfg(test)]
mod tests;

pub(crate) use quote::{MARK, quoted, unmarked};

use super::{
    dialect::{self, files, hashes, mpairs, number_vectors, numerals, records, support},
    value::{self, Fault, field_names, text_like, with_fault, with_response},
};
use crate::wire::FailureClass;
use steel::{SteelVal, rvals::Custom};

/// How deep values are printed; what is below prints as `…`.
const DEPTH: usize = 1_000;

/// How many characters of a value a message shows, as in Racket.
const CLIPPED: usize = 256;

/// For people: strings and characters bare.
pub(crate) fn displayed(value: &SteelVal) -> String {
    // The text of a response is what a person wants to see of it, at the top; inside a list it shows what it is.
    match value {
        SteelVal::StringV(s) => s.to_string(),
        // What a program ends with may be several: each has its line.
        SteelVal::CustomStruct(_) if support::is_several(value) => {
            support::all_of(value).iter().map(displayed).collect::<Vec<_>>().join("\n")
        }
        other => with_response(other, |r| r.text.to_string()).unwrap_or_else(|| shown(other, Style::Display)),
    }
}

/// For programs: strings quoted.
pub(crate) fn written(value: &SteelVal) -> String {
    shown(value, Style::Write)
}

/// As an expression.
pub(crate) fn printed(value: &SteelVal) -> String {
    shown(value, Style::Print)
}

/// As an expression, cut for a message.
pub(crate) fn clipped(value: &SteelVal) -> String {
    cut_for_message(printed(value))
}

pub(crate) fn cut_for_message(text: String) -> String {
    clip(text, CLIPPED)
}

/// Cuts a text to this many characters; three dots show it.
pub(crate) fn clip(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(3)).collect();
            kept + &"...".chars().take(most).collect::<String>()
        }
    }
}

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Style {
    Display,
    Write,
    Print,
}

pub(crate) fn shown(value: &SteelVal, style: Style) -> String {
    if let Some(text) = raised(value, style) {
        return text;
    }
    let mut printer = Printer { out: String::new(), above: Vec::new() };
    match style {
        Style::Print => printer.expression(value, 0),
        style => printer.datum(value, style, 0),
    }
    printer.out
}

/// What a script's own errors look like, on their own: the records that they are in Racket.
fn raised(value: &SteelVal, style: Style) -> Option<String> {
    let message =
        |fault: &Fault| (fault.class == FailureClass::Script).then(|| (fault.kind.name(), fault.message.clone()));
    let (kind, message) = with_fault(value, message)??;
    let message = match style {
        Style::Display => message,
        _ => written(&value::string(message)),
    };
    let head = if style == Style::Print { "(" } else { "#(struct:" };
    Some(format!("{head}{kind} {message} #<continuation-mark-set>)"))
}

/// Whether `print` shows a value behind a quote, or as it is: anything but what a constructor's call shows.
fn is_datum(value: &SteelVal, depth: usize) -> bool {
    if depth > DEPTH {
        return true;
    }
    let all = |items: &[SteelVal]| items.iter().all(|item| is_datum(item, depth + 1));
    match value {
        SteelVal::ListV(items) => items.iter().all(|item| is_datum(item, depth + 1)),
        SteelVal::VectorV(items) => items.iter().all(|item| is_datum(item, depth + 1)),
        SteelVal::MutableVector(items) => all(&items.get()),
        SteelVal::Pair(_) => {
            let (items, tail) = chain(value);
            all(&items) && is_datum(&tail, depth + 1)
        }
        SteelVal::HeapAllocated(cell) => is_datum(&cell.get(), depth + 1),
        other => {
            if let Some((_, entries)) = table(other) {
                return entries.iter().all(|(key, value)| is_datum(key, depth + 1) && is_datum(value, depth + 1));
            }
            let itself = || customs::any() && records::prints_itself(other);
            if customs::any() && records::unquotable(other) {
                return false;
            }
            set(other).is_none()
                && mpairs::parts(other).is_none()
                && (itself() || record(other).is_none_or(|record| record.prefab || !record.transparent))
        }
    }
}

/// Whether a quote stands before it.
fn wants_quote(value: &SteelVal) -> bool {
    match value {
        SteelVal::SymbolV(_)
        | SteelVal::ListV(_)
        | SteelVal::Pair(_)
        | SteelVal::VectorV(_)
        | SteelVal::MutableVector(_)
        | SteelVal::HeapAllocated(_) => true,
        SteelVal::HashMapV(_) => true,
        SteelVal::CustomStruct(_) => table(value).is_some() || record(value).is_some_and(|record| record.prefab),
        _ => false,
    }
}

/// A chain of pairs and what is at its end.
fn chain(value: &SteelVal) -> (Vec<SteelVal>, SteelVal) {
    let mut items = Vec::new();
    let mut rest = value.clone();
    while let SteelVal::Pair(pair) = &rest {
        items.push(pair.car());
        let tail = pair.cdr();
        rest = tail;
    }
    (items, rest)
}

/// As `print` shows a part of what stands behind a quote.
pub(crate) fn behind_quote(value: &SteelVal) -> String {
    inner(value, Style::Print)
}

/// A datum as it stands behind a quote.
fn inner(value: &SteelVal, style: Style) -> String {
    let mut printer = Printer { out: String::new(), above: Vec::new() };
    printer.datum(value, style, 0);
    printer.out
}

/// What `print` shows as a call: its name and its arguments.
fn call_of(value: &SteelVal) -> (String, Vec<SteelVal>) {
    match value {
        SteelVal::ListV(items) => ("list".into(), items.iter().cloned().collect()),
        SteelVal::VectorV(items) => ("vector".into(), items.iter().cloned().collect()),
        SteelVal::MutableVector(items) => ("vector".into(), items.get()),
        SteelVal::HeapAllocated(cell) => ("box".into(), vec![cell.get()]),
        SteelVal::Pair(_) => {
            let (mut items, tail) = chain(value);
            items.push(tail);
            (if items.len() == 2 { "cons" } else { "list*" }.into(), items)
        }
        other => {
            if let Some((name, entries)) = table(other) {
                let items = entries.into_iter().flat_map(|(key, value)| [key, value]).collect();
                (name.trim_start_matches('#').into(), items)
            } else if let Some(set) = set(other) {
                set
            } else if let Some(pair) = mpairs::parts(other) {
                ("mcons".into(), pair.into())
            } else {
                record(other).map(|record| (record.name, record.fields)).unwrap_or_default()
            }
        }
    }
}

/// What can hold itself, by where it is.
fn place_of(value: &SteelVal) -> Option<usize> {
    match value {
        SteelVal::MutableVector(items) => Some(items.as_ptr_usize()),
        SteelVal::HeapAllocated(cell) => Some(cell.as_ptr_usize()),
        other => mpairs::place(other),
    }
}

struct Printer {
    out: String,
    /// What can hold itself and is being printed.
    above: Vec<usize>,
}

impl Printer {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Whether a value is being printed already; if not, it is now.
    fn enter(&mut self, place: usize) -> bool {
        if self.above.contains(&place) {
            self.push("…");
            return false;
        }
        self.above.push(place);
        true
    }

    fn leave(&mut self) {
        self.above.pop();
    }

    fn items(&mut self, open: &str, items: &[SteelVal], mut put: impl FnMut(&mut Self, &SteelVal)) {
        self.push(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(" ");
            }
            put(self, item);
        }
        self.push(")");
    }

    /// By `print`.
    fn expression(&mut self, value: &SteelVal, depth: usize) {
        if depth > DEPTH {
            return self.push("…");
        }
        if is_datum(value, depth) || customs::any() && records::unquotable(value) {
            if wants_quote(value) {
                self.push("'");
            } else if let Some((name, numbers)) = number_vectors::parts(value) {
                let open = if numbers.is_empty() { format!("({name}") } else { format!("({name} ") };
                return self.items(&open, &numbers, |this, item| this.datum(item, Style::Print, depth + 1));
            }
            return self.datum(value, Style::Print, depth);
        }
        let place = place_of(value);
        if place.is_none_or(|place| self.enter(place)) {
            let (name, items) = call_of(value);
            let open = if items.is_empty() { format!("({name}") } else { format!("({name} ") };
            self.items(&open, &items, |this, item| this.expression(item, depth + 1));
            if place.is_some() {
                self.leave();
            }
        }
    }

    /// By `display` and `write`, and by `print` behind a quote.
    fn datum(&mut self, value: &SteelVal, style: Style, depth: usize) {
        if depth > DEPTH {
            return self.push("…");
        }
        let bare = style == Style::Display;
        let inner = |this: &mut Self, item: &SteelVal| this.datum(item, style, depth + 1);
        match value {
            SteelVal::StringV(s) if bare => self.push(s),
            SteelVal::StringV(s) => quote::string(&mut self.out, s),
            SteelVal::SymbolV(s) if bare => self.push(unmarked(s)),
            SteelVal::SymbolV(s) => quote::symbol(&mut self.out, s),
            SteelVal::CharV(c) if bare => self.out.push(*c),
            SteelVal::CharV(c) => quote::char(&mut self.out, *c),
            SteelVal::ByteVector(bytes) if bare => self.push(&String::from_utf8_lossy(&value::bytes(bytes))),
            SteelVal::ByteVector(bytes) => quote::bytes(&mut self.out, &value::bytes(bytes)),
            SteelVal::BoolV(b) => self.push(if *b { "#t" } else { "#f" }),
            SteelVal::Void => self.push("#<void>"),
            SteelVal::ListV(items) => {
                if style == Style::Print
                    && let (Some(SteelVal::SymbolV(word)), Some(quoted), 2) = (items.first(), items.get(1), items.len())
                    && let Some(mark) = quote::abbreviation(word)
                {
                    self.push(mark);
                    return self.datum(quoted, style, depth + 1);
                }
                // A quotation at the end is shortened too.
                let quoted = match items.len().checked_sub(2).map(|at| (at, items.get(at))) {
                    Some((at @ 1.., Some(SteelVal::SymbolV(word)))) if style == Style::Print => {
                        quote::abbreviation(word).map(|mark| (at, mark))
                    }
                    _ => None,
                };
                self.out.push('(');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.out.push(' ');
                    }
                    match quoted {
                        Some((at, mark)) if i == at => self.push(&format!(". {mark}")),
                        Some((at, _)) if i > at => {
                            self.out.pop();
                            self.datum(item, style, depth + 1);
                        }
                        _ => self.datum(item, style, depth + 1),
                    }
                }
                self.out.push(')');
            }
            SteelVal::VectorV(items) => self.items("#(", &items.iter().cloned().collect::<Vec<_>>(), inner),
            SteelVal::MutableVector(items) => {
                if self.enter(items.as_ptr_usize()) {
                    self.items("#(", &items.get(), inner);
                    self.leave();
                }
            }
            SteelVal::Pair(_) => {
                let (items, tail) = chain(value);
                self.out.push('(');
                for item in &items {
                    self.datum(item, style, depth + 1);
                    self.out.push(' ');
                }
                self.push(". ");
                self.datum(&tail, style, depth + 1);
                self.out.push(')');
            }
            SteelVal::HeapAllocated(cell) => {
                if self.enter(cell.as_ptr_usize()) {
                    self.push("#&");
                    self.datum(&cell.get(), style, depth + 1);
                    self.leave();
                }
            }
            SteelVal::Closure(_)
            | SteelVal::FuncV(_)
            | SteelVal::BuiltIn(_)
            | SteelVal::MutFunc(_)
            | SteelVal::BoxedFunction(_)
            | SteelVal::ContinuationFunction(_) => match dialect::name_of(value) {
                Some(name) => self.push(&format!("#<procedure:{name}>")),
                None => self.push("#<procedure>"),
            },
            other => {
                if let Some(number) = numerals::text(other) {
                    self.push(&number);
                } else if let Some(path) = files::path_text(other).filter(|_| bare) {
                    self.push(&path);
                } else if let Some(name) = records::name_of_type(other) {
                    self.push(&format!("#<struct-type:{name}>"));
                } else if let Some((name, entries)) = table(other) {
                    self.entries(&name, &entries, style, depth);
                } else if let Some((name, items)) = set(other) {
                    let open = if items.is_empty() { format!("#<{name}:") } else { format!("#<{name}: ") };
                    self.items(&open, &items, inner);
                    self.out.pop();
                    self.out.push('>');
                } else if let Some(place) = mpairs::place(other) {
                    if self.enter(place) {
                        self.changing_pairs(other, style, depth);
                        self.leave();
                    }
                } else if let Some(text) = customs::text(other, style) {
                    self.push(&text);
                } else if let Some(record) = record(other) {
                    self.record(&record, style, depth);
                } else {
                    let failure = with_fault(other, |f| format!("#<failure {}: {}>", f.class, f.message));
                    self.push(&failure.unwrap_or_else(|| other.to_string()));
                }
            }
        }
    }

    fn entries(&mut self, name: &str, entries: &[(SteelVal, SteelVal)], style: Style, depth: usize) {
        self.push(name);
        self.out.push('(');
        for (i, (key, value)) in entries.iter().enumerate() {
            self.push(if i > 0 { " (" } else { "(" });
            self.datum(key, style, depth + 1);
            self.push(" . ");
            self.datum(value, style, depth + 1);
            self.out.push(')');
        }
        self.out.push(')');
    }

    /// In braces, so that nobody takes them for pairs.
    fn changing_pairs(&mut self, value: &SteelVal, style: Style, depth: usize) {
        let (mut open, mut next, mut count) = ("{", value.clone(), 0);
        while let Some([first, rest]) = mpairs::parts(&next).filter(|_| count < DEPTH) {
            self.push(open);
            self.datum(&first, style, depth + 1);
            (open, next, count) = (" ", rest, count + 1);
        }
        if !matches!(&next, SteelVal::ListV(items) if items.is_empty()) {
            self.push(" . ");
            self.datum(&next, style, depth + 1);
        }
        self.push("}");
    }

    fn record(&mut self, record: &Record, style: Style, depth: usize) {
        let Record { name, transparent, prefab, fields } = record;
        if !transparent && !prefab {
            return self.push(&format!("#<{name}>"));
        }
        let head = if *prefab { "#s(" } else { "#(struct:" };
        let space = if fields.is_empty() { "" } else { " " };
        self.items(&format!("{head}{name}{space}"), fields, |this, item| this.datum(item, style, depth + 1));
    }
}

/// How a record prints.
struct Record {
    name: String,
    transparent: bool,
    prefab: bool,
    fields: Vec<SteelVal>,
}

/// Stands for the fields of a record that are not seen.
struct Hidden;

impl Custom for Hidden {
    fn fmt(&self) -> Option<Result<String, std::fmt::Error>> {
        Some(Ok("...".into()))
    }
}

fn record(value: &SteelVal) -> Option<Record> {
    let SteelVal::CustomStruct(held) = value else { return None };
    if let Some(kind) = records::type_of(value) {
        let seen = records::seen_fields(value);
        let hidden = |field: Option<SteelVal>| field.unwrap_or_else(|| value::custom(Hidden));
        return Some(Record {
            name: match (kind.prefab, seen.is_some()) {
                (true, _) => displayed(&records::prefab_key(&kind)),
                (false, true) => kind.name.to_string(),
                (false, false) => records::shown_name(value, &kind),
            },
            transparent: seen.is_some(),
            prefab: kind.prefab,
            fields: seen.unwrap_or_default().into_iter().map(hidden).collect(),
        });
    }
    if support::is_several(value) {
        return Some(Record { name: "values".into(), transparent: false, prefab: false, fields: Vec::new() });
    }
    let (name, transparent) = (held.name().to_string(), held.is_transparent());
    Some(Record { name, transparent, prefab: false, fields: struct_values(value).unwrap_or_default() })
}

/// A hash's kind, such as `#hash`, and its entries in order.
fn table(value: &SteelVal) -> Option<(String, Vec<(SteelVal, SteelVal)>)> {
    match value {
        SteelVal::HashMapV(_) | SteelVal::CustomStruct(_) => hashes::shown(value),
        _ => None,
    }
}

/// A set's kind, such as `set`, and its items in order.
fn set(value: &SteelVal) -> Option<(String, Vec<SteelVal>)> {
    match value {
        SteelVal::CustomStruct(_) => hashes::shown_set(value),
        _ => None,
    }
}

/// Where a key stands among a hash's others: numbers first, by size, then the rest by its text.
pub(crate) fn key_order(key: &SteelVal) -> (u8, i64, String) {
    match key {
        SteelVal::IntV(n) => (0, *n as i64, String::new()),
        other => (1, 0, text_like(other).unwrap_or_else(|| written(other))),
    }
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
