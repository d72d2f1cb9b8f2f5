//! Procedures that the embedding program has: scripts call them like any other, and the host runs them.
//!
//! A call goes to the host as a call of a model does, and parks the fiber that makes it; its arguments and its value
//! travel as JSON. Not here: the functions themselves, which are the host's (`session::calls::functions`).

use super::{
    engine::Language,
    json, natives,
    table::{Part, WireCall},
    value::{Fault, Native, error, text_like, with_response},
};
use crate::wire::{Asks, CallHead, FUNCTION_FAILED, FUNCTION_MISUSED, FailureClass, FunctionHead};
use std::cell::RefCell;
use steel::SteelVal;

#[derive(Default)]
struct Functions {
    all: Vec<FunctionHead>,
    /// How many of them have their names.
    bound: usize,
}

thread_local! {
    static FUNCTIONS: RefCell<Functions> = RefCell::default();
}

/// The host has these.
pub(super) fn add(functions: Vec<FunctionHead>) {
    FUNCTIONS.with_borrow_mut(|f| f.all.extend(functions));
}

/// Gives them their names, from the next program on.
pub(super) fn bind(language: &mut Language) {
    let unbound: Vec<String> = FUNCTIONS.with_borrow_mut(|f| {
        let from = std::mem::replace(&mut f.bound, f.all.len());
        f.all[from..].iter().map(|function| function.name.clone()).collect()
    });
    for name in unbound {
        let steel = format!("%function:{name}");
        // The host lets no name through that could not stand here.
        let definition = format!("(define {steel} (lambda args (%call-function \"{name}\" args)))");
        match language.define(&["%call-function"], definition) {
            Ok(()) => language.expander.bind_native(&name, &steel),
            Err(problem) => eprintln!("bessemer interpreter: {problem}"),
        }
    }
}

/// A call of such a function, ready to be sent; `None` when the host has none of this name.
pub(super) fn wire_call(name: &str, args: &[SteelVal]) -> Option<Result<WireCall, Fault>> {
    let known = FUNCTIONS.with_borrow(|f| f.all.iter().any(|function| function.name == name));
    known.then(|| {
        let text = arguments(args).map_err(|fault| Fault { message: format!("{name}: {}", fault.message), ..fault })?;
        let head = CallHead { asks: Asks::Function, model: Some(name.into()), ..CallHead::default() };
        Ok(WireCall { head, tail: vec![Part::Text(text.into())], on_token: None })
    })
}

/// The arguments as JSON: an array, in which keywords are an object at the end.
fn arguments(args: &[SteelVal]) -> Result<String, Fault> {
    let (mut positional, mut keywords) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg {
            SteelVal::SymbolV(word) if word.starts_with("#:") => {
                let value = args.next().ok_or_else(|| Fault::script(format!("`{}` wants a value", word.as_str())))?;
                keywords.push((super::value::symbol(&word.as_str()[2..]), value.clone()));
            }
            other => positional.push(other.clone()),
        }
    }
    if !keywords.is_empty() {
        positional.push(json::hash(keywords));
    }
    json::to_text(&SteelVal::ListV(positional.into()))
}

/// `(%function-value name answer)`: what the function gave, or the failure that it was.
pub(super) fn value(args: &[SteelVal]) -> Native {
    let name = text_like(&args[0]).unwrap_or_default();
    let answer = with_response(&args[1], |answer| (answer.text.to_string(), answer.finish_reason.clone()));
    let (text, reason) = answer.ok_or_else(|| error("%function-value takes an answer"))?;
    let failed = |fault: Fault| natives::raise(fault.into_value());
    match &*reason {
        FUNCTION_MISUSED => Err(failed(match said(&name) {
            Some(doc) => Fault::script(format!("{name}: {text}")).hint(doc),
            None => Fault::script(format!("{name}: {text}")),
        })),
        FUNCTION_FAILED => Err(failed(Fault::new(FailureClass::Server, format!("{name}: {text}")))),
        _ => json::from_text(&text).map_err(|e| failed(Fault::script(format!("{name}: its value is no JSON: {e}")))),
    }
}

/// What is said of the function of this name.
pub(super) fn said(name: &str) -> Option<String> {
    FUNCTIONS.with_borrow(|f| f.all.iter().find(|function| function.name == name).map(|function| function.doc.clone()))
}
