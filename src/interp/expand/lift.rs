//! Which local procedures can be written as variables of the top level: loops, above all.
//!
//! Steel jumps to the beginning of a procedure of the top level that calls itself last, and makes a closure for any other
//! at each entry. A local procedure that is only ever called, with as many arguments as it takes, needs no closure: what it
//! names of the procedures round it, it is given as further arguments.

use super::{
    code::{Code, Lambda, Op},
    scope::Local,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

/// A procedure that is given more than this at each turn is better off with a closure.
const MOST: usize = 6;

/// A procedure that is written at the top level.
pub(super) struct Lifted<'a> {
    pub(super) lambda: &'a Lambda,
    pub(super) span: super::syntax::Span,
    /// The variables of the procedures round it that it is given.
    pub(super) more: Vec<Rc<Local>>,
}

/// All of them, by the numbers of their variables.
pub(super) fn lifted(code: &Code) -> BTreeMap<usize, Lifted<'_>> {
    let mut seen = Seen::default();
    seen.code(code);
    let Seen { mut found, values, calls, .. } = seen;
    found.retain(|number, procedure| {
        let count = procedure.lambda.params.len();
        !values.contains(number) && calls.get(number).is_none_or(|counts| counts.iter().all(|c| *c == count))
    });
    loop {
        let more = further(&found);
        let before = found.len();
        found.retain(|number, _| more[number].len() <= MOST);
        if found.len() == before {
            return found
                .into_iter()
                .map(|(number, procedure)| {
                    let more = more.get(&number).map(|more| more.values().cloned().collect()).unwrap_or_default();
                    (number, Lifted { lambda: procedure.lambda, span: procedure.span, more })
                })
                .collect();
        }
    }
}

/// Variables by their numbers.
type Locals = BTreeMap<usize, Rc<Local>>;

/// What each is given, in the end: what it names itself, and what those it calls are given.
fn further(found: &BTreeMap<usize, Found<'_>>) -> HashMap<usize, Locals> {
    let mut more: HashMap<usize, Locals> = HashMap::new();
    for (number, procedure) in found {
        let names = procedure.free.iter().filter(|(name, _)| !found.contains_key(name));
        more.insert(*number, names.map(|(name, local)| (*name, local.clone())).collect());
    }
    loop {
        let mut changed = false;
        for (number, procedure) in found {
            let callees = procedure.free.keys().filter(|name| *name != number && found.contains_key(name));
            let added: Locals = callees
                .flat_map(|callee| more[callee].clone())
                .filter(|(name, _)| !procedure.bound.contains(name) && !more[number].contains_key(name))
                .collect();
            changed |= !added.is_empty();
            more.entry(*number).or_default().extend(added);
        }
        if !changed {
            return more;
        }
    }
}

/// A local procedure that may be one.
struct Found<'a> {
    lambda: &'a Lambda,
    span: super::syntax::Span,
    /// What it names that is bound outside of it, itself included.
    free: Locals,
    /// What is bound in it.
    bound: BTreeSet<usize>,
}

#[derive(Default)]
struct Seen<'a> {
    found: BTreeMap<usize, Found<'a>>,
    /// The variables that are named otherwise than to be called.
    values: BTreeSet<usize>,
    /// With how many arguments each is called.
    calls: HashMap<usize, BTreeSet<usize>>,
    /// What the procedure that is being looked at, and those round it that may be lifted, name and bind.
    names: Locals,
    bound: BTreeSet<usize>,
}

impl<'a> Seen<'a> {
    fn code(&mut self, code: &'a Code) {
        match &code.op {
            Op::Quote(_) | Op::Global(_) | Op::Native(_) => {}
            Op::Local(local) => {
                self.values.insert(local.number);
                self.name(local);
            }
            Op::If(test, yes, no) => [test, yes, no].into_iter().for_each(|code| self.code(code)),
            Op::Lambda(lambda) => self.lambda(lambda),
            Op::Call(items) => {
                let Some((head, args)) = items.split_first() else { return };
                match &head.op {
                    Op::Local(local) => {
                        self.calls.entry(local.number).or_default().insert(args.len());
                        self.name(local);
                    }
                    _ => self.code(head),
                }
                args.iter().for_each(|code| self.code(code));
            }
            Op::Let(bindings, body) => {
                for (local, value) in bindings {
                    self.bind(local);
                    self.code(value);
                }
                self.code(body);
            }
            Op::Body(steps, value) => {
                for (local, step) in steps {
                    local.iter().for_each(|local| self.bind(local));
                    match (local, &step.op) {
                        (Some(local), Op::Lambda(lambda)) if lambda.rest.is_none() && !local.assigned.get() => {
                            self.candidate(local, lambda, step);
                        }
                        _ => self.code(step),
                    }
                }
                self.code(value);
            }
            Op::SetLocal(local, value) => {
                self.values.insert(local.number);
                self.name(local);
                self.code(value);
            }
            Op::SetGlobal(_, value) => self.code(value),
            Op::Begin(codes) => codes.iter().for_each(|code| self.code(code)),
        }
    }

    fn lambda(&mut self, lambda: &'a Lambda) {
        lambda.params.iter().chain(&lambda.rest).for_each(|local| self.bind(local));
        self.code(&lambda.body);
    }

    fn candidate(&mut self, local: &Local, lambda: &'a Lambda, step: &Code) {
        let names = std::mem::take(&mut self.names);
        let bound = std::mem::take(&mut self.bound);
        self.lambda(lambda);
        let inner = std::mem::replace(&mut self.bound, bound);
        let mut free = std::mem::replace(&mut self.names, names);
        free.retain(|number, _| !inner.contains(number));
        // To the procedures round it they are names of their own.
        self.names.extend(free.iter().map(|(number, local)| (*number, local.clone())));
        self.bound.extend(&inner);
        self.found.insert(local.number, Found { lambda, span: step.span, free, bound: inner });
    }

    fn name(&mut self, local: &Rc<Local>) {
        self.names.insert(local.number, local.clone());
    }

    fn bind(&mut self, local: &Local) {
        self.bound.insert(local.number);
    }
}
