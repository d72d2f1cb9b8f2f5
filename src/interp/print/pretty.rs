//! Values over several lines, as Racket's `pretty-print` lays them out: what does not fit into a line has one item a line.

use super::{Style, shown};
use steel::SteelVal;

/// A value laid out in so many columns, without an end of line.
pub(crate) fn laid_out(value: &SteelVal, asked: Style, columns: usize) -> String {
    // Unlike `write`, it shortens quotations; records that print themselves have left texts by style.
    let style = if asked == Style::Write && !super::customs::any() { Style::Print } else { asked };
    let expression = style == Style::Print && asked == Style::Print;
    let text = if expression || style != Style::Print { shown(value, style) } else { super::inner(value, style) };
    if text.chars().count() <= columns {
        return text;
    }
    let mut layout = Layout { out: String::new(), style, columns };
    if expression {
        layout.expression(value, 0, 0);
    } else {
        layout.datum(value, 0, 0);
    }
    layout.out
}

struct Layout {
    out: String,
    style: Style,
    columns: usize,
}

impl Layout {
    fn fits(&self, text: &str, column: usize, closing: usize) -> bool {
        column + text.chars().count() + closing <= self.columns
    }

    fn line(&mut self, column: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    /// By `print`: at `column`, with `closing` parentheses to come behind it.
    fn expression(&mut self, value: &SteelVal, column: usize, closing: usize) {
        let text = shown(value, Style::Print);
        if self.fits(&text, column, closing) {
            return self.out.push_str(&text);
        }
        if super::is_datum(value, 0) {
            let quote = usize::from(super::wants_quote(value));
            self.out.extend(std::iter::repeat_n('\'', quote));
            return self.datum(value, column + quote, closing);
        }
        let (name, items) = super::call_of(value);
        self.out.push_str(&format!("({name}"));
        let last = items.len().saturating_sub(1);
        for (i, item) in items.iter().enumerate() {
            self.line(column + 1);
            self.expression(item, column + 1, if i == last { closing + 1 } else { 0 });
        }
        self.out.push(')');
    }

    /// A datum: by `write`, `display`, or behind a quote.
    fn datum(&mut self, value: &SteelVal, column: usize, closing: usize) {
        let text = super::inner(value, self.style);
        if self.fits(&text, column, closing) {
            return self.out.push_str(&text);
        }
        match value {
            SteelVal::ListV(items) => {
                let items: Vec<SteelVal> = items.iter().cloned().collect();
                self.list(&items, column, closing);
            }
            SteelVal::VectorV(items) => self.rows("#(", &items.iter().cloned().collect::<Vec<_>>(), column, closing),
            SteelVal::MutableVector(items) => self.rows("#(", &items.get(), column, closing),
            SteelVal::Pair(pair) => {
                self.out.push('(');
                self.datum(&pair.car(), column + 1, 0);
                self.line(column + 1);
                self.out.push('.');
                self.line(column + 1);
                self.datum(&pair.cdr(), column + 1, closing + 1);
                self.out.push(')');
            }
            other => match super::table(other) {
                Some((name, entries)) => {
                    self.out.push_str(&name);
                    self.out.push('(');
                    let column = column + name.chars().count() + 1;
                    let last = entries.len().saturating_sub(1);
                    for (i, (key, value)) in entries.iter().enumerate() {
                        if i > 0 {
                            self.line(column);
                        }
                        self.entry(key, value, column, if i == last { closing + 1 } else { 0 });
                    }
                    self.out.push(')');
                }
                None => self.out.push_str(&text),
            },
        }
    }

    fn entry(&mut self, key: &SteelVal, value: &SteelVal, column: usize, closing: usize) {
        let (key, text) = (super::inner(key, self.style), super::inner(value, self.style));
        let row = format!("({key} . {text})");
        if self.fits(&row, column, closing) {
            return self.out.push_str(&row);
        }
        self.out.push_str(&format!("({key}"));
        self.line(column + 1);
        self.out.push('.');
        self.line(column + 1);
        self.datum(value, column + 1, closing + 1);
        self.out.push(')');
    }

    fn list(&mut self, items: &[SteelVal], column: usize, closing: usize) {
        if let ([SteelVal::SymbolV(word), quoted], Style::Print) = (items, self.style)
            && let Some(mark) = super::quote::abbreviation(word)
        {
            self.out.push_str(mark);
            return self.datum(quoted, column + mark.len(), closing);
        }
        // What looks like a program is laid out like one.
        let head = match items.first() {
            Some(SteelVal::SymbolV(word)) => word.to_string(),
            _ => String::new(),
        };
        let beside = match &*head {
            "define" | "lambda" | "λ" | "let" | "let*" | "letrec" | "when" | "unless" | "if" | "define-syntax"
            | "case" | "set!" | "struct" | "module" => 1,
            _ => return self.rows("(", items, column, closing),
        };
        self.out.push('(');
        self.out.push_str(&head);
        let last = items.len() - 1;
        let inner = column + 2;
        let mut at = column + 1 + head.chars().count();
        for (i, item) in items.iter().enumerate().skip(1) {
            let closing = if i == last { closing + 1 } else { 0 };
            if i <= beside {
                self.out.push(' ');
                at += 1;
                self.datum(item, at, closing);
            } else {
                self.line(inner);
                self.datum(item, inner, closing);
            }
        }
        self.out.push(')');
    }

    fn rows(&mut self, open: &str, items: &[SteelVal], column: usize, closing: usize) {
        self.out.push_str(open);
        let column = column + open.chars().count();
        let last = items.len().saturating_sub(1);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.line(column);
            }
            self.datum(item, column, if i == last { closing + 1 } else { 0 });
        }
        self.out.push(')');
    }
}
