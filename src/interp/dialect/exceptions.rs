//! What `error` and its kin raise, what Racket calls it, and what can be asked of it.
//!
//! A failure (`value::Fault`) is an exception of the kind that it carries; a record whose topmost type is `exn` is one too
//! (`prelude/racket/exceptions.scm` makes those types). Not here: handlers (`prelude/control.scm`).

use super::{
    Entry,
    given::{failed, mistaken, ordinal, plain, raised},
    records,
};
use crate::{
    interp::{
        natives::raise,
        print,
        value::{Exn, Fault, Kept, Native, custom, string, text_like, with_fault},
    },
    wire::FailureClass,
};
use std::{fmt, rc::Rc};
use steel::{SteelErr, SteelVal, rvals::Custom};

pub(super) const TABLE: &[Entry] = &[
    plain!("raise-user-error", "name-or-message value ...", |args| Err(error(Exn::User, args))),
    plain!("raise-argument-error", "name expected value ...", |args| Err(argument_error("given", args))),
    plain!("raise-result-error", "name expected value ...", |args| Err(argument_error("result", args))),
    plain!("raise-type-error", "name expected value ...", |args| {
        let [name, expected, value, ..] = args else { return Err(failed("raise-type-error: it wants a value")) };
        let (name, expected) = (print::displayed(name), print::displayed(expected));
        Err(failed(format!("{name}: expected argument of type <{expected}>; given: {}", print::clipped(value))))
    }),
    plain!("raise-mismatch-error", "name message value ...", |args| {
        let shown = |(at, value): (usize, &SteelVal)| {
            if at % 2 == 0 { print::displayed(value) } else { print::clipped(value) }
        };
        let rest: String = args[1..].iter().enumerate().map(shown).collect();
        Err(failed(format!("{}: {rest}", print::displayed(&args[0]))))
    }),
    plain!("raise-arguments-error", "name message field-and-value ...", |args| {
        let fields = args[2..].chunks(2).map(|pair| match pair {
            [field, value] => format!("\n  {}: {}", print::displayed(field), print::clipped(value)),
            _ => String::new(),
        });
        let fields: String = fields.collect();
        Err(failed(format!("{}: {}{fields}", print::displayed(&args[0]), print::displayed(&args[1]))))
    }),
    plain!("raise-range-error", "name type prefix index value least most [other]", |args| {
        let part = |at: usize| print::displayed(&args[at]);
        let (name, kind, which) = (part(0), part(1), part(2));
        let least = args.get(7).map_or_else(|| part(5), print::displayed);
        Err(failed(format!(
            "{name}: {which}index is out of range\n  {which}index: {}\n  valid range: [{least}, {}]\n  {kind}: {}",
            part(3),
            part(6),
            print::clipped(&args[4])
        )))
    }),
    plain!("raise-arity-error", "name arity value ...", |args| {
        let given: String = args[2..].iter().map(|value| format!("\n   {}", print::clipped(value))).collect();
        let arguments = if given.is_empty() { String::new() } else { format!("\n  arguments...:{given}") };
        Err(raised(
            Exn::Arity,
            format!(
                "{}: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: {}\n  given: {}{arguments}",
                print::displayed(&args[0]),
                print::displayed(&args[1]),
                args.len() - 2
            ),
        ))
    }),
    plain!("raise-syntax-error", "name message value ...", |args| {
        let name = if args[0].is_truthy() { format!("{}: ", print::displayed(&args[0])) } else { String::new() };
        Err(raised(Exn::Syntax, format!("{name}{}", print::displayed(&args[1]))))
    }),
    plain!("%exn-is?", "value kind", |args| {
        Ok(SteelVal::BoolV(text_like(&args[1]).is_some_and(|kind| is_kind(&args[0], &kind))))
    }),
    plain!("%raise-contract", "part ...", |args| Err(failed(args.iter().map(print::displayed).collect::<String>()))),
    plain!("%displayed", "value", |args| Ok(string(print::displayed(&args[0])))),
    plain!("%printed", "value", |args| Ok(string(print::printed(&args[0])))),
    plain!("exn-message", "exn", |args| {
        message_of(&args[0]).map_or_else(|| Err(mistaken("exn-message", "exn?", &args[0])), |text| Ok(string(text)))
    }),
    plain!("exn-continuation-marks", "exn", |args| match message_of(&args[0]) {
        Some(_) => Ok(marks()),
        None => Err(mistaken("exn-continuation-marks", "exn?", &args[0])),
    }),
    plain!("current-continuation-marks", "", |_| Ok(marks())),
    plain!("error-object?", "value", |args| Ok(SteelVal::BoolV(message_of(&args[0]).is_some()))),
    plain!("error?", "value", |args| Ok(SteelVal::BoolV(message_of(&args[0]).is_some()))),
    plain!("error-object-message", "error", |args| match parts(&args[0]) {
        Some((message, _)) => Ok(message),
        None =>
            message_of(&args[0]).map(string).ok_or_else(|| mistaken("error-object-message", "error-object?", &args[0])),
    }),
    plain!("error-object-irritants", "error", |args| match parts(&args[0]) {
        Some((_, irritants)) => Ok(irritants),
        None if message_of(&args[0]).is_some() => Ok(SteelVal::ListV(Vec::new().into())),
        None => Err(mistaken("error-object-irritants", "error-object?", &args[0])),
    }),
    plain!("condition/report-string", "error", |args| {
        message_of(&args[0]).map(string).ok_or_else(|| mistaken("condition/report-string", "condition?", &args[0]))
    }),
];

