//! The natives of fan-outs: their keywords, their items, and the group behind them.
//!
//! Not here: a group's rules (`group`).

use super::{doing, encoded, ending, id, integer_or_false, raised, seconds};
use crate::interp::{
    group::{Group, OnError, Plan},
    print,
    sched::{self, Sched},
    table,
    value::{Fault, Kept, Native, as_handle, error, string, symbol, text_like},
};
use steel::{SteelVal, rvals::FunctionSignature};

/// Natives of the prelude's.
pub(super) const NATIVES: &[(&str, FunctionSignature)] = &[
    ("%options", options),
    ("%call-options", call_options),
    ("%filled", filled),
    ("%items", items),
    ("%group!", group),
    ("%take!", |_| Ok(integer_or_false(sched::with(Sched::take)))),
    ("%take-failed!", take_failed),
    ("%put!", |args| doing(|s| s.put(args[0].clone(), as_handle(&args[0])))),
    ("%item-failed!", item_failed),
    ("%next-progress!", next_progress),
    ("%next-result!", |args| id(&args[0]).and_then(|id| sched::with(|s| s.next_result(id))).map_err(raised)),
    ("%cancel-group!", |args| {
        let id = id(&args[0]).map_err(raised)?;
        doing(|s| s.cancel_group(id))
    }),
    ("%fail-group!", |args| doing(|s| s.fail_group(Kept::new(args[0].clone())))),
];

/// `(%options name args)` → the keywords of a fan-out or a deadline, in this order: max-concurrent on-error on-progress
/// deadline label; or otherwise.
fn options(args: &[SteelVal]) -> Native {
    let (Some(name), SteelVal::ListV(list)) = (text_like(&args[0]), &args[1]) else {
        return Err(error("%options takes a name and a list"));
    };
    let primitive = table::find(&name).ok_or_else(|| error("%options takes the name of a primitive"))?;
    // The positional arguments are the procedure's own; only what follows is parsed here.
    let keywords = table::Primitive { params: keywords_of(primitive), ..copy(primitive) };
    let given: Vec<SteelVal> = list.iter().cloned().collect();
    let values =
        keywords.parse(&given).map_err(|f| raised(f.hint(format!("it is called as {}", primitive.signature()))))?;
    let wanted: &[&str] = match &*name {
        "with-deadline" => &["otherwise"],
        _ => &["max-concurrent", "on-error", "on-progress", "deadline", "label"],
    };
    let mut in_order = Vec::with_capacity(wanted.len());
    for want in wanted {
        let at = keywords.params.iter().position(|p| p.name == *want);
        let value = at.and_then(|at| values[at].clone());
        in_order.push(match (value, *want, &*name) {
            (Some(value), "on-error", _) => check_on_error(primitive, value).map_err(raised)?,
            (Some(value), _, _) => value,
            (None, "max-concurrent", _) => default_window(at.map(|at| &keywords.params[at])),
            (None, "on-error", "race") => symbol("race"),
            (None, "on-error", _) => symbol("raise"),
            (None, "label", _) => string("items"),
            (None, ..) => SteelVal::BoolV(false),
        });
    }
    Ok(SteelVal::VectorV(in_order.into_iter().collect()))
}

/// What the table says, or no window.
fn default_window(param: Option<&table::Param>) -> SteelVal {
    param.and_then(|p| p.default?.parse().ok()).map_or(SteelVal::BoolV(false), SteelVal::IntV)
}

