//! Sets: immutable and mutable ones, which are hashes (`hashes`), and lists taken as sets, as `racket/set` has them.

use super::{
    Entry, Machined,
    equality::equal,
    given::{NOTHING, failed, misplaced},
    hashes::{
        Kind, SetView, immutable_set,
        store::{self, Table},
        with, without,
    },
    lists::{items, list},
    machined, plain, taking,
};
use crate::interp::{print, value::Native};
use std::mem;
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    plain!("set?", "value", |args| is(SetView::of(&args[0]).is_some_and(|set| !set.is_mutable()))),
    plain!("set-mutable?", "value", |args| is(SetView::of(&args[0]).is_some_and(|set| set.is_mutable()))),
    plain!("generic-set?", "value", |args| is(Set::of(&args[0]).is_some())),
    plain!("set-equal?", "set", |args| is(SetView::of(&args[0]).is_some_and(|set| set.kind() == Kind::Equal))),
    plain!("set-eqv?", "set", |args| is(SetView::of(&args[0]).is_some_and(|set| set.kind() == Kind::Eqv))),
    plain!("set-eq?", "set", |args| is(SetView::of(&args[0]).is_some_and(|set| set.kind() == Kind::Eq))),
    plain!("set", "item ...", |args| Ok(immutable_set(Kind::Equal, args.iter().cloned()))),
    plain!("seteqv", "item ...", |args| Ok(immutable_set(Kind::Eqv, args.iter().cloned()))),
    plain!("seteq", "item ...", |args| Ok(immutable_set(Kind::Eq, args.iter().cloned()))),
    plain!("list->set", "list", |args| Ok(immutable_set(Kind::Equal, list("list->set", &args[0])?.iter().cloned()))),
    plain!("list->seteqv", "list", |args| {
        Ok(immutable_set(Kind::Eqv, list("list->seteqv", &args[0])?.iter().cloned()))
    }),
    plain!("list->seteq", "list", |args| {
        Ok(immutable_set(Kind::Eq, list("list->seteq", &args[0])?.iter().cloned()))
    }),
    plain!("set->list", "set [try-order?]", |args| made(Set::given("set->list", args)?.items())),
    plain!("set-count", "set", |args| Ok(SteelVal::IntV(Set::given("set-count", args)?.len() as isize))),
    plain!("set-empty?", "set", |args| is(Set::given("set-empty?", args)?.len() == 0)),
    plain!("set-member?", "set item", |args| is(Set::given("set-member?", args)?.has(&args[1]))),
    plain!("set-first", "set", |args| {
        let first = Set::given("set-first", args)?.items().into_iter().next();
        first.ok_or_else(|| misplaced("set-first", "(and/c generic-set? (not/c set-empty?))", args, 0))
    }),
    plain!("set-rest", "set", |args| {
        let set = Set::given("set-rest", args)?;
        let mut items = set.items();
        if items.is_empty() {
            return Err(misplaced("set-rest", "(and/c generic-set? (not/c set-empty?))", args, 0));
        }
        set.like("set-rest", items.split_off(1))
    }),
    plain!("set-clear", "set", |args| Set::given("set-clear", args)?.like("set-clear", Vec::new())),
    plain!("set-union", "set ...", |args| {
        let [first, others @ ..] = args else { return Ok(immutable_set(Kind::Equal, [])) };
        let set = Set::given("set-union", std::slice::from_ref(first))?;
        // A list is added to at its front, one by one.
        let mut all = set.items();
        let mut result = first.clone();
        for (at, other) in others.iter().enumerate() {
            let other_set = set.beside("set-union", args, at + 1, other)?;
            match &set {
                Set::List(_) => {
                    for item in other_set.items() {
                        if !all.iter().any(|held| equal(held, &item)) {
                            all.insert(0, item);
                        }
                    }
                }
                Set::Held(_) => all.extend(other_set.items()),
            }
            result = set.like("set-union", all.clone())?;
        }
        Ok(result)
    }),
    plain!("set-intersect", "set others ...", |args| {
        let set = Set::given("set-intersect", args)?;
        let others = set.others("set-intersect", args)?;
        set.kept("set-intersect", |item| others.iter().all(|other| other.has(item)))
    }),
    plain!("set-subtract", "set others ...", |args| {
        let set = Set::given("set-subtract", args)?;
        let others = set.others("set-subtract", args)?;
        set.kept("set-subtract", |item| !others.iter().any(|other| other.has(item)))
    }),
    plain!("set-symmetric-difference", "set others ...", |args| {
        let set = Set::given("set-symmetric-difference", args)?;
        let mut items = set.items();
        for other in set.others("set-symmetric-difference", args)? {
            let theirs = other.items();
            let (gone, new): (Vec<_>, Vec<_>) =
                theirs.into_iter().partition(|item| items.iter().any(|held| set.same(held, item)));
            items.retain(|item| !gone.iter().any(|other| set.same(item, other)));
            items.splice(0..0, new.into_iter().rev());
        }
        set.like("set-symmetric-difference", items)
    }),
    plain!("set=?", "a b", |args| {
        let (a, b) = Set::both("set=?", args)?;
        is(a.within(&b) && b.within(&a))
    }),
    plain!("subset?", "a b", |args| {
        let (a, b) = Set::both("subset?", args)?;
        is(a.within(&b))
    }),
    plain!("proper-subset?", "a b", |args| {
        let (a, b) = Set::both("proper-subset?", args)?;
        is(a.within(&b) && !b.within(&a))
    }),
    plain!("set-add!", "set item", |args| {
        change("set-add!", args)?.set(args[1].clone(), SteelVal::Void);
        NOTHING
    }),
    plain!("set-remove!", "set item", |args| {
        change("set-remove!", args)?.remove(&args[1]);
        NOTHING
    }),
    plain!("set-clear!", "set", |args| {
        change("set-clear!", args)?.clear();
        NOTHING
    }),
    plain!("set-union!", "set others ...", |args| {
        let table = change("set-union!", args)?;
        for at in 1..args.len() {
            Set::at("set-union!", args, at)?.items().into_iter().for_each(|item| table.set(item, SteelVal::Void));
        }
        NOTHING
    }),
    plain!("set-subtract!", "set others ...", |args| {
        let table = change("set-subtract!", args)?;
        for at in 1..args.len() {
            Set::at("set-subtract!", args, at)?.items().iter().for_each(|item| {
                table.remove(item);
            });
        }
        NOTHING
    }),
    plain!("set-symmetric-difference!", "set others ...", |args| {
        let table = change("set-symmetric-difference!", args)?;
        for at in 1..args.len() {
            for item in Set::at("set-symmetric-difference!", args, at)?.items() {
                if table.get(&item).is_some() {
                    table.remove(&item);
                } else {
                    table.set(item, SteelVal::Void);
                }
            }
        }
        NOTHING
    }),
    plain!("set-intersect!", "set others ...", |args| {
        let table = change("set-intersect!", args)?;
        for at in 1..args.len() {
            let other = Set::at("set-intersect!", args, at)?;
            for (item, _) in table.entries() {
                if !other.has(&item) {
                    table.remove(&item);
                }
            }
        }
        NOTHING
    }),
];

