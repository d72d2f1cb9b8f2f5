//! Prefab types: all of one name and so many fields are one and the same, whoever defines them.

use super::{RecordType, TYPES, added, record};
use std::{cell::RefCell, rc::Rc};
use steel::SteelVal;

/// The prefab type of this name and so many fields, if there is one: all such are one and the same.
pub(super) fn known(name: &str, count: usize) -> Option<Rc<RecordType>> {
    let same = |kind: &&Rc<RecordType>| {
        kind.prefab && kind.parent.is_none() && !kind.mutable && &*kind.name == name && kind.fields.len() == count
    };
    TYPES.with_borrow(|types| types.iter().find(same).cloned())
}

/// A record of a prefab type, which may be nobody's but a literal's.
pub(crate) fn prefab(name: &str, fields: Vec<SteelVal>) -> SteelVal {
    let count = fields.len();
    let kind = known(name, count).unwrap_or_else(|| {
        let number = TYPES.with_borrow(Vec::len);
        added(RecordType {
            name: name.into(),
            number,
            line: vec![number],
            parent: None,
            fields: (0..count).map(|at| at.to_string().into()).collect(),
            given: (0..count).map(|_| None).collect(),
            mutable: false,
            transparent: true,
            seen: true,
            prefab: true,
            properties: Vec::new(),
            judged: false,
            judgements: RefCell::default(),
            value: RefCell::new(None),
        })
    });
    record(&kind, fields)
}
