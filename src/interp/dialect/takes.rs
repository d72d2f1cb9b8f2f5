//! What procedures take: how many arguments, and which keywords.

use super::{
    Entry,
    given::{mistaken, plain},
    known, records,
};
use crate::interp::value::{Native, symbol};
use std::rc::Rc;
use steel::SteelVal;

/// What a procedure takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Takes {
    /// The least and, unless there is no end, the most arguments: in order, and apart from each other.
    cases: Vec<(usize, Option<usize>)>,
    /// The keywords that it cannot do without.
    required: Vec<Rc<str>>,
    /// Those that it can; none where it takes any.
    optional: Option<Vec<Rc<str>>>,
}

impl Takes {
    pub(super) fn new(cases: Vec<(usize, Option<usize>)>) -> Self {
        Self { cases: normal(cases), required: Vec::new(), optional: Some(Vec::new()) }
    }

    pub(super) fn between(least: usize, most: Option<usize>) -> Self {
        Self::new(vec![(least, most)])
    }

    /// As the front end writes it: `1 3-5 7+`, behind it `!a` for a keyword that is required, `?b` for another one and `*`
    /// for any.
    pub(super) fn read(text: &str) -> Self {
        let mut read = Self::new(Vec::new());
        for word in text.split_whitespace() {
            match (word.strip_prefix('!'), word.strip_prefix('?')) {
                (Some(key), _) => read.required.push(key.into()),
                (_, Some(key)) => read.optional.get_or_insert_default().push(key.into()),
                _ if word == "*" => read.optional = None,
                _ => {
                    let number = |text: &str| text.parse().unwrap_or(0);
                    read.cases.push(match (word.split_once('-'), word.strip_suffix('+')) {
                        (Some((least, most)), _) => (number(least), Some(number(most))),
                        (_, Some(least)) => (number(least), None),
                        _ => (number(word), Some(number(word))),
                    });
                }
            }
        }
        read.required.sort();
        if let Some(optional) = &mut read.optional {
            optional.sort();
        }
        Self { cases: normal(read.cases), ..read }
    }

    /// The least and the most of all.
    pub(crate) fn bounds(&self) -> Option<(usize, Option<usize>)> {
        Some((self.cases.first()?.0, self.cases.last()?.1))
    }

    fn takes(&self, count: usize) -> bool {
        self.cases.iter().any(|(least, most)| count >= *least && most.is_none_or(|most| count <= most))
    }

    /// What is left when the first argument is given.
    fn without_first(&self) -> Self {
        let fewer = |(least, most): &(usize, Option<usize>)| match most {
            Some(0) => None,
            _ => Some((least.saturating_sub(1), most.map(|most| most - 1))),
        };
        Self { cases: normal(self.cases.iter().filter_map(fewer).collect()), ..self.clone() }
    }
}

/// Cases in order, those that meet made one.
fn normal(mut cases: Vec<(usize, Option<usize>)>) -> Vec<(usize, Option<usize>)> {
    cases.sort_by_key(|(least, _)| *least);
    let mut out: Vec<(usize, Option<usize>)> = Vec::with_capacity(cases.len());
    for (least, most) in cases {
        match out.last_mut() {
            Some((_, None)) => {}
            Some((_, last @ Some(_))) if last.is_some_and(|last| least <= last + 1) => {
                *last = match (*last, most) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                };
            }
            _ => out.push((least, most)),
        }
    }
    out
}

/// What a procedure takes, if anybody knows.
pub(crate) fn of(procedure: &SteelVal) -> Option<Takes> {
    if let Some(takes) = known::noted(procedure) {
        return Some((*takes).clone());
    }
    match procedure {
        SteelVal::BoxedFunction(held) => held.arity.map(|n| Takes::between(n as usize, Some(n as usize))),
        // Steel counts a rest parameter as one.
        SteelVal::Closure(held) if held.is_multi_arity() => Some(Takes::between(held.arity().saturating_sub(1), None)),
        SteelVal::Closure(held) => Some(Takes::between(held.arity(), Some(held.arity()))),
        SteelVal::CustomStruct(_) => match records::callee(procedure)? {
            records::Callee::Field(f) => of(&f),
            records::Callee::Method(f) => of(&f).map(|takes| takes.without_first()),
        },
        _ => None,
    }
}

fn int(n: usize) -> SteelVal {
    SteelVal::IntV(isize::try_from(n).unwrap_or(isize::MAX))
}

/// An arity as the prelude has it: a list of integers and, for so many and more, of lists of one.
fn written(cases: &[(usize, Option<usize>)]) -> SteelVal {
    let mut items = Vec::new();
    for (least, most) in cases {
        match most {
            Some(most) => items.extend((*least..=*most).map(int)),
            None => items.push(SteelVal::ListV(std::iter::once(int(*least)).collect())),
        }
    }
    SteelVal::ListV(items.into())
}

