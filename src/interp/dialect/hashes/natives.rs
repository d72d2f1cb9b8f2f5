//! The procedures on hashes that call no others.

use super::{
    Entries, Frozen, Kind, View, immutable, sorted,
    store::{self, Table},
    with, without,
};
use crate::interp::{
    dialect::{
        Entry, Machined,
        changing::changes,
        given::{NOTHING, failed, misplaced, mistaken},
        machined, plain, structs, taking,
    },
    natives::raise,
    print,
    value::{Exn, Fault, Native},
};
use std::mem;
use steel::{SteelErr, SteelVal};

pub(in crate::interp::dialect) const TABLE: &[Entry] = &[
    plain!("hash?", "value", |args| is(View::of(&args[0]).is_some())),
    plain!("hash-equal?", "hash", |args| is(read("hash-equal?", args)?.kind() == Kind::Equal)),
    plain!("hash-eqv?", "hash", |args| is(read("hash-eqv?", args)?.kind() == Kind::Eqv)),
    plain!("hash-eq?", "hash", |args| is(read("hash-eq?", args)?.kind() == Kind::Eq)),
    plain!("immutable?", "value", |args| is(match &args[0] {
        SteelVal::VectorV(_) => true,
        SteelVal::StringV(text) => !changes(text),
        other => matches!(View::of(other), Some(View::Immutable(..))),
    })),
    plain!("hash", "key-and-value ...", |args| of_pairs("hash", Kind::Equal, args)),
    plain!("hasheqv", "key-and-value ...", |args| of_pairs("hasheqv", Kind::Eqv, args)),
    plain!("hasheq", "key-and-value ...", |args| of_pairs("hasheq", Kind::Eq, args)),
    plain!("make-immutable-hash", "[pairs]", |args| of_list("make-immutable-hash", Kind::Equal, args)),
    plain!("make-immutable-hasheqv", "[pairs]", |args| of_list("make-immutable-hasheqv", Kind::Eqv, args)),
    plain!("make-immutable-hasheq", "[pairs]", |args| of_list("make-immutable-hasheq", Kind::Eq, args)),
    plain!("%hash-ref", "hash key", |args| reference("hash-ref", args)),
    plain!("%hash-get", "name hash key default", |args| {
        match View::of(&args[1]) {
            Some(view) => Ok(view.get(&args[2]).unwrap_or_else(|| args[3].clone())),
            None => read(&print::displayed(&args[0]), &args[1..]).map(|_| args[3].clone()),
        }
    }),
    // What is about to be changed.
    plain!("%hash-get!", "name hash key default", |args| {
        match Table::of(&args[1]).filter(|table| !table.is_set()) {
            Some(table) => Ok(table.get(&args[2]).unwrap_or_else(|| args[3].clone())),
            None => change(&print::displayed(&args[0]), &args[1..]).map(|_| args[3].clone()),
        }
    }),
    plain!("%hash-key", "hash key default", |args| {
        let held = match read("hash-ref-key", args)? {
            View::Immutable(frozen) => frozen.entry(&args[1]).map(|(key, _)| key),
            View::Mutable(table) => table.key(&args[1]),
        };
        Ok(held.unwrap_or_else(|| args[2].clone()))
    }),
    // By Steel's names.
    plain!("hash-try-get", "hash key", |args| {
        Ok(read("hash-try-get", args)?.get(&args[1]).unwrap_or(SteelVal::BoolV(false)))
    }),
    plain!("hash-get", "hash key", |args| reference("hash-get", args)),
    plain!("hash-contains?", "hash key", |args| is(read("hash-contains?", args)?.has(&args[1]))),
    plain!("hash-length", "hash", |args| count("hash-length", args)),
    plain!("hash-keys->list", "hash", |args| keys("hash-keys->list", args)),
    plain!("hash-values->list", "hash", |args| values("hash-values->list", args)),
    plain!("hash-has-key?", "hash key", |args| is(read("hash-has-key?", args)?.has(&args[1]))),
    plain!("hash-count", "hash", |args| count("hash-count", args)),
    plain!("hash-empty?", "hash", |args| is(read("hash-empty?", args)?.len() == 0)),
    plain!("hash-keys", "hash [try-order?]", |args| keys("hash-keys", args)),
    plain!("hash-values", "hash [try-order?]", |args| values("hash-values", args)),
    plain!("hash->list", "hash [try-order?]", |args| to_list("hash->list", args)),
    plain!("hash-clear", "hash", |args| unchanged("hash-clear", args).map(|frozen| frozen.emptied())),
    plain!("hash-set!", "hash key value", |args| {
        change("hash-set!", args)?.set(args[1].clone(), args[2].clone());
        NOTHING
    }),
    plain!("hash-set*!", "hash key-and-value ...", |args| {
        let table = change("hash-set*!", args)?;
        even("hash-set*!", &args[1..])?.for_each(|(key, value)| table.set(key, value));
        NOTHING
    }),
    plain!("hash-remove!", "hash key", |args| {
        change("hash-remove!", args)?.remove(&args[1]);
        NOTHING
    }),
    plain!("hash-clear!", "hash", |args| {
        change("hash-clear!", args)?.clear();
        NOTHING
    }),
    plain!("hash-keys-subset?", "small large", |args| {
        let large = View::of(&args[1]).ok_or_else(|| misplaced("hash-keys-subset?", "hash?", args, 1))?;
        let small = read("hash-keys-subset?", args)?.entries();
        is(small.iter().all(|(key, _)| large.has(key)))
    }),
    // Puts the entries of a hash or of a list of pairs into a mutable one.
    plain!("%hash-fill!", "name table from", |args| {
        let name = print::displayed(&args[0]);
        let entries = match View::of(&args[2]) {
            Some(view) => view.entries(),
            None => pairs_of(&args[2]).ok_or_else(|| mistaken(&name, "(listof pair?)", &args[2]))?,
        };
        let table = change(&name, &args[1..])?;
        entries.into_iter().for_each(|(key, value)| table.set(key, value));
        Ok(args[1].clone())
    }),
];

