//! JSON, and hashes in an order that is always the same.

use super::{Family, Kind, Param, Primitive, given_text, parsed, required};
use crate::{
    interp::{
        json, print,
        value::{Fault, Native, string},
    },
    wire::FailureClass,
};
use steel::SteelVal;

const TEXT: &[Param] = &[required("text", Kind::Text, "JSON.")];
const VALUE: &[Param] = &[required("value", Kind::Any, "Any value that has a JSON form.")];
const HASH: &[Param] = &[required("hash", Kind::Any, "A hash.")];

pub(super) const TABLE: &[Primitive] = &[
    Family::Data.native(
        "string->json",
        TEXT,
        "any",
        "Parses JSON: an object is a hash with symbol keys, an array a list, null void; integers stay integers.",
        "(string->json \"[1, 2.5, null]\") ;; => (1 2.5 #<void>)",
        parse,
    ),
    Family::Data.native(
        "string->jsexpr",
        TEXT,
        "any",
        "`string->json` by Racket's name.",
        "(string->jsexpr \"[1]\") ;; => (1)",
        parse,
    ),
    Family::Data.native(
        "json->string",
        VALUE,
        "string",
        "Writes VALUE as JSON, keys sorted: a response is its text, a failure an object, NaN null, bytes base64.",
        "(json->string (hash 'b 1 'a '(2))) ;; => {\"a\":[2],\"b\":1}",
        write,
    ),
    Family::Data.native(
        "jsexpr->string",
        VALUE,
        "string",
        "`json->string` by Racket's name.",
        "(jsexpr->string '(1)) ;; => [1]",
        write,
    ),
    Family::Data.native(
        "hash-keys",
        HASH,
        "list",
        "The keys of HASH, sorted.",
        "(hash-keys (hash 'b 1 'a 2)) ;; => (a b)",
        keys,
    ),
    Family::Data.native(
        "hash-keys->list",
        HASH,
        "list",
        "`hash-keys` by Steel's name.",
        "(hash-keys->list (hash 'b 1 'a 2)) ;; => (a b)",
        keys,
    ),
    Family::Data.native(
        "hash-values",
        HASH,
        "list",
        "The values of HASH, in the order of its sorted keys.",
        "(hash-values (hash 'b 1 'a 2)) ;; => (2 1)",
        values,
    ),
    Family::Data.native(
        "hash-values->list",
        HASH,
        "list",
        "`hash-values` by Steel's name.",
        "(hash-values->list (hash 'b 1 'a 2)) ;; => (2 1)",
        values,
    ),
];

fn parse(args: &[SteelVal]) -> Native {
    parsed("string->json", args, |v| {
        json::from_text(&given_text(&v[0]))
            .map_err(|e| Fault::of_program(FailureClass::InvalidJson, format!("string->json: {e}")))
    })
}

fn write(args: &[SteelVal]) -> Native {
    parsed("json->string", args, |v| json::to_text(v[0].as_ref().unwrap_or(&SteelVal::Void)).map(string))
}

fn keys(args: &[SteelVal]) -> Native {
    parsed("hash-keys", args, |v| sorted("hash-keys", &v[0], |key, _| key))
}

fn values(args: &[SteelVal]) -> Native {
    parsed("hash-values", args, |v| sorted("hash-values", &v[0], |_, value| value))
}

fn sorted(name: &str, hash: &Option<SteelVal>, pick: fn(SteelVal, SteelVal) -> SteelVal) -> Result<SteelVal, Fault> {
    let Some(SteelVal::HashMapV(map)) = hash else {
        let shown = hash.as_ref().map(print::written).unwrap_or_default();
        return Err(Fault::script(format!("{name}: `{shown}` is no hash")));
    };
    let mut pairs: Vec<(SteelVal, SteelVal)> = map.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    pairs.sort_by_cached_key(|(key, _)| print::key_order(key));
    Ok(SteelVal::ListV(pairs.into_iter().map(|(k, v)| pick(k, v)).collect()))
}
