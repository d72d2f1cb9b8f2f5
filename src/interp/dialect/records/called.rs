//! Records that are called: what their type's `prop:procedure` says, and the procedure that they hold.

use super::{CALLED, RecordType, applicable, fields, type_of};
use crate::interp::{dialect, value::Native};
use steel::SteelVal;

/// What is called in a record's place.
pub(crate) enum Callee {
    /// With the arguments alone.
    Field(SteelVal),
    /// With the record before them.
    Method(SteelVal),
}

/// What a record calls, if it can be called.
pub(crate) fn callee(value: &SteelVal) -> Option<Callee> {
    said(value, CALLED)
}

/// What a property of a record's type says: a field, by its place, or a procedure.
fn said(value: &SteelVal, property: &str) -> Option<Callee> {
    let mut kind = type_of(value)?;
    loop {
        if let Some((_, held)) = kind.properties.iter().find(|(name, _)| &**name == property) {
            return match held.get() {
                SteelVal::IntV(at) => {
                    let above = kind.parent.as_ref().map_or(0, |above| above.fields.len());
                    fields(value).get(above + usize::try_from(at).ok()?).cloned().map(Callee::Field)
                }
                procedure => Some(Callee::Method(procedure)),
            };
        }
        kind = kind.parent.clone()?;
    }
}

/// A list of the name that a field of a record is, or the procedure that tells it; or `#f`.
pub(super) fn own_name(args: &[SteelVal]) -> Native {
    Ok(match said(&args[0], "prop:object-name") {
        Some(Callee::Field(name)) => SteelVal::ListV(std::iter::once(name).collect()),
        Some(Callee::Method(procedure)) => procedure,
        None => SteelVal::BoolV(false),
    })
}

/// The name by which a record prints whose fields are not seen: one that is called shows itself as a procedure.
pub(crate) fn shown_name(value: &SteelVal, kind: &RecordType) -> String {
    let procedure = match callee(value) {
        None => return kind.name.to_string(),
        Some(Callee::Field(procedure)) => dialect::name_of(&procedure),
        Some(Callee::Method(_)) => match said(value, "prop:object-name") {
            Some(Callee::Field(SteelVal::SymbolV(name))) => Some(name.as_str().into()),
            _ => None,
        },
    };
    format!("procedure:{}", procedure.unwrap_or_else(|| kind.name.clone()))
}

/// The procedure that stands for a value in a call: a record's own, which its last field holds.
pub(super) fn callable(args: &[SteelVal]) -> Native {
    let SteelVal::CustomStruct(held) = &args[0] else { return Ok(args[0].clone()) };
    if !applicable(&args[0]) {
        return Ok(args[0].clone());
    }
    let last = (0..).map_while(|at| held.get_index(at)).last();
    Ok(match last {
        Some(SteelVal::HeapAllocated(procedure)) => procedure.get(),
        _ => args[0].clone(),
    })
}
