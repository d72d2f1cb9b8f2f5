//! What Steel's own messages mean, in the words of a Scheme programmer, and what to do.
//!
//! One table of patterns: a message that none of them knows is passed on as it is. Not here: where an error is
//! (`session.rs`), and the errors of our own primitives, which are worded where they are raised (`table`).

use super::{
    foreign,
    lex::{self, Unbalanced},
    print,
};
use crate::wire::{Blame, FailureClass, ScriptError};
use std::ops::Range;

/// A message, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

fn said(message: impl Into<String>, hint: impl Into<String>) -> Said {
    Said { message: message.into(), hint: Some(hint.into()).filter(|h| !h.is_empty()) }
}

/// Whether a call that begins with this name is one of a procedure, as far as the name shows it.
pub(super) fn names_a_procedure(head: &str) -> bool {
    !head.is_empty() && !head.starts_with('%') && !FORMS.iter().any(|(form, _)| *form == head)
}

/// A message about something within a procedure that the script called, told of that procedure. What the script's call
/// itself names, such as the `car` of `(map car items)`, keeps its name.
pub(super) fn told_of(head: &str, message: &str, call: &str) -> String {
    match message.split_once(": ") {
        Some((inner, rest))
            if (inner == "a procedure" || !inner.contains(' ')) && !lex::names(call).any(|name| name == inner) =>
        {
            format!("{head}: {rest}")
        }
        _ => message.to_owned(),
    }
}

/// How the forms are written.
const FORMS: &[(&str, &str)] = &[
    ("begin", "(begin body …)"),
    ("if", "(if condition then else)"),
    ("let", "(let ([name value] …) body …)"),
    ("let*", "(let* ([name value] …) body …)"),
    ("letrec", "(letrec ([name value] …) body …)"),
    ("lambda", "(lambda (parameter …) body …)"),
    ("define", "(define name value) or (define (name parameter …) body …)"),
    ("cond", "(cond [condition body …] … [else body …])"),
    ("case", "(case value [(datum …) body …] … [else body …])"),
    ("when", "(when condition body …)"),
    ("unless", "(unless condition body …)"),
    ("do", "(do ([name start step] …) (done? value) body …)"),
    ("define-values", "(define-values (name …) values)"),
    ("set!", "(set! name value)"),
    ("quote", "(quote datum) or 'datum"),
    ("with-handler", "(with-handler (lambda (failure) …) body …)"),
    ("parameterize", "(parameterize ([parameter value] …) body …)"),
    ("and", "(and condition …)"),
    ("or", "(or condition …)"),
    ("case-lambda", "(case-lambda [(parameter …) body …] …)"),
    ("define-record-type", "(define-record-type name (constructor field …) predicate (field accessor [modifier]) …)"),
    ("define-syntax", "(define-syntax name (syntax-rules () [(_ pattern …) template] …))"),
    ("define-syntax-rule", "(define-syntax-rule (name pattern …) template)"),
    ("for", "(for ([name sequence] …) body …)"),
    ("for/fold", "(for/fold ([name start] …) ([name sequence] …) body …)"),
    ("for/list", "(for/list ([name sequence] …) body …)"),
    ("guard", "(guard (name [condition body …] …) body …)"),
    ("let-syntax", "(let-syntax ([name (syntax-rules () [(_ pattern …) template] …)]) body …)"),
    ("let-values", "(let-values ([(name …) values] …) body …)"),
    ("let*-values", "(let*-values ([(name …) values] …) body …)"),
    ("match", "(match value [pattern body …] …)"),
    ("while", "(while condition body …)"),
    ("with-handlers", "(with-handlers ([predicate handler] …) body …)"),
    ("struct", "(struct name (field …))"),
    ("try", "(try expression on-error handler)"),
    ("help", "(help name)"),
];

pub(super) fn form_hint(name: &str) -> String {
    let form = FORMS.iter().find(|(known, _)| *known == name);
    form.map_or_else(String::new, |(_, usage)| format!("it is written {usage}"))
}

/// Steel's names of types, and the predicates that Racket names them by.
const TYPES: &[(&str, &str)] = &[
    ("a list or pair", "pair?"),
    ("a list", "list?"),
    ("a pair", "pair?"),
    ("steel string", "string?"),
    ("string", "string?"),
    ("a string", "string?"),
    ("steel list", "list?"),
    ("hashmap", "hash?"),
    ("a hash map", "hash?"),
    ("a hashmap", "hash?"),
    ("steel mutable vector", "(and/c vector? (not/c immutable?))"),
    ("a vector", "vector?"),
    ("a number", "number?"),
    ("a number type", "number?"),
    ("numbers", "number?"),
    ("two numbers", "number?"),
    ("real numbers", "real?"),
    ("an integer", "integer?"),
    ("a symbol", "symbol?"),
    ("a function", "procedure?"),
    ("steel box", "box?"),
    ("character", "char?"),
    ("a character", "char?"),
    ("Expected character", "char?"),
    ("a list of characters", "(listof char?)"),
];

