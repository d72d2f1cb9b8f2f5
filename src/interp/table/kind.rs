//! What arguments may be, and the one check of it.
//!
//! Not here: how many arguments a procedure takes that is given as one (`callable`).

use super::{Param, Primitive, callable, shown, text};
use crate::interp::value::{Fault, as_handle, response_text, with_fault};
use steel::SteelVal;

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Any,
    /// A string or a response.
    Text,
    /// A string and nothing else.
    String,
    Symbol,
    Number,
    Natural,
    Boolean,
    Procedure,
    /// A procedure that is called with these arguments.
    Calls(&'static str),
    /// Such a procedure, or `#f`.
    CallsOrFalse(&'static str),
    /// A list of procedures of no arguments.
    Thunks,
    List,
    Handle,
    Failure,
    Response,
    /// A non-negative number of seconds.
    Seconds,
    /// A natural number above zero, or `#f`.
    Window,
}

impl Kind {
    /// What it is called in the reference.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Text | Self::String => "string",
            Self::Symbol => "symbol",
            Self::Number => "number",
            Self::Natural => "natural number",
            Self::Boolean => "#t or #f",
            Self::Procedure | Self::Calls(_) => "procedure",
            Self::CallsOrFalse(_) => "procedure or #f",
            Self::List | Self::Thunks => "list",
            Self::Handle => "handle",
            Self::Failure => "failure",
            Self::Response => "response",
            Self::Seconds => "seconds",
            Self::Window => "natural number or #f",
        }
    }
}

impl Kind {
    /// What it is called in the reference, and of a procedure what it is called with.
    pub fn said(self) -> String {
        match self {
            Self::Calls(arguments) => format!("procedure `(lambda ({arguments}) …)`"),
            Self::CallsOrFalse(arguments) => format!("procedure `(lambda ({arguments}) …)` or #f"),
            _ => self.name().into(),
        }
    }
}

impl Primitive {
    /// Refuses what a parameter may not be.
    pub(super) fn check(&self, param: &Param, value: &SteelVal) -> Result<(), Fault> {
        let number = |v: &SteelVal| match v {
            SteelVal::IntV(n) => Some(*n as f64),
            SteelVal::NumV(n) => Some(*n),
            SteelVal::Rational(r) => Some(f64::from(*r.numer()) / f64::from(*r.denom())),
            _ => None,
        };
        let (fits, wanted) = match param.kind {
            Kind::Any => (true, ""),
            Kind::Text => (text(value).is_some(), "a string"),
            Kind::String => (matches!(value, SteelVal::StringV(_)), "a string"),
            Kind::Symbol => (matches!(value, SteelVal::SymbolV(_)), "a symbol"),
            Kind::Number => (number(value).is_some(), "a number"),
            Kind::Natural => (matches!(value, SteelVal::IntV(n) if *n >= 0), "a whole number that is not negative"),
            Kind::Boolean => (matches!(value, SteelVal::BoolV(_)), "`#t` or `#f`"),
            Kind::Procedure | Kind::Calls(_) => (value.is_function(), "a procedure"),
            Kind::CallsOrFalse(_) => {
                (value.is_function() || matches!(value, SteelVal::BoolV(false)), "a procedure or `#f`")
            }
            Kind::List | Kind::Thunks => (matches!(value, SteelVal::ListV(_)), "a list"),
            Kind::Handle => (as_handle(value).is_some(), "a handle of `llm-query-async` or `spawn`"),
            Kind::Failure => (with_fault(value, |_| ()).is_some(), "a failure"),
            Kind::Response => (response_text(value).is_some(), "a response"),
            Kind::Seconds => (number(value).is_some_and(|n| n >= 0.0), "a number of seconds that is not negative"),
            Kind::Window => (
                matches!(value, SteelVal::IntV(n) if *n > 0) || matches!(value, SteelVal::BoolV(false)),
                "a whole number above zero, or `#f`",
            ),
        };
        let name = || if param.keyword { format!("#:{}", param.name) } else { param.name.to_owned() };
        if fits {
            return match (param.kind, param.kind.arguments(), value) {
                (Kind::Thunks, _, SteelVal::ListV(thunks)) => {
                    callable::check_thunks(self, &thunks.iter().cloned().collect::<Vec<_>>())
                }
                (_, Some(arguments), procedure) if procedure.is_function() => {
                    callable::check_procedure(self, &name(), arguments, procedure)
                }
                _ => Ok(()),
            };
        }
        let name = name();
        let fault = self.misuse(format!("`{name}` must be {wanted}, not {}", shown(value)));
        Err(match (param.kind, response_text(value), as_handle(value)) {
            (Kind::Any | Kind::Text | Kind::String, _, Some(_)) => fault.hint("`await` the handle first"),
            (_, Some(_), _) => fault.hint("a response is no string; `(syntax-e response)` gives its text"),
            _ => fault,
        })
    }
}
