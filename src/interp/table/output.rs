//! Text to stdout and stderr. It goes to the host, which prints it in order.

use super::{Body, Family, Kind, Param, Primitive, parsed, required};
use crate::{
    interp::{
        output, print,
        value::{Fault, Native},
    },
    wire::Stream,
};
use steel::{SteelVal, rvals::FunctionSignature};

const VALUE: &[Param] = &[required("value", Kind::Any, "Any value.")];

const fn entry(name: &'static str, doc: &'static str, example: &'static str, function: FunctionSignature) -> Primitive {
    Primitive {
        name,
        family: Family::Output,
        params: VALUE,
        rest: None,
        result: "void",
        doc,
        example,
        body: Body::Native(function),
    }
}

const FORMAT: &[Param] =
    &[required("format", Kind::Text, "Text with `~a` (display), `~s` (write), `~%` or `~n` (new line), `~~`.")];

const fn formatted(
    name: &'static str,
    result: &'static str,
    doc: &'static str,
    example: &'static str,
    function: FunctionSignature,
) -> Primitive {
    Primitive {
        name,
        family: Family::Output,
        params: FORMAT,
        rest: Some("value"),
        result,
        doc,
        example,
        body: Body::Native(function),
    }
}

pub(super) const TABLE: &[Primitive] = &[
    entry("display", "Writes VALUE for people: strings without quotes.", "(display \"text\")", |args| {
        write("display", args, print::displayed, "")
    }),
    entry("displayln", "`display` and a new line.", "(displayln \"text\")", |args| {
        write("displayln", args, print::displayed, "\n")
    }),
    entry("write", "Writes VALUE as a program would: strings with quotes.", "(write \"text\")", |args| {
        write("write", args, print::written, "")
    }),
    entry("writeln", "`write` and a new line.", "(writeln \"text\")", |args| {
        write("writeln", args, print::written, "\n")
    }),
    entry("print", "`write` by Racket's name.", "(print \"text\")", |args| write("print", args, print::written, "")),
    Primitive {
        name: "newline",
        family: Family::Output,
        params: &[],
        rest: None,
        result: "void",
        doc: "Ends the line.",
        example: "(newline)",
        body: Body::Native(|args| {
            parsed("newline", args, |_| {
                output::text(Stream::Stdout, "\n");
                Ok(SteelVal::Void)
            })
        }),
    },
    formatted("printf", "void", "Writes formatted text.", "(printf \"~a of ~a~%\" 1 2)", |args| {
        parsed("printf", args, |v| {
            output::text(Stream::Stdout, &format("printf", v)?);
            Ok(SteelVal::Void)
        })
    }),
    formatted("eprintf", "void", "Writes formatted text to stderr.", "(eprintf \"~a of ~a~%\" 1 2)", |args| {
        parsed("eprintf", args, |v| {
            output::text(Stream::Stderr, &format("eprintf", v)?);
            Ok(SteelVal::Void)
        })
    }),
    formatted("format", "string", "Formatted text as a string.", "(format \"~a of ~s\" 1 \"two\")", |args| {
        parsed("format", args, |v| Ok(super::super::value::string(format("format", v)?)))
    }),
];

fn write(name: &str, args: &[SteelVal], form: fn(&SteelVal) -> String, end: &str) -> Native {
    parsed(name, args, |v| {
        let value = v[0].as_ref().unwrap_or(&SteelVal::Void);
        output::text(Stream::Stdout, &(form(value) + end));
        Ok(SteelVal::Void)
    })
}

fn format(name: &str, values: &[Option<SteelVal>]) -> Result<String, Fault> {
    let misuse = |what: String| Fault::script(format!("{name}: {what}"));
    let template = super::given_text(&values[0]);
    let mut values = values[1..].iter().flatten();
    let mut out = String::with_capacity(template.len());
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        if c != '~' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('%' | 'n') => out.push('\n'),
            Some('~') => out.push('~'),
            Some(directive @ ('a' | 'A' | 's' | 'S' | 'v' | 'd')) => {
                let value = values.next().ok_or_else(|| misuse("there are fewer values than `~` places".into()))?;
                let form = if matches!(directive, 's' | 'S' | 'v') { print::written } else { print::displayed };
                out += &form(value);
            }
            other => return Err(misuse(format!("unknown directive `~{}`", other.map_or(String::new(), String::from)))),
        }
    }
    match values.count() {
        0 => Ok(out),
        n => Err(misuse(format!("{n} values have no `~` place"))),
    }
}
