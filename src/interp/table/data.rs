//! JSON.

use super::{Family, Kind, Param, Primitive, given_text, parsed, required};
use crate::{
    interp::{
        json,
        value::{Exn, Fault, Native, string},
    },
    wire::FailureClass,
};
use steel::SteelVal;

const TEXT: &[Param] = &[required("text", Kind::Text, "JSON.")];
const VALUE: &[Param] = &[required("value", Kind::Any, "Any value that has a JSON form.")];

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
        "Parses JSON as Racket does: as `string->json`, but objects are hashes by `eq?`, and null is the symbol `null`.",
        "(string->jsexpr \"[1, null]\") ;; => (1 null)",
        parse_racket,
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
];

fn parse(args: &[SteelVal]) -> Native {
    parsed("string->json", args, |v| {
        json::from_text(&given_text(&v[0])).map_err(|e| Fault {
            kind: Exn::Read,
            ..Fault::of_program(FailureClass::InvalidJson, format!("string->json: {e}"))
        })
    })
}

fn parse_racket(args: &[SteelVal]) -> Native {
    parsed("string->jsexpr", args, |v| {
        json::jsexpr(&given_text(&v[0])).map_err(|e| Fault {
            kind: Exn::Read,
            ..Fault::of_program(FailureClass::InvalidJson, format!("string->jsexpr: {e}"))
        })
    })
}

fn write(args: &[SteelVal]) -> Native {
    parsed("json->string", args, |v| json::to_text(v[0].as_ref().unwrap_or(&SteelVal::Void)).map(string))
}
