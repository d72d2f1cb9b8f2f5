//! How a procedure of the dialect is declared, and what it is given: arguments counted, keywords sorted out.

use crate::interp::{
    errors::conversion,
    print,
    value::{Exn, Fault, Native},
};
use std::ops::Index;
use steel::{SteelErr, SteelVal, rvals::FunctionSignature};

/// One procedure.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// As the reference shows them: `list [start end] #:key key`, `item ...`.
    pub(crate) params: &'static str,
    pub(crate) function: FunctionSignature,
}

/// A procedure of another signature: one that needs Steel's machine, which alone makes vectors, or that takes its arguments
/// for itself.
pub(crate) struct Machined {
    pub(crate) name: &'static str,
    pub(crate) params: &'static str,
    pub(crate) value: fn() -> SteelVal,
}

/// How many arguments a procedure takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) least: usize,
    /// Positional ones at most; none when there is no end to them.
    pub(crate) most: usize,
    pub(crate) rest: bool,
    pub(crate) keyed: bool,
}

impl Shape {
    /// Reads `list [start end] #:key key more ...`. A keyword is followed by the name of its value.
    pub(crate) const fn of(params: &str) -> Self {
        let bytes = params.as_bytes();
        let mut shape = Self { least: 0, most: 0, rest: false, keyed: false };
        let (mut at, mut optional, mut value_of_keyword) = (0, false, false);
        while at < bytes.len() {
            match bytes[at] {
                b' ' | b']' => at += 1,
                b'[' => {
                    optional = true;
                    at += 1;
                }
                first => {
                    let start = at;
                    while at < bytes.len() && !matches!(bytes[at], b' ' | b']') {
                        at += 1;
                    }
                    if first == b'#' {
                        shape.keyed = true;
                        value_of_keyword = true;
                    } else if first == b'.' && at - start == 3 {
                        // What stands before it may be there any number of times.
                        shape.rest = true;
                        shape.most -= 1;
                        if !optional {
                            shape.least -= 1;
                        }
                    } else if value_of_keyword {
                        value_of_keyword = false;
                    } else {
                        shape.most += 1;
                        if !optional {
                            shape.least += 1;
                        }
                    }
                }
            }
        }
        shape
    }

    pub(crate) const fn takes(&self, count: usize) -> bool {
        count >= self.least && (self.rest || count <= self.most)
    }
}

/// Declares a procedure that takes no keywords. Its body is given the arguments, of which there are neither too few nor too many.
macro_rules! plain {
    ($name:literal, $params:literal, $body:expr) => {
        $crate::interp::dialect::Entry {
            name: $name,
            params: $params,
            function: |raw| {
                const SHAPE: $crate::interp::dialect::Shape = $crate::interp::dialect::Shape::of($params);
                $crate::interp::dialect::Given::counted($name, $params, &SHAPE, raw)?;
                let body: fn(&[steel::SteelVal]) -> $crate::interp::value::Native = $body;
                body(raw)
            },
        }
    };
}
pub(crate) use plain;

/// Declares a procedure that needs Steel's machine. The machine's type has no name out here, so its body stands in the
/// place where Steel says what it is.
macro_rules! machined {
    ($name:literal, $params:literal, |$machine:pat_param, $args:pat_param| $body:expr) => {
        $crate::interp::dialect::Machined {
            name: $name,
            params: $params,
            value: || {
                steel::SteelVal::BuiltIn(|$machine, raw| {
                    const SHAPE: $crate::interp::dialect::Shape = $crate::interp::dialect::Shape::of($params);
                    if let Err(error) = $crate::interp::dialect::Given::counted($name, $params, &SHAPE, raw) {
                        return Some(Err(error));
                    }
                    let $args: &[steel::SteelVal] = raw;
                    Some($crate::interp::dialect::given::done(|| $body))
                })
            },
        }
    };
}
pub(crate) use machined;