/// Makers of mutable hashes, since Steel's machine has the vector; and what makes a hash of one that nothing else may hold.
pub(in crate::interp::dialect) const MAKERS: &[Machined] = &[
    taking!("hash-set", "hash key value", |args| set("hash-set", args)),
    taking!("hash-insert", "hash key value", |args| set("hash-insert", args)),
    taking!("hash-set*", "hash key-and-value ...", |args| {
        unchanged("hash-set*", args)?;
        let pairs: Entries = even("hash-set*", &args[1..])?.collect();
        Ok(pairs.into_iter().fold(mem::take(&mut args[0]), |hash, (key, value)| with(hash, key, value)))
    }),
    taking!("hash-remove", "hash key", |args| {
        if !unchanged("hash-remove", args)?.has(&args[1]) {
            return Ok(mem::take(&mut args[0]));
        }
        Ok(without(mem::take(&mut args[0]), &args[1]))
    }),
    machined!("%make-hash", "", |machine, _| Ok(store::make(Kind::Equal, false, machine.make_mutable_vector(vec![])))),
    machined!("%make-hasheqv", "", |machine, _| Ok(store::make(Kind::Eqv, false, machine.make_mutable_vector(vec![])))),
    machined!("%make-hasheq", "", |machine, _| Ok(store::make(Kind::Eq, false, machine.make_mutable_vector(vec![])))),
    machined!("%make-set", "", |machine, _| Ok(store::make(Kind::Equal, true, machine.make_mutable_vector(vec![])))),
    machined!("%make-seteqv", "", |machine, _| Ok(store::make(Kind::Eqv, true, machine.make_mutable_vector(vec![])))),
    machined!("%make-seteq", "", |machine, _| Ok(store::make(Kind::Eq, true, machine.make_mutable_vector(vec![])))),
];

fn is(truth: bool) -> Native {
    Ok(SteelVal::BoolV(truth))
}

fn reference(name: &str, args: &[SteelVal]) -> Native {
    let hash = read(name, args)?;
    hash.get(&args[1]).ok_or_else(|| missing(&hash, &args[1]))
}