/// What Steel calls some procedures when they are given too many arguments, or too few.
const SPELT: &[(&str, &str)] = &[
    ("make_mutable_box", "box"),
    ("list_vec_null", "null?"),
    ("subtract_primitive", "-"),
    ("less_than", "<"),
    ("less_than_equal", "<="),
    ("greater_than", ">"),
    ("greater_than_equal", ">="),
];

/// A value that Steel shows, as Racket would.
fn as_printed(found: &str) -> String {
    print::cut_for_message(shown::printed(found))
}

fn violation(name: &str, expected: &str, found: Option<&str>) -> String {
    let given = found.map_or(String::new(), |found| format!("\n  given: {}", as_printed(found)));
    format!("{name}: contract violation\n  expected: {expected}{given}")
}

/// Translates a message of Steel's. `callee`: what stands at the place of the error in the script, if that is a name.
pub(super) fn translated(message: &str, callee: Option<&str>) -> Option<Said> {
    let message = &*message.split_whitespace().collect::<Vec<_>>().join(" ");
    name_problem(message)
        .or_else(|| application(message, callee))
        .or_else(|| lookup(message, callee))
        .or_else(|| type_problem(message, callee))
}

fn name_problem(message: &str) -> Option<Said> {
    let name = message.strip_prefix("Cannot reference an identifier before its definition: ")?;
    // Steel's name for a parameter of a procedure that it has put in the place of its call.
    let Some(parameter) = name.strip_prefix("##").map(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()))
    else {
        let message = format!("{name}: undefined;\n cannot use before initialization");
        return Some(said(message, "what was to define it has not run, or ended in an error: define it again"));
    };
    Some(said(
        format!("a procedure is called with too few arguments: its `{parameter}` has no value"),
        "give it one argument for each parameter",
    ))
}

fn application(message: &str, callee: Option<&str>) -> Option<Said> {
    if let Some((_, odd)) = message.split_once("pplication not a procedure or function type not supported: ") {
        let hint = match callee {
            Some(name) if name != odd => format!("`{name}` is that value; has a definition of yours taken its name?"),
            _ => format!("the first thing in parentheses is called; for a list write `(list {odd} …)`"),
        };
        if odd.trim_start_matches('\'') == "%undefined" {
            let name = callee.unwrap_or("a variable");
            return Some(said(format!("{name}: undefined;\n cannot use before initialization"), ""));
        }
        return Some(said(not_applicable(odd), hint));
    }
    if message.contains("Attempted to call struct as a function") {
        let expected = "expected a procedure that can be applied to arguments";
        return Some(said(
            format!("application: not a procedure;\n {expected}"),
            "a record is called when its `struct` says how: `#:property prop:procedure`",
        ));
    }
    if message.contains("arity mismatch") {
        let name = message.rsplit(": ").next().unwrap_or_default();
        return Some(said(format!("{name}: the arguments do not fit its parameters"), usage(Some(name))));
    }
    if message == "stack overflowed!" || message == "call/cc: stack overflowed!" {
        return Some(said(
            "the recursion is too deep",
            "does it come to an end? A call in tail position, or a `let loop` with an accumulator, takes no room",
        ));
    }
    // `function expected 2 arguments, found 1`, `equal? expected 2 arguments, got 1`, `… expects exactly 1 arguments, …`
    let (head, found) = message
        .rsplit_once(", found: ")
        .or_else(|| message.rsplit_once(", found "))
        .or_else(|| message.rsplit_once(", got "))?;
    let given: usize = found.trim_end_matches(['.', ' ']).split(' ').next()?.parse().ok()?;
    let head = head.strip_suffix(" arguments").or_else(|| head.strip_suffix(" argument"))?;
    let (name, wanted) = head.split_once(" expected ").or_else(|| head.split_once(" expects "))?;
    let own = matches!(name, "function" | "Anonymous function");
    let name = if own { callee.filter(|c| !matches!(*c, "lambda" | "λ")) } else { callee.or(Some(name)) };
    let name = name.map(|name| SPELT.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| *ours));
    let wanted = wanted.strip_prefix("exactly ").unwrap_or(wanted);
    let expected = "the expected number of arguments does not match the given number";
    let message = format!(
        "{}: arity mismatch;\n {expected}\n  expected: {wanted}\n  given: {given}",
        name.unwrap_or("a procedure")
    );
    Some(said(message, usage(name)))
}

fn not_applicable(found: &str) -> String {
    let expected = "expected a procedure that can be applied to arguments";
    format!("application: not a procedure;\n {expected}\n  given: {}", as_printed(found))
}