/// Declares a procedure that takes its arguments out of their places: what nothing else holds may be changed then.
macro_rules! taking {
    ($name:literal, $params:literal, $body:expr) => {
        $crate::interp::dialect::Machined {
            name: $name,
            params: $params,
            value: || {
                steel::SteelVal::MutFunc(|raw| {
                    const SHAPE: $crate::interp::dialect::Shape = $crate::interp::dialect::Shape::of($params);
                    $crate::interp::dialect::Given::counted($name, $params, &SHAPE, raw)?;
                    let body: fn(&mut [steel::SteelVal]) -> $crate::interp::value::Native = $body;
                    body(raw)
                })
            },
        }
    };
}
pub(crate) use taking;

/// The body of a procedure that needs the machine, in which `?` gives its error.
pub(crate) fn done(body: impl FnOnce() -> Native) -> Native {
    body()
}

/// Declares a procedure that takes keywords. Its body is given them apart from the rest.
macro_rules! keyed {
    ($name:literal, $params:literal, $body:expr) => {
        $crate::interp::dialect::Entry {
            name: $name,
            params: $params,
            function: |raw| {
                const SHAPE: $crate::interp::dialect::Shape = $crate::interp::dialect::Shape::of($params);
                let given = $crate::interp::dialect::Given::sorted($name, $params, &SHAPE, raw)?;
                let body: fn(&$crate::interp::dialect::Given) -> $crate::interp::value::Native = $body;
                body(&given)
            },
        }
    };
}
pub(crate) use keyed;

/// The arguments of a procedure that takes keywords.
pub(crate) struct Given {
    args: Vec<SteelVal>,
    keys: Vec<(String, SteelVal)>,
}

impl Index<usize> for Given {
    type Output = SteelVal;

    fn index(&self, at: usize) -> &SteelVal {
        &self.args[at]
    }
}

impl Given {
    /// The positional arguments.
    pub(crate) fn args(&self) -> &[SteelVal] {
        &self.args
    }

    /// An optional positional argument.
    pub(crate) fn get(&self, at: usize) -> Option<&SteelVal> {
        self.args.get(at)
    }

