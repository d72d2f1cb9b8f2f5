//! CPython in the session.

use super::{Body, Family, Kind, Param, Primitive, parsed, required};
use crate::{
    interp::{
        ledger,
        python::{self, PyFailure},
        value::{Fault, string},
        wall,
    },
    wire::{Blame, FailureClass},
};
use std::time::Instant;
use steel::{SteelVal, rvals::FunctionSignature};

const CODE: &[Param] = &[required("code", Kind::Text, "Python statements.")];

const fn entry(
    name: &'static str,
    params: &'static [Param],
    rest: Option<&'static str>,
    result: &'static str,
    doc: &'static str,
    example: &'static str,
    function: FunctionSignature,
) -> Primitive {
    Primitive { name, family: Family::Python, params, rest, result, doc, example, body: Body::Native(function) }
}

pub(super) const TABLE: &[Primitive] = &[
    entry(
        "py-eval",
        CODE,
        None,
        "any",
        "Runs Python statements and gives the value of the last expression, like a notebook cell; void when the last is \
         no expression. State is kept between calls. What has no Scheme form stays in Python, behind a handle.",
        "(py-eval \"import math\\n[math.sqrt(4), 2 ** 100]\")",
        |args| run("py-eval", args, |v| python::eval(&code(v))),
    ),
    entry(
        "py-exec",
        CODE,
        None,
        "string",
        "Runs Python statements and gives what they printed.",
        "(py-exec \"print(6 * 7)\")",
        |args| run("py-exec", args, |v| python::exec(&code(v)).map(string)),
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
        |args| run("py-set!", args, |v| python::set(&code(v), &value(v, 1)).map(|()| SteelVal::Void)),
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
        |args| {
            run("py-call", args, |v| {
                let method = super::given_text(&v[1]);
                let rest: Vec<SteelVal> = v[2..].iter().flatten().cloned().collect();
                python::call(&value(v, 0), &method, &rest)
            })
        },
    ),
    entry(
        "py-import",
        &[required("module", Kind::Text, "A module's name.")],
        None,
        "handle",
        "Imports a Python module, binds it as `import` does, and gives its handle.",
        "(py-call (py-import \"math\") \"sqrt\" 16)",
        |args| run("py-import", args, |v| python::import(&code(v))),
    ),
];

fn code(values: &[Option<SteelVal>]) -> steel::rvals::SteelString {
    super::given_text(&values[0])
}

fn value(values: &[Option<SteelVal>], index: usize) -> SteelVal {
    values[index].clone().unwrap_or(SteelVal::Void)
}

fn run(
    name: &str,
    args: &[SteelVal],
    f: impl FnOnce(&[Option<SteelVal>]) -> Result<SteelVal, PyFailure>,
) -> super::super::value::Native {
    parsed(name, args, |values| {
        // Python blocks every fiber: calls made so far should be under way meanwhile, and text written be seen.
        super::super::sched::with(super::super::output::hand_over);
        match name {
            "py-eval" | "py-exec" => python::bind_contexts(&code(values))?,
            "py-set!" => python::keep_name(&code(values)),
            _ => {}
        }
        let begun = Instant::now();
        let result = f(values);
        ledger::python(begun.elapsed());
        result.map_err(failure)
    })
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
