//! What procedures are called with. One that can certainly not be called so is refused before any item begins and any call
//! is paid.
//!
//! Not here: how many arguments a procedure takes (`dialect::known`), and procedures of which that is not known, or which
//! sort their arguments out themselves: those are called, and say so then.

use super::{Kind, Primitive};
use crate::interp::{
    dialect::{name_of, takes},
    natives::raise,
    print,
    value::{Exn, Fault, Native, error, text_like},
};
use steel::SteelVal;

impl Kind {
    /// What it is called with, if it is a procedure of which that is known.
    pub(super) fn arguments(self) -> Option<&'static str> {
        match self {
            Self::Calls(arguments) | Self::CallsOrFalse(arguments) => Some(arguments),
            Self::Thunks => Some(""),
            _ => None,
        }
    }
}

/// Why a procedure cannot be called with so many arguments: what it takes.
fn refusal(procedure: &SteelVal, count: usize) -> Option<String> {
    let (least, most) = takes(procedure)?;
    if count >= least && most.is_none_or(|most| count <= most) {
        return None;
    }
    let number = match (least, most) {
        (0, Some(0)) => "no arguments".to_owned(),
        (1, Some(1)) => "1 argument".into(),
        (least, Some(most)) if least == most => format!("{least} arguments"),
        (least, Some(most)) => format!("{least} to {most} arguments"),
        (1, None) => "at least 1 argument".into(),
        (least, None) => format!("at least {least} arguments"),
    };
    let named = name_of(procedure).map_or_else(|| "this procedure".to_owned(), |name| format!("`{name}`"));
    Some(format!("{named} takes {number}"))
}

/// Refuses a procedure that cannot be called with these arguments, such as `failure item`. `name` is the parameter's, with
/// its `#:`.
pub(crate) fn check_procedure(
    primitive: &Primitive,
    name: &str,
    arguments: &str,
    value: &SteelVal,
) -> Result<(), Fault> {
    let Some(takes) = refusal(value, arguments.split_whitespace().count()) else { return Ok(()) };
    let called = match arguments {
        "" => format!("`{name}` is called with no arguments"),
        _ => format!("`{name}` is called as `({} {arguments})`", name.trim_start_matches("#:")),
    };
    let fault = Fault { kind: Exn::Arity, ..primitive.misuse(format!("{called}, and {takes}")) };
    Err(fault.hint(format!("it is written `(lambda ({arguments}) …)`")))
}

/// What the procedure is called with that a parameter takes.
pub(crate) fn called_with(primitive: &Primitive, parameter: &str) -> Option<&'static str> {
    primitive.params.iter().find(|p| p.name == parameter)?.kind.arguments()
}

/// The same of each of a list of thunks.
pub(crate) fn check_thunks(primitive: &Primitive, thunks: &[SteelVal]) -> Result<(), Fault> {
    for thunk in thunks {
        if !thunk.is_function() {
            let shown = print::written(thunk);
            return Err(primitive.misuse(format!("`{shown}` is no thunk: a procedure of no arguments")));
        }
        if let Some(takes) = refusal(thunk, 0) {
            let fault = primitive.misuse(format!("a thunk is called with no arguments, and {takes}"));
            return Err(Fault { kind: Exn::Arity, ..fault }.hint("it is written `(lambda () …)`"));
        }
    }
    Ok(())
}

/// `(%checked 'name 'parameter value)` → the value, if the table's parameter may be that.
pub(crate) fn checked(args: &[SteelVal]) -> Native {
    let (name, parameter) = (text_like(&args[0]).unwrap_or_default(), text_like(&args[1]).unwrap_or_default());
    let primitive = super::find(&name).ok_or_else(|| error("%checked takes the name of a primitive"))?;
    let param = primitive.params.iter().find(|p| p.name == parameter);
    let param = param.ok_or_else(|| error("%checked takes the name of a parameter"))?;
    if primitive.params.iter().all(|p| !p.keyword) {
        // Nothing else looks at what it is given.
        super::place::begin(&name);
    }
    primitive.check(param, &args[2]).map_err(super::raised)?;
    Ok(args[2].clone())
}

/// `(%not-set 'budget value)` raises the error of a budget that is called with a value.
pub(crate) fn not_set(args: &[SteelVal]) -> Native {
    let name = text_like(&args[0]).unwrap_or_default();
    let primitive = super::find(&name).ok_or_else(|| error("%not-set takes the name of a primitive"))?;
    super::place::begin(&name);
    let fault = primitive.misuse("it takes no arguments; a budget holds within a `parameterize`".into());
    let value = print::written(&args[1]);
    Err(super::raised(fault.hint(format!("it is written `(parameterize ([{name} {value}]) body …)`"))))
}

/// `(%can-take 'name said f count hint)` raises an error when F cannot be called with so many arguments: `said` is how it
/// is called, in words, with `{}` for how many they are.
pub(crate) fn can_take(args: &[SteelVal]) -> Native {
    let [name, said, procedure, SteelVal::IntV(count), hint] = args else {
        return Err(error("%can-take takes a name, a text, a procedure, a count and a hint"));
    };
    let count = usize::try_from(*count).unwrap_or_default();
    match refusal(procedure, count).filter(|_| procedure.is_function()) {
        None => Ok(SteelVal::Void),
        Some(takes) => {
            let (name, said) = (text_like(name).unwrap_or_default(), text_like(said).unwrap_or_default());
            let said = said.replace("{}", &count.to_string());
            let fault = Fault::script(format!("{name}: {said}, and {takes}"));
            let fault = Fault { kind: Exn::Arity, ..fault };
            Err(raise(text_like(hint).into_iter().fold(fault, Fault::hint).into_value()))
        }
    }
}
