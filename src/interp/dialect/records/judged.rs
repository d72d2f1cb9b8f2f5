//! Records whose type says itself which of them are equal (`gen:equal+hash`).
//!
//! Its procedures are the program's, and no native can call them. So the prelude asks them about each record when it is made
//! (`%judging` in `prelude/racket/records.scm`), and the record keeps the answer: a number that equal ones share.

use super::{fields, type_of, type_of_type, with_type};
use crate::interp::{
    dialect::{given::mistaken, structs},
    value::{Kept, Native},
};
use steel::SteelVal;

/// `(%alike type code)`: the records that one with this hash code could be equal to.
pub(super) fn alike(args: &[SteelVal]) -> Native {
    let kind = type_of_type("%alike", &args[0])?;
    let code = super::super::equality::hash(super::super::hashes::Kind::Equal, &args[1]);
    let found = kind.judgements.borrow().get(&code).map(|all| all.iter().map(Kept::get).collect::<Vec<_>>());
    Ok(SteelVal::ListV(found.unwrap_or_default().into()))
}

/// `(%judge record code other)`: the record, as equal to OTHER or, when that is `#f`, to no other so far.
pub(super) fn judge(args: &[SteelVal]) -> Native {
    let Some(kind) = type_of(&args[0]) else { return Err(mistaken("%judge", "record?", &args[0])) };
    if let Some(number) = number(&args[2]) {
        let mut all: Vec<SteelVal> = kind.value.borrow().iter().cloned().collect();
        all.extend(fields(&args[0]));
        all.push(number);
        return Ok(structs::make_record(&all));
    }
    let code = super::super::equality::hash(super::super::hashes::Kind::Equal, &args[1]);
    kind.judgements.borrow_mut().entry(code).or_default().push(Kept::new(args[0].clone()));
    Ok(args[0].clone())
}

/// The number of those that a record is equal to, if its type's own procedures say which they are.
pub(super) fn number(value: &SteelVal) -> Option<SteelVal> {
    let at = with_type(value, |kind| kind.judged.then_some(kind.fields.len() + 1))??;
    match value {
        SteelVal::CustomStruct(held) => held.get_index(at).cloned(),
        _ => None,
    }
}
