//! The procedures of a record's type: its constructor, its predicate, and those of its fields.

use super::{RecordType, filled, numbered, record, with_type};
use crate::interp::{
    dialect::{given::mistaken, structs},
    natives::raise,
    value::{Exn, Fault, Native},
};
use std::sync::Arc;
use steel::{SteelErr, SteelVal, gc::Gc};

/// A procedure of Rust's that knows something, as Steel has it.
fn procedure(
    name: String,
    arity: usize,
    function: impl Fn(&str, &[SteelVal]) -> Native + Send + Sync + 'static,
) -> SteelVal {
    let name = Arc::new(name);
    let own = name.clone();
    let mut made = SteelVal::anonymous_boxed_function(Arc::new(move |args: &[SteelVal]| {
        if args.len() == arity { function(&own, args) } else { Err(miscounted(&own, arity, args.len())) }
    }));
    if let SteelVal::BoxedFunction(held) = &mut made
        && let Some(held) = Gc::get_mut(held)
    {
        held.name = Some(name);
        held.arity = u32::try_from(arity).ok();
    }
    made
}

pub(super) fn miscounted(name: &str, wanted: usize, given: usize) -> SteelErr {
    raise(Fault { kind: Exn::Arity, ..Fault::script(format!(
        "{name}: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: {wanted}\n  given: {given}"
    )) }.into_value())
}

pub(super) fn constructor(kind: &RecordType) -> SteelVal {
    let number = kind.number;
    let arity = kind.given.iter().filter(|automatic| automatic.is_none()).count();
    procedure(kind.name.to_string(), arity, move |_, args| {
        let kind = numbered(number);
        Ok(record(&kind, filled(&kind, args.len(), args.iter().cloned())?))
    })
}

pub(super) fn predicate(kind: &RecordType) -> SteelVal {
    let (number, depth) = (kind.number, kind.line.len() - 1);
    procedure(format!("{}?", kind.name), 1, move |_, args| {
        Ok(SteelVal::BoolV(with_type(&args[0], |kind| kind.line.get(depth) == Some(&number)).unwrap_or(false)))
    })
}

pub(super) fn accessor(kind: &RecordType, field: &str, at: usize) -> SteelVal {
    let (number, depth) = (kind.number, kind.line.len() - 1);
    procedure(format!("{}-{field}", kind.name), 1, move |name, args| {
        let found = with_type(&args[0], |kind| (kind.line.get(depth) == Some(&number)).then_some(kind.mutable));
        let (Some(Some(mutable)), SteelVal::CustomStruct(held)) = (found, &args[0]) else {
            return Err(mistaken(name, &format!("{}?", numbered(number).name), &args[0]));
        };
        let value = match held.get_index(1).map(structs::together) {
            Some(SteelVal::MutableVector(items)) if mutable => items.borrow(|items| items.get(at).cloned()),
            _ => held.get_index(at + 1).cloned(),
        };
        Ok(value.unwrap_or(SteelVal::Void))
    })
}

pub(super) fn mutator(kind: &RecordType, field: &str, at: usize) -> SteelVal {
    let (number, depth) = (kind.number, kind.line.len() - 1);
    procedure(format!("set-{}-{field}!", kind.name), 2, move |name, args| {
        let found = with_type(&args[0], |kind| kind.line.get(depth) == Some(&number)).unwrap_or(false);
        let (true, SteelVal::CustomStruct(held)) = (found, &args[0]) else {
            return Err(mistaken(name, &format!("{}?", numbered(number).name), &args[0]));
        };
        if let Some(SteelVal::MutableVector(items)) = held.get_index(1).map(structs::together) {
            let mut taken = items.set_and_return(Vec::new());
            if let Some(field) = taken.get_mut(at) {
                *field = args[1].clone();
            }
            items.set_and_return(taken);
        }
        Ok(SteelVal::Void)
    })
}
