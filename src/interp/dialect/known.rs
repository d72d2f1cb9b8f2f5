//! What procedures are called, and how many arguments they take: for `object-name`, `procedure-arity` and printing.
//!
//! Steel's procedures do not know it. Those of the language and of the program's top level are kept here, by where they are
//! in memory; they live as long as the session does. Inner ones come and go: what they are called is kept by their code.

use super::{Entry, given::plain, takes::Takes};
use crate::interp::value::{Kept, symbol};
use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{Hash, Hasher},
    rc::Rc,
};
use steel::{SteelVal, gc::Gc};

struct Known {
    name: Option<Rc<str>>,
    takes: Option<Rc<Takes>>,
    /// Nothing else can be at its place meanwhile.
    _procedure: Kept,
}

thread_local! {
    static KNOWN: RefCell<HashMap<usize, Known>> = RefCell::default();
    /// The names of inner procedures by the number of the piece of program that they are of: there may be any number of
    /// each.
    static INNER: RefCell<HashMap<u32, Rc<str>>> = RefCell::default();
    /// What inner procedures take that sort their arguments out themselves, by the same numbers.
    static INNER_TAKES: RefCell<HashMap<u32, Rc<Takes>>> = RefCell::default();
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
        if let Some(word) = word(&args[1]) {
            let takes = number(&args[2]).map(|least| Takes::between(least, number(&args[3])));
            know(&args[0], word, takes.map(Rc::new));
        }
        Ok(SteelVal::Void)
    }),
    // The same for an inner procedure; gives that.
    plain!("%inner-named", "procedure name", |args| {
        if let (Some(number), Some(word)) = (number_of(&args[0]), word(&args[1])) {
            INNER.with_borrow_mut(|inner| {
                inner.entry(number).or_insert_with(|| word.into());
            });
        }
        Ok(args[0].clone())
    }),
    // How many arguments a procedure takes that sorts its own out, or a text of what it takes; gives that.
    plain!("%inner-takes", "procedure least most", |args| {
        if let Some(code) = number_of(&args[0]) {
            let takes = || match (&args[1], number(&args[1])) {
                (SteelVal::StringV(text), _) => Takes::read(text),
                (_, least) => Takes::between(least.unwrap_or(0), number(&args[2])),
            };
            INNER_TAKES.with_borrow_mut(|inner| _ = inner.entry(code).or_insert_with(|| Rc::new(takes())));
        }
        Ok(args[0].clone())
    }),
    plain!("%object-name", "value", |args| Ok(match super::regexps::source(&args[0]) {
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
];

fn number(value: &SteelVal) -> Option<usize> {
    match value {
        SteelVal::IntV(n) => usize::try_from(*n).ok(),
        _ => None,
    }
}

fn word(name: &SteelVal) -> Option<&str> {
    match name {
        SteelVal::SymbolV(word) | SteelVal::StringV(word) => Some(word.as_str()),
        _ => None,
    }
}

/// What was noted of the arguments that a procedure takes. What its code says goes first: it says more.
pub(super) fn noted(procedure: &SteelVal) -> Option<Rc<Takes>> {
    let inner = INNER_TAKES.with_borrow(|inner| inner.get(&number_of(procedure)?).cloned());
    let known = || KNOWN.with_borrow(|known| known.get(&place(procedure)?).and_then(|known| known.takes.clone()));
    inner.or_else(known)
}

/// How many arguments a procedure takes, as far as it is known: at least, and at most.
pub(crate) fn takes(procedure: &SteelVal) -> Option<(usize, Option<usize>)> {
    super::takes::of(procedure)?.bounds()
}

/// Takes note of a procedure that was made of another.
pub(super) fn know_as(procedure: &SteelVal, name: &SteelVal, takes: Option<Takes>) {
    if let SteelVal::SymbolV(word) = name {
        know(procedure, word.as_str(), takes.map(Rc::new));
    } else if let (Some(place), Some(takes)) = (place(procedure), takes) {
        let known = Known { name: None, takes: Some(Rc::new(takes)), _procedure: Kept::new(procedure.clone()) };
        KNOWN.with_borrow_mut(|all| _ = all.insert(place, known));
    }
}

/// Gives a procedure of the language its name, unless it has one.
pub(crate) fn name(procedure: &SteelVal, word: &str) {
    if place(procedure).is_some_and(|place| KNOWN.with_borrow(|known| !known.contains_key(&place))) {
        let takes = super::native_takes(word).map(|(least, most)| Rc::new(Takes::between(least, most)));
        know(procedure, word, takes);
    }
}

fn know(procedure: &SteelVal, word: &str, takes: Option<Rc<Takes>>) {
    if let Some(place) = place(procedure) {
        let known = Known { name: Some(word.into()), takes, _procedure: Kept::new(procedure.clone()) };
        KNOWN.with_borrow_mut(|all| all.insert(place, known));
    }
}

/// What a procedure is called.
pub(crate) fn name_of(procedure: &SteelVal) -> Option<Rc<str>> {
    let known = KNOWN.with_borrow(|known| known.get(&place(procedure)?).and_then(|known| known.name.clone()));
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
