//! Procedures that stand at the end of a definition and call what is defined.
//!
//! Steel 0.8.3 takes a call of a definition's own name in tail position for a jump to the definition's beginning, also
//! where the call stands in a procedure that the definition gives: `(define (f n) (lambda () (f n)))`. As the value of a
//! `let`'s variable it does not.

use super::Emitter;
use crate::interp::expand::code::{Code, Lambda, Op};
use crate::interp::expand::syntax::Span;

/// What is being defined.
pub(super) enum Defined {
    Global(String),
    /// By its number.
    Local(usize),
}

impl Defined {
    fn is_named_in(&self, code: &Code) -> bool {
        match (&code.op, self) {
            (Op::Global(global), Self::Global(name)) => *global.steel == **name,
            (Op::Local(local), Self::Local(number)) => local.number == *number,
            (Op::Lambda(lambda), _) => self.is_named_in(&lambda.body),
            _ => code.parts().into_iter().any(|part| self.is_named_in(part)),
        }
    }
}

impl Emitter {
    /// The procedure of a definition.
    pub(super) fn definition(&mut self, of: Defined, write: impl FnOnce(&mut Self)) {
        let outer = self.defined.replace(of);
        write(self);
        self.defined = outer;
    }

    /// An argument, or the value of a variable.
    pub(super) fn bound(&mut self, code: &Code) {
        match &code.op {
            Op::Lambda(lambda) => self.told(lambda, code.span),
            _ => self.code(code, true),
        }
    }

    /// A procedure that is no definition's, and neither an argument nor the value of a variable.
    pub(super) fn given(&mut self, lambda: &Lambda, span: Span) {
        let named = self.defined.as_ref().is_some_and(|defined| defined.is_named_in(&lambda.body));
        let name = format!("given%{}", self.source.text.len());
        if named {
            self.put(&format!("(let (({name} "), span);
        }
        self.told(lambda, span);
        if named {
            self.put(&format!(")) {name})"), span);
        }
    }
}
