//! Records: what `struct` and `define-record-type` stand on.
//!
//! A record is one of Steel's structs: its type first, then its fields or, when any of them can change, a vector of Steel's
//! that holds them (of an opaque one, put apart from Steel's hashes). So the collector sees them, and cycles go. Behind them an opaque one has a number of its own: it is equal
//! to itself alone, for Steel's hashes too. Not here: guards, which call procedures (`prelude/racket/records.scm`).

mod called;
mod judged;
mod prefabs;
mod procedures;

pub(crate) use called::shown_name;
pub(super) use called::{Callee, callee};
pub(crate) use prefabs::{key as prefab_key, prefab};
use procedures::{accessor, constructor, miscounted, mutator, predicate};

use super::{
    Entry, Machined,
    given::{failed, mistaken},
    machined, plain, structs,
};
use crate::interp::{
    errors::shown::type_shown,
    value::{Kept, Native, custom, symbol},
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{Custom, CustomType, as_underlying_type},
};

pub(super) const TABLE: &[Entry] = &[
    plain!("%make-record-type", "name parent fields autos auto-value mutable transparent? properties", make_type),
    plain!("%record-constructor", "type", |args| {
        let kind = type_of_type("%record-constructor", &args[0])?;
        Ok(if kind.mutable { SteelVal::BoolV(false) } else { constructor(&kind) })
    }),
    plain!("%record-property", "value name", |args| Ok(property(&args[0], &args[1]).unwrap_or(SteelVal::BoolV(false)))),
    plain!("%ordinal", "n", |args| Ok(match &args[0] {
        SteelVal::IntV(n) => crate::interp::value::string(super::given::ordinal(usize::try_from(*n).unwrap_or(0))),
        _ => SteelVal::BoolV(false),
    })),
    plain!("%given-count", "type", |args| {
        let kind = type_of_type("%given-count", &args[0])?;
        Ok(SteelVal::IntV(kind.given.iter().filter(|automatic| automatic.is_none()).count() as isize))
    }),
    // A list of what the type itself says, and no parent's, or #f.
    plain!("%own-property", "type name", |args| {
        let kind = type_of_type("%own-property", &args[0])?;
        let SteelVal::SymbolV(name) = &args[1] else { return Ok(SteelVal::BoolV(false)) };
        let own = kind.properties.iter().find(|(key, _)| **key == ***name);
        Ok(own.map_or(SteelVal::BoolV(false), |(_, held)| SteelVal::ListV(std::iter::once(held.get()).collect())))
    }),
    plain!("%parent-type", "type", |args| {
        let kind = type_of_type("%parent-type", &args[0])?;
        Ok(kind.parent.as_ref().map_or(SteelVal::BoolV(false), value_of))
    }),
    plain!("%type-of", "value", |args| Ok(type_of(&args[0]).as_ref().map_or(SteelVal::BoolV(false), value_of))),
    // The nearest type of a record whose fields are seen.
    plain!("%seen-type", "value", |args| {
        let mut kind = type_of(&args[0]);
        while let Some(next) = kind.clone().filter(|kind| !kind.seen) {
            kind = next.parent.clone();
        }
        Ok(kind.as_ref().map_or(SteelVal::BoolV(false), value_of))
    }),
    // A list of the property's value, or #f.
    plain!("%property-of", "value name", |args| {
        let known = is_record(&args[0]) || type_of_type("", &args[0]).is_ok();
        let found = if known { property(&args[0], &args[1]) } else { None };
        Ok(found.map_or(SteelVal::BoolV(false), |held| SteelVal::ListV(std::iter::once(held).collect())))
    }),
    // The procedure in the field that a record's type says is called.
    plain!("%called-field", "record", |args| Ok(match callee(&args[0]) {
        Some(Callee::Field(procedure) | Callee::Method(procedure)) => procedure,
        None => SteelVal::BoolV(false),
    })),
    plain!("%callable", "value", called::callable),
    plain!("%own-name", "value", called::own_name),
    plain!("make-prefab-struct", "key field ...", prefabs::make),
    plain!("%prefab-of", "key fields", prefabs::of),
    plain!("%prefab-fields", "value key", prefabs::taken),
    plain!("prefab-struct-key", "value", prefabs::key_of),
    plain!("%judged?", "type", |args| Ok(SteelVal::BoolV(type_of_type("%judged?", &args[0])?.judged))),
    plain!("%alike", "type code", judged::alike),
    plain!("%judge", "record code other", judged::judge),
    plain!("struct?", "value", |args| Ok(SteelVal::BoolV(seen_fields(&args[0]).is_some()))),
    plain!("record?", "value", |args| Ok(SteelVal::BoolV(is_record(&args[0])))),
    plain!("struct-type?", "value", |args| Ok(SteelVal::BoolV(type_of_type("", &args[0]).is_ok()))),
    plain!("%struct->list", "value", |args| {
        let Some(kind) = type_of(&args[0]) else { return Err(mistaken("struct->vector", "struct?", &args[0])) };
        let fields = seen_fields(&args[0]).unwrap_or_else(|| vec![None]);
        let fields = fields.into_iter().map(|field| field.unwrap_or_else(|| symbol("...")));
        Ok(SteelVal::ListV(std::iter::once(symbol(&format!("struct:{}", kind.name))).chain(fields).collect()))
    }),
];