pub(super) const MAKERS: &[Machined] = &[
    taking!("set-add", "set item", |args| {
        if is_immutable(&args[0]) {
            return Ok(with(mem::take(&mut args[0]), mem::take(&mut args[1]), SteelVal::Void));
        }
        let set = Set::given("set-add", args)?;
        let mut items = set.items();
        if !set.has(&args[1]) {
            items.insert(0, args[1].clone());
        }
        set.like("set-add", items)
    }),
    taking!("set-remove", "set item", |args| {
        if is_immutable(&args[0]) {
            return Ok(without(mem::take(&mut args[0]), &args[1]));
        }
        let set = Set::given("set-remove", args)?;
        set.like("set-remove", set.items().into_iter().filter(|item| !set.same(item, &args[1])).collect())
    }),
    machined!("mutable-set", "item ...", |machine, args| Ok(changing(
        Kind::Equal,
        machine.make_mutable_vector(vec![]),
        args
    ))),
    machined!("mutable-seteqv", "item ...", |machine, args| Ok(changing(
        Kind::Eqv,
        machine.make_mutable_vector(vec![]),
        args
    ))),
    machined!("mutable-seteq", "item ...", |machine, args| Ok(changing(
        Kind::Eq,
        machine.make_mutable_vector(vec![]),
        args
    ))),
    machined!("weak-set", "item ...", |machine, args| Ok(changing(
        Kind::Equal,
        machine.make_mutable_vector(vec![]),
        args
    ))),
    machined!("weak-seteqv", "item ...", |machine, args| Ok(changing(
        Kind::Eqv,
        machine.make_mutable_vector(vec![]),
        args
    ))),
    machined!("weak-seteq", "item ...", |machine, args| Ok(changing(
        Kind::Eq,
        machine.make_mutable_vector(vec![]),
        args
    ))),
    machined!("list->mutable-set", "list", |machine, args| {
        Ok(changing(Kind::Equal, machine.make_mutable_vector(vec![]), &items("list->mutable-set", &args[0])?))
    }),
    machined!("list->mutable-seteqv", "list", |machine, args| {
        Ok(changing(Kind::Eqv, machine.make_mutable_vector(vec![]), &items("list->mutable-seteqv", &args[0])?))
    }),
    machined!("list->mutable-seteq", "list", |machine, args| {
        Ok(changing(Kind::Eq, machine.make_mutable_vector(vec![]), &items("list->mutable-seteq", &args[0])?))
    }),
    machined!("list->weak-set", "list", |machine, args| {
        Ok(changing(Kind::Equal, machine.make_mutable_vector(vec![]), &items("list->weak-set", &args[0])?))
    }),
    machined!("list->weak-seteqv", "list", |machine, args| {
        Ok(changing(Kind::Eqv, machine.make_mutable_vector(vec![]), &items("list->weak-seteqv", &args[0])?))
    }),
    machined!("list->weak-seteq", "list", |machine, args| {
        Ok(changing(Kind::Eq, machine.make_mutable_vector(vec![]), &items("list->weak-seteq", &args[0])?))
    }),
    machined!("set-copy", "set", |machine, args| {
        let items = Set::given("set-copy", args)?.items();
        match SetView::of(&args[0]).and_then(SetView::table) {
            Some(table) => Ok(changing(table.kind(), machine.make_mutable_vector(vec![]), &items)),
            None => Ok(args[0].clone()),
        }
    }),
    machined!("set-copy-clear", "set", |machine, args| {
        let set = Set::given("set-copy-clear", args)?;
        match SetView::of(&args[0]).and_then(SetView::table) {
            Some(table) => Ok(changing(table.kind(), machine.make_mutable_vector(vec![]), &[])),
            None => set.like("set-copy-clear", Vec::new()),
        }
    }),
];

