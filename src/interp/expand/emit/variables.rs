//! Local variables: their names, their first values, and assignments to them.

use super::{Emitter, in_quotes};
use crate::interp::expand::{code::Code, scope::Local, source::readable, syntax::Span};
use std::{fmt::Write, rc::Rc};

impl Emitter {
    /// A `let`.
    pub(super) fn scope(&mut self, bindings: &[(Rc<Local>, Code)], span: Span, inside: impl FnOnce(&mut Self)) {
        self.list(span, |e| {
            e.put("let (", span);
            for (local, value) in bindings {
                e.put(&format!("({} ", local_name(local)), value.span);
                e.initial(local, value);
                e.put(")", value.span);
            }
            e.put(") ", span);
            inside(e);
        });
    }

    /// A variable's first value.
    fn initial(&mut self, local: &Local, value: &Code) {
        let named = self.wants_name(local, value);
        self.put(if local.boxed() { "(box " } else { "" }, value.span);
        self.put(if named { "(%inner-named " } else { "" }, value.span);
        self.bound(value);
        if named {
            self.put(&format!(" {})", in_quotes(&local.word)), value.span);
        }
        self.put(if local.boxed() { ")" } else { "" }, value.span);
    }

    /// `set!` of a local variable.
    pub(super) fn set(&mut self, local: &Local, value: &Code, used: bool, span: Span) {
        self.assign(span, used, |e| {
            e.put(&format!("set-box! {} ", local_name(local)), span);
            e.code(value, true);
        });
    }

    /// An assignment: Steel's gives the old value, ours void.
    pub(super) fn assign(&mut self, span: Span, used: bool, inside: impl FnOnce(&mut Self)) {
        if used {
            self.put("(begin ", span);
        }
        self.list(span, inside);
        if used {
            self.put(" void)", span);
        }
    }
}

pub(super) fn local_name(local: &Local) -> String {
    let mut name = String::new();
    // Writing to a string cannot fail.
    // Behind a sign Steel reads a number.
    let _ = match readable(&local.word) && !local.word.starts_with(['+', '-']) {
        true => write!(name, "{}%{}", local.word, local.number),
        false => write!(name, "v%{}", local.number),
    };
    name
}
