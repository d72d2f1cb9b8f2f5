//! What `for` and `match` stand on: checks of what is walked, and parts of lists.

use super::{
    Entry, equality,
    given::{failed, mistaken, plain, raised},
};
use crate::interp::{
    print,
    value::{Exn, Native},
};
use steel::{SteelVal, rvals::SteelString};

pub(super) const TABLE: &[Entry] = &[
    plain!("%in-range", "n", |args| match &args[0] {
        n @ (SteelVal::IntV(_)
        | SteelVal::NumV(_)
        | SteelVal::Rational(_)
        | SteelVal::BigNum(_)
        | SteelVal::BigRational(_)) => Ok(n.clone()),
        other => Err(mistaken("in-range", "real?", other)),
    }),
    plain!("%in-naturals", "n", |args| match &args[0] {
        n @ SteelVal::IntV(0..) => Ok(n.clone()),
        n @ SteelVal::BigNum(_) => Ok(n.clone()),
        other => Err(mistaken("in-naturals", "exact-nonnegative-integer?", other)),
    }),
    plain!("%in-vector", "vector", |args| match &args[0] {
        vector @ (SteelVal::MutableVector(_) | SteelVal::VectorV(_)) => Ok(vector.clone()),
        other => Err(mistaken("in-vector", "vector", other)),
    }),
    plain!("%length=?", "value n", |args| {
        Ok(SteelVal::BoolV(matches!(&args[0], SteelVal::ListV(items) if items.len() == count(&args[1]))))
    }),
    // The same, and one of its items is this datum: what most clauses fail by.
    plain!("%form?", "value n at datum", |args| {
        let item = match &args[0] {
            SteelVal::ListV(items) if items.len() == count(&args[1]) => items.get(count(&args[2])),
            _ => None,
        };
        Ok(SteelVal::BoolV(item.is_some_and(|item| equality::equal(item, &args[3]))))
    }),
    plain!("%length>=?", "value n", |args| {
        Ok(SteelVal::BoolV(matches!(&args[0], SteelVal::ListV(items) if items.len() >= count(&args[1]))))
    }),
    // A list without its first and last items; so many of them were counted before.
    plain!("%middle", "list start end", |args| {
        let SteelVal::ListV(items) = &args[0] else { return Err(mistaken("match", "list?", &args[0])) };
        let (start, end) = (count(&args[1]), count(&args[2]));
        let size = items.len().saturating_sub(start + end);
        Ok(SteelVal::ListV(items.iter().skip(start).take(size).cloned().collect()))
    }),
    plain!("%from-end", "list back", |args| {
        let SteelVal::ListV(items) = &args[0] else { return Err(mistaken("match", "list?", &args[0])) };
        let at = items.len().checked_sub(count(&args[1]));
        at.and_then(|at| items.get(at).cloned()).ok_or_else(|| failed("match: the list is too short"))
    }),
    plain!("%no-match", "who value", no_match),
];

fn count(value: &SteelVal) -> usize {
    match value {
        SteelVal::IntV(n) => usize::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}

fn no_match(args: &[SteelVal]) -> Native {
    let who = match &args[0] {
        SteelVal::StringV(who) => who.clone(),
        _ => SteelString::from("match"),
    };
    let message = format!("{}: no matching clause for {}", who.as_str(), print::clipped(&args[1]));
    Err(raised(Exn::Fail, message))
}

#[cfg(test)]
mod tests {
    use super::{SteelVal, TABLE};

    fn call(name: &str, args: &[SteelVal]) -> Option<SteelVal> {
        let entry = TABLE.iter().find(|entry| entry.name == name)?;
        (entry.function)(args).ok()
    }

    fn numbers(numbers: &[isize]) -> SteelVal {
        SteelVal::ListV(numbers.iter().map(|n| SteelVal::IntV(*n)).collect())
    }

    #[test]
    fn parts_of_lists_are_counted_from_either_end() {
        let list = numbers(&[1, 2, 3, 4]);
        let n = SteelVal::IntV;
        assert_eq!(call("%middle", &[list.clone(), n(1), n(2)]), Some(numbers(&[2])));
        assert_eq!(call("%middle", &[list.clone(), n(3), n(2)]), Some(numbers(&[])));
        assert_eq!(call("%from-end", &[list.clone(), n(1)]), Some(n(4)));
        assert_eq!(call("%from-end", &[list.clone(), n(5)]), None);
        assert_eq!(call("%length=?", &[list.clone(), n(4)]), Some(SteelVal::BoolV(true)));
        assert_eq!(call("%length>=?", &[list, n(5)]), Some(SteelVal::BoolV(false)));
        assert_eq!(call("%length=?", &[n(4), n(4)]), Some(SteelVal::BoolV(false)));
    }

    #[test]
    fn only_numbers_are_counted_to() {
        assert_eq!(call("%in-range", &[SteelVal::IntV(4)]), Some(SteelVal::IntV(4)));
        assert_eq!(call("%in-range", &[SteelVal::BoolV(true)]), None);
    }
}
