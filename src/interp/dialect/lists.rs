//! Lists, as far as they are read, cut and put together without calling a procedure (`prelude/racket/lists.scm`).

mod places;

use super::{
    Entry, equality,
    given::{Given, failed, keyed, misplaced, mistaken, plain},
    hashes::Kind,
    structs::{cons, parts},
    support::several,
};
use crate::interp::{print, value::Native};
use places::{last_pair, list_ref, list_tail, nth, split, split_right, too_large, walk};
use std::collections::HashMap;
use steel::{SteelErr, SteelVal};

pub(super) const TABLE: &[Entry] = &[
    plain!("caar", "list", |args| walk("caar", &args[0])),
    plain!("cadr", "list", |args| walk("cadr", &args[0])),
    plain!("cdar", "list", |args| walk("cdar", &args[0])),
    plain!("cddr", "list", |args| walk("cddr", &args[0])),
    plain!("caaar", "list", |args| walk("caaar", &args[0])),
    plain!("caadr", "list", |args| walk("caadr", &args[0])),
    plain!("cadar", "list", |args| walk("cadar", &args[0])),
    plain!("caddr", "list", |args| walk("caddr", &args[0])),
    plain!("cdaar", "list", |args| walk("cdaar", &args[0])),
    plain!("cdadr", "list", |args| walk("cdadr", &args[0])),
    plain!("cddar", "list", |args| walk("cddar", &args[0])),
    plain!("cdddr", "list", |args| walk("cdddr", &args[0])),
    plain!("caaaar", "list", |args| walk("caaaar", &args[0])),
    plain!("caaadr", "list", |args| walk("caaadr", &args[0])),
    plain!("caadar", "list", |args| walk("caadar", &args[0])),
    plain!("caaddr", "list", |args| walk("caaddr", &args[0])),
    plain!("cadaar", "list", |args| walk("cadaar", &args[0])),
    plain!("cadadr", "list", |args| walk("cadadr", &args[0])),
    plain!("caddar", "list", |args| walk("caddar", &args[0])),
    plain!("cadddr", "list", |args| walk("cadddr", &args[0])),
    plain!("cdaaar", "list", |args| walk("cdaaar", &args[0])),
    plain!("cdaadr", "list", |args| walk("cdaadr", &args[0])),
    plain!("cdadar", "list", |args| walk("cdadar", &args[0])),
    plain!("cdaddr", "list", |args| walk("cdaddr", &args[0])),
    plain!("cddaar", "list", |args| walk("cddaar", &args[0])),
    plain!("cddadr", "list", |args| walk("cddadr", &args[0])),
    plain!("cdddar", "list", |args| walk("cdddar", &args[0])),
    plain!("cddddr", "list", |args| walk("cddddr", &args[0])),
    plain!("memq", "value list", |args| member("memq", Kind::Eq, args)),
    plain!("memv", "value list", |args| member("memv", Kind::Eqv, args)),
    plain!("%member", "value list", |args| member("member", Kind::Equal, args)),
    plain!("assq", "key pairs", |args| association("assq", Kind::Eq, args)),
    plain!("assv", "key pairs", |args| association("assv", Kind::Eqv, args)),
    plain!("%assoc", "key pairs", |args| association("assoc", Kind::Equal, args)),
    plain!("remq", "value list", |args| remove("remq", Kind::Eq, args)),
    plain!("remv", "value list", |args| remove("remv", Kind::Eqv, args)),
    plain!("%remove", "value list", |args| remove("remove", Kind::Equal, args)),
    plain!("remq*", "values list", |args| remove_all("remq*", Kind::Eq, args)),
    plain!("remv*", "values list", |args| remove_all("remv*", Kind::Eqv, args)),
    plain!("%remove*", "values list", |args| remove_all("remove*", Kind::Equal, args)),
    plain!("%remove-duplicates", "list kind", |args| Ok(distinct(
        list("remove-duplicates", &args[0])?,
        kind(&args[1])
    ))),
    plain!("%first-duplicate", "keys list kind default", first_duplicate),
    plain!("%index-of", "list value", |args| {
        let found = list("index-of", &args[0])?.iter().position(|item| equality::equal(item, &args[1]));
        Ok(found.map_or(SteelVal::BoolV(false), number))
    }),
    plain!("%indexes-of", "list value", |args| {
        let items = list("indexes-of", &args[0])?.iter().enumerate();
        made(items.filter(|(_, item)| equality::equal(item, &args[1])).map(|(at, _)| number(at)))
    }),
    plain!("length", "list", |args| Ok(number(list("length", &args[0])?.len()))),
    plain!("length+", "list", |args| Ok(list("length+", &args[0]).map_or(SteelVal::BoolV(false), |l| number(l.len())))),
    plain!("reverse", "list", |args| {
        list("reverse", &args[0])?;
        match args[0].clone() {
            SteelVal::ListV(items) => Ok(SteelVal::ListV(items.reverse())),
            other => Ok(other),
        }
    }),
    plain!("append", "list ...", |args| append("append", args)),
    plain!("append*", "list ... lists", |args| {
        let (last, before) = args.split_last().unwrap_or((&SteelVal::Void, &[]));
        let last = list("append*", last)?;
        append("append*", &before.iter().chain(last.iter()).cloned().collect::<Vec<_>>())
    }),
    plain!("concatenate", "lists", |args| {
        append("concatenate", &list("concatenate", &args[0])?.iter().cloned().collect::<Vec<_>>())
    }),
    plain!("append-reverse", "list tail", |args| {
        let items = list("append-reverse", &args[0])?;
        Ok(items.iter().fold(args[1].clone(), |tail, item| cons(item.clone(), tail)))
    }),
    plain!("flatten", "value", |args| {
        let mut flat = Vec::new();
        flatten(&args[0], &mut flat);
        made(flat.into_iter())
    }),
    plain!("list-ref", "list index", |args| list_ref("list-ref", args)),
    plain!("list-tail", "list index", list_tail),
    plain!("list?", "value", |args| Ok(SteelVal::BoolV(matches!(args[0], SteelVal::ListV(_))))),
    plain!("first", "list", |args| nth("first", args, 0)),
    plain!("second", "list", |args| nth("second", args, 1)),
    plain!("third", "list", |args| nth("third", args, 2)),
    plain!("fourth", "list", |args| nth("fourth", args, 3)),
    plain!("fifth", "list", |args| nth("fifth", args, 4)),
    plain!("sixth", "list", |args| nth("sixth", args, 5)),
    plain!("seventh", "list", |args| nth("seventh", args, 6)),
    plain!("eighth", "list", |args| nth("eighth", args, 7)),
    plain!("ninth", "list", |args| nth("ninth", args, 8)),
    plain!("tenth", "list", |args| nth("tenth", args, 9)),
    plain!("rest", "list", |args| {
        filled("rest", &args[0])?;
        Ok(parts(&args[0]).map_or(SteelVal::Void, |(_, rest)| rest))
    }),
    plain!("last", "list", |args| Ok(filled("last", &args[0])?.last().cloned().unwrap_or(SteelVal::Void))),
    plain!("last-pair", "list", last_pair),
    plain!("empty?", "value", |args| Ok(empty(&args[0]))),
    plain!("take", "list count", |args| Ok(split("take", args)?.0)),
    plain!("drop", "list count", |args| Ok(split("drop", args)?.1)),
    plain!("list-head", "list count", |args| Ok(split("list-head", args)?.0)),
    plain!("split-at", "list count", |args| split("split-at", args).map(|(taken, left)| several(&[taken, left]))),
    plain!("split-at-right", "list count", |args| {
        split_right("split-at-right", args).map(|(left, taken)| several(&[left, taken]))
    }),
    plain!("take-right", "list count", |args| Ok(split_right("take-right", args)?.1)),
    plain!("drop-right", "list count", |args| Ok(split_right("drop-right", args)?.0)),
    plain!("list-set", "list index value", |args| {
        let at = index("list-set", args, 1)?;
        let items = list("list-set", &args[0])?;
        if at >= items.len() {
            return Err(too_large("list-set", at, &args[0]));
        }
        let items = items.iter().enumerate();
        made(items.map(|(i, item)| if i == at { args[2].clone() } else { item.clone() }))
    }),
    plain!("list*", "item ... tail", |args| Ok(improper(args))),
    // What `apply` is given behind the procedure, as one list.
    plain!("%spread", "item ... tail", |args| match args.last() {
        Some(last) if !matches!(last, SteelVal::ListV(_)) => Err(mistaken("apply", "list?", last)),
        _ => Ok(improper(args)),
    }),
    plain!("cons*", "item ... tail", |args| Ok(improper(args))),
    plain!("list-copy", "list", |args| Ok(args[0].clone())),
    plain!("make-list", "count [fill]", |args| {
        let fill = args.get(1).cloned().unwrap_or(SteelVal::IntV(0));
        made(std::iter::repeat_n(fill, index("make-list", args, 0)?))
    }),
    keyed!(
        "add-between",
        "list between #:before-first before-first #:before-last before-last #:after-last after-last #:splice? splice?",
        add_between
    ),
    plain!("cartesian-product", "list ...", |args| {
        let lists = args.iter().map(|l| list("cartesian-product", l)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = vec![nothing()];
        for items in lists.into_iter().rev() {
            let with = |item: &SteelVal| rows.iter().map(|row| cons(item.clone(), row.clone())).collect::<Vec<_>>();
            rows = items.iter().flat_map(with).collect();
        }
        made(rows.into_iter())
    }),
    plain!("permutations", "list", |args| made(permutations(items("permutations", &args[0])?).into_iter())),
    plain!("combinations", "list [size]", |args| combinations("combinations", args)),
    // A sequence of them is a list.
    plain!("in-permutations", "list", |args| made(permutations(items("in-permutations", &args[0])?).into_iter())),
    plain!("in-combinations", "list [size]", |args| combinations("in-combinations", args)),
    plain!("shuffle", "list", |args| {
        let mut items = items("shuffle", &args[0])?;
        super::bits::shuffle(&mut items);
        made(items.into_iter())
    }),
];

fn number(n: usize) -> SteelVal {
    SteelVal::IntV(n as isize)
}

fn made(items: impl Iterator<Item = SteelVal>) -> Native {
    Ok(SteelVal::ListV(items.collect()))
}

fn empty(value: &SteelVal) -> SteelVal {
    SteelVal::BoolV(matches!(value, SteelVal::ListV(items) if items.is_empty()))
}

/// The empty list.
pub(super) fn nothing() -> SteelVal {
    SteelVal::ListV(Vec::new().into())
}

/// A list to read. Steel's own type of it has no name out here.
#[derive(Clone, Copy)]
pub(super) struct Items<'a>(&'a SteelVal);

