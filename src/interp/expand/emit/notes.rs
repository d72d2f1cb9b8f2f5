//! What is noted of procedures for those who ask: what an inner one is called, and how many arguments one takes that sorts
//! its arguments out itself.

use super::{Emitter, in_quotes, variables::local_name};
use crate::interp::expand::{
    code::{Code, Lambda, Op},
    scope::{Arity, Local},
    syntax::Span,
};

impl Emitter {
    /// Whether somebody may ask what a variable's procedure is called: one that is only ever called is spared it.
    pub(super) fn wants_name(&self, local: &Local, value: &Code) -> bool {
        !self.internal && local.shown.get() && matches!(value.op, Op::Lambda(_))
    }

    /// A procedure of no definition: if it sorts its arguments out itself, it is told how many it takes.
    pub(super) fn told(&mut self, lambda: &Lambda, span: Span) {
        let takes = self.takes(lambda);
        if takes.is_some() {
            self.put("(%inner-takes ", span);
        }
        self.lambda(lambda, &[], span);
        self.put(&takes.unwrap_or_default(), span);
    }

    /// What stands behind a procedure that sorts its arguments out itself, to say how many it takes.
    fn takes(&self, lambda: &Lambda) -> Option<String> {
        if let Some(more) = lambda.more.as_ref().filter(|_| !self.internal) {
            return Some(format!(" \"{more}\" 0)"));
        }
        let Arity { least, most } = lambda.takes;
        let own = lambda.params.len();
        let plain = self.internal || least == own && most == lambda.rest.is_none().then_some(own);
        let most = most.map_or("#false".to_owned(), |most| most.to_string());
        (!plain).then(|| format!(" {least} {most})"))
    }

    /// What is noted of a procedure that is defined within another, where somebody may ask for it.
    pub(super) fn noted(&self, local: &Local, step: &Code) -> Option<String> {
        let Op::Lambda(lambda) = &step.op else { return None };
        let takes = self.takes(lambda).filter(|_| local.shown.get());
        let named = self.wants_name(local, step);
        if !named && takes.is_none() {
            return None;
        }
        let name = local_name(local);
        let mut noted = if local.boxed() { format!("(unbox {name})") } else { name };
        if named {
            noted = format!("(%inner-named {noted} {})", in_quotes(&local.word));
        }
        Some(takes.map_or(noted.clone(), |takes| format!("(%inner-takes {noted}{takes}")))
    }
}