/// The same, read.
fn cases(value: &SteelVal) -> Vec<(usize, Option<usize>)> {
    let SteelVal::ListV(items) = value else { return Vec::new() };
    let number = |value: &SteelVal| match value {
        SteelVal::IntV(n) => usize::try_from(*n).ok(),
        _ => None,
    };
    let case = |item: &SteelVal| match item {
        SteelVal::ListV(one) => one.car().as_ref().and_then(number).map(|least| (least, None)),
        item => number(item).map(|n| (n, Some(n))),
    };
    normal(items.iter().filter_map(case).collect())
}

fn keywords(all: impl Iterator<Item = Rc<str>>) -> SteelVal {
    let mut all: Vec<Rc<str>> = all.collect();
    all.sort();
    SteelVal::ListV(all.iter().map(|word| symbol(&format!("#:{word}"))).collect())
}

fn words(value: &SteelVal) -> Vec<Rc<str>> {
    let SteelVal::ListV(items) = value else { return Vec::new() };
    let word = |item: &SteelVal| match item {
        SteelVal::SymbolV(word) => Some(word.as_str().trim_start_matches("#:").into()),
        _ => None,
    };
    items.iter().filter_map(word).collect()
}

pub(super) const TABLE: &[Entry] = &[
    // What a procedure takes, or #f where nobody knows.
    plain!("%arity", "procedure", |args| {
        if !super::procedures::is_procedure(&args[0]) {
            return Err(mistaken("procedure-arity", "procedure?", &args[0]));
        }
        Ok(of(&args[0]).map_or(SteelVal::BoolV(false), |takes| written(&takes.cases)))
    }),
    plain!("%normal-arity", "arity", |args| Ok(written(&cases(&args[0])))),
    // `(%arity-has? arity count)`, and whether all of an arity are in another.
    plain!("%arity-within?", "arity other", |args| {
        let others = cases(&args[1]);
        let within = |(least, most): &(usize, Option<usize>)| {
            others.iter().any(|(l, m)| l <= least && m.is_none_or(|m| most.is_some_and(|most| most <= m)))
        };
        Ok(SteelVal::BoolV(cases(&args[0]).iter().all(within)))
    }),
    plain!("procedure-arity-includes?", "procedure count [keywords?]", includes),
    // The keywords that a procedure requires, and all that it takes or #f for any.
    plain!("%keywords", "procedure", |args| {
        if !super::procedures::is_procedure(&args[0]) {
            return Err(mistaken("procedure-keywords", "procedure?", &args[0]));
        }
        let takes = of(&args[0]).unwrap_or_else(|| Takes::new(Vec::new()));
        let all = takes.optional.map(|optional| keywords(optional.into_iter().chain(takes.required.iter().cloned())));
        let required = keywords(takes.required.into_iter());
        Ok(SteelVal::ListV([required, all.unwrap_or(SteelVal::BoolV(false))].into_iter().collect()))
    }),
    // Gives a procedure another's arity, keywords and, unless one is given, its name; gives the procedure.
    plain!("%known-like", "procedure other name", |args| {
        known::know_as(&args[0], &args[2], of(&args[1]));
        Ok(args[0].clone())
    }),
    // The same with an arity, and the keywords required and allowed.
    plain!("%known-as", "procedure name arity required allowed", |args| {
        let optional = match &args[4] {
            SteelVal::BoolV(false) => None,
            allowed => {
                let required = words(&args[3]);
                Some(words(allowed).into_iter().filter(|word| !required.contains(word)).collect())
            }
        };
        let takes = Takes { cases: cases(&args[2]), required: words(&args[3]), optional };
        known::know_as(&args[0], &args[1], Some(takes));
        Ok(args[0].clone())
    }),
];

/// `(procedure-arity-includes? procedure count [keywords?])`
fn includes(args: &[SteelVal]) -> Native {
    let name = "procedure-arity-includes?";
    if !super::procedures::is_procedure(&args[0]) {
        return Err(mistaken(name, "procedure?", &args[0]));
    }
    let count = match &args[1] {
        SteelVal::IntV(n) => usize::try_from(*n).ok(),
        _ => None,
    };
    let count = count.ok_or_else(|| mistaken(name, "exact-nonnegative-integer?", &args[1]))?;
    let keywords = args.get(2).is_some_and(SteelVal::is_truthy);
    let takes = |takes: Takes| takes.takes(count) && (keywords || takes.required.is_empty());
    Ok(SteelVal::BoolV(of(&args[0]).is_none_or(takes)))
}