/// How a documented procedure is called.
fn usage(name: Option<&str>) -> String {
    let primitive = name.and_then(super::table::find);
    primitive.map_or_else(String::new, |p| format!("it is called as {}", p.signature()))
}

fn lookup(message: &str, callee: Option<&str>) -> Option<Said> {
    let name = callee.unwrap_or("hash-ref");
    if let Some(rest) = message.strip_prefix("key not found in hash map: ") {
        let (key, map) = rest.split_once(" - map: ")?;
        let bare = key.trim_matches('"');
        let hint = if bare == key && map.contains(&format!("\"{key}\":")) {
            format!("the key there is the string `\"{key}\"`, not the symbol")
        } else if bare != key && map.contains(&format!("'{bare}:")) {
            format!("the key there is the symbol `'{bare}`, not the string")
        } else {
            "`(hash-try-get hash key)` gives `#f` for a key that is missing; `hash-contains?` asks".into()
        };
        return Some(said(format!("{name}: the hash has no key `{key}`"), hint));
    }
    if message == "hash map must have a value for every key!" {
        return Some(said("hash: the last key has no value", "it is called as (hash key value …)"));
    }
    let numbers: Vec<i64> = message.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let (index, length) = match numbers[..] {
        [index, length] if message.starts_with("index out of bounds, index given") => (index, length),
        [length, index] if message.starts_with("out of bounds index in list-ref") => (index, length),
        [index, length] if message.contains("index out of bounds: index:") => (index, length),
        [index] if message.contains("index out of bounds") => {
            let name = message.split(':').next().unwrap_or(name);
            return Some(said(format!("{name}: the index {index} is past the end"), "indexes count from 0"));
        }
        [wanted, length] if message.starts_with("list-tail expects at least") => (wanted, length),
        _ => return None,
    };
    let last = match length {
        0 => "it is empty".to_owned(),
        n => format!("indexes go from 0 to {}", n - 1),
    };
    Some(said(format!("{name}: there is no index {index} where there are {length}"), last))
}

fn type_problem(message: &str, callee: Option<&str>) -> Option<Said> {
    if let Some(name) = message.strip_suffix(" resulted in an error - empty list") {
        let name = callee.unwrap_or(name);
        return Some(said(violation(name, "pair?", Some("'()")), "`(null? list)` tells whether a list is empty"));
    }
    let (name, wanted, found) = if let Some((before, rest)) = message.split_once("Cannot convert steel value: ") {
        let (found, wanted) = rest.rsplit_once(" to ")?;
        (before.strip_suffix(": ").or(callee).unwrap_or("a procedure"), wanted, Some(found))
    } else if let Some(found) = message.strip_prefix("expected real numbers, found: ") {
        // Steel does not say which of its comparisons it was.
        (callee.unwrap_or("<"), "real numbers", Some(found))
    } else {
        let (name, rest) = message.split_once(' ')?;
        let rest = rest
            .strip_prefix("expects ")
            .or_else(|| rest.strip_prefix("expected "))
            .or_else(|| rest.strip_prefix("Expected "))?;
        let rest = rest.strip_prefix("Expected ").unwrap_or(rest);
        let (wanted, found) = match rest.split_once(", found") {
            Some((wanted, found)) => (wanted, Some(found.trim_start_matches([':', ' ']))),
            None => (rest, None),
        };
        (name.trim_end_matches(':'), wanted, found)
    };
    // It is told what it was of a pair alone.
    let found = if name == "cdr" && wanted == "a non empty list" { Some("'()") } else { found };
    if name == "apply"
        && wanted.contains("function")
        && let Some(found) = found
    {
        return Some(said(not_applicable(found), ""));
    }
    // Steel's own names of its parts.
    let name = if name.starts_with("steel") || name.contains('_') { callee.unwrap_or("a procedure") } else { name };
    let predicate = TYPES.iter().find(|(steels, _)| *steels == wanted).map(|(_, ours)| *ours);
    let predicate = if name == "cdr" { Some("pair?") } else { predicate };
    // Of `1 and "a"` the one that is no number.
    let found = found.map(|found| match (wanted, found.split_once(" and ")) {
        ("numbers" | "two numbers", Some((first, second))) if first.parse::<f64>().is_ok() => second,
        ("numbers" | "two numbers", Some((first, _))) => first,
        _ => found,
    });
    let hint = found.map_or("", |found| conversion(predicate.unwrap_or(wanted), found));
    if let Some(predicate) = predicate {
        return Some(said(violation(name, predicate, found), hint));
    }
    Some(said(
        match found {
            Some(found) => format!("{name}: it wants {wanted}, not `{found}`"),
            None => format!("{name}: it wants {wanted}"),
        },
        hint,
    ))
}

