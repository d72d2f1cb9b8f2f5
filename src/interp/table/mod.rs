//! The table of primitives: each one declared once, with its parameters, its documentation and an example.
//!
//! From these declarations come the parsing of keywords and its errors, and everything that describes the language
//! (`bessemer doc`, `(help name)`, completion, the root LLM's prompt). A test walks the table and runs every example.
//! Procedures written in Scheme (`prelude/`) are declared here too; only their bodies are there.

mod calls;
mod control;
mod data;
mod output;
mod python;
mod values;

use super::value::{Fault, Native, as_handle, response_text, with_fault};
use steel::{SteelErr, SteelVal, rvals::FunctionSignature};

/// Where a primitive stands in the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Asking models.
    Calls,
    /// Many things side by side.
    FanOut,
    /// Reading answers and failures.
    Values,
    /// JSON and hashes.
    Data,
    /// Ending, handlers, time.
    Control,
    /// Text to stdout and stderr.
    Output,
    /// CPython.
    Python,
}

impl Family {
    /// Its heading in the reference.
    pub fn title(self) -> &'static str {
        match self {
            Self::Calls => "Calling models",
            Self::FanOut => "Fan-out",
            Self::Values => "Answers and failures",
            Self::Data => "JSON and hashes",
            Self::Control => "Control",
            Self::Output => "Output",
            Self::Python => "Python",
        }
    }
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Any,
    Text,
    Symbol,
    Number,
    Natural,
    Boolean,
    Procedure,
    List,
    Handle,
    Failure,
    Response,
    /// A non-negative number of seconds.
    Seconds,
    /// A natural number above zero, or `#f`.
    Window,
}

/// One parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name; a keyword's without the `#:`.
    pub name: &'static str,
    /// Whether it is given as `#:name value`.
    pub keyword: bool,
    /// What it must be.
    pub kind: Kind,
    /// The default, as the reference says it; `None` when it must be given.
    pub default: Option<&'static str>,
    /// One line.
    pub doc: &'static str,
}

/// What runs.
#[derive(Clone, Copy)]
pub enum Body {
    /// A Rust function.
    Native(FunctionSignature),
    /// A procedure of the prelude.
    Prelude,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Native(_) => "native",
            Self::Prelude => "prelude",
        })
    }
}

/// A procedure that scripts can call.
#[derive(Debug)]
pub struct Primitive {
    /// What scripts call it.
    pub name: &'static str,
    /// Its place in the reference.
    pub family: Family,
    /// Positional ones first, in order.
    pub params: &'static [Param],
    /// The positional parameter that takes all that is left.
    pub rest: Option<&'static str>,
    /// What it gives.
    pub result: &'static str,
    /// What it does, in a few sentences.
    pub doc: &'static str,
    /// An expression that evaluates offline.
    pub example: &'static str,
    /// What runs.
    pub body: Body,
}

/// A positional parameter that must be given.
const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Param {
    Param { name, keyword: false, kind, default: None, doc }
}

/// A keyword and its default.
const fn keyword(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Param {
    Param { name, keyword: true, kind, default: Some(default), doc }
}

/// Every primitive, by family.
pub fn all() -> impl Iterator<Item = &'static Primitive> {
    [calls::TABLE, control::FAN_OUT, control::CONTROL, values::TABLE, data::TABLE, output::TABLE, python::TABLE]
        .into_iter()
        .flatten()
}

/// The primitive of this name.
pub fn find(name: &str) -> Option<&'static Primitive> {
    all().find(|p| p.name == name)
}

pub(crate) use calls::wire_call;
pub(crate) use python::give_context as give_python_context;

impl Primitive {
    /// How it is called, as the reference shows it: `(name a b #:key default)`.
    pub fn signature(&self) -> String {
        let mut out = format!("({}", self.name);
        for p in self.params {
            match (p.keyword, p.default) {
                (true, Some(d)) => out += &format!(" #:{} {d}", p.name),
                (true, None) => out += &format!(" #:{} …", p.name),
                (false, Some(_)) => out += &format!(" [{}]", p.name),
                (false, None) => out += &format!(" {}", p.name),
            }
        }
        if let Some(rest) = self.rest {
            out += &format!(" {rest} …");
        }
        out + ")"
    }