/// What stands for continuation marks, of which there are none.
struct Marks;

impl Custom for Marks {
    fn fmt(&self) -> Option<Result<String, fmt::Error>> {
        Some(Ok("#<continuation-mark-set>".into()))
    }
}

fn marks() -> SteelVal {
    custom(Marks)
}

/// Whether a value is an exception of a kind, such as `exn:fail`, or of one below that.
fn is_kind(value: &SteelVal, kind: &str) -> bool {
    let below = |own: &str| own.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    with_fault(value, |fault| below(fault.kind.name())).unwrap_or_else(|| records::descends(value, "exn", kind))
}

/// The message of an exception.
pub(crate) fn message_of(value: &SteelVal) -> Option<String> {
    if let Some(message) = with_fault(value, |fault| fault.message.clone()) {
        return Some(message);
    }
    records::descends(value, "exn", "exn")
        .then(|| records::fields(value).first().map(print::displayed).unwrap_or_default())
}

/// What `error` was given.
fn parts(value: &SteelVal) -> Option<(SteelVal, SteelVal)> {
    let parts =
        with_fault(value, |fault| fault.details.clone().filter(|_| fault.class == FailureClass::Script)).flatten()?;
    super::structs::parts(&parts.get())
}

/// `(error 'name "format" value …)`, `(error "message" value …)`, `(error 'message)`
pub(crate) fn raise_error(args: &[SteelVal]) -> Native {
    Err(error(Exn::Fail, args))
}

fn error(kind: Exn, args: &[SteelVal]) -> SteelErr {
    let list = |values: &[SteelVal]| SteelVal::ListV(values.iter().cloned().collect());
    let (message, head, rest) = match args {
        [SteelVal::SymbolV(name)] => (format!("error: {name}"), string(name.to_string()), list(&[])),
        [SteelVal::SymbolV(name), SteelVal::StringV(template), values @ ..] => match formatted(template, values) {
            Ok(text) => (format!("{name}: {text}"), string(text), list(values)),
            // R7RS has no format strings: there a symbol may come first, too.
            Err(_) if !template.contains('~') => {
                let shown: String = values.iter().map(|value| format!(" {}", print::clipped(value))).collect();
                (format!("{name}: {template}{shown}"), string(template.to_string()), list(values))
            }
            Err(problem) => return failed(format!("error: {problem}")),
        },
        [SteelVal::StringV(text), values @ ..] => {
            let shown: String = values.iter().map(|value| format!(" {}", print::clipped(value))).collect();
            (format!("{text}{shown}"), string(text.to_string()), list(values))
        }
        [first, values @ ..] => {
            let shown: String = values.iter().map(|value| format!(" {}", print::clipped(value))).collect();
            (format!("{}{shown}", print::displayed(first)), first.clone(), list(values))
        }
        [] => (String::new(), string(""), list(&[])),
    };
    let details = Some(Rc::new(Kept::new(super::structs::cons(head, rest))));
    raise(Fault { kind, details, ..Fault::script(message) }.into_value())
}