impl<'a> Items<'a> {
    pub(super) fn iter(self) -> impl Iterator<Item = &'a SteelVal> {
        let items = if let SteelVal::ListV(items) = self.0 { Some(items) } else { None };
        items.into_iter().flat_map(|items| items.iter())
    }

    pub(super) fn len(self) -> usize {
        if let SteelVal::ListV(items) = self.0 { items.len() } else { 0 }
    }

    fn get(self, at: usize) -> Option<&'a SteelVal> {
        if let SteelVal::ListV(items) = self.0 { items.get(at) } else { None }
    }

    fn last(self) -> Option<&'a SteelVal> {
        if let SteelVal::ListV(items) = self.0 { items.last() } else { None }
    }
}

/// A list, or the error that it is none.
pub(super) fn list<'a>(name: &str, value: &'a SteelVal) -> Result<Items<'a>, SteelErr> {
    match value {
        SteelVal::ListV(_) => Ok(Items(value)),
        other => Err(mistaken(name, "list?", other)),
    }
}

pub(super) fn items(name: &str, value: &SteelVal) -> Result<Vec<SteelVal>, SteelErr> {
    list(name, value).map(|items| items.iter().cloned().collect())
}

fn filled<'a>(name: &str, value: &'a SteelVal) -> Result<Items<'a>, SteelErr> {
    match value {
        SteelVal::ListV(items) if !items.is_empty() => Ok(Items(value)),
        other => Err(mistaken(name, "(and/c list? (not/c empty?))", other)),
    }
}

