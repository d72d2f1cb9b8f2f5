//! What the forms stand on: several values, arguments sorted into parameters, counting.
//!
//! Several values are a list whose first item is a symbol that no program can write; `values` and `call-with-values`
//! make and take it.

use super::{
    Entry,
    given::{failed, keyword, plain, raised},
};
use crate::interp::{
    natives::raise,
    table,
    value::{Exn, Fault, Native, symbol},
};
use steel::{SteelErr, SteelVal, rvals::SteelString};

/// What several values begin with.
const SEVERAL: &str = "%values";
/// What stands for an argument that was not given.
const ABSENT: &str = "%absent";

pub(super) const TABLE: &[Entry] = &[
    plain!("values", "value ...", |args| Ok(several(args))),
    plain!("%values", "value ...", |args| Ok(several(args))),
    plain!("%values->list", "values", |args| Ok(SteelVal::ListV(all_of(&args[0]).into()))),
    plain!("%several", "count values", |args| {
        let (all, wanted) = (all_of(&args[1]), count(&args[0]));
        if all.len() == wanted { Ok(SteelVal::ListV(all.into())) } else { Err(wrong_number(wanted, &all)) }
    }),
    plain!("%several-rest", "count values", |args| {
        let (mut all, wanted) = (all_of(&args[1]), count(&args[0]));
        if all.len() < wanted {
            return Err(wrong_number(wanted, &all));
        }
        let rest = all.split_off(wanted);
        all.push(SteelVal::ListV(rest.into()));
        Ok(SteelVal::ListV(all.into()))
    }),
    plain!("%slot", "list at", |args| match &args[0] {
        SteelVal::ListV(items) => items.get(count(&args[1])).cloned().ok_or_else(|| failed("there is no such value")),
        _ => Err(failed("there is no such value")),
    }),
    plain!("%absent?", "value", |args| Ok(SteelVal::BoolV(is_symbol(&args[0], ABSENT)))),
    plain!("%in?", "value data", |args| {
        let SteelVal::ListV(data) = &args[1] else { return Ok(SteelVal::BoolV(false)) };
        Ok(SteelVal::BoolV(data.iter().any(|datum| *datum == args[0])))
    }),
    plain!("%sorted", "name least slots rest? keys needed args", sorted),
    plain!("%no-case", "name count", |args| {
        let (name, given) = (text(&args[0]), count(&args[1]));
        Err(raised(
            Exn::Arity,
            format!(
                "{name}: arity mismatch;\n the expected number of arguments does not match the given number\n  given: {given}"
            ),
        ))
    }),
    plain!("%undefined", "name", |args| {
        let message = format!("{}: undefined;\n cannot use before initialization", text(&args[0]));
        let fault = Fault { kind: Exn::Variable, ..Fault::script(message) };
        Err(raise(fault.hint("its definition comes later: move that above this use").into_value()))
    }),
    // Of a procedure of the language's, whose documentation says how it is called.
    plain!("%misused", "name least most arg ...", |args| {
        let name = text(&args[0]);
        let fault = Fault::script(arity_message(&name, count(&args[1]), most(&args[2]), args.len() - 3));
        let fault = Fault { kind: Exn::Arity, ..fault };
        Err(raise(match table::find(&name) {
            Some(primitive) => fault.hint(format!("it is called as {}", primitive.signature())).into_value(),
            None => fault.into_value(),
        }))
    }),
    plain!("%miscounted", "name least most arg ...", |args| {
        let name = text(&args[0]);
        Err(miscounted(&name, count(&args[1]), most(&args[2]), args.len() - 3))
    }),
    plain!("void", "value ...", |_| Ok(SteelVal::Void)),
];

/// Several values as one; a single one is itself.
pub(crate) fn several(values: &[SteelVal]) -> SteelVal {
    match values {
        [one] => one.clone(),
        all => SteelVal::ListV(std::iter::once(symbol(SEVERAL)).chain(all.iter().cloned()).collect()),
    }
}

