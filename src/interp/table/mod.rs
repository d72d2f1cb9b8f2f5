//! The table of primitives: each one declared once, with its parameters, its documentation and an example.
//!
//! From these declarations come the parsing of keywords and its errors, and everything that describes the language
//! (`bessemer doc`, `(help name)`, completion, the root LLM's prompt). A test walks the table and runs every example.
//! Procedures written in Scheme (`prelude/`) are declared here too, or in a `;;@doc` comment there ([`doc_comments`]).

mod callable;
mod calls;
mod context;
mod control;
mod data;
mod doc_comments;
mod embed;
mod files;
mod help;
mod kind;
mod nested;
mod place;
mod python;
mod state;
mod text;
mod values;
mod wire_call;

use super::value::{Fault, Native, response_text};
use std::{collections::HashMap, sync::OnceLock};
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
    /// JSON.
    Data,
    /// Ending, handlers, time.
    Control,
    /// Budgets, records, values kept.
    State,
    /// Arguments and files.
    Files,
    /// CPython.
    Python,
    /// Texts cut, counted and found.
    Text,
    /// Ways to put several calls together.
    Combinators,
    /// Transducers and streams.
    Transducers,
    /// The reference itself.
    Help,
    /// What the script was given to read.
    Context,
}

impl Family {
    /// Every family, in the reference's order.
    pub const ALL: [Self; 13] = [
        Self::Calls,
        Self::FanOut,
        Self::Combinators,
        Self::Values,
        Self::Data,
        Self::Control,
        Self::Context,
        Self::Text,
        Self::State,
        Self::Files,
        Self::Python,
        Self::Transducers,
        Self::Help,
    ];

    /// One of its members that is a Rust function.
    const fn native(
        self,
        name: &'static str,
        params: &'static [Param],
        result: &'static str,
        doc: &'static str,
        example: &'static str,
        function: FunctionSignature,
    ) -> Primitive {
        Primitive { body: Body::Native(function), ..self.prelude(name, params, result, doc, example) }
    }

    /// One of its members whose body is in the prelude.
    const fn prelude(
        self,
        name: &'static str,
        params: &'static [Param],
        result: &'static str,
        doc: &'static str,
        example: &'static str,
    ) -> Primitive {
        Primitive { name, family: self, params, rest: None, result, doc, example, body: Body::Prelude }
    }

    /// The family of this heading.
    fn titled(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.title() == title)
    }

    /// Its heading in the reference.
    pub fn title(self) -> &'static str {
        match self {
            Self::Calls => "Calling models",
            Self::FanOut => "Fan-out",
            Self::Values => "Answers and failures",
            Self::Data => "JSON and hashes",
            Self::Control => "Control",
            Self::State => "Budgets and records",
            Self::Files => "Arguments and files",
            Self::Python => "Python",
            Self::Text => "Text",
            Self::Combinators => "Combinators",
            Self::Transducers => "Transducers and streams",
            Self::Help => "Help",
            Self::Context => "Context",
        }
    }
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
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

/// The tables, and what the prelude's comments say.
struct Index {
    all: Vec<&'static Primitive>,
    by_name: HashMap<&'static str, &'static Primitive>,
    /// What is wrong with the prelude's comments; a test sees to it that nothing is.
    #[cfg_attr(not(test), allow(dead_code))]
    problems: Vec<String>,
}

fn index() -> &'static Index {
    // Made by the zygote when it builds the engine, and shared by all that it forks.
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let tables = [
            calls::TABLE,
            nested::TABLE,
            embed::TABLE,
            control::FAN_OUT,
            control::CONTROL,
            values::TABLE,
            data::TABLE,
            context::TABLE,
            text::TABLE,
            state::TABLE,
            files::TABLE,
            python::TABLE,
            help::TABLE,
        ];
        let mut all: Vec<&'static Primitive> = tables.into_iter().flatten().collect();
        let mut problems = Vec::new();
        let prelude = super::engine::PRELUDE.iter().chain(super::engine::COMBINATORS);
        for entry in prelude.flat_map(|text| doc_comments::read(text)) {
            match entry {
                Ok(primitive) => all.push(Box::leak(Box::new(primitive))),
                Err(problem) => problems.push(problem),
            }
        }
        let by_name = all.iter().map(|p| (p.name, *p)).collect();
        Index { all, by_name, problems }
    })
}

/// Every primitive: the tables' first, then the prelude's.
pub fn all() -> impl Iterator<Item = &'static Primitive> {
    index().all.iter().copied()
}

/// The primitive of this name.
pub fn find(name: &str) -> Option<&'static Primitive> {
    index().by_name.get(name).copied()
}

/// A text's sentences, each with its full stop.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").flat_map(|p| p.split_inclusive(". ")).map(str::trim_end).filter(|s| !s.is_empty())
}

pub(crate) use callable::{called_with, can_take, check_procedure, check_thunks, checked, not_set};
pub(crate) use embed::{batches as embedding_batches, vectors};
pub(crate) use help::help;
pub use kind::Kind;
pub(crate) use place::called_at;
pub(crate) use python::{python, python_turn};
pub(crate) use wire_call::{Part, WireCall, wire_call};