/// A natural number among the arguments.
pub(super) fn index(name: &str, args: &[SteelVal], at: usize) -> Result<usize, SteelErr> {
    match &args[at] {
        SteelVal::IntV(n) if *n >= 0 => Ok(*n as usize),
        _ => Err(misplaced(name, "exact-nonnegative-integer?", args, at)),
    }
}

/// The equality that a symbol of the prelude's names.
fn kind(value: &SteelVal) -> Kind {
    match value {
        SteelVal::SymbolV(name) if name.as_str() == "eq?" => Kind::Eq,
        SteelVal::SymbolV(name) if name.as_str() == "eqv?" => Kind::Eqv,
        _ => Kind::Equal,
    }
}

fn member(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    let mut left = args[1].clone();
    while let Some((item, next)) = parts(&left) {
        if kind.same(&item, &args[0]) {
            return Ok(left);
        }
        left = next;
    }
    if matches!(left, SteelVal::ListV(_)) {
        return Ok(SteelVal::BoolV(false));
    }
    Err(failed(format!("{name}: not a proper list\n  in: {}", print::clipped(&args[1]))))
}

fn association(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    let all = match &args[1] {
        SteelVal::ListV(all) => all,
        other => return Err(failed(format!("{name}: not a proper list: {}", print::clipped(other)))),
    };
    for pair in all {
        let same = match pair {
            SteelVal::Pair(pair) => kind.same(pair.car_ref(), &args[0]),
            SteelVal::ListV(items) if !items.is_empty() => {
                items.first().is_some_and(|first| kind.same(first, &args[0]))
            }
            other => {
                let (other, all) = (print::clipped(other), print::clipped(&args[1]));
                return Err(failed(format!("{name}: non-pair found in list\n  non-pair: {other}\n  list: {all}")));
            }
        };
        if same {
            return Ok(pair.clone());
        }
    }
    Ok(SteelVal::BoolV(false))
}

