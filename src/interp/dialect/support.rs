//! What the forms stand on: several values, arguments sorted into parameters, counting.
//!
//! Several values are a struct of Steel's, which is nothing that a program could take for a value; `values` makes it and
//! `call-with-values` takes it.

use super::{
    Entry,
    given::{failed, keyword, plain, raised},
    structs,
};
use crate::interp::{
    natives::raise,
    print, table,
    value::{Exn, Fault, Native, custom, symbol, with_custom},
};
use steel::{
    SteelErr, SteelVal,
    rvals::{Custom, SteelString},
};

/// Marks the struct that several values are; its other field is their list.
struct Several;

impl Custom for Several {}

thread_local! {
    static SEVERAL: SteelVal = custom(Several);
}

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
    // LEAST: that of cases of which one has no end.
    plain!("%no-case", "name count least", |args| {
        let (name, given) = (text(&args[0]), count(&args[1]));
        let expected = most(&args[2]).map_or(String::new(), |least| format!("\n  expected: at least {least}"));
        Err(wrong_arity(name.as_str(), &expected, given, "", 0, None))
    }),
    plain!("%undefined", "name", |args| Err(undefined(&args[0]))),
    // The value of a variable that is named before its definition.
    plain!("%defined", "value name", |args| {
        if is_undefined(&args[0]) { Err(undefined(&args[1])) } else { Ok(args[0].clone()) }
    }),
    // The same of one whose definition ended in an error, in an earlier program.
    plain!("%found", "value name", |args| {
        if !is_undefined(&args[0]) {
            return Ok(args[0].clone());
        }
        let message = format!("{}: undefined;\n its definition did not come to an end", text(&args[1]));
        Err(raise(Fault { kind: Exn::Variable, ..Fault::script(message) }.hint("define it again").into_value()))
    }),
    // Of a procedure of the language's, whose documentation says how it is called.
    plain!("%misused", "name least most arg ...", |args| {
        let name = text(&args[0]);
        let fault = misfit(&name, count(&args[1]), most(&args[2]), args.len() - 3);
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
        all => structs::make(&[SEVERAL.with(Clone::clone), SteelVal::ListV(all.iter().cloned().collect())]),
    }
}

/// The values that one stands for.
pub(crate) fn all_of(value: &SteelVal) -> Vec<SteelVal> {
    let SteelVal::CustomStruct(held) = value else { return vec![value.clone()] };
    match held.get_index(1) {
        Some(SteelVal::ListV(all)) if is_several(value) => all.iter().cloned().collect(),
        _ => vec![value.clone()],
    }
}

/// Whether it stands for several values, or none.
pub(crate) fn is_several(value: &SteelVal) -> bool {
    let SteelVal::CustomStruct(held) = value else { return false };
    held.get_index(0).and_then(|first| with_custom(first, |_: &Several| ())).is_some()
}

/// Whether it is what a variable has before it is defined.
pub(crate) fn is_undefined(value: &SteelVal) -> bool {
    is_symbol(value, "%undefined")
}

fn undefined(name: &SteelVal) -> SteelErr {
    let message = format!("{}: undefined;\n cannot use before initialization", text(name));
    let fault = Fault { kind: Exn::Variable, ..Fault::script(message) };
    raise(fault.hint("its definition comes later: move that above this use").into_value())
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
    let listed: String = all.iter().map(|value| format!("\n   {}", print::clipped(value))).collect();
    let listed = match (wanted, all) {
        (1, _) => String::new(),
        (_, []) => "\n  in: local-binding form".to_owned(),
        _ => format!("\n  in: local-binding form\n  arguments...:{listed}"),
    };
    raised(
        Exn::Arity,
        format!(
            "result arity mismatch;\n expected number of values not received\n  expected: {wanted}\n  received: {}{listed}",
            all.len()
        ),
    )
}

/// What Racket says; the hint says what it leaves out.
fn miscounted(name: &str, least: usize, most: Option<usize>, given: usize) -> SteelErr {
    raise(misfit(name, least, most, given).into_value())
}

fn misfit(name: &str, least: usize, most: Option<usize>, given: usize) -> Fault {
    let expected = match most {
        Some(most) if most == least => format!("\n  expected: {least}"),
        Some(_) => String::new(),
        None => format!("\n  expected: at least {least}"),
    };
    arity_fault(name, &expected, given, "", least, most)
}

fn wrong_arity(name: &str, expected: &str, given: usize, more: &str, least: usize, most: Option<usize>) -> SteelErr {
    raise(arity_fault(name, expected, given, more, least, most).into_value())
}

fn arity_fault(name: &str, expected: &str, given: usize, more: &str, least: usize, most: Option<usize>) -> Fault {
    let what = "the expected number of arguments does not match the given number";
    let message = format!("{name}: arity mismatch;\n {what}{expected}\n  given: {given}{more}");
    let fault = Fault { kind: Exn::Arity, ..Fault::script(message) };
    match most {
        Some(most) if most > least => fault.hint(format!("it takes {least} to {most} arguments")),
        _ => fault,
    }
}