fn missing(hash: &View<'_>, key: &SteelVal) -> SteelErr {
    let fault = Fault::script(format!("hash-ref: no value found for key\n  key: {}", print::clipped(key)));
    let hint = match key {
        SteelVal::SymbolV(name) if hash.has(&SteelVal::StringV(name.clone())) => {
            format!("the key there is the string `\"{name}\"`, not the symbol")
        }
        SteelVal::StringV(text) if hash.has(&SteelVal::SymbolV(text.clone())) => {
            format!("the key there is the symbol `'{text}`, not the string")
        }
        _ => "`(hash-ref hash key default)` gives DEFAULT for a key that is missing; `hash-has-key?` asks".to_owned(),
    };
    raise(Fault { kind: Exn::Contract, ..fault.hint(hint) }.into_value())
}

fn read<'a>(name: &str, args: &'a [SteelVal]) -> Result<View<'a>, SteelErr> {
    View::of(&args[0]).ok_or_else(|| misplaced(name, "hash?", args, 0))
}

/// The immutable hash that is the first argument.
fn unchanged<'a>(name: &str, args: &'a [SteelVal]) -> Result<Frozen<'a>, SteelErr> {
    match View::of(&args[0]) {
        Some(View::Immutable(frozen)) => Ok(frozen),
        _ => Err(misplaced(name, "(and/c hash? immutable?)", args, 0)),
    }
}

/// The mutable hash that is the first argument.
fn change<'a>(name: &str, args: &'a [SteelVal]) -> Result<Table<'a>, SteelErr> {
    let table = Table::of(&args[0]).filter(|table| !table.is_set());
    table.ok_or_else(|| misplaced(name, "(and/c hash? (not/c immutable?))", args, 0))
}

fn count(name: &str, args: &[SteelVal]) -> Native {
    Ok(SteelVal::IntV(read(name, args)?.len() as isize))
}

fn list(items: impl Iterator<Item = SteelVal>) -> Native {
    Ok(SteelVal::ListV(items.collect()))
}

fn keys(name: &str, args: &[SteelVal]) -> Native {
    read(name, args)?;
    list(sorted(&args[0]).unwrap_or_default().into_iter().map(|(key, _)| key))
}

fn values(name: &str, args: &[SteelVal]) -> Native {
    read(name, args)?;
    list(sorted(&args[0]).unwrap_or_default().into_iter().map(|(_, value)| value))
}

fn to_list(name: &str, args: &[SteelVal]) -> Native {
    read(name, args)?;
    list(sorted(&args[0]).unwrap_or_default().into_iter().map(|(key, value)| structs::cons(key, value)))
}

fn set(name: &str, args: &mut [SteelVal]) -> Native {
    unchanged(name, args)?;
    Ok(with(mem::take(&mut args[0]), mem::take(&mut args[1]), mem::take(&mut args[2])))
}

/// Keys and values that stand side by side.
fn even<'a>(
    name: &str,
    args: &'a [SteelVal],
) -> Result<impl Iterator<Item = (SteelVal, SteelVal)> + use<'a>, SteelErr> {
    if args.len() % 2 == 1 {
        let elements = print::clipped(&SteelVal::ListV(args.iter().cloned().collect()));
        return Err(failed(format!(
            "{name}: expected an even number of association elements, but received an odd number of association elements\n  association elements: {elements}"
        )));
    }
    Ok(args.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())))
}

fn of_pairs(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    if args.len() % 2 == 1 {
        let key = args.last().map(print::printed).unwrap_or_default();
        return Err(failed(format!(
            "{name}: key does not have a value (i.e., an odd number of arguments were provided)\n  key: {key}"
        )));
    }
    Ok(immutable(kind, args.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()))))
}

fn of_list(name: &str, kind: Kind, args: &[SteelVal]) -> Native {
    let Some(given) = args.first() else { return Ok(immutable(kind, [])) };
    let pairs = pairs_of(given).ok_or_else(|| mistaken(name, "(listof pair?)", given))?;
    Ok(immutable(kind, pairs))
}

/// The pairs of an association list.
pub(in crate::interp::dialect) fn pairs_of(value: &SteelVal) -> Option<Entries> {
    let SteelVal::ListV(items) = value else { return None };
    items.iter().map(structs::parts).collect()
}
