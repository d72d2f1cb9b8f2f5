//! `if`, with a test that Steel reads rightly.
//!
//! Steel 0.8.3 takes `(if (let ((t #false)) t) yes no)` for YES where it can compute the variable's value beforehand, as in
//! `(if (or (= 1 2) (= 1 3)) …)`: a test is given to it without a `let`.

use super::Emitter;
use crate::interp::expand::code::{Code, Op};
use crate::interp::expand::scope::Local;
use crate::interp::expand::shorter::{hands_over, negated};
use crate::interp::expand::syntax::Span;
use std::rc::Rc;

/// What `(or first other)` is made of, where only its truth counts.
fn alternatives<'a>(bindings: &'a [(Rc<Local>, Code)], body: &'a Code) -> Option<(&'a Code, &'a Code)> {
    let ([(held, first)], Op::If(test, yes, other)) = (bindings, &body.op) else { return None };
    let is_held = |code: &Code| matches!(&code.op, Op::Local(local) if Rc::ptr_eq(local, held));
    (is_held(test) && is_held(yes)).then_some((first, &**other))
}

impl Emitter {
    pub(super) fn choice(&mut self, test: &Code, yes: &Code, no: &Code, used: bool, span: Span) {
        if let Some(test) = negated(test) {
            return self.choice(test, no, yes, used, span);
        }
        if let Op::Let(bindings, body) = &test.op
            && alternatives(bindings, body).is_none()
        {
            return self.scope(bindings, span, |e| e.choice(body, yes, no, used, span));
        }
        self.list(span, |e| {
            let (yes, no, turned) = if hands_over(yes, no) { (no, yes, true) } else { (yes, no, false) };
            e.put(if turned { "if (if " } else { "if " }, span);
            e.truth(test);
            e.put(if turned { " #f #t) " } else { " " }, span);
            e.code(yes, used);
            e.put(" ", span);
            e.code(no, used);
        });
    }

    /// An expression of which only the truth counts.
    fn truth(&mut self, test: &Code) {
        let parts = match &test.op {
            Op::If(first, yes, other) => Some((&**first, Some(&**yes), &**other)),
            Op::Let(bindings, body) => alternatives(bindings, body).map(|(first, other)| (first, None, other)),
            _ => None,
        };
        let Some((first, yes, other)) = parts else { return self.code(test, true) };
        self.list(test.span, |e| {
            e.put("if ", test.span);
            e.truth(first);
            e.put(" ", test.span);
            match yes {
                Some(yes) => e.truth(yes),
                None => e.put("#true", test.span),
            }
            e.put(" ", test.span);
            e.truth(other);
        });
    }
}
