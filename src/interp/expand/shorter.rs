//! What costs Steel's machine less, written otherwise.

use super::{
    as_written,
    code::{Code, Op},
    scope::Local,
};
use std::rc::Rc;

/// What a list that a loop walks is called: a name that no program can write.
pub(super) const WALKED: &str = "%along";

/// What a loop along a list binds to the list's first element, and the list, when it is named once: then it need not be
/// bound, since no program can change the list's variable.
pub(super) fn element<'a>(bindings: &'a [(Rc<Local>, Code)], body: &Code) -> Option<(&'a Local, &'a Local)> {
    let [(element, Code { op: Op::Call(call), .. })] = bindings else { return None };
    if matches!(body.op, Op::Body(..)) {
        return None;
    }
    match &call[..] {
        [Code { op: Op::Native(car), .. }, Code { op: Op::Local(list), .. }]
            if &**car == "car" && &*list.word == WALKED && !element.assigned.get() && !element.captured.get() =>
        {
            (names(body, element.number) == 1).then_some((element, list))
        }
        _ => None,
    }
}

/// What an expression is the `not` of.
pub(super) fn negated(code: &Code) -> Option<&Code> {
    match &code.op {
        Op::Call(items) => match &items[..] {
            [Code { op: Op::Native(name), .. }, of] if &**name == "not" => Some(of),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression calls a procedure of the program's: Steel may put that in the place of the call.
pub(super) fn is_given(code: &Code) -> bool {
    matches!(&code.op, Op::Call(items) if matches!(items.first(), Some(Code { op: Op::Global(_), .. })))
}

/// Whether Steel's machine has an instruction for a call of this native of its own, and its compiler knows it by another
/// name. Those of `<` and its kin take any two values without a word: only numbers may come to them (`%<`).
pub(super) fn is_inline(name: &str, args: usize) -> bool {
    match name {
        "car" | "cdr" | "not" | "null?" => args == 1,
        "cons" | "+" | "-" | "/" | "=" => args == 2,
        _ => false,
    }
}

/// What a call of one of the language's own procedures comes to, where its arguments show which of its cases it is: a
/// native, or a procedure that it needs itself.
pub(super) fn case_of<'a>(steel: &'a str, args: &[Code]) -> &'a str {
    match (as_written(steel), args) {
        ("hash-ref", [_, _]) => "%hash-ref",
        ("hash-ref", [_, _, Code { op: Op::Quote(_), .. }]) => "%hash-get 'hash-ref",
        ("hash-ref", [_, _, _]) => "%hash-ref-or",
        ("hash-update!", [_, _, _, _]) => "%hash-update-or!",
        _ => steel,
    }
}

/// Longer than what Steel puts in the place of a call.
pub(super) const LONG: &str =
    "'(0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)";

/// Whether a closure is made in it: by any procedure but those that are `elsewhere`.
pub(super) fn makes_procedures(code: &Code, elsewhere: &dyn Fn(&Local) -> bool) -> bool {
    let makes = |code: &Code| makes_procedures(code, elsewhere);
    match &code.op {
        Op::Lambda(_) => true,
        Op::Quote(_) | Op::Local(_) | Op::Global(_) | Op::Native(_) => false,
        Op::If(test, yes, no) => makes(test) || makes(yes) || makes(no),
        Op::Call(codes) | Op::Begin(codes) => codes.iter().any(makes),
        Op::Let(bindings, body) => bindings.iter().any(|(_, value)| makes(value)) || makes(body),
        Op::Body(steps, value) => {
            // Steel makes a procedure of a body with definitions.
            let stays = |(local, step): &(Option<Rc<Local>>, Code)| match local {
                Some(local) => !elsewhere(local),
                None => makes(step),
            };
            steps.iter().any(stays) || makes(value)
        }
        Op::SetLocal(_, value) | Op::SetGlobal(_, value) => makes(value),
    }
}

/// How often an expression names a variable, but for the procedures in it.
fn names(code: &Code, number: usize) -> usize {
    let own = match &code.op {
        Op::Local(local) | Op::SetLocal(local, _) => usize::from(local.number == number),
        _ => 0,
    };
    own + code.parts().into_iter().map(|part| names(part, number)).sum::<usize>()
}

/// Whether one branch hands a variable to a procedure that changes what nothing else holds, and the other names it too.
///
/// Steel's machine lets go of a variable where the text names it last, so the branch that hands it over must come last.
pub(super) fn hands_over(yes: &Code, no: &Code) -> bool {
    let handed = match &yes.op {
        Op::Call(items) => match &items[..] {
            [Code { op: Op::Global(head), .. }, Code { op: Op::Local(held), .. }, ..] => {
                TAKING.contains(&as_written(&head.steel)) && names(no, held.number) > 0
            }
            _ => false,
        },
        _ => false,
    };
    handed || yes.parts().into_iter().any(|part| hands_over(part, no))
}

/// The procedures that do so with their first argument.
const TAKING: &[&str] =
    &["hash-set", "hash-set*", "hash-insert", "hash-remove", "hash-update", "set-add", "set-remove"];