/// A mutable set of these, in an empty vector of the machine's.
fn changing(kind: Kind, held: SteelVal, items: &[SteelVal]) -> SteelVal {
    filled(store::make(kind, true, held), items)
}

fn filled(made: SteelVal, items: &[SteelVal]) -> SteelVal {
    if let Some(table) = Table::of(&made) {
        items.iter().for_each(|item| table.set(item.clone(), SteelVal::Void));
    }
    made
}

fn is(truth: bool) -> Native {
    Ok(SteelVal::BoolV(truth))
}

fn made(items: Vec<SteelVal>) -> Native {
    Ok(SteelVal::ListV(items.into()))
}

/// What is taken for a set: a set, or a list.
enum Set<'a> {
    Held(SetView<'a>),
    List(&'a SteelVal),
}

impl<'a> Set<'a> {
    fn of(value: &'a SteelVal) -> Option<Self> {
        match value {
            SteelVal::ListV(_) => Some(Self::List(value)),
            other => SetView::of(other).map(Self::Held),
        }
    }

    fn at(name: &str, args: &'a [SteelVal], at: usize) -> Result<Self, SteelErr> {
        Self::of(&args[at]).ok_or_else(|| misplaced(name, "set?", args, at))
    }

    fn given(name: &str, args: &'a [SteelVal]) -> Result<Self, SteelErr> {
        Self::at(name, args, 0)
    }

    /// Two sets of the same sort.
    fn both(name: &str, args: &'a [SteelVal]) -> Result<(Self, Self), SteelErr> {
        let first = Self::given(name, args)?;
        let second = first.beside(name, args, 1, &args[1])?;
        Ok((first, second))
    }

    /// The other arguments, which must be sets of the same sort.
    fn others(&self, name: &str, args: &'a [SteelVal]) -> Result<Vec<Self>, SteelErr> {
        args.iter().enumerate().skip(1).map(|(at, other)| self.beside(name, args, at, other)).collect()
    }

    fn beside(&self, name: &str, args: &[SteelVal], at: usize, other: &'a SteelVal) -> Result<Self, SteelErr> {
        let set = Self::of(other).ok_or_else(|| misplaced(name, "set?", args, at))?;
        if self.kind() == set.kind() {
            return Ok(set);
        }
        let (first, other) = (print::clipped(&args[0]), print::clipped(other));
        Err(failed(format!(
            "{name}: set arguments have incompatible equivalence predicates\n  first set: {first}\n  incompatible set: {other}"
        )))
    }

    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Held(view) => Some(view.kind()),
            Self::List(_) => None,
        }
    }

    fn items(&self) -> Vec<SteelVal> {
        match self {
            Self::Held(view) => view.items(),
            Self::List(value) => items("", value).unwrap_or_default(),
        }
    }

    fn same(&self, a: &SteelVal, b: &SteelVal) -> bool {
        self.kind().unwrap_or(Kind::Equal).same(a, b)
    }

    fn has(&self, item: &SteelVal) -> bool {
        match self {
            Self::Held(view) => view.has(item),
            Self::List(value) => list("", value).is_ok_and(|list| list.iter().any(|held| equal(held, item))),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Held(view) => view.len(),
            Self::List(_) => self.items().len(),
        }
    }

    fn within(&self, other: &Self) -> bool {
        self.items().iter().all(|item| other.has(item))
    }

    /// A set of this sort with other items.
    fn like(&self, name: &str, items: Vec<SteelVal>) -> Native {
        match self {
            Self::Held(view) if !view.is_mutable() => Ok(immutable_set(view.kind(), items)),
            Self::Held(_) => Err(failed(format!(
                "{name}:\nexpected: (not/c (or/c set-mutable? set-weak?))\ngiven mutable set\nargument position: 1st"
            ))),
            Self::List(_) => made(items),
        }
    }

    /// What of it passes. A list comes out the other way round, as from Racket.
    fn kept(&self, name: &str, pass: impl Fn(&SteelVal) -> bool) -> Native {
        let mut items = self.items();
        items.retain(pass);
        if matches!(self, Self::List(_)) {
            items.reverse();
        }
        self.like(name, items)
    }
}

fn is_immutable(value: &SteelVal) -> bool {
    SetView::of(value).is_some_and(|set| !set.is_mutable())
}

/// The mutable set that is the first argument.
fn change<'a>(name: &str, args: &'a [SteelVal]) -> Result<Table<'a>, SteelErr> {
    let Some(set) = SetView::of(&args[0]) else { return Err(misplaced(name, "set?", args, 0)) };
    set.table().ok_or_else(|| {
        let given = print::clipped(&args[0]);
        failed(format!(
            "{name}:\nexpected: (or/c set-mutable? set-weak?)\ngiven immutable set: {given}\nargument position: 1st"
        ))
    })
}
