//! What the script was given to read, and slices of long strings.

use super::{Family, Kind, Param, Primitive, given_text, parsed, required};
use crate::interp::{
    context, strings,
    value::{Fault, Native},
};
use steel::{SteelVal, rvals::SteelString};

const STRING: Param = required("string", Kind::String, "A string.");

pub(super) const TABLE: &[Primitive] = &[
    Family::Context.native(
        "context-names",
        &[],
        "list",
        "The names of all contexts, in the order of `context`: paths as `--context` gave them, or its NAME. A directory \
         and a glob give a name for each of their files.",
        "(context-names) ;; => ()",
        |args| parsed("context-names", args, |_| Ok(context::names())),
    ),
    Family::Context.native(
        "get-context",
        &[required("name", Kind::Text, "What `--context NAME=PATH` called it, or its path.")],
        "string or list",
        "Reads the context of this name, and no other; of a directory or a glob, the list of its texts. `context` itself is \
         the one text there is, `\"\"` when there is none, or the list of all of them.",
        "(if (member \"report.txt\" (context-names)) (string-length (get-context \"report.txt\")) 0) ;; => 0",
        |args| parsed("get-context", args, |v| context::get(&given_text(&v[0]))),
    ),
    Family::Context.native(
        "string-length",
        &[STRING],
        "integer",
        "How many characters STRING has: Unicode code points, as Python counts.",
        "(string-length \"één\") ;; => 3",
        length,
    ),
    Family::Context.native(
        "string-ref",
        &[STRING, required("index", Kind::Natural, "From 0.")],
        "character",
        "The character of this number. Of a long string too it is found without counting from the start.",
        "(string-ref \"één\" 1) ;; => é",
        at,
    ),
    Family::Context.native(
        "substring",
        &[
            STRING,
            required("start", Kind::Natural, "The first character, from 0."),
            Param {
                name: "end",
                keyword: false,
                kind: Kind::Natural,
                default: Some("the string's length"),
                doc: "The character that is no longer part of it.",
            },
        ],
        "string",
        "The characters from START to before END. Of a long string too they are found without counting from the start.",
        "(substring \"recall\" 2 4) ;; => ca",
        slice,
    ),
];

// Scripts call these in their innermost loops: right arguments are taken as they are, wrong ones go to the parser, which
// says what is wrong with them.

fn length(args: &[SteelVal]) -> Native {
    if let [SteelVal::StringV(string)] = args {
        return Ok(SteelVal::IntV(strings::length(string) as isize));
    }
    parsed("string-length", args, |v| Ok(SteelVal::IntV(strings::length(&given_text(&v[0])) as isize)))
}

fn at(args: &[SteelVal]) -> Native {
    if let [SteelVal::StringV(string), SteelVal::IntV(number)] = args
        && let Some(c) = usize::try_from(*number).ok().and_then(|n| strings::at(string, n))
    {
        return Ok(SteelVal::CharV(c));
    }
    parsed("string-ref", args, |v| {
        let (string, index) = (given_text(&v[0]), number(&v[1]).unwrap_or(0));
        strings::at(&string, index).map(SteelVal::CharV).ok_or_else(|| {
            let length = strings::length(&string);
            let fault = Fault::script(format!("string-ref: there is no character {index} in a string of {length}"));
            match length {
                0 => fault.hint("the string is empty"),
                _ => fault.hint(format!("characters are numbered from 0: the last is {}", length - 1)),
            }
        })
    })
}

fn slice(args: &[SteelVal]) -> Native {
    if let [SteelVal::StringV(string), SteelVal::IntV(start), rest @ ..] = args {
        let end = match rest {
            [] => Some(None),
            [SteelVal::IntV(end)] => usize::try_from(*end).ok().map(Some),
            _ => None,
        };
        if let (Ok(start), Some(end)) = (usize::try_from(*start), end)
            && let Ok(range) = strings::range(string, start, end)
        {
            return Ok(SteelVal::StringV(SteelString::from(&string[range])));
        }
    }
    parsed("substring", args, |v| {
        let string = given_text(&v[0]);
        let (start, end) = (number(&v[1]).unwrap_or(0), number(&v[2]));
        match strings::range(&string, start, end) {
            Ok(range) => Ok(SteelVal::StringV(SteelString::from(&string[range]))),
            Err(length) => {
                let asked = end.map_or_else(|| format!("from {start}"), |end| format!("from {start} to {end}"));
                let fault = Fault::script(format!("substring: {asked} lies outside a string of {length} characters"));
                Err(match end {
                    Some(end) if end < start => fault.hint(format!("the end, {end}, comes before the start, {start}")),
                    _ => fault.hint(format!("`(min {length} …)` keeps an offset within the string")),
                })
            }
        }
    })
}

fn number(value: &Option<SteelVal>) -> Option<usize> {
    match value {
        Some(SteelVal::IntV(n)) => usize::try_from(*n).ok(),
        _ => None,
    }
}