/// How a value becomes what is wanted.
pub(super) fn conversion(wanted: &str, found: &str) -> &'static str {
    let number = found.parse::<f64>().is_ok();
    let string = found.starts_with('"');
    if found == "#<void>" {
        "a void comes of what gives nothing: `define`, `set!`, `for-each`, `printf`, a `when` or an `if` whose condition does \
         not hold"
    } else if found.contains("#<response ") {
        "a response is no string; `(syntax-e response)` gives its text"
    } else if found.contains("#<async ") {
        "`await` the handle first"
    } else if (wanted.contains("number") || wanted.contains("real")) && string {
        "`(string->number text)` makes a number of it"
    } else if wanted.contains("string") && number {
        "`(number->string n)` or `(format \"~a\" value)` makes a string of it"
    } else if wanted.contains("string") {
        "`(format \"~a\" value)` makes a string of any value"
    } else if (wanted.contains("list") || wanted == "pair?") && found.starts_with("#(") {
        "`(vector->list vector)` makes a list of it"
    } else if wanted.contains("vector") && found.starts_with("'(") {
        "`list-ref` is for lists; `(list->vector list)` makes a vector"
    } else if wanted.contains("symbol") && string {
        "`(string->symbol text)` makes a symbol of it"
    } else {
        ""
    }
}

/// The words for parentheses that do not match, and what to do.
pub(super) fn unbalanced(text: &str) -> Option<ScriptError> {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let (message, hint, at) = match lex::unbalanced(text)? {
        Unbalanced::Open { at, next } => (
            format!("this `{}` is never closed", &text[at..=at]),
            match next {
                Some(next) => format!("line {} begins a new form: close this one before it", line(next)),
                None => "the script ends before it is closed".into(),
            },
            at,
        ),
        Unbalanced::Text { at } if text[at..].starts_with("#<<") => {
            let tag = text[at + 3..].lines().next().unwrap_or_default().trim_end();
            let hint =
                format!("it ends at a line that is `{tag}` and nothing else: what follows, even a `)`, is on the next");
            (format!("the here-string `#<<{tag}` does not end"), hint, at)
        }
        Unbalanced::Text { at } => {
            ("this string never ends".into(), "it ends at a `\"`; within it, a quote is written `\\\"`".into(), at)
        }
        Unbalanced::Close { at } => (
            format!("this `{}` closes nothing", &text[at..=at]),
            "everything that was open before it is closed already: is there one too many?".into(),
            at,
        ),
        Unbalanced::Crossed { open, at } => (
            format!(
                "this `{}` stands where the `{}` of line {} is to be closed",
                &text[at..=at],
                &text[open..=open],
                line(open)
            ),
            "`(` is closed by `)`, `[` by `]`".into(),
            at,
        ),
    };
    Some(script_error(message, hint, at..at + 1))
}

fn script_error(message: String, hint: String, place: Range<usize>) -> ScriptError {
    let span = Some((place.start as u32, place.end as u32));
    let hint = Some(hint).filter(|h| !h.is_empty());
    ScriptError { class: FailureClass::Script, blame: Blame::Program, message, hint, span }
}

/// What to say of a name that is not defined: what is written here instead, or the nearest of the program's own names and
/// of the language's.
pub(super) fn undefined<'a>(name: &str, program: &'a str, globals: impl Iterator<Item = &'a str>) -> Said {
    if let Some((message, hint)) = foreign::absent(name) {
        return said(message, hint);
    }
    let message = format!("`{name}` is not defined");
    if let Some(hint) = foreign::instead(name) {
        return said(message, hint);
    }
    if let Some((_, usage)) = FORMS.iter().find(|(form, _)| *form == name) {
        return said(format!("`{name}` is no value but a form"), format!("it is written {usage}"));
    }
    let own = lex::names(program).filter(|own| *own != name && !own.starts_with("#:"));
    let known = own.chain(globals).filter(|known| !known.starts_with(['%', '#', '_']) && *known != name);
    let near = super::nearest(name, known);
    said(message, near.map_or(String::new(), |near| format!("did you mean `{near}`?")))
}

/// What to say of a comma that separates items.
pub(super) fn comma() -> Said {
    said("a comma stands outside of a quasiquote", "the items of a list are separated by spaces: `(list 1 2 3)`")
}

/// What a panic of Steel's means, and what to do.
pub(super) fn panicked(panic: &str) -> ScriptError {
    let error = |message: String, hint: &str| ScriptError {
        class: FailureClass::Script,
        blame: Blame::Program,
        message,
        hint: Some(hint.into()),
        span: None,
    };
    if panic.contains("Value given not true!") {
        return error(
            "assert!: its argument is not `#t`".into(),
            "`(unless condition (error …))` can say what was wrong",
        );
    }
    error(
        format!("the interpreter panicked ({panic}); this is a bug in Bessemer or in Steel"),
        "please report it with the script",
    )
}

pub(super) mod shown;
#[cfg(test)]
mod tests;