pub(super) const MAKERS: &[Machined] = &[
    // A record whose fields can change, of a list of them.
    machined!("%construct", "type fields", |machine, args| {
        let kind = type_of_type("%construct", &args[0])?;
        let SteelVal::ListV(given) = &args[1] else { return Err(mistaken("%construct", "list?", &args[1])) };
        let values = filled(&kind, given.len(), given.iter().cloned())?;
        Ok(record(&kind, vec![machine.make_mutable_vector(values)]))
    }),
    // One that is called: a box holds its procedure.
    machined!("%construct-called", "type fields box", |machine, args| {
        let kind = type_of_type("%construct-called", &args[0])?;
        let SteelVal::ListV(given) = &args[1] else { return Err(mistaken("%construct-called", "list?", &args[1])) };
        let values = filled(&kind, given.len(), given.iter().cloned())?;
        let mut all = parts(&kind, if kind.mutable { vec![machine.make_mutable_vector(values)] } else { values });
        all.push(args[2].clone());
        Ok(structs::make_called(&all))
    }),
];

/// The property that makes records procedures.
const CALLED: &str = "prop:procedure";

/// The property whose procedures say which records are equal.
const EQUALITY: &str = "prop:equal+hash";

/// A record's type.
pub(crate) struct RecordType {
    pub(crate) name: Rc<str>,
    /// Among all types of the thread.
    number: usize,
    /// The numbers of the types above it, the topmost first, and its own.
    line: Vec<usize>,
    parent: Option<Rc<RecordType>>,
    /// The names of all its fields, its parents' first.
    pub(crate) fields: Vec<Rc<str>>,
    /// How many of the fields the constructor is given; the others have `automatic` values.
    given: Vec<Option<Kept>>,
    mutable: bool,
    pub(crate) transparent: bool,
    /// Whether the fields that are its own, and not its parents', are seen.
    seen: bool,
    pub(crate) prefab: bool,
    properties: Vec<(Rc<str>, Kept)>,
    /// Whether its own procedures say what is equal: no native can call them, so each record is asked about when it is made,
    /// and its last field is the number of those that it is equal to. Not where fields can change.
    judged: bool,
    /// One record of each number, by the hash code that the type's procedure gave.
    judgements: RefCell<HashMap<u64, Vec<Kept>>>,
    /// The type itself, as scripts have it.
    value: RefCell<Option<SteelVal>>,
}

impl RecordType {
    /// Whether records of the type are equal when what is in them is.
    fn by_contents(&self) -> bool {
        !self.judged && (self.transparent || self.own_equality())
    }

    fn called(&self) -> bool {
        let own = self.properties.iter().any(|(name, _)| &**name == CALLED);
        own || self.parent.as_ref().is_some_and(|parent| parent.called())
    }

    fn own_equality(&self) -> bool {
        let own = self.properties.iter().any(|(name, _)| &**name == EQUALITY);
        own || self.parent.as_ref().is_some_and(|parent| parent.own_equality())
    }
}

/// A record's type as a value.
struct TypeValue(Rc<RecordType>);