/// `(raise-argument-error 'f "expected" value)`, `(raise-argument-error 'f "expected" position value …)`
fn argument_error(what: &str, args: &[SteelVal]) -> SteelErr {
    let (name, expected) = (print::displayed(&args[0]), print::displayed(&args[1]));
    let (value, tail) = match &args[2..] {
        [] => return failed("raise-argument-error: it wants a value"),
        [value] | [SteelVal::IntV(0), value] => (value, String::new()),
        [SteelVal::IntV(at), all @ ..] if (0..all.len() as isize).contains(at) => {
            let at = *at as usize;
            let others = all.iter().enumerate().filter(|(i, _)| *i != at);
            let others: String = others.map(|(_, other)| format!("\n   {}", print::clipped(other))).collect();
            let others = if others.is_empty() { others } else { format!("\n  other arguments...:{others}") };
            (&all[at], format!("\n  argument position: {}{others}", ordinal(at + 1)))
        }
        [value, ..] => (value, String::new()),
    };
    let given = print::clipped(value);
    failed(format!("{name}: contract violation\n  expected: {expected}\n  {what}: {given}{tail}"))
}

/// A format string filled in, as `error` needs it.
fn formatted(template: &str, values: &[SteelVal]) -> Result<String, String> {
    let wanted = template.replace("~~", "").matches('~').count()
        - ["~%", "~n", "~\n"].iter().map(|blank| template.replace("~~", "").matches(blank).count()).sum::<usize>();
    if wanted != values.len() {
        let shown: String = values.iter().map(|value| format!(" {}", print::clipped(value))).collect();
        let arguments = if shown.is_empty() { shown } else { format!("; arguments were:{shown}") };
        return Err(format!("format string requires {wanted} arguments, given {}{arguments}", values.len()));
    }
    let mut out = String::new();
    let mut values = values.iter();
    let mut chars = template.chars();
    while let Some(c) = chars.next() {
        if c != '~' {
            out.push(c);
            continue;
        }
        let mut next = |show: fn(&SteelVal) -> String| values.next().map(show).unwrap_or_default();
        match chars.next() {
            Some('~') => out.push('~'),
            Some('%' | 'n') => out.push('\n'),
            Some('s' | 'S') => out += &next(print::written),
            Some('v' | 'V') => out += &next(print::printed),
            Some('e' | 'E') => out += &next(print::clipped),
            Some('.') => {
                out += &match chars.next() {
                    Some('s') => next(print::written),
                    Some('v') => next(print::printed),
                    _ => next(print::displayed),
                };
            }
            _ => out += &next(print::displayed),
        }
    }
    Ok(out)
}

/// What Racket calls an error of Steel's, by Steel's own name of its kind and by its message.
pub(crate) fn kind_of(steels: &str, message: &str) -> Exn {
    match steels {
        _ if message.contains("by zero") || message.contains("undefined for 0") => Exn::DivideByZero,
        _ if message.contains("%undefined") => Exn::Variable,
        "ArityMismatch" => Exn::Arity,
        "FreeIdentifier" => Exn::Variable,
        "Io" => Exn::Filesystem,
        "Parse" | "UnexpectedToken" => Exn::Read,
        "BadSyntax" if message.contains("not a procedure") => Exn::Contract,
        "BadSyntax" => Exn::Syntax,
        _ => Exn::Contract,
    }
}
