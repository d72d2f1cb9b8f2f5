//! What a call's operator has to be computed before: Steel computes it after the arguments.

use crate::interp::expand::code::{Code, Op};
use crate::interp::expand::source::as_written;

/// Whether its value is the same whenever it is computed, and nothing else comes of it.
fn settled(code: &Code) -> bool {
    match &code.op {
        Op::Quote(_) | Op::Native(_) | Op::Lambda(_) => true,
        Op::Local(local) => !local.assigned.get(),
        Op::Global(global) => !global.assigned.get(),
        _ => false,
    }
}

/// Whether it only looks at what there is.
fn looks(code: &Code) -> bool {
    match &code.op {
        Op::Quote(_) | Op::Native(_) | Op::Lambda(_) | Op::Local(_) | Op::Global(_) => true,
        Op::If(..) | Op::Let(..) | Op::Begin(_) => code.parts().into_iter().all(looks),
        Op::Call(items) => {
            let name = match &items[0].op {
                Op::Native(name) => name,
                Op::Global(global) if global.own => &global.steel,
                _ => return false,
            };
            LOOKING.contains(&as_written(name)) && items.iter().all(looks)
        }
        _ => false,
    }
}

/// The commonest of those that change nothing, and call nothing that they are given.
const LOOKING: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "=",
    "<",
    ">",
    "<=",
    ">=",
    "not",
    "eq?",
    "eqv?",
    "equal?",
    "null?",
    "pair?",
    "car",
    "cdr",
    "cadr",
    "cddr",
    "cons",
    "list",
    "vector-ref",
    "unbox",
    "quotient",
    "remainder",
    "modulo",
];

/// Whether an operator and its arguments may be computed in either order.
pub(super) fn commute(head: &Code, args: &[Code]) -> bool {
    settled(head) || args.iter().all(settled) || looks(head) && args.iter().all(looks)
}