impl Custom for TypeValue {
    fn fmt(&self) -> Option<Result<String, std::fmt::Error>> {
        // Steel shows it within each record of the type, when a message of its own does.
        let kind = &self.0;
        Some(Ok(if kind.called() {
            type_shown(None, false, &format!("procedure:{}", kind.name))
        } else {
            type_shown(kind.transparent.then_some(kind.fields.len()), kind.mutable, &kind.name)
        }))
    }

    fn equality_hint(&self, other: &dyn CustomType) -> bool {
        as_underlying_type::<Self>(other).is_some_and(|other| Rc::ptr_eq(&self.0, &other.0))
    }
}

/// What a record's type is called, if a value is one.
pub(crate) fn name_of_type(value: &SteelVal) -> Option<Rc<str>> {
    type_value(value).map(|kind| kind.name.clone())
}

thread_local! {
    /// All types. A procedure knows its own by number, since Steel wants procedures that could go to other threads.
    static TYPES: RefCell<Vec<Rc<RecordType>>> = const { RefCell::new(Vec::new()) };
    static OPAQUE: Cell<isize> = const { Cell::new(0) };
}

fn numbered(number: usize) -> Rc<RecordType> {
    TYPES.with_borrow(|types| types[number].clone())
}

/// Asks the type of a record.
fn with_type<T>(value: &SteelVal, f: impl FnOnce(&Rc<RecordType>) -> T) -> Option<T> {
    let SteelVal::CustomStruct(held) = value else { return None };
    let SteelVal::Custom(first) = held.get_index(0)? else { return None };
    as_underlying_type::<TypeValue>(first.read().as_ref()).map(|kind| f(&kind.0))
}

/// The type of a record.
pub(crate) fn type_of(value: &SteelVal) -> Option<Rc<RecordType>> {
    with_type(value, Rc::clone)
}

pub(crate) fn is_record(value: &SteelVal) -> bool {
    with_type(value, |_| ()).is_some()
}

fn type_of_type(name: &str, value: &SteelVal) -> Result<Rc<RecordType>, SteelErr> {
    type_value(value).ok_or_else(|| mistaken(name, "struct-type?", value))
}

fn type_value(value: &SteelVal) -> Option<Rc<RecordType>> {
    match value {
        SteelVal::Custom(held) => as_underlying_type::<TypeValue>(held.read().as_ref()).map(|kind| kind.0.clone()),
        _ => None,
    }
}

fn value_of(kind: &Rc<RecordType>) -> SteelVal {
    kind.value.borrow().clone().unwrap_or(SteelVal::Void)
}

/// What a record's type is called, or a type.
pub(super) fn type_name(value: &SteelVal) -> Option<Rc<str>> {
    type_of(value).or_else(|| type_of_type("", value).ok()).map(|kind| kind.name.clone())
}

/// The values of all fields of a record.
pub(crate) fn fields(value: &SteelVal) -> Vec<SteelVal> {
    let SteelVal::CustomStruct(held) = value else { return Vec::new() };
    let Some((mutable, count)) = with_type(value, |kind| (kind.mutable, kind.fields.len())) else { return Vec::new() };
    match held.get_index(1).map(structs::together) {
        Some(SteelVal::MutableVector(items)) if mutable => items.get(),
        _ => (1..=count).filter_map(|at| held.get_index(at).cloned()).collect(),
    }
}

/// What is seen of a record: the fields of its transparent types, and none where fields are hidden. None when all are.
pub(crate) fn seen_fields(value: &SteelVal) -> Option<Vec<Option<SteelVal>>> {
    let kind = type_of(value)?;
    let all = fields(value);
    if kind.transparent {
        return Some(all.into_iter().map(Some).collect());
    }
    let mut line = vec![kind];
    while let Some(above) = line.last().and_then(|kind| kind.parent.clone()) {
        line.push(above);
    }
    if !line.iter().any(|kind| kind.seen) {
        return None;
    }
    let (mut shown, mut first): (Vec<Option<SteelVal>>, usize) = (Vec::new(), 0);
    for kind in line.iter().rev() {
        if kind.seen {
            shown.extend(all[first..kind.fields.len()].iter().cloned().map(Some));
        } else if shown.last().is_none_or(Option::is_some) {
            shown.push(None);
        }
        first = kind.fields.len();
    }
    Some(shown)
}

