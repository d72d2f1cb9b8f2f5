//! Prefab types: all of one name, so many fields and the same parents are one and the same, whoever defines them.

use super::{RecordType, TYPES, added, fields, mistaken, record, type_of};
use crate::interp::value::{Native, symbol};
use std::{cell::RefCell, rc::Rc};
use steel::SteelVal;

/// The prefab type of this name and so many fields of its own, if there is one: all such are one and the same.
pub(super) fn known(name: &str, count: usize, parent: Option<&Rc<RecordType>>) -> Option<Rc<RecordType>> {
    let above = parent.map_or(0, |parent| parent.fields.len());
    let same = |kind: &&Rc<RecordType>| {
        kind.prefab
            && !kind.mutable
            && &*kind.name == name
            && kind.fields.len() == above + count
            && kind.parent.as_ref().map(Rc::as_ptr) == parent.map(Rc::as_ptr)
    };
    TYPES.with_borrow(|types| types.iter().find(same).cloned())
}

/// The type of this name and so many fields, which may be nobody's but a literal's.
fn needed(name: &str, count: usize, parent: Option<Rc<RecordType>>) -> Rc<RecordType> {
    known(name, count, parent.as_ref()).unwrap_or_else(|| {
        let number = TYPES.with_borrow(Vec::len);
        let above = parent.as_ref();
        added(RecordType {
            name: name.into(),
            number,
            line: above.into_iter().flat_map(|above| above.line.clone()).chain([number]).collect(),
            fields: above
                .into_iter()
                .flat_map(|above| above.fields.clone())
                .chain((0..count).map(|at| at.to_string().into()))
                .collect(),
            given: (0..above.map_or(0, |above| above.fields.len()) + count).map(|_| None).collect(),
            mutable: false,
            transparent: true,
            seen: true,
            prefab: true,
            properties: Vec::new(),
            judged: false,
            judgements: RefCell::default(),
            value: RefCell::new(None),
            parent,
        })
    })
}

/// The names of a key, and how many fields each has of its own: the type's, then its parents'. The type's own number may
/// be left out.
fn line(key: &SteelVal) -> Option<Vec<(String, Option<usize>)>> {
    let items: Vec<SteelVal> = match key {
        SteelVal::SymbolV(_) => vec![key.clone()],
        SteelVal::ListV(items) => items.iter().cloned().collect(),
        _ => return None,
    };
    let mut line: Vec<(String, Option<usize>)> = Vec::new();
    for item in items {
        match (&item, line.last_mut()) {
            (SteelVal::SymbolV(name), _) => line.push((name.as_str().to_owned(), None)),
            (SteelVal::IntV(n), Some((_, count @ None))) => *count = Some(usize::try_from(*n).ok()?),
            // Nothing can change.
            (SteelVal::VectorV(items), Some(_)) if items.is_empty() => {}
            _ => return None,
        }
    }
    Some(line)
}

/// The type that a key means for so many fields.
fn of_key(key: &SteelVal, count: usize) -> Option<Rc<RecordType>> {
    let line = line(key)?;
    let ((name, own), above) = line.split_first()?;
    let inherited = above.iter().map(|(_, count)| *count).sum::<Option<usize>>()?;
    let rest = count.checked_sub(inherited)?;
    if own.is_some_and(|own| own != rest) {
        return None;
    }
    let parent = above.iter().rev().fold(None, |parent, (name, own)| Some(needed(name, own.unwrap_or(0), parent)));
    Some(needed(name, rest, parent))
}

/// A record of a prefab type; none where the key is none for so many fields.
pub(crate) fn prefab(key: &SteelVal, fields: Vec<SteelVal>) -> Option<SteelVal> {
    let kind = of_key(key, fields.len())?;
    Some(record(&kind, fields))
}

pub(super) fn make(args: &[SteelVal]) -> Native {
    prefab(&args[0], args[1..].to_vec()).ok_or_else(|| mistaken("make-prefab-struct", "prefab-key?", &args[0]))
}

/// `(%prefab-of key fields)`, with a list of them.
pub(super) fn of(args: &[SteelVal]) -> Native {
    let SteelVal::ListV(fields) = &args[1] else { return Err(mistaken("make-prefab-struct", "list?", &args[1])) };
    prefab(&args[0], fields.iter().cloned().collect())
        .ok_or_else(|| mistaken("make-prefab-struct", "prefab-key?", &args[0]))
}

/// The key of a type, as it is shortest.
pub(crate) fn key(kind: &RecordType) -> SteelVal {
    let own = |kind: &RecordType| kind.fields.len() - kind.parent.as_ref().map_or(0, |above| above.fields.len());
    let mut items = vec![symbol(&kind.name)];
    let fixed = kind.parent.as_ref().is_none_or(|above| !above.mutable);
    if kind.mutable && fixed {
        items.push(SteelVal::VectorV((0..own(kind)).map(|at| SteelVal::IntV(at as isize)).collect()));
    }
    let mut above = kind.parent.clone();
    while let Some(next) = above {
        items.extend([symbol(&next.name), SteelVal::IntV(own(&next) as isize)]);
        above = next.parent.clone();
    }
    match items.len() {
        1 => items.remove(0),
        _ => SteelVal::ListV(items.into()),
    }
}

/// `(prefab-struct-key value)`
pub(super) fn key_of(args: &[SteelVal]) -> Native {
    Ok(match type_of(&args[0]) {
        Some(kind) if kind.prefab => key(&kind),
        _ => SteelVal::BoolV(false),
    })
}

/// `(%prefab-fields value key)`: a list, or `#f` when the value is no record of that key.
pub(super) fn taken(args: &[SteelVal]) -> Native {
    let Some(kind) = type_of(&args[0]).filter(|kind| kind.prefab) else { return Ok(SteelVal::BoolV(false)) };
    let same = of_key(&args[1], kind.fields.len()).is_some_and(|other| Rc::ptr_eq(&kind, &other));
    Ok(if same { SteelVal::ListV(fields(&args[0]).into()) } else { SteelVal::BoolV(false) })
}
