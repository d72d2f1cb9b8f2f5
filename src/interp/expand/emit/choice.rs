//! `if`, with a test that Steel reads rightly.
//!
//! Steel 0.8.3 computes `(let ((t #false)) t)` beforehand and writes `'#f` for it; then it takes `(if '#f yes no)` for YES, since
//! something is quoted there. What it may compute so, a `let` or a call that it may put a procedure's body in the place of, is
//! given to it within a `not`: it computes `(not '#f)` rightly, and from what it cannot compute it takes the `not` away by
//! turning the branches round, so that nothing is slower.

use super::Emitter;
use crate::interp::expand::code::{Code, Op};
use crate::interp::expand::shorter::{hands_over, negated};
use crate::interp::expand::syntax::Span;
use std::rc::Rc;

/// What `(or first other)` is made of, where only its truth counts.
fn alternatives(code: &Code) -> Option<(&Code, &Code)> {
    let Op::Let(bindings, body) = &code.op else { return None };
    let ([(held, first)], Op::If(test, yes, other)) = (&bindings[..], &body.op) else { return None };
    let is_held = |code: &Code| matches!(&code.op, Op::Local(local) if Rc::ptr_eq(local, held));
    (is_held(test) && is_held(yes)).then_some((first, &**other))
}

/// Whether Steel may write a quoted constant for an expression.
fn becomes_quoted(code: &Code) -> bool {
    match &code.op {
        Op::Let(..) | Op::Body(..) => alternatives(code).is_none(),
        Op::Call(items) => !matches!(items.first(), Some(Code { op: Op::Native(_), .. })),
        _ => false,
    }
}

impl Emitter {
    pub(super) fn choice(&mut self, test: &Code, yes: &Code, no: &Code, used: bool, span: Span) {
        if let Some(test) = negated(test) {
            return self.choice(test, no, yes, used, span);
        }
        self.list(span, |e| {
            e.put("if ", span);
            let (yes, no) = if hands_over(yes, no) {
                e.truth(test, false);
                (no, yes)
            } else if becomes_quoted(test) {
                e.not(test);
                (no, yes)
            } else {
                e.truth(test, true);
                (yes, no)
            };
            e.put(" ", span);
            e.code(yes, used);
            e.put(" ", span);
            e.code(no, used);
        });
    }

    /// An expression of which only the truth counts, or what is true where it is false.
    fn truth(&mut self, test: &Code, holds: bool) {
        let [t, f] = if holds { ["#t", "#f"] } else { ["#f", "#t"] };
        if let Some(test) = negated(test) {
            return self.truth(test, !holds);
        }
        match (&test.op, alternatives(test)) {
            (_, Some((first, other))) => self.list(test.span, |e| {
                e.put("if ", test.span);
                e.truth(first, true);
                e.put(&format!(" {t} "), test.span);
                e.truth(other, holds);
            }),
            (Op::If(first, yes, no), None) => self.list(test.span, |e| {
                e.put("if ", test.span);
                e.truth(first, true);
                e.put(" ", test.span);
                e.truth(yes, holds);
                e.put(" ", test.span);
                e.truth(no, holds);
            }),
            (Op::Begin(items), None) if !items.is_empty() => self.list(test.span, |e| {
                e.put("begin ", test.span);
                for item in &items[..items.len() - 1] {
                    e.code(item, false);
                    e.put(" ", test.span);
                }
                e.truth(&items[items.len() - 1], holds);
            }),
            _ if becomes_quoted(test) => self.list(test.span, |e| {
                e.put("if ", test.span);
                e.not(test);
                e.put(&format!(" {f} {t}"), test.span);
            }),
            _ if holds => self.code(test, true),
            _ => self.list(test.span, |e| {
                e.put("if ", test.span);
                e.code(test, true);
                e.put(&format!(" {t} {f}"), test.span);
            }),
        }
    }

    fn not(&mut self, test: &Code) {
        self.put("(#%prim.not ", test.span);
        self.code(test, true);
        self.put(")", test.span);
    }
}