fn remove(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    let items = list(name, &args[1])?;
    match items.iter().position(|item| kind.same(item, &args[0])) {
        Some(at) => made(items.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, item)| item.clone())),
        None => Ok(args[1].clone()),
    }
}

fn remove_all(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    let (unwanted, items) = (list(name, &args[0])?, list(name, &args[1])?);
    made(items.iter().filter(|item| !unwanted.iter().any(|other| kind.same(other, item))).cloned())
}

/// Which values were met, by the numbers of their first places.
#[derive(Default)]
struct Met(HashMap<u64, Vec<usize>>);

impl Met {
    /// Whether a value is the same as one before it; it is met from now on.
    fn again(&mut self, kind: Kind, all: &[&SteelVal], at: usize) -> bool {
        let places = self.0.entry(equality::hash(kind, all[at])).or_default();
        if places.iter().any(|place| kind.same(all[*place], all[at])) {
            return true;
        }
        places.push(at);
        false
    }
}

fn distinct(items: Items<'_>, kind: Kind) -> SteelVal {
    let all: Vec<&SteelVal> = items.iter().collect();
    let mut met = Met::default();
    SteelVal::ListV((0..all.len()).filter(|at| !met.again(kind, &all, *at)).map(|at| all[at].clone()).collect())
}

/// `(%first-duplicate keys list kind default)`: the first item whose key an earlier one has.
fn first_duplicate(args: &[SteelVal]) -> Native {
    let keys: Vec<&SteelVal> = list("check-duplicates", &args[0])?.iter().collect();
    let items = list("check-duplicates", &args[1])?;
    let (mut met, kind) = (Met::default(), kind(&args[2]));
    let found = (0..keys.len()).find(|at| met.again(kind, &keys, *at));
    Ok(found.and_then(|at| items.get(at).cloned()).unwrap_or_else(|| args[3].clone()))
}

fn append(name: &str, args: &[SteelVal]) -> Native {
    let Some((last, before)) = args.split_last() else { return made(std::iter::empty()) };
    let mut result = last.clone();
    for part in before.iter().rev() {
        let part = list(name, part)?;
        result = part.iter().rev_items().into_iter().fold(result, |tail, item| cons(item.clone(), tail));
    }
    Ok(result)
}

