//! Reading answers and failures.

use super::{Body, Family, Kind, Param, Primitive, parsed, required, text};
use crate::{
    interp::{
        dialect, json,
        value::{Fault, Native, string, symbol, with_fault, with_response},
    },
    wire::FailureClass,
};
use steel::SteelVal;

const RESPONSE: &[Param] = &[required("response", Kind::Response, "What `llm-query` or `await` gave.")];
const FAILURE: &[Param] = &[required("failure", Kind::Failure, "What a handler was given, or `'keep` left in a list.")];
const ANYTHING: &[Param] = &[required("value", Kind::Any, "Any value.")];

pub(super) const TABLE: &[Primitive] = &[
    Family::Values.native(
        "syntax-e",
        &[required("response", Kind::Text, "A response; a string is given back.")],
        "string",
        "The text of a response.",
        "(syntax-e (llm-query \"Say something.\"))",
        |args| parsed("syntax-e", args, |v| Ok(SteelVal::StringV(given(&v[0], text)))),
    ),
    Family::Values.native(
        "response-text",
        &[required("response", Kind::Text, "A response; a string is given back.")],
        "string",
        "The text of a response: `syntax-e` by another name.",
        "(response-text (llm-query \"Say something.\"))",
        |args| parsed("response-text", args, |v| Ok(SteelVal::StringV(given(&v[0], text)))),
    ),
    Family::Values.native(
        "response-json",
        RESPONSE,
        "any",
        "The text of a response parsed as JSON: objects are hashes with symbol keys, arrays lists, null is void.",
        "(response-json (llm-query #:instruction \"Return JSON: {name: string}\" #:data \"Ada wrote it.\" #:json #t))",
        |args| {
            parsed("response-json", args, |v| {
                json::from_text(given(&v[0], text).as_str()).map_err(|e| {
                    Fault::of_program(crate::wire::FailureClass::InvalidJson, format!("response-json: {e}"))
                        .hint("ask with `#:json #t`")
                })
            })
        },
    ),
    Family::Values.native(
        "response-model",
        RESPONSE,
        "string",
        "The model that answered, by the name its provider gives it.",
        "(response-model (llm-query \"Say something.\"))",
        |args| parsed("response-model", args, |v| Ok(string(field(&v[0], |r| r.model.clone())))),
    ),
    Family::Values.native(
        "response-usage",
        RESPONSE,
        "hash",
        "The tokens of a response: a hash of `'input`, `'output` and `'cached`.",
        "(hash-ref (response-usage (llm-query \"Say something.\")) 'output)",
        |args| {
            parsed("response-usage", args, |v| {
                let usage = field(&v[0], |r| r.usage);
                let pairs = [("input", usage.input), ("output", usage.output), ("cached", usage.cached)];
                Ok(json::hash(pairs.into_iter().map(|(k, n)| (symbol(k), SteelVal::IntV(n as isize)))))
            })
        },
    ),
    Family::Values.native(
        "response-cost",
        RESPONSE,
        "number or #f",
        "What a response cost in US dollars; `#f` when the price is unknown.",
        "(response-cost (llm-query \"Say something.\"))",
        |args| {
            parsed("response-cost", args, |v| {
                Ok(field(&v[0], |r| r.cost_usd).map_or(SteelVal::BoolV(false), SteelVal::NumV))
            })
        },
    ),
    Family::Values.native(
        "response-latency",
        RESPONSE,
        "number",
        "Seconds from the start of the first attempt to the last byte of the answer.",
        "(response-latency (llm-query \"Say something.\"))",
        |args| {
            parsed("response-latency", args, |v| Ok(SteelVal::NumV(field(&v[0], |r| f64::from(r.latency_ms) / 1000.0))))
        },
    ),
    Family::Values.native(
        "response-attempts",
        RESPONSE,
        "integer",
        "How many attempts an answer took.",
        "(response-attempts (llm-query \"Say something.\"))",
        |args| parsed("response-attempts", args, |v| Ok(SteelVal::IntV(field(&v[0], |r| r.attempts) as isize))),
    ),
    Family::Values.native(
        "response-finish-reason",
        RESPONSE,
        "string",
        "Why the model stopped, in its provider's words: `stop`, `length`, …",
        "(response-finish-reason (llm-query \"Say something.\"))",
        |args| parsed("response-finish-reason", args, |v| Ok(string(field(&v[0], |r| r.finish_reason.clone())))),
    ),
    Family::Values.native(
        "response?",
        ANYTHING,
        "boolean",
        "Whether VALUE is a response.",
        "(response? \"text\")",
        |args| parsed("response?", args, |v| Ok(is(&v[0], |v| with_response(v, |_| ()).is_some()))),
    ),
    Family::Values.native(
        "handle?",
        ANYTHING,
        "boolean",
        "Whether VALUE is a handle of `llm-query-async` or `spawn`.",
        "(handle? \"text\")",
        |args| parsed("handle?", args, |v| Ok(is(&v[0], super::super::value::is_handle))),
    ),
    Family::Values.native(
        "failure?",
        ANYTHING,
        "boolean",
        "Whether VALUE is a failure: what every handler is given, and what `#:on-error 'keep` leaves in a list.",
        "(with-handler failure? (error \"no\"))",
        is_failure,
    ),
    Family::Values.native(
        "failure-class",
        FAILURE,
        "symbol",
        "What kind of failure: `'rate-limit`, `'quota`, `'timeout`, `'auth`, `'unknown-model`, `'bad-request`, \
         `'too-long`, `'refused`, `'server`, `'network`, `'invalid-json`, `'schema`, `'validation`, `'budget`, \
         `'cancelled`, `'items`; `'python` for a Python exception, `'script` for any other error of the program.",
        "(with-handler failure-class (error \"no\"))",
        |args| parsed("failure-class", args, |v| Ok(symbol(fault(&v[0], |f| f.class.name())))),
    ),
    Family::Values.native(
        "failure-message",
        FAILURE,
        "string",
        "What happened.",
        "(with-handler failure-message (error \"no\"))",
        message,
    ),
    Family::Values.native(
        "failure-attempts",
        FAILURE,
        "integer",
        "How many attempts a failed call made.",
        "(with-handler failure-attempts (error \"no\"))",
        |args| parsed("failure-attempts", args, |v| Ok(SteelVal::IntV(fault(&v[0], |f| f.attempts) as isize))),
    ),
    Family::Values.native(
        "failure-model",
        FAILURE,
        "string or #f",
        "The model that a failed call asked.",
        "(with-handler failure-model (error \"no\"))",
        |args| {
            parsed("failure-model", args, |v| {
                Ok(fault(&v[0], |f| f.model.clone()).map_or(SteelVal::BoolV(false), string))
            })
        },
    ),
    Family::Values.native(
        "failure-results",
        FAILURE,
        "list",
        "Of a failure of class `'items`: what the items came to, failures in their places. Else the empty list.",
        "(with-handler failure-results (map-async (lambda (x) (error \"no\")) '(1 2)))",
        |args| {
            parsed("failure-results", args, |v| {
                let results = fault(&v[0], |f| f.details.clone().filter(|_| f.class == FailureClass::Items));
                Ok(results.map_or_else(|| SteelVal::ListV(Vec::new().into()), |r| r.get()))
            })
        },
    ),
    Primitive {
        name: "raise",
        family: Family::Control,
        params: &[
            required("value", Kind::Any, "Any value."),
            Param {
                name: "barrier",
                keyword: false,
                kind: Kind::Any,
                default: Some("#t"),
                doc: "Racket's; without effect.",
            },
        ],
        rest: None,
        result: "never",
        doc: "Hands VALUE to the nearest handler. A failure is raised as itself.",
        example: "(with-handler (lambda (e) e) (raise 'no))",
        body: Body::Native(|args| {
            parsed("raise", args, |v| Ok(given(&v[0], |v| Some(v.clone()))))
                .and_then(|value| Err(super::super::natives::raise(value)))
        }),
    },
    Primitive {
        name: "error",
        family: Family::Control,
        params: &[required("message", Kind::Any, "What happened; or, as a symbol, who says so.")],
        rest: Some("value"),
        result: "never",
        doc: "Raises a failure of class `'script`. Its message is MESSAGE and the values behind it; behind a symbol comes a \
              text as of `format`, with its values.",
        example: "(with-handler exn-message (error 'towns \"there is no ~a\" 'Ys))",
        body: Body::Native(dialect::raise_error),
    },
];

fn is_failure(args: &[SteelVal]) -> Native {
    parsed("failure?", args, |v| Ok(is(&v[0], |v| with_fault(v, |_| ()).is_some())))
}

fn message(args: &[SteelVal]) -> Native {
    parsed("failure-message", args, |v| Ok(string(fault(&v[0], |f| f.message.clone()))))
}

fn given<T>(value: &Option<SteelVal>, f: impl FnOnce(&SteelVal) -> Option<T>) -> T {
    value.as_ref().and_then(f).expect("the table's parser checked that it is there, and of its kind")
}

fn field<T>(value: &Option<SteelVal>, f: impl FnOnce(&crate::interp::value::Response) -> T) -> T {
    given(value, |v| with_response(v, f))
}

fn fault<T>(value: &Option<SteelVal>, f: impl FnOnce(&Fault) -> T) -> T {
    given(value, |v| with_fault(v, f))
}

fn is(value: &Option<SteelVal>, f: impl FnOnce(&SteelVal) -> bool) -> SteelVal {
    SteelVal::BoolV(value.as_ref().is_some_and(f))
}