impl Primitive {
    /// What it does, in one sentence.
    pub fn summary(&self) -> &'static str {
        sentences(self.doc).next().unwrap_or_default()
    }

    /// How it is called, as the reference shows it: `(name a b #:key default)`.
    pub fn signature(&self) -> String {
        let parts: String = self.signature_parts().iter().map(|part| format!(" {part}")).collect();
        format!("({}{parts})", self.name)
    }

    /// What stands behind the name in the signature.
    pub(crate) fn signature_parts(&self) -> Vec<String> {
        let part = |p: &Param| match (p.keyword, p.default) {
            (true, default) => format!("#:{} {}", p.name, default.unwrap_or("…")),
            (false, Some(_)) => format!("[{}]", p.name),
            (false, None) => p.name.to_owned(),
        };
        self.params.iter().map(part).chain(self.rest.map(|rest| format!("{rest} …"))).collect()
    }

    /// The arguments by parameter, `None` where the default holds; what `rest` takes comes behind them.
    pub(crate) fn parse(&self, args: &[SteelVal]) -> Result<Vec<Option<SteelVal>>, Fault> {
        place::begin(self.name);
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
                let param = &self.params[index];
                match self.check(param, value) {
                    Ok(()) => values[index] = Some(value.clone()),
                    // `#f` that says nothing else is as good as unsaid, where that is the default.
                    Err(_) if param.default == Some("#f") && matches!(value, SteelVal::BoolV(false)) => {}
                    Err(fault) => return Err(fault),
                }
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

    /// An error in how the primitive was called.
    pub(crate) fn misuse(&self, what: String) -> Fault {
        let spans = place::here().into_iter().collect();
        let fault = Fault { spans, ..Fault::script(format!("{}: {what}", self.name)) };
        fault.hint(format!("it is called as {}", self.signature()))
    }
}

/// Runs a native on its parsed arguments; the table's entry is found by its name.
fn parsed(name: &str, args: &[SteelVal], f: impl FnOnce(&[Option<SteelVal>]) -> Result<SteelVal, Fault>) -> Native {
    let primitive = find(name).expect("a native asks for its own entry");
    primitive.parse(args).and_then(|values| f(&values)).map_err(raised)
}

/// `(%arguments 'name args)` → a vector of the arguments by parameter, defaults filled in where they are plain data, and
/// behind them the list of what the rest parameter takes: how a prelude procedure reads its keywords.
pub(crate) fn arguments(args: &[SteelVal]) -> Native {
    let [SteelVal::SymbolV(name), SteelVal::ListV(given)] = args else {
        return Err(super::value::error("%arguments takes a name and a list"));
    };
    let primitive = find(name.as_str())
        .ok_or_else(|| super::value::error(format!("`{name}` has neither an entry nor a `;;@doc` comment")))?;
    let given: Vec<SteelVal> = given.iter().cloned().collect();
    let mut values = primitive.parse(&given).map_err(raised)?;
    if let Some(missing) = primitive.params.iter().zip(&values).find(|(p, v)| p.default.is_none() && v.is_none()) {
        return Err(raised(primitive.misuse(format!("`#:{}` is missing", missing.0.name))));
    }
    let rest = values.split_off(primitive.params.len());
    let mut all: Vec<SteelVal> = primitive.params.iter().zip(values).map(|(p, v)| v.unwrap_or(datum(p))).collect();
    all.push(SteelVal::ListV(rest.into_iter().flatten().collect()));
    Ok(SteelVal::VectorV(all.into_iter().collect()))
}

/// A parameter's default as a value; what is no plain datum is `#f`, for the procedure to fill in.
fn datum(param: &Param) -> SteelVal {
    let text = param.default.unwrap_or("#f");
    let quoted = |text: &str| text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).map(str::to_owned);
    if text == "#t" {
        SteelVal::BoolV(true)
    } else if let Ok(n) = text.parse() {
        SteelVal::IntV(n)
    } else if let Ok(n) = text.parse() {
        SteelVal::NumV(n)
    } else if let Some(text) = quoted(text) {
        super::value::string(text.replace("\\n", "\n"))
    } else if let Some(name) = text.strip_prefix('\'').filter(|n| !n.starts_with('(')) {
        super::value::symbol(name)
    } else {
        SteelVal::BoolV(false)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comment_of_the_prelude_is_well_formed() {
        assert_eq!(index().problems, Vec::<String>::new());
    }

    #[test]
    fn a_prelude_procedure_reads_its_keywords_by_its_signature() {
        let given = |args: &[SteelVal]| {
            let args = SteelVal::ListV(args.iter().cloned().collect());
            arguments(&[crate::interp::value::symbol("llm-query"), args]).map(|v| crate::interp::print::written(&v))
        };
        let text = crate::interp::value::string;
        let all = given(&[crate::interp::value::symbol("#:data"), text("d"), text("p")]).unwrap();
        assert!(
            all.starts_with("#(\"p\" #f \"d\" #f #f #f \"cheap\" round-robin #f ") && all.ends_with(" ())"),
            "{all}"
        );
        assert!(given(&[crate::interp::value::symbol("#:dato"), text("d")]).is_err());
        assert!(given(&[text("p"), text("one too many")]).is_err());
    }

    #[test]
    fn every_name_is_declared_once() {
        assert_eq!(index().all.len(), index().by_name.len());
    }
}