/// Lists are gone through from the front alone.
trait Backwards<'a> {
    fn rev_items(self) -> Vec<&'a SteelVal>;
}

impl<'a, I: Iterator<Item = &'a SteelVal>> Backwards<'a> for I {
    fn rev_items(self) -> Vec<&'a SteelVal> {
        let mut all: Vec<_> = self.collect();
        all.reverse();
        all
    }
}

fn improper(args: &[SteelVal]) -> SteelVal {
    let (last, before) = args.split_last().unwrap_or((&SteelVal::Void, &[]));
    before.iter().rev().fold(last.clone(), |tail, item| cons(item.clone(), tail))
}

fn flatten(value: &SteelVal, out: &mut Vec<SteelVal>) {
    match value {
        SteelVal::ListV(items) => items.iter().for_each(|item| flatten(item, out)),
        SteelVal::Pair(pair) => {
            flatten(pair.car_ref(), out);
            flatten(pair.cdr_ref(), out);
        }
        other => out.push(other.clone()),
    }
}

fn add_between(given: &Given) -> Native {
    let items = items("add-between", &given[0])?;
    let splice = given.key("splice?").is_some_and(SteelVal::is_truthy);
    let spliced = |value: &SteelVal| match value {
        SteelVal::ListV(items) if splice => Ok(items.iter().cloned().collect()),
        other if splice => Err(failed(format!(
            "add-between: list needed in splicing mode\n  given: {}\n  given list...: {}",
            print::clipped(other),
            print::clipped(&given[0])
        ))),
        other => Ok(vec![other.clone()]),
    };
    let at_end = |key| match given.key(key) {
        Some(SteelVal::ListV(items)) if splice => items.iter().cloned().collect(),
        _ => Vec::new(),
    };
    let between = spliced(&given[1])?;
    let before_last = given.key("before-last").map_or_else(|| Ok(between.clone()), spliced)?;
    let mut all = at_end("before-first");
    let count = items.len();
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            all.extend(if i + 1 == count { before_last.iter() } else { between.iter() }.cloned());
        }
        all.push(item);
    }
    all.append(&mut at_end("after-last"));
    made(all.into_iter())
}

/// In Racket's order: by the last item first, those that stand last before those that stand first.
fn permutations(items: Vec<SteelVal>) -> Vec<SteelVal> {
    fn fill(left: &[SteelVal], end: SteelVal, out: &mut Vec<SteelVal>) {
        if left.is_empty() {
            out.push(end);
            return;
        }
        for at in (0..left.len()).rev() {
            let mut others = left.to_vec();
            let last = others.remove(at);
            fill(&others, cons(last, end.clone()), out);
        }
    }
    let mut all = Vec::new();
    fill(&items, nothing(), &mut all);
    all
}

fn combinations(name: &str, args: &[SteelVal]) -> Native {
    let items = items(name, &args[0])?;
    let chosen = |places: &[usize]| SteelVal::ListV(places.iter().map(|at| items[*at].clone()).collect());
    let given = args.get(1).filter(|size| size.is_truthy());
    let Some(size) = given.map(|_| index(name, args, 1)).transpose()? else {
        if items.len() > 40 {
            return Err(failed(format!("{name}: a list of {} has too many", items.len())));
        }
        // Counted in binary, the first item as the lowest digit.
        return made(
            (0_u64..1 << items.len())
                .map(|bits| chosen(&(0..items.len()).filter(|at| bits >> at & 1 == 1).collect::<Vec<_>>())),
        );
    };
    let mut all = Vec::new();
    let mut places: Vec<usize> = (0..size).collect();
    while size <= items.len() {
        all.push(chosen(&places));
        // The last place that can move on does, and those behind it follow close.
        let Some(at) = (0..size).rev().find(|at| places[*at] < items.len() - size + at) else { break };
        places[at] += 1;
        for next in at + 1..size {
            places[next] = places[next - 1] + 1;
        }
    }
    made(all.into_iter())
}