    /// The value of a keyword, named without its `#:`.
    pub(crate) fn key(&self, name: &str) -> Option<&SteelVal> {
        self.keys.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Refuses a wrong number of arguments, and keywords.
    pub(crate) fn counted(name: &str, params: &str, shape: &Shape, raw: &[SteelVal]) -> Result<(), SteelErr> {
        if shape.takes(raw.len()) { Ok(()) } else { Err(miscounted(name, params, raw)) }
    }

    /// Sorts keywords out, wherever they stand.
    pub(crate) fn sorted(name: &str, params: &str, shape: &Shape, raw: &[SteelVal]) -> Result<Self, SteelErr> {
        let mut given = Self { args: Vec::with_capacity(raw.len()), keys: Vec::new() };
        let mut rest = raw.iter();
        while let Some(value) = rest.next() {
            let Some(key) = keyword(value) else {
                given.args.push(value.clone());
                continue;
            };
            let known = params.split([' ', '[', ']']).any(|word| word.strip_prefix("#:") == Some(key));
            if !known {
                return Err(wrong(format!("{name}: there is no keyword `#:{key}`"), signature(name, params)));
            }
            let Some(value) = rest.next() else {
                return Err(wrong(format!("{name}: `#:{key}` has no value"), signature(name, params)));
            };
            given.keys.push((key.to_owned(), value.clone()));
        }
        if shape.takes(given.args.len()) { Ok(given) } else { Err(miscounted(name, params, &given.args)) }
    }
}

/// A keyword's name without its `#:`. Steel takes keywords for symbols.
pub(crate) fn keyword(value: &SteelVal) -> Option<&str> {
    match value {
        SteelVal::SymbolV(name) => name.strip_prefix("#:"),
        _ => None,
    }
}

fn signature(name: &str, params: &str) -> String {
    let separator = if params.is_empty() { "" } else { " " };
    format!("it is called as `({name}{separator}{params})`")
}

fn wrong(message: String, hint: String) -> SteelErr {
    let fault = Fault { kind: Exn::Arity, ..Fault::script(message) };
    crate::interp::natives::raise(fault.hint(hint).into_value())
}

fn miscounted(name: &str, params: &str, given: &[SteelVal]) -> SteelErr {
    let shape = Shape::of(params);
    let expected = match (shape.least, shape.most, shape.rest) {
        (least, _, true) => format!("at least {least}"),
        (least, most, false) if least == most => least.to_string(),
        (least, most, false) => format!("between {least} and {most}"),
    };
    wrong(
        format!(
            "{name}: arity mismatch;\n the expected number of arguments does not match the given number\n  expected: {expected}\n  given: {}",
            given.len()
        ),
        signature(name, params),
    )
}

/// An argument of the wrong kind, told as Racket tells it: `expected` is a predicate such as `string?`.
pub(crate) fn mistaken(name: &str, expected: &str, value: &SteelVal) -> SteelErr {
    let given = print::clipped(value);
    contract(format!("{name}: contract violation\n  expected: {expected}\n  given: {given}"))
}

/// An argument of the wrong kind among others, told as Racket tells it: with its position and the others.
pub(crate) fn misplaced(name: &str, expected: &str, args: &[SteelVal], at: usize) -> SteelErr {
    if args.len() == 1 {
        return mistaken(name, expected, &args[at]);
    }
    // The prelude's word for nothing found is none of the program's.
    let ours = |value: &SteelVal| matches!(value, SteelVal::SymbolV(word) if word.as_str() == "%none");
    let others = args.iter().enumerate().filter(|(i, other)| *i != at && !ours(other));
    let others: String = others.map(|(_, other)| format!("\n   {}", print::clipped(other))).collect();
    let given = print::clipped(&args[at]);
    contract(format!(
        "{name}: contract violation\n  expected: {expected}\n  given: {given}\n  argument position: {}\n  other arguments...:{others}",
        ordinal(at + 1)
    ))
}

/// `1st`, `2nd`, ….
pub(crate) fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, teens) if teens != 11 => "st",
        (2, teens) if teens != 12 => "nd",
        (3, teens) if teens != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// What went wrong with arguments of the right kinds.
pub(crate) fn failed(message: impl Into<String>) -> SteelErr {
    contract(message.into())
}

fn contract(message: String) -> SteelErr {
    let hint = message.split_once("\n  expected: ").and_then(|(_, rest)| {
        let (expected, rest) = rest.split_once("\n  given: ")?;
        Some(conversion(expected, rest.lines().next().unwrap_or_default())).filter(|hint| !hint.is_empty())
    });
    let fault = Fault { kind: Exn::Contract, ..Fault::script(message) };
    crate::interp::natives::raise(hint.into_iter().fold(fault, Fault::hint).into_value())
}

/// An error of a kind that Racket has a name for.
pub(crate) fn raised(kind: Exn, message: impl Into<String>) -> SteelErr {
    crate::interp::natives::raise(Fault { kind, ..Fault::script(message) }.into_value())
}

/// Nothing to give back.
pub(crate) const NOTHING: Native = Ok(SteelVal::Void);

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn parameters_tell_how_many_arguments_there_may_be() {
        let shape = |params| {
            let Shape { least, most, rest, keyed } = Shape::of(params);
            (least, most, rest, keyed)
        };
        assert_eq!(shape(""), (0, 0, false, false));
        assert_eq!(shape("a b"), (2, 2, false, false));
        assert_eq!(shape("a [b c]"), (1, 3, false, false));
        assert_eq!(shape("a b ..."), (1, 1, true, false));
        assert_eq!(shape("a [b c ...]"), (1, 2, true, false));
        assert_eq!(shape("a ... #:key key"), (0, 0, true, true));
        assert_eq!(shape("text [sep] #:trim? trim? #:repeat? repeat?"), (1, 2, false, true));
    }
}