    /// The arguments by parameter, `None` where the default holds; what `rest` takes comes behind them.
    pub(crate) fn parse(&self, args: &[SteelVal]) -> Result<Vec<Option<SteelVal>>, Fault> {
        let mut values: Vec<Option<SteelVal>> = vec![None; self.params.len()];
        let mut positional = self.params.iter().enumerate().filter(|(_, p)| !p.keyword);
        let mut rest = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if let Some(key) = keyword_name(arg) {
                let index = self.keyword_index(key)?;
                let Some(value) = args.next().filter(|v| keyword_name(v).is_none()) else {
                    return Err(self.misuse(format!("`#:{key}` wants a value")));
                };
                if values[index].is_some() {
                    return Err(self.misuse(format!("`#:{key}` is given twice")));
                }
                self.check(&self.params[index], value)?;
                values[index] = Some(value.clone());
            } else if let Some((index, param)) = positional.next() {
                self.check(param, arg)?;
                values[index] = Some(arg.clone());
            } else if self.rest.is_some() {
                rest.push(Some(arg.clone()));
            } else {
                return Err(self.misuse("it was given too many arguments".into()));
            }
        }
        if let Some((_, missing)) = positional.find(|(_, p)| p.default.is_none()) {
            return Err(self.misuse(format!("the argument `{}` is missing", missing.name)));
        }
        values.append(&mut rest);
        Ok(values)
    }

    fn keyword_index(&self, key: &str) -> Result<usize, Fault> {
        let keys = || self.params.iter().enumerate().filter(|(_, p)| p.keyword);
        if let Some((index, _)) = keys().find(|(_, p)| p.name == key) {
            return Ok(index);
        }
        let nearest = super::nearest(key, keys().map(|(_, p)| p.name));
        Err(match nearest {
            Some(near) => self.misuse(format!("unknown keyword `#:{key}`; did you mean `#:{near}`?")),
            None => self.misuse(format!("unknown keyword `#:{key}`")),
        })
    }

    fn check(&self, param: &Param, value: &SteelVal) -> Result<(), Fault> {
        let number = |v: &SteelVal| match v {
            SteelVal::IntV(n) => Some(*n as f64),
            SteelVal::NumV(n) => Some(*n),
            SteelVal::Rational(r) => Some(f64::from(*r.numer()) / f64::from(*r.denom())),
            _ => None,
        };
        let (fits, wanted) = match param.kind {
            Kind::Any => (true, ""),
            Kind::Text => (text(value).is_some(), "a string"),
            Kind::Symbol => (matches!(value, SteelVal::SymbolV(_)), "a symbol"),
            Kind::Number => (number(value).is_some(), "a number"),
            Kind::Natural => (matches!(value, SteelVal::IntV(n) if *n >= 0), "a whole number that is not negative"),
            Kind::Boolean => (matches!(value, SteelVal::BoolV(_)), "`#t` or `#f`"),
            Kind::Procedure => (value.is_function(), "a procedure"),
            Kind::List => (matches!(value, SteelVal::ListV(_)), "a list"),
            Kind::Handle => (as_handle(value).is_some(), "a handle of `llm-query-async` or `spawn`"),
            Kind::Failure => (with_fault(value, |_| ()).is_some(), "a failure"),
            Kind::Response => (response_text(value).is_some(), "a response"),
            Kind::Seconds => (number(value).is_some_and(|n| n >= 0.0), "a number of seconds that is not negative"),
            Kind::Window => (
                matches!(value, SteelVal::IntV(n) if *n > 0) || matches!(value, SteelVal::BoolV(false)),
                "a whole number above zero, or `#f`",
            ),
        };
        if fits {
            return Ok(());
        }
        let name = if param.keyword { format!("#:{}", param.name) } else { param.name.into() };
        let fault = self.misuse(format!("`{name}` must be {wanted}, not {}", shown(value)));
        Err(match (param.kind, response_text(value), as_handle(value)) {
            (Kind::Any | Kind::Text, _, Some(_)) => fault.hint("`await` the handle first"),
            (_, Some(_), _) => fault.hint("a response is no string; `(syntax-e response)` gives its text"),
            _ => fault,
        })
    }

    /// An error in how the primitive was called.
    pub(crate) fn misuse(&self, what: String) -> Fault {
        Fault::script(format!("{}: {what}", self.name)).hint(format!("it is called as {}", self.signature()))
    }
}

/// Runs a native on its parsed arguments; the table's entry is found by its name.
fn parsed(name: &str, args: &[SteelVal], f: impl FnOnce(&[Option<SteelVal>]) -> Result<SteelVal, Fault>) -> Native {
    let primitive = find(name).expect("a native asks for its own entry");
    primitive.parse(args).and_then(|values| f(&values)).map_err(raised)
}

fn raised(fault: Fault) -> SteelErr {
    super::natives::raise(fault.into_value())
}

/// `#:name` → `name`.
fn keyword_name(value: &SteelVal) -> Option<&str> {
    match value {
        SteelVal::SymbolV(s) => s.as_str().strip_prefix("#:"),
        _ => None,
    }
}

/// The text of a string or a response.
pub(crate) fn text(value: &SteelVal) -> Option<steel::rvals::SteelString> {
    match value {
        SteelVal::StringV(s) => Some(s.clone()),
        other => response_text(other),
    }
}

/// A text argument that the parser has checked.
fn given_text(value: &Option<SteelVal>) -> steel::rvals::SteelString {
    value.as_ref().and_then(text).unwrap_or_else(|| String::new().into())
}

/// A value in a message: its written form, cut.
fn shown(value: &SteelVal) -> String {
    let written = super::print::written(value);
    if written.chars().count() <= 60 {
        return format!("`{written}`");
    }
    format!("`{}…`", written.chars().take(60).collect::<String>())
}
