//! JSON.

use super::{Family, Kind, Param, Primitive, given_text, keyword, parsed, required};
use crate::{
    interp::{
        json,
        value::{Exn, Fault, Native, string},
    },
    wire::FailureClass,
};
use steel::SteelVal;

const TEXT: &[Param] = &[required("text", Kind::Text, "JSON.")];
const NULL: Param = keyword("null", Kind::Any, "'null", "What stands for null; `json-null` is a parameter of it.");
const VALUE: &[Param] = &[required("value", Kind::Any, "Any value that has a JSON form.")];

pub(super) const TABLE: &[Primitive] = &[
    Family::Data.native(
        "string->json",
        TEXT,
        "any",
        "Parses JSON: an object is a hash with symbol keys, an array a list, null void; integers stay integers. A Markdown \
         fence round the whole text does not count.",
        "(string->json \"[1, 2.5, null]\") ;; => (1 2.5 #<void>)",
        parse,
    ),
    Family::Data.prelude(
        "string->jsexpr",
        &[required("text", Kind::Text, "JSON; what follows the first value is not looked at."), NULL],
        "any",
        "Parses JSON as Racket does: as `string->json`, but objects are hashes by `eq?`, and null is the symbol `null`.",
        "(string->jsexpr \"[1, null]\") ;; => (1 null)",
    ),
    Family::Data.native(
        "json->string",
        VALUE,
        "string",
        "Writes VALUE as JSON, keys sorted: a response is its text, a failure an object, NaN null, bytes base64.",
        "(json->string (hash 'b 1 'a '(2))) ;; => {\"a\":[2],\"b\":1}",
        write,
    ),
    Family::Data.prelude(
        "jsexpr->string",
        &[
            required("value", Kind::Any, "Any value that has a JSON form."),
            NULL,
            keyword("encode", Kind::Any, "'control", "`'all`: whatever is not ASCII is escaped."),
        ],
        "string",
        "`json->string` by Racket's name.",
        "(jsexpr->string '(1)) ;; => [1]",
    ),
];

fn parse(args: &[SteelVal]) -> Native {
    parsed("string->json", args, |v| {
        let text = given_text(&v[0]);
        // What is fenced is no JSON, so that nothing else is meant by it; models write it so.
        let unfenced = |_: &String| json::unfenced(&text).and_then(|inner| json::from_text(inner).ok());
        json::from_text(&text).or_else(|e| unfenced(&e).ok_or(e)).map_err(|e| {
            let fault = Fault::of_program(FailureClass::InvalidJson, format!("string->json: {e}"));
            let fault = Fault { kind: Exn::Read, ..fault };
            match text.contains("```") {
                true => fault.hint(
                    "there is a Markdown fence in the text: with `#:json #t` a call asks for bare JSON, and checks it",
                ),
                false => fault,
            }
        })
    })
}

fn write(args: &[SteelVal]) -> Native {
    parsed("json->string", args, |v| json::to_text(v[0].as_ref().unwrap_or(&SteelVal::Void)).map(string))
}
