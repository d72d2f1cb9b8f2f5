//! What procedures are called, and how many arguments they take: for `object-name`, `procedure-arity` and printing.
//!
//! Steel's procedures do not know it. Those of the language and of the program's top level are kept here, by where they are
//! in memory; they live as long as the session does.

use super::{
    Entry,
    given::{mistaken, plain},
    procedures::is_procedure,
};
use crate::interp::value::{Kept, symbol};
use std::{cell::RefCell, collections::HashMap, rc::Rc};
use steel::{SteelVal, gc::Gc};

struct Known {
    name: Rc<str>,
    /// The least and, unless there is no end, the most arguments.
    takes: Option<(usize, Option<usize>)>,
    /// Nothing else can be at its place meanwhile.
    _procedure: Kept,
}

thread_local! {
    static KNOWN: RefCell<HashMap<usize, Known>> = RefCell::default();
}

pub(super) const TABLE: &[Entry] = &[
    plain!("%named", "procedure name least most", |args| {
        let number = |value: &SteelVal| match value {
            SteelVal::IntV(n) => usize::try_from(*n).ok(),
            _ => None,
        };
        if let SteelVal::SymbolV(word) = &args[1] {
            know(&args[0], word.as_str(), number(&args[2]).map(|least| (least, number(&args[3]))));
        }
        Ok(SteelVal::Void)
    }),
    plain!("object-name", "value", |args| Ok(match &args[0] {
        SteelVal::SymbolV(_) => args[0].clone(),
        value => match super::regexps::source(value) {
            Some(source) => crate::interp::value::string(&source),
            None => name_of(value).map_or(SteelVal::BoolV(false), |name| symbol(&name)),
        },
    })),
    // Whether two procedures are of the same piece of program, whatever each has captured.
    plain!("%same-code?", "a b", |args| Ok(SteelVal::BoolV(match (&args[0], &args[1]) {
        (SteelVal::Closure(a), SteelVal::Closure(b)) => **a == **b,
        _ => false,
    }))),
    // An integer, a list of the least and the most or #f for no end, or nothing where it is not known.
    plain!("%arity", "procedure", |args| {
        if !is_procedure(&args[0]) {
            return Err(mistaken("procedure-arity", "procedure?", &args[0]));
        }
        let int = |n: usize| SteelVal::IntV(n as isize);
        let takes = place(&args[0])
            .and_then(|place| KNOWN.with_borrow(|known| known.get(&place).and_then(|known| known.takes)))
            .or_else(|| match &args[0] {
                SteelVal::BoxedFunction(held) => held.arity.map(|n| (n as usize, Some(n as usize))),
                _ => None,
            });
        Ok(match takes {
            Some((least, Some(most))) if least == most => int(least),
            Some((least, most)) => {
                SteelVal::ListV([int(least), most.map_or(SteelVal::BoolV(false), int)].into_iter().collect())
            }
            None => SteelVal::BoolV(false),
        })
    }),
];

/// Gives a procedure of the language its name, unless it has one.
pub(crate) fn name(procedure: &SteelVal, word: &str) {
    if place(procedure).is_some_and(|place| KNOWN.with_borrow(|known| !known.contains_key(&place))) {
        know(procedure, word, super::takes(word));
    }
}

fn know(procedure: &SteelVal, word: &str, takes: Option<(usize, Option<usize>)>) {
    if let Some(place) = place(procedure) {
        let known = Known { name: word.into(), takes, _procedure: Kept::new(procedure.clone()) };
        KNOWN.with_borrow_mut(|all| all.insert(place, known));
    }
}

/// What a procedure is called.
pub(crate) fn name_of(procedure: &SteelVal) -> Option<Rc<str>> {
    let known = KNOWN.with_borrow(|known| known.get(&place(procedure)?).map(|known| known.name.clone()));
    known.or_else(|| match procedure {
        SteelVal::BoxedFunction(held) => held.name.as_ref().map(|name| name.as_str().into()),
        _ => None,
    })
}

/// Where a procedure is in memory.
fn place(procedure: &SteelVal) -> Option<usize> {
    match procedure {
        SteelVal::FuncV(f) => Some(*f as usize),
        SteelVal::MutFunc(f) => Some(*f as usize),
        SteelVal::BuiltIn(f) => Some(*f as usize),
        SteelVal::BoxedFunction(held) => Some(Gc::as_ptr(held) as usize),
        SteelVal::Closure(held) => Some(Gc::as_ptr(held) as usize),
        _ => None,
    }
}