/// The fields of a record by name, in order.
pub(crate) fn named_fields(value: &SteelVal) -> Option<Vec<(String, SteelVal)>> {
    let kind = type_of(value)?;
    Some(kind.fields.iter().map(|name| name.to_string()).zip(fields(value)).collect())
}

/// Whether a record's type or one above it has this name; `top` is the name of the one at the top.
pub(crate) fn descends(value: &SteelVal, top: &str, name: &str) -> bool {
    let mut kind = type_of(value);
    let mut found = false;
    while let Some(next) = kind {
        found |= &*next.name == name;
        if next.parent.is_none() {
            return found && &*next.name == top;
        }
        kind = next.parent.clone();
    }
    false
}

/// What makes two records equal: all that is in them, if it can be seen.
pub(super) fn contents(value: &SteelVal) -> Option<Vec<SteelVal>> {
    let by_contents = with_type(value, |kind| kind.by_contents())?;
    if by_contents { Some(fields(value)) } else { judged::number(value).map(|number| vec![number]) }
}

/// Whether two records are equal; none when neither is one.
pub(super) fn equal(a: &SteelVal, b: &SteelVal, same: &mut dyn FnMut(&SteelVal, &SteelVal) -> bool) -> Option<bool> {
    let (first, second) = match (type_of(a), type_of(b)) {
        (Some(a), Some(b)) => (a, b),
        (None, None) => return None,
        _ => return Some(false),
    };
    let alike = Rc::ptr_eq(&first, &second)
        || first.prefab && second.prefab && first.name == second.name && first.fields.len() == second.fields.len();
    if let (true, Some(a), Some(b)) = (alike, judged::number(a), judged::number(b)) {
        return Some(a == b);
    }
    Some(alike && first.by_contents() && fields(a).iter().zip(&fields(b)).all(|(a, b)| same(a, b)))
}

/// A property of a record's type or of one above it.
fn property(value: &SteelVal, name: &SteelVal) -> Option<SteelVal> {
    let SteelVal::SymbolV(name) = name else { return None };
    let mut kind = type_of(value).or_else(|| type_of_type("", value).ok());
    while let Some(next) = kind {
        if let Some((_, held)) = next.properties.iter().find(|(key, _)| **key == ***name) {
            return Some(held.get());
        }
        kind = next.parent.clone();
    }
    None
}

/// Whether a record's type says how it prints.
pub(crate) fn prints_itself(value: &SteelVal) -> bool {
    is_record(value) && property(value, &symbol("prop:custom-write")).is_some()
}

/// Whether it prints itself, and never behind a quote.
pub(crate) fn unquotable(value: &SteelVal) -> bool {
    let word = || property(value, &symbol("prop:custom-print-quotable"));
    prints_itself(value) && matches!(word(), Some(SteelVal::SymbolV(word)) if word.as_str() == "never")
}

/// Whether a record can be called.
pub(super) fn applicable(value: &SteelVal) -> bool {
    with_type(value, |kind| kind.called()).unwrap_or(false)
}

