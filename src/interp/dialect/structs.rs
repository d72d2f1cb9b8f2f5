//! Steel's structs as a place to keep values: its collector looks into them, as it looks into no value of Rust's.
//!
//! What one means is told by its first field, a value of Rust's: a record's type, a mutable hash's index. So one type of
//! Steel's for each number of fields is enough, but for what Steel's own messages show of it (`interp::errors::shown`).

use std::cell::RefCell;
use steel::{
    SteelVal,
    steel_vm::{
        engine::Engine,
        primitives::{LIST_MODULE, META_MODULE, STREAM_MODULE},
    },
};

thread_local! {
    /// The constructors, by number of fields.
    static CONSTRUCTORS: RefCell<Vec<SteelVal>> = const { RefCell::new(Vec::new()) };
    /// Those of records, which Steel shows with all their fields.
    static RECORDS: RefCell<Vec<SteelVal>> = const { RefCell::new(Vec::new()) };
    /// Those of records that are called: their last field is a box with the procedure.
    static CALLED: RefCell<Vec<SteelVal>> = const { RefCell::new(Vec::new()) };
    /// What tells Steel which field of a struct is its procedure.
    static UPDATE: RefCell<Option<SteelVal>> = const { RefCell::new(None) };
    /// What follows in a stream of Steel's, which must be a procedure in Scheme.
    static NOTHING: RefCell<Option<SteelVal>> = const { RefCell::new(None) };
    /// Steel's `stream-cons`: streams are made by no other way from outside.
    static STREAM: Option<SteelVal> = STREAM_MODULE.with(|module| module.try_get_ref("stream-cons"));
    /// Steel's `cons`: pairs are made by no other way from outside.
    static CONS: Option<SteelVal> = LIST_MODULE.with(|module| module.try_get_ref("cons"));
}

/// What Steel calls records, and what else is made of structs: neither is a word of any program's.
pub(crate) const SHOWN: [&str; 2] = ["\u{1}record", "\u{1}table"];

/// A struct with these fields.
pub(crate) fn make(fields: &[SteelVal]) -> SteelVal {
    let constructor = CONSTRUCTORS.with_borrow_mut(|all| {
        while all.len() <= fields.len() {
            all.push(new_type(SHOWN[1], all.len()).1);
        }
        all[fields.len()].clone()
    });
    construct(&constructor, fields)
}

/// A record, its type first.
pub(crate) fn make_record(fields: &[SteelVal]) -> SteelVal {
    let constructor = RECORDS.with_borrow_mut(|all| {
        while all.len() <= fields.len() {
            let (descriptor, constructor) = new_type(SHOWN[0], all.len());
            tell(descriptor, SteelVal::BoolV(false));
            all.push(constructor);
        }
        all[fields.len()].clone()
    });
    construct(&constructor, fields)
}

/// A record that is called: the last of its fields is a box that holds the procedure.
pub(crate) fn make_called(fields: &[SteelVal]) -> SteelVal {
    let constructor = CALLED.with_borrow_mut(|all| {
        while all.len() <= fields.len() {
            let (descriptor, constructor) = new_type(SHOWN[0], all.len());
            if let Some(last) = all.len().checked_sub(1) {
                tell(descriptor, SteelVal::IntV(last as isize));
            }
            all.push(constructor);
        }
        all[fields.len()].clone()
    });
    construct(&constructor, fields)
}

/// Keeps what only the engine can be asked for.
pub(crate) fn know(engine: &mut Engine) -> Result<(), String> {
    let update = engine.extract_value("#%vtable-update-entry!").map_err(|e| e.to_string())?;
    UPDATE.set(Some(update));
    let made = engine.run("(lambda () #false)").map_err(|e| e.to_string())?;
    NOTHING.set(made.into_iter().find(|value| matches!(value, SteelVal::Closure(_))));
    Ok(())
}

/// Tells Steel which field of a type's structs is their procedure, if one is, and that their fields are shown.
fn tell(descriptor: SteelVal, procedure: SteelVal) {
    let shown = (SteelVal::SymbolV("#:transparent".into()), SteelVal::BoolV(true));
    let args = [descriptor, procedure, crate::interp::json::hash([shown])];
    // It fails for wrong arguments alone.
    let _ = match UPDATE.with_borrow(Clone::clone) {
        Some(SteelVal::BoxedFunction(update)) => update.func()(&args),
        Some(SteelVal::FuncV(update)) => update(&args),
        _ => Ok(SteelVal::Void),
    };
}

/// A new type of Steel's: its descriptor and its constructor, which are void if Steel makes none.
fn new_type(name: &str, fields: usize) -> (SteelVal, SteelVal) {
    let maker = META_MODULE.with(|module| module.try_get_ref("make-struct-type"));
    let made = match maker {
        Some(SteelVal::FuncV(maker)) => maker(&[SteelVal::SymbolV(name.into()), SteelVal::IntV(fields as isize)]).ok(),
        _ => None,
    };
    let part = |at| match &made {
        Some(SteelVal::ListV(parts)) => parts.get(at).cloned(),
        _ => None,
    };
    (part(0).unwrap_or(SteelVal::Void), part(1).unwrap_or(SteelVal::Void))
}

/// What a constructor of [`new_type`] makes of these fields.
fn construct(constructor: &SteelVal, fields: &[SteelVal]) -> SteelVal {
    match constructor {
        SteelVal::BoxedFunction(function) => function.func()(fields).unwrap_or(SteelVal::Void),
        _ => SteelVal::Void,
    }
}

/// A pair, which is a list when its second part is one.
pub(crate) fn cons(first: SteelVal, rest: SteelVal) -> SteelVal {
    match rest {
        SteelVal::ListV(mut list) => {
            list.cons_mut(first);
            SteelVal::ListV(list)
        }
        rest => CONS.with(|cons| match cons {
            Some(SteelVal::MutFunc(cons)) => cons(&mut [first, rest]).unwrap_or(SteelVal::Void),
            _ => SteelVal::Void,
        }),
    }
}

/// What a pair is made of.
pub(crate) fn parts(value: &SteelVal) -> Option<(SteelVal, SteelVal)> {
    match value {
        SteelVal::Pair(pair) => Some((pair.car(), pair.cdr())),
        SteelVal::ListV(items) => Some((items.car()?, SteelVal::ListV(items.cdr().unwrap_or_default()))),
        _ => None,
    }
}

/// A value as Steel takes it for equal to itself alone, without looking into it: a stream of Steel's, which the collector
/// looks into. Nothing else is made of one here.
pub(crate) fn apart(value: SteelVal) -> SteelVal {
    let nothing = NOTHING.with_borrow(Clone::clone).unwrap_or(SteelVal::Void);
    STREAM.with(|make| match make {
        Some(SteelVal::FuncV(make)) => make(&[value.clone(), nothing]).unwrap_or(value),
        _ => value,
    })
}

/// What was put apart, or the value itself.
pub(crate) fn together(value: &SteelVal) -> &SteelVal {
    match value {
        SteelVal::StreamV(held) => &held.initial_value,
        other => other,
    }
}