/// The values that one stands for.
pub(crate) fn all_of(value: &SteelVal) -> Vec<SteelVal> {
    match value {
        SteelVal::ListV(items) if items.first().is_some_and(|first| is_symbol(first, SEVERAL)) => {
            items.iter().skip(1).cloned().collect()
        }
        one => vec![one.clone()],
    }
}

fn is_symbol(value: &SteelVal, word: &str) -> bool {
    matches!(value, SteelVal::SymbolV(symbol) if symbol.as_str() == word)
}

fn count(value: &SteelVal) -> usize {
    match value {
        SteelVal::IntV(n) => usize::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}

fn most(value: &SteelVal) -> Option<usize> {
    matches!(value, SteelVal::IntV(_)).then(|| count(value))
}

fn text(value: &SteelVal) -> SteelString {
    match value {
        SteelVal::SymbolV(text) | SteelVal::StringV(text) => text.clone(),
        _ => "procedure".into(),
    }
}

fn wrong_number(wanted: usize, all: &[SteelVal]) -> SteelErr {
    raised(
        Exn::Arity,
        format!(
            "result arity mismatch;\n expected number of values not received\n  expected: {wanted}\n  received: {}",
            all.len()
        ),
    )
}

fn miscounted(name: &str, least: usize, most: Option<usize>, given: usize) -> SteelErr {
    raised(Exn::Arity, arity_message(name, least, most, given))
}

fn arity_message(name: &str, least: usize, most: Option<usize>, given: usize) -> String {
    let expected = match most {
        Some(most) if most == least => least.to_string(),
        Some(most) => format!("between {least} and {most}"),
        None => format!("at least {least}"),
    };
    format!(
        "{name}: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: {expected}\n  given: {given}"
    )
}

/// Sorts the arguments of a procedure into its parameters: required and optional ones, one for each keyword, and the rest.
fn sorted(args: &[SteelVal]) -> Native {
    let [name, least, slots, rest, keys, needed, given] = args else { return Err(failed("arguments are missing")) };
    let (name, least, slots) = (text(name), count(least), count(slots));
    let most = (!rest.is_truthy()).then_some(slots);
    let words = |list: &SteelVal| -> Vec<SteelString> {
        match list {
            SteelVal::ListV(items) => items.iter().map(text).collect(),
            _ => Vec::new(),
        }
    };
    let keys = words(keys);
    let SteelVal::ListV(given) = given else { return Err(failed("arguments are missing")) };
    let absent = symbol(ABSENT);
    let mut positional = Vec::with_capacity(given.len());
    let mut by_key = vec![absent.clone(); keys.len()];
    let mut given = given.iter();
    while let Some(value) = given.next() {
        let Some(key) = keyword(value).filter(|_| !keys.is_empty()) else {
            positional.push(value.clone());
            continue;
        };
        let Some(at) = keys.iter().position(|known| known[2..] == *key) else {
            return Err(failed(format!(
                "application: procedure does not expect an argument with given keyword\n  procedure: {name}\n  given keyword: #:{key}"
            )));
        };
        by_key[at] = given.next().ok_or_else(|| failed(format!("{name}: the keyword `#:{key}` has no value")))?.clone();
    }
    let missing = words(needed)
        .into_iter()
        .find(|word| keys.iter().position(|known| known == word).is_some_and(|at| is_symbol(&by_key[at], ABSENT)));
    if let Some(word) = missing {
        return Err(failed(format!(
            "application: required keyword argument not supplied\n  procedure: {name}\n  required keyword: {word}"
        )));
    }
    if positional.len() < least || most.is_some_and(|most| positional.len() > most) {
        return Err(miscounted(&name, least, most, positional.len()));
    }
    let mut out: Vec<SteelVal> = positional[..slots.min(positional.len())].to_vec();
    out.resize(slots, absent);
    out.extend(by_key);
    out.push(SteelVal::ListV(positional.get(slots..).unwrap_or_default().to_vec().into()));
    Ok(SteelVal::ListV(out.into()))
}