fn keywords_of(primitive: &'static table::Primitive) -> &'static [table::Param] {
    let first = primitive.params.iter().position(|p| p.keyword).unwrap_or(primitive.params.len());
    &primitive.params[first..]
}

fn copy(p: &table::Primitive) -> table::Primitive {
    table::Primitive { ..*p }
}

fn check_on_error(primitive: &table::Primitive, value: SteelVal) -> Result<SteelVal, Fault> {
    let known = matches!(&value, SteelVal::SymbolV(s) if matches!(s.as_str(), "raise" | "keep" | "fail-fast"));
    if known {
        return Ok(value);
    }
    if value.is_function() {
        return table::check_procedure(primitive, "#:on-error", "failure item", &value).map(|()| value);
    }
    let shown = print::written(&value);
    Err(primitive.misuse(format!("`#:on-error` must be `'raise`, `'keep`, `'fail-fast` or a procedure, not `{shown}`")))
}

/// `(%items name f items)` → the items as a list.
fn items(args: &[SteelVal]) -> Native {
    let name = text_like(&args[0]).unwrap_or_default();
    let misuse = |what: String| {
        let fault = Fault::script(format!("{name}: {what}"));
        raised(match table::find(&name) {
            Some(p) => fault.hint(format!("it is called as {}", p.signature())),
            None => fault,
        })
    };
    if !args[1].is_function() {
        return Err(misuse(format!("`{}` is no procedure", print::written(&args[1]))));
    }
    // A combinator's own items are wrapped in a procedure of its own.
    let primitive = table::find(&name);
    if let Some(primitive) = primitive
        && let Some(arguments) = table::called_with(primitive, "f")
    {
        table::check_procedure(primitive, "f", arguments, &args[1]).map_err(raised)?;
    }
    let values: Vec<SteelVal> = match &args[2] {
        SteelVal::ListV(list) => list.iter().cloned().collect(),
        SteelVal::VectorV(vector) => vector.iter().cloned().collect(),
        SteelVal::MutableVector(vector) => vector.get(),
        other => return Err(misuse(format!("`{}` is neither a list nor a vector", print::written(other)))),
    };
    if let Some(primitive) = primitive.filter(|_| matches!(&*name, "parallel" | "race")) {
        table::check_thunks(primitive, &values).map_err(raised)?;
    }
    Ok(SteelVal::ListV(values.into_iter().collect()))
}

/// `(%call-options args prompt)` → what `llm-query-async` is to be given: the prompt, and the keywords that are its own.
fn call_options(args: &[SteelVal]) -> Native {
    let SteelVal::ListV(list) = &args[0] else { return Err(error("%call-options takes a list and a prompt")) };
    let mut own = Vec::with_capacity(list.len() + 2);
    let mut instructed = false;
    let mut rest = list.iter();
    while let (Some(key), Some(value)) = (rest.next(), rest.next()) {
        let name = text_like(key).unwrap_or_default();
        if name != "#:max-concurrent" {
            instructed |= name == "#:instruction" && !matches!(value, SteelVal::BoolV(false));
            own.extend([key.clone(), value.clone()]);
        }
    }
    let prompt = args[1].clone();
    let said = if instructed { vec![symbol("#:data"), prompt] } else { vec![prompt] };
    Ok(SteelVal::ListV(said.into_iter().chain(own).collect()))
}

/// `(%filled template chunk)` → the template with the chunk in each of its places.
fn filled(args: &[SteelVal]) -> Native {
    const PLACE: &str = "{chunk}";
    let template = text_like(&args[0]).unwrap_or_default();
    if !template.contains(PLACE) {
        return Err(raised(
            Fault::script(format!("parallel-query: the template has no `{PLACE}`"))
                .hint("write `{chunk}` where the chunk belongs; `llm-batch` takes prompts as they are"),
        ));
    }
    let chunk = table::text(&args[1]).map_or_else(|| print::displayed(&args[1]), |text| text.to_string());
    Ok(string(template.replace(PLACE, &chunk)))
}

/// `(%group! total launch teller streaming? options)` → the operation to park on.
fn group(args: &[SteelVal]) -> Native {
    let [SteelVal::IntV(total), launch, teller, SteelVal::BoolV(streaming), options] = args else {
        return Err(error("%group! takes a count, two procedures, a boolean and options"));
    };
    let options: Vec<SteelVal> = match options {
        SteelVal::VectorV(options) => options.iter().cloned().collect(),
        SteelVal::MutableVector(options) => options.get(),
        _ => Vec::new(),
    };
    let option = |i: usize| options.get(i).cloned().unwrap_or(SteelVal::BoolV(false));
    let plan = Plan {
        total: u32::try_from(*total).map_err(|_| error("there are too many items"))?,
        window: match option(0) {
            SteelVal::IntV(n) => Some(u32::try_from(n).unwrap_or(u32::MAX)),
            _ => None,
        },
        on_error: match option(1) {
            SteelVal::SymbolV(s) if s.as_str() == "keep" => OnError::Keep,
            SteelVal::SymbolV(s) if s.as_str() == "fail-fast" => OnError::FailFast,
            SteelVal::SymbolV(s) if s.as_str() == "race" => OnError::Race,
            value if value.is_function() => OnError::Procedure,
            _ => OnError::Raise,
        },
        launch: launch.clone(),
        progress: (!matches!(teller, SteelVal::BoolV(_))).then(|| teller.clone()),
        label: text_like(&option(4)).unwrap_or_default(),
        within: text_like(&option(5)),
        streaming: *streaming,
    };
    let deadline = match option(3) {
        SteelVal::BoolV(false) => None,
        value => Some(seconds("map-async", &value).map_err(raised)?),
    };
    encoded(sched::with(|s| s.start_group(|number| Group::new(number, plan), deadline)))
}

fn take_failed(_: &[SteelVal]) -> Native {
    Ok(match sched::with(Sched::take_failed) {
        Some((item, fault)) => SteelVal::ListV([SteelVal::IntV(item as isize), fault.get()].into_iter().collect()),
        None => SteelVal::BoolV(false),
    })
}

/// `(%item-failed! failure)` → whether the fiber should go on with another item.
fn item_failed(args: &[SteelVal]) -> Native {
    if ending() {
        return Ok(SteelVal::BoolV(false));
    }
    Ok(SteelVal::BoolV(sched::with(|s| {
        s.item_failed(Kept::new(args[0].clone()));
        s.running_group(|_| ()).is_some()
    })))
}

fn next_progress(_: &[SteelVal]) -> Native {
    Ok(match sched::with(Sched::next_progress) {
        Some((done, total, failed)) => {
            SteelVal::ListV([done, total, failed].into_iter().map(|n| SteelVal::IntV(n as isize)).collect())
        }
        None => SteelVal::BoolV(false),
    })
}
