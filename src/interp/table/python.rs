//! CPython in the session.

use super::{Family, Kind, Param, Primitive, parsed, required};
use crate::{
    interp::{
        ledger,
        natives::raise,
        output,
        python::{self, PyFailure},
        sched,
        value::{Fault, Native, error, string, text_like},
        wall,
    },
    wire::{Blame, FailureClass},
};
use std::time::Instant;
use steel::SteelVal;

const CODE: &[Param] = &[required("code", Kind::Text, "Python statements.")];

const fn entry(
    name: &'static str,
    params: &'static [Param],
    rest: Option<&'static str>,
    result: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Primitive {
    Primitive { rest, ..Family::Python.prelude(name, params, result, doc, example) }
}

pub(super) const TABLE: &[Primitive] = &[
    entry(
        "py-eval",
        CODE,
        None,
        "any",
        "Runs Python statements and gives the value of the last expression, like a notebook cell; void when the last is \
         no expression. State is kept between calls. A dict is a hash whose keys are symbols where Python's are strings. What \
         has no Scheme form stays in Python, behind a handle.",
        "(py-eval \"import math\\n[math.sqrt(4), 2 ** 100]\")",
    ),
    entry(
        "py-exec",
        CODE,
        None,
        "string",
        "Runs Python statements and gives what they printed. Longer code goes into a here-string, in which nothing is escaped.",
        "(py-exec \"print(6 * 7)\")",
    ),
    entry(
        "py-set!",
        &[
            required("name", Kind::Text, "A Python variable."),
            required("value", Kind::Any, "Any value that has a Python form, of any size."),
        ],
        None,
        "void",
        "Sets a Python variable. Nothing needs escaping.",
        "(py-set! \"rows\" '(1 2 3))",
    ),
    entry(
        "py-call",
        &[
            required("object", Kind::Any, "A handle of Python's, or a value that has a Python form."),
            required("method", Kind::Text, "The method's name."),
        ],
        Some("arg"),
        "any",
        "Calls a method of a Python object.",
        "(py-call \"a-b\" \"split\" \"-\")",
    ),
    entry(
        "py-import",
        &[required("module", Kind::Text, "A module's name.")],
        None,
        "handle",
        "Imports a Python module, binds it as `import` does, and gives its handle.",
        "(py-call (py-import \"math\") \"sqrt\" 16)",
    ),
];

fn code(values: &[Option<SteelVal>]) -> steel::rvals::SteelString {
    super::given_text(&values[0])
}

fn value(values: &[Option<SteelVal>], index: usize) -> SteelVal {
    values[index].clone().unwrap_or(SteelVal::Void)
}

/// `(%python name args bindings)` runs one of these procedures, within the budgets among the bindings.
pub(crate) fn python(args: &[SteelVal]) -> Native {
    let (Some(name), SteelVal::ListV(given)) = (text_like(&args[0]), &args[1]) else {
        return Err(error("%python takes a name, a list and bindings"));
    };
    let given: Vec<SteelVal> = given.iter().cloned().collect();
    let ran = parsed(&name, &given, |v| {
        begin(&args[2]);
        match &*name {
            "py-eval" | "py-exec" => python::bind_contexts(&code(v))?,
            "py-set!" => python::keep_name(&code(v)),
            _ => {}
        }
        let begun = Instant::now();
        let value = match &*name {
            "py-eval" => python::eval(&code(v)),
            "py-exec" => python::exec(&code(v)).map(string),
            "py-set!" => python::set(&code(v), &value(v, 1)).map(|()| SteelVal::Void),
            "py-import" => python::import(&code(v)),
            _ => {
                let method = super::given_text(&v[1]);
                let rest: Vec<SteelVal> = v[2..].iter().flatten().cloned().collect();
                python::call(&value(v, 0), &method, &rest)
            }
        };
        ledger::python(begun.elapsed());
        value.map_err(failure)
    });
    unless_ended(ran)
}

/// `(%python-turn! code bindings)` runs a block that a model has written in Python.
pub(crate) fn python_turn(args: &[SteelVal]) -> Native {
    begin(&args[1]);
    let code = text_like(&args[0]).unwrap_or_default();
    let ran = python::bind_contexts(&code).and_then(|()| python::turn(&code).map_err(failure));
    unless_ended(ran.map(|()| SteelVal::Void).map_err(|fault| raise(fault.into_value())))
}

/// Python blocks every fiber: calls made so far should be under way meanwhile, and text written be seen.
fn begin(bindings: &SteelVal) {
    ledger::python_begins(bindings);
    sched::with(output::hand_over);
}

/// Python may have ended the program: then nothing it gave counts.
fn unless_ended(ran: Native) -> Native {
    if sched::with(|s| s.ended.is_some()) { Err(error("the program ended")) } else { ran }
}

fn failure(failed: PyFailure) -> Fault {
    let mut message = failed.message;
    if !failed.traceback.is_empty() {
        message = format!("{message}\n{}", failed.traceback.trim_end());
    }
    let fault = Fault::new(FailureClass::Python, message);
    if fault.message.starts_with("MemoryError") {
        return fault.hint("the script may have more memory with `--max-memory`; or hold less at a time");
    }
    if wall::stands()
        && let Some(refused) = fault.message.strip_prefix("PermissionError: ")
    {
        let hint = refusal_hint(refused.lines().next().unwrap_or_default());
        return Fault { blamed: Some(Blame::Limit), ..fault.hint(hint) };
    }
    if wall::stands() && fault.message.contains("No usable temporary directory found") {
        return fault.hint(
            "grant one: `--allow-read=FOLDER --allow-write=FOLDER`, and `--allow-env=TMPDIR` if it is not in its list",
        );
    }
    if wall::stands() && fault.message.starts_with("KeyError: ") && fault.message.contains("os.environ[") {
        return fault.hint("a script has the variables that `--allow-env=NAME` grants, and no others");
    }
    if fault.message.contains("unterminated string literal") || fault.message.contains("EOL while scanning") {
        return fault.hint(
            "a newline inside a Python literal is written `\\\\n` in a Scheme string; a here-string (`#<<PY`) needs no escapes",
        );
    }
    fault
}

/// What to do about a `PermissionError`, by its own words. Most have the flag in them (`python/denials.rs`).
fn refusal_hint(refused: &str) -> String {
    let mut quoted = refused.split('`').skip(1).step_by(2);
    if let Some(flag) = quoted.find(|quoted| quoted.starts_with("--allow-")) {
        return format!("run it with `{flag}`");
    }
    match refused.split('\'').nth(1).filter(|_| refused.starts_with("[Errno 13]")) {
        Some(path) => format!("`--allow-read={path}` lets a script read it, `--allow-write={path}` write it"),
        None => "no flag grants that singly; `--no-sandbox` opens all".into(),
    }
}