/// The arguments of a call that went wrong, those with keywords last and in order.
fn listed(positional: &[SteelVal], keyed: &[(SteelString, SteelVal)]) -> String {
    if positional.is_empty() && keyed.is_empty() {
        return String::new();
    }
    let mut keyed: Vec<_> = keyed.iter().collect();
    keyed.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
    let plain = positional.iter().map(|value| format!("\n   {}", print::clipped(value)));
    let keyed = keyed.into_iter().map(|(key, value)| format!("\n   #:{} {}", key.as_str(), print::clipped(value)));
    format!("\n  arguments...:{}", plain.chain(keyed).collect::<String>())
}

/// `a and b`, `a, b, and c`.
fn joined(words: &[SteelString]) -> String {
    match words {
        [one] => one.to_string(),
        [a, b] => format!("{a} and {b}"),
        [all @ .., last] => format!("{}, and {last}", all.iter().map(|w| w.as_str()).collect::<Vec<_>>().join(", ")),
        [] => String::new(),
    }
}

/// What a procedure with keywords takes, in Racket's words.
fn takes_with_keywords(least: usize, most: Option<usize>, keys: &[SteelString], needed: &[SteelString]) -> String {
    let mut out = match most {
        Some(most) if most == least => least.to_string(),
        Some(_) => "a different number".to_owned(),
        None => format!("at least {least}"),
    };
    let (mut needed, mut optional) = (needed.to_vec(), Vec::new());
    optional.extend(keys.iter().filter(|key| !needed.contains(key)).cloned());
    for (words, one, several) in [
        (&mut needed, "an argument with keyword", "arguments with keywords"),
        (&mut optional, "an optional argument with keyword", "optional arguments with keywords"),
    ] {
        words.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        if !words.is_empty() {
            out += &format!(" plus {} {}", if words.len() == 1 { one } else { several }, joined(words));
        }
    }
    out
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
    let (keys, needed) = (words(keys), words(needed));
    let SteelVal::ListV(given) = given else { return Err(failed("arguments are missing")) };
    let absent = symbol(ABSENT);
    let mut positional = Vec::with_capacity(given.len());
    let mut keyed = Vec::new();
    let mut given = given.iter();
    while let Some(value) = given.next() {
        match keyword(value).filter(|_| !keys.is_empty()) {
            Some(key) => {
                let value =
                    given.next().ok_or_else(|| failed(format!("{name}: the keyword `#:{key}` has no value")))?;
                keyed.push((SteelString::from(key), value.clone()));
            }
            None => positional.push(value.clone()),
        }
    }
    let place = |key: &SteelString| keys.iter().position(|known| known[2..] == ***key);
    if let Some((key, _)) = keyed.iter().find(|(key, _)| place(key).is_none()) {
        return Err(failed(format!(
            "application: procedure does not expect an argument with given keyword\n  procedure: {name}\n  given keyword: #:{key}{}",
            listed(&positional, &keyed)
        )));
    }
    let count = positional.len();
    if count < least || most.is_some_and(|most| count > most) {
        let arguments = listed(&positional, &keyed);
        if keyed.is_empty() && keys.is_empty() {
            return Err(miscounted(name.as_str(), least, most, count));
        }
        if keyed.is_empty() {
            let expected = format!("\n  expected: {}", takes_with_keywords(least, most, &keys, &needed));
            return Err(wrong_arity(name.as_str(), &expected, count, &arguments, least, most));
        }
        let ending = if count == 1 { "" } else { "s" };
        return Err(raised(
            Exn::Contract,
            format!(
                "application: no case matching {count} non-keyword argument{ending}\n  procedure: {name}{arguments}"
            ),
        ));
    }
    let mut by_key = vec![absent.clone(); keys.len()];
    for (key, value) in &keyed {
        if let Some(at) = place(key) {
            by_key[at] = value.clone();
        }
    }
    let missing = needed.iter().filter(|word| !keyed.iter().any(|(key, _)| word[2..] == *key.as_str()));
    if let Some(word) = missing.min_by(|a, b| a.as_str().cmp(b.as_str())) {
        return Err(failed(format!(
            "application: required keyword argument not supplied\n  procedure: {name}\n  required keyword: {word}{}",
            listed(&positional, &keyed)
        )));
    }
    let mut out: Vec<SteelVal> = positional[..slots.min(positional.len())].to_vec();
    out.resize(slots, absent);
    out.extend(by_key);
    out.push(SteelVal::ListV(positional.get(slots..).unwrap_or_default().to_vec().into()));
    Ok(SteelVal::ListV(out.into()))
}
