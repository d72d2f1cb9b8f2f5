//! Literals: those that Steel reads as they are, and those that it is given as values.

use super::Emitter;
use crate::interp::expand::{
    literal,
    source::readable,
    syntax::{Datum, Node, Span, Syntax},
};

impl Emitter {
    pub(super) fn quote(&mut self, datum: &Syntax, span: Span) {
        match &datum.node {
            Node::Literal(Datum::String(text)) if !text.contains(|c: char| c.is_control() && c != '\n') => {
                let mut out = String::with_capacity(text.len() + 2);
                out.push('"');
                for c in text.chars() {
                    if matches!(c, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out.push('"');
                self.put(&out, span);
            }
            // Steel reads it as zero.
            Node::Literal(Datum::Number(text)) if text.starts_with('-') && text.parse() == Ok(0.0) => {
                self.constant(datum, span);
            }
            Node::Literal(Datum::Number(text)) => self.put(text, span),
            Node::Literal(Datum::Boolean(truth)) => self.put(if *truth { "#true" } else { "#false" }, span),
            Node::Literal(Datum::Void) => self.put("void", span),
            Node::Literal(Datum::Keyword(word)) if readable(word) => self.put(&format!("#:{word}"), span),
            Node::List(items) if items.is_empty() => self.put("'()", span),
            Node::Name(name) if readable(name.word()) => self.put(&format!("'{}", name.word()), span),
            _ => self.constant(datum, span),
        }
    }

    /// A literal that Steel is given as a value.
    fn constant(&mut self, datum: &Syntax, span: Span) {
        match literal::value(datum) {
            Ok(value) => {
                self.constants += 1;
                let name = format!("%constant-{}", self.constants);
                self.put(&name, span);
                self.source.constants.push((name, value));
            }
            Err(problem) => self.problem = self.problem.take().or(Some((datum.span, problem))),
        }
    }
}
