//! What procedures are called, and how many arguments they take: for `object-name`, `procedure-arity` and printing.
//!
//! Steel's procedures do not know it. Those of the language and of the program's top level are kept here, by where they are
//! in memory; they live as long as the session does. Inner ones come and go: what they are called is kept by their code.

use super::{
    Entry,
    given::{mistaken, plain},
    procedures::is_procedure,
};
use crate::interp::value::{Kept, symbol};
use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{Hash, Hasher},
    rc::Rc,
};
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
    /// The names of inner procedures by the number of the piece of program that they are of: there may be any number of
    /// each.
    static INNER: RefCell<HashMap<u32, Rc<str>>> = RefCell::default();
    /// How many arguments inner procedures take that sort theirs out themselves, by the same numbers.
    static INNER_TAKES: RefCell<HashMap<u32, (usize, Option<usize>)>> = RefCell::default();
}

/// What a procedure of Steel's tells a hasher first is its number.
struct Number(Option<u32>);

impl Hasher for Number {
    fn write(&mut self, _: &[u8]) {}

    fn write_u32(&mut self, number: u32) {
        self.0.get_or_insert(number);
    }

    fn finish(&self) -> u64 {
        0
    }
}

fn number_of(procedure: &SteelVal) -> Option<u32> {
    let SteelVal::Closure(held) = procedure else { return None };
    let mut number = Number(None);
    (**held).hash(&mut number);
    number.0
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
    // The same for an inner procedure; gives that.
    plain!("%inner-named", "procedure name", |args| {
        if let (Some(number), SteelVal::SymbolV(word)) = (number_of(&args[0]), &args[1]) {
            INNER.with_borrow_mut(|inner| {
                inner.entry(number).or_insert_with(|| word.as_str().into());
            });
        }
        Ok(args[0].clone())
    }),
    // How many arguments an inner procedure takes that sorts its own out; gives that.
    plain!("%inner-takes", "procedure least most", |args| {
        let int = |value: &SteelVal| match value {
            SteelVal::IntV(n) => usize::try_from(*n).ok(),
            _ => None,
        };
        if let (Some(number), Some(least)) = (number_of(&args[0]), int(&args[1])) {
            INNER_TAKES.with_borrow_mut(|inner| inner.entry(number).or_insert_with(|| (least, int(&args[2]))).0);
        }
        Ok(args[0].clone())
    }),
    plain!("object-name", "value", |args| Ok(match super::regexps::source(&args[0]) {
        Some(source) => crate::interp::value::string(&source),
        None => name_of(&args[0])
            .or_else(|| super::records::type_name(&args[0]))
            .map_or(SteelVal::BoolV(false), |name| symbol(&name)),
    })),
    // Whether two procedures are of the same piece of program, whatever each has captured.
    plain!("%same-code?", "a b", |args| {
        let number = number_of(&args[0]);
        Ok(SteelVal::BoolV(number.is_some() && number == number_of(&args[1])))
    }),
    // An integer, a list of the least and the most or #f for no end, or nothing where it is not known.
    plain!("%arity", "procedure", |args| {
        if !is_procedure(&args[0]) {
            return Err(mistaken("procedure-arity", "procedure?", &args[0]));
        }
        let int = |n: usize| SteelVal::IntV(n as isize);
        let takes = noted(&args[0]).or_else(|| match &args[0] {
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

/// What was noted of how many arguments a procedure takes.
fn noted(procedure: &SteelVal) -> Option<(usize, Option<usize>)> {
    let known = KNOWN.with_borrow(|known| known.get(&place(procedure)?).and_then(|known| known.takes));
    known.or_else(|| INNER_TAKES.with_borrow(|inner| inner.get(&number_of(procedure)?).copied()))
}

/// How many arguments a procedure takes, as far as it is known: at least, and at most. One that sorts its arguments out
/// itself (keywords, optional ones, several cases) takes any number, if it is no definition of a program's top level.
pub(crate) fn takes(procedure: &SteelVal) -> Option<(usize, Option<usize>)> {
    noted(procedure).or_else(|| match procedure {
        // Steel counts a rest parameter as one.
        SteelVal::Closure(held) if held.is_multi_arity() => Some((held.arity().saturating_sub(1), None)),
        SteelVal::Closure(held) => Some((held.arity(), Some(held.arity()))),
        _ => None,
    })
}

/// Gives a procedure of the language its name, unless it has one.
pub(crate) fn name(procedure: &SteelVal, word: &str) {
    if place(procedure).is_some_and(|place| KNOWN.with_borrow(|known| !known.contains_key(&place))) {
        know(procedure, word, super::native_takes(word));
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
        other => INNER.with_borrow(|inner| inner.get(&number_of(other)?).cloned()),
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