/// `(%make-record-type name parent fields autos auto-value mutable transparent? properties)` → `(type predicate accessor …
/// mutator-or-#f …)`.
fn make_type(args: &[SteelVal]) -> Native {
    let [
        SteelVal::SymbolV(name),
        parent,
        SteelVal::ListV(own),
        SteelVal::IntV(autos),
        auto,
        SteelVal::ListV(flags),
        seen,
        properties,
    ] = args
    else {
        return Err(failed("%make-record-type: wrong arguments"));
    };
    let parent = match parent {
        SteelVal::BoolV(false) => None,
        other => Some(type_of_type("struct", other)?),
    };
    let own: Vec<Rc<str>> = own.iter().map(|field| Rc::from(crate::interp::print::displayed(field))).collect();
    let automatic = own.len().saturating_sub(usize::try_from(*autos).unwrap_or(0));
    let given = (0..own.len()).map(|at| (at >= automatic).then(|| Kept::new(auto.clone())));
    let flags: Vec<bool> = flags.iter().map(SteelVal::is_truthy).collect();
    let above = parent.as_ref();
    let offset = above.map_or(0, |above| above.fields.len());
    let number = TYPES.with_borrow(Vec::len);
    let kept = |value: &Option<Kept>| value.as_ref().map(|value| Kept::new(value.get()));
    let pairs = super::hashes::pairs_of(properties).unwrap_or_default();
    if pairs.iter().any(|(key, _)| matches!(key, SteelVal::SymbolV(key) if key.as_str() == "prop:custom-write")) {
        crate::interp::print::customs::expect();
    }
    let mutable = flags.contains(&true) || above.is_some_and(|above| above.mutable);
    let called = |name: &SteelVal| matches!(name, SteelVal::SymbolV(key) if key.as_str() == CALLED);
    let called = pairs.iter().any(|(key, _)| called(key)) || above.is_some_and(|above| above.called());
    let equality = pairs.iter().any(|(key, _)| matches!(key, SteelVal::SymbolV(key) if key.as_str() == EQUALITY));
    let judged = !mutable && !called && (equality || above.is_some_and(|above| above.judged));
    let own_kind = matches!(seen, SteelVal::SymbolV(_)) && !mutable && *autos == 0;
    let known = if own_kind { prefabs::known(name, own.len(), above) } else { None };
    let kind = known.unwrap_or_else(|| {
        added(RecordType {
            name: Rc::from(name.as_str()),
            number,
            line: above.into_iter().flat_map(|above| above.line.clone()).chain([number]).collect(),
            fields: above.into_iter().flat_map(|above| above.fields.clone()).chain(own.iter().cloned()).collect(),
            given: above
                .into_iter()
                .flat_map(|above| above.given.iter().map(kept).collect::<Vec<_>>())
                .chain(given)
                .collect(),
            mutable,
            judged,
            judgements: RefCell::default(),
            transparent: seen.is_truthy() && above.is_none_or(|above| above.transparent),
            seen: seen.is_truthy(),
            prefab: matches!(seen, SteelVal::SymbolV(_)),
            properties: pairs
                .into_iter()
                .map(|(key, value)| (Rc::from(crate::interp::print::displayed(&key)), Kept::new(value)))
                .collect(),
            parent: parent.clone(),
            value: RefCell::new(None),
        })
    });
    let value = kind.value.borrow().clone().unwrap_or(SteelVal::Void);
    let access = (0..own.len()).map(|at| accessor(&kind, &own[at], offset + at));
    let change = (0..own.len()).map(|at| match flags.get(at) {
        Some(true) => mutator(&kind, &own[at], offset + at),
        _ => SteelVal::BoolV(false),
    });
    Ok(SteelVal::ListV([value, predicate(&kind)].into_iter().chain(access).chain(change).collect()))
}

/// A new type, known to the thread from here on.
fn added(kind: RecordType) -> Rc<RecordType> {
    let kind = Rc::new(kind);
    *kind.value.borrow_mut() = Some(custom(TypeValue(kind.clone())));
    TYPES.with_borrow_mut(|types| types.push(kind.clone()));
    kind
}

/// The values of all fields, of those that the constructor is given.
fn filled(
    kind: &RecordType,
    count: usize,
    mut given: impl Iterator<Item = SteelVal>,
) -> Result<Vec<SteelVal>, SteelErr> {
    let wanted = kind.given.iter().filter(|automatic| automatic.is_none()).count();
    if wanted != count {
        return Err(miscounted(&kind.name, wanted, count));
    }
    let next =
        |automatic: &Option<Kept>| automatic.as_ref().map_or_else(|| given.next().unwrap_or(SteelVal::Void), Kept::get);
    Ok(kind.given.iter().map(next).collect())
}

fn record(kind: &RecordType, fields: Vec<SteelVal>) -> SteelVal {
    structs::make_record(&parts(kind, fields))
}

/// What a record's struct is made of.
fn parts(kind: &RecordType, fields: Vec<SteelVal>) -> Vec<SteelVal> {
    let mut all = Vec::with_capacity(fields.len() + 2);
    all.extend(kind.value.borrow().clone());
    // Records that change may hold themselves, and Steel's hashes would look at all that is in them.
    match kind.mutable && !kind.by_contents() {
        true => all.extend(fields.into_iter().map(structs::apart)),
        false => all.extend(fields),
    }
    if !kind.by_contents() {
        OPAQUE.set(OPAQUE.get() + 1);
        all.push(SteelVal::IntV(OPAQUE.get()));
    }
    all
}
