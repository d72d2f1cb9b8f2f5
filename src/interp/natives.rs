//! The natives that the prelude's fibers stand on. Their names begin with `%`, which no script may say.
//!
//! Not here: what scripts call themselves (`table`).

use super::{
    group::{Group, OnError, Plan},
    sched::{self, Ended, INTERRUPTED, OpId, Sched},
    table,
    value::{Fault, Handle, Kept, Native, Outcome, Task, as_handle, custom, error, string, text_like, with_fault},
};
use std::{cell::RefCell, rc::Rc, sync::atomic::Ordering, time::Duration};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{FunctionSignature, as_underlying_type},
};

/// The message under which a raised value travels through Steel, which knows only texts.
const RAISED: &str = "%raised";

thread_local! {
    /// The value that the error under way stands for.
    static RAISED_VALUE: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Every native of the prelude's.
pub(crate) const NATIVES: &[(&str, FunctionSignature)] = &[
    ("%just", |args| Ok(args[0].clone())),
    ("%looping?", |_| Ok(SteelVal::BoolV(sched::with(|s| s.looping())))),
    ("%ending?", |_| Ok(SteelVal::BoolV(ending()))),
    ("%enter!", |args| doing(|s| s.enter(args[0].clone()))),
    ("%exit!", |_| doing(Sched::exit)),
    ("%event!", |_| {
        super::python::pass_on();
        sched::with(Sched::event)
    }),
    ("%park-here!", |args| unit(sched::with(|s| s.park(id(&args[0])?, args[1].clone())))),
    ("%take-outcome", |args| outcome(id(&args[0]).map(|id| sched::with(|s| s.take_outcome(id))))),
    ("%wait-for-room!", |_| encoded(sched::with(Sched::wait_for_room))),
    ("%caught", |args| Ok(caught(&args[0]))),
    ("%handed", |args| Ok(handed(&args[0]))),
    ("%fiber", |_| Ok(SteelVal::IntV(sched::with(|s| s.fiber()) as isize))),
    ("%own-fiber!", own_fiber),
    ("%call!", call),
    ("%wait-any", wait_any),
    ("%result", result),
    ("%text", |args| Ok(table::text(&args[0]).map_or_else(|| args[0].clone(), SteelVal::StringV))),
    ("%first-done", first_done),
    ("%cancel!", |args| {
        handle("cancel", &args[0]).map(|t| SteelVal::BoolV(sched::with(|s| s.cancel(&t)))).map_err(raised)
    }),
    ("%spawn!", spawn),
    ("%spawned!", spawned),
    ("%sleep!", |args| encoded(seconds("sleep", &args[0]).and_then(|d| sched::with(|s| s.sleep(d))))),
    ("%expired?", |args| handle("with-deadline", &args[0]).map(|t| SteelVal::BoolV(t.expired.get())).map_err(raised)),
    ("%options", options),
    ("%items", items),
    ("%group!", group),
    ("%take!", |_| Ok(integer_or_false(sched::with(Sched::take)))),
    ("%take-failed!", take_failed),
    ("%put!", |args| doing(|s| s.put(args[0].clone(), as_handle(&args[0])))),
    ("%item-failed!", item_failed),
    ("%next-progress!", next_progress),
    ("%fail-group!", |args| doing(|s| s.fail_group(Kept::new(args[0].clone())))),
    ("%finish!", finish),
];

/// Does something to the scheduler that gives nothing back.
fn doing(f: impl FnOnce(&mut Sched)) -> Native {
    sched::with(f);
    Ok(SteelVal::Void)
}

fn unit(result: Result<(), Fault>) -> Native {
    result.map(|()| SteelVal::Void).map_err(raised)
}

fn encoded(result: Result<OpId, Fault>) -> Native {
    result.map(OpId::encode).map_err(raised)
}

fn outcome(result: Result<Outcome, Fault>) -> Native {
    match result.map_err(raised)? {
        Ok(value) => Ok(value.get()),
        Err(fault) => Err(raise(fault.get())),
    }
}

fn raised(fault: Fault) -> SteelErr {
    raise(fault.into_value())
}

fn id(value: &SteelVal) -> Result<OpId, Fault> {
    OpId::decode(value).ok_or_else(|| Fault::script("an operation's number is an integer"))
}

fn integer_or_false(n: Option<u32>) -> SteelVal {
    n.map_or(SteelVal::BoolV(false), |n| SteelVal::IntV(n as isize))
}

fn handle(name: &str, value: &SteelVal) -> Result<Rc<Task>, Fault> {
    as_handle(value).ok_or_else(|| {
        Fault::script(format!("{name}: `{}` is no handle", super::print::written(value)))
            .hint("`llm-query-async` and `spawn` give handles; `llm-query` gives its answer itself")
    })
}

fn seconds(name: &str, value: &SteelVal) -> Result<Duration, Fault> {
    let seconds = match value {
        SteelVal::IntV(n) => *n as f64,
        SteelVal::NumV(n) => *n,
        SteelVal::Rational(r) => f64::from(*r.numer()) / f64::from(*r.denom()),
        _ => f64::NAN,
    };
    Duration::try_from_secs_f64(seconds.min(1e9)).map_err(|_| {
        let shown = super::print::written(value);
        Fault::script(format!("{name}: `{shown}` is no number of seconds"))
    })
}

/// Whether the program is ending: no handler runs any more.
pub(crate) fn ending() -> bool {
    INTERRUPTED.load(Ordering::Relaxed) || sched::with(|s| s.ended.is_some())
}

/// Raises any value. Handlers get it as it is.
pub(crate) fn raise(value: SteelVal) -> SteelErr {
    let span = with_fault(&value, |f| f.spans.first().copied()).flatten();
    RAISED_VALUE.set(Some(Kept::new(value)));
    let err = error(RAISED);
    match span {
        Some(span) => err.with_span(span),
        None => err,
    }
}

/// What `(error …)` raises.
pub(crate) fn error_of(values: &[Option<SteelVal>]) -> Fault {
    let mut values = values.iter().flatten();
    let first = values.next();
    let mut message = first.map(super::print::displayed).unwrap_or_default();
    if let (Some(SteelVal::SymbolV(_)), Some(SteelVal::StringV(next))) = (first, values.clone().next()) {
        values.next();
        message = format!("{message}: {next}");
    }
    for value in values {
        message.push(' ');
        message += &super::print::written(value);
    }
    Fault::script(message)
}

/// The failure that an error of Steel's stands for.
fn caught(value: &SteelVal) -> SteelVal {
    let SteelVal::Custom(inner) = value else { return value.clone() };
    let read = inner.read();
    match as_underlying_type::<SteelErr>(read.as_ref()) {
        Some(err) => fault_of(err).into_value(),
        None => value.clone(),
    }
}

/// What a handler is given for a failure: itself or, when `raise` was given something else, that.
fn handed(failure: &SteelVal) -> SteelVal {
    let payload = with_fault(failure, |fault| fault.payload.as_ref().map(|payload| payload.get()));
    payload.flatten().unwrap_or_else(|| failure.clone())
}

/// The failure that an error stands for. A raised value that is none travels inside one, which knows the place.
pub(crate) fn fault_of(err: &SteelErr) -> Fault {
    let spans: Vec<_> = err
        .span()
        .into_iter()
        .chain(err.stack_trace().iter().flat_map(|t| t.trace().iter().filter_map(|frame| *frame.span())))
        .collect();
    let text = err.to_string();
    let message = text.split_once(": ").and_then(|(_, rest)| rest.split_once(": ")).map_or(&*text, |(_, rest)| rest);
    if message == RAISED
        && let Some(value) = RAISED_VALUE.take()
    {
        let value = value.get();
        let fault = with_fault(&value, Fault::clone).unwrap_or_else(|| {
            let message = format!("raised: {}", super::print::written(&value));
            Fault { payload: Some(Rc::new(Kept::new(value.clone()))), ..Fault::script(message) }
        });
        return if fault.spans.is_empty() { Fault { spans, ..fault } } else { fault };
    }
    let fault = Fault { spans, ..Fault::script(message.trim()) };
    if message.contains("#<response ") {
        fault.hint("a response is no string; `(syntax-e response)` gives its text")
    } else if message.contains("#<async ") {
        fault.hint("`await` the handle first")
    } else {
        fault
    }
}

fn own_fiber(args: &[SteelVal]) -> Native {
    let fiber = sched::with(|s| s.fiber()) as isize;
    match args[0] {
        SteelVal::IntV(n) if n == fiber => Ok(SteelVal::Void),
        _ => Err(raised(
            Fault::script("a continuation can be entered from the fiber that captured it alone")
                .hint("to leave a fan-out early, use `race`, `with-deadline` or `finish`"),
        )),
    }
}

/// `(%call! name args handle?)` → the operation's number or its handle; `#f` when there is no room.
fn call(args: &[SteelVal]) -> Native {
    let (Some(name), SteelVal::ListV(list), SteelVal::BoolV(wants_handle)) = (text_like(&args[0]), &args[1], &args[2])
    else {
        return Err(error("%call! takes a name, a list and a boolean"));
    };
    let primitive = table::find(&name).ok_or_else(|| error("%call! takes the name of a primitive"))?;
    let given: Vec<SteelVal> = list.iter().cloned().collect();
    let (head, texts) = table::wire_call(primitive, &given).map_err(raised)?;
    let texts: Vec<&[u8]> = texts.iter().map(|t| t.as_bytes()).collect();
    sched::with(|s| {
        let Some(id) = s.call(head, &texts, *wants_handle).map_err(raised)? else {
            return Ok(SteelVal::BoolV(false));
        };
        Ok(match s.task(id) {
            Some(task) => custom(Handle(task)),
            None => id.encode(),
        })
    })
}

fn tasks(name: &str, value: &SteelVal) -> Result<Vec<Rc<Task>>, Fault> {
    match value {
        SteelVal::ListV(list) => list.iter().map(|v| handle(name, v)).collect(),
        other => Err(Fault::script(format!("{name}: `{}` is no list of handles", super::print::written(other)))),
    }
}

/// `(%wait-any handles)` → the operation to park on, or `#f` when one has ended already.
fn wait_any(args: &[SteelVal]) -> Native {
    let tasks = tasks("await", &args[0]).map_err(raised)?;
    if tasks.is_empty() {
        return Err(raised(Fault::script("await: there is no handle to wait for")));
    }
    let id = sched::with(|s| s.wait_any(&tasks)).map_err(raised)?;
    Ok(id.map_or(SteelVal::BoolV(false), OpId::encode))
}

fn result(args: &[SteelVal]) -> Native {
    let task = handle("await", &args[0]).map_err(raised)?;
    let state = task.state.borrow();
    match &*state {
        super::value::TaskState::Done(Ok(value)) => Ok(value.get()),
        super::value::TaskState::Done(Err(fault)) => Err(raise(fault.get())),
        super::value::TaskState::Running(_) => Err(error("the handle is still running")),
    }
}

fn first_done(args: &[SteelVal]) -> Native {
    let SteelVal::ListV(list) = &args[0] else { return Err(error("%first-done takes a list")) };
    let ended = |v: &SteelVal| as_handle(v).and_then(|t| t.ended.get());
    let first = list.iter().filter_map(|v| ended(v).map(|at| (at, v))).min_by_key(|(at, _)| *at);
    Ok(first.map_or(SteelVal::Void, |(_, v)| v.clone()))
}

fn spawn(args: &[SteelVal]) -> Native {
    let deadline = match &args[1] {
        SteelVal::BoolV(false) => None,
        other => Some(seconds("with-deadline", other).map_err(raised)?),
    };
    let task = sched::with(|s| s.spawn(args[0].clone(), deadline)).map_err(raised)?;
    Ok(custom(Handle(task)))
}

/// `(%spawned! (ok? . value))`
fn spawned(args: &[SteelVal]) -> Native {
    let outcome = pair_outcome(&args[0])?;
    doing(|s| s.spawned_done(outcome))
}

/// `(#t . value)` or `(#f . failure)`. A value that is a list makes the pair a list.
fn pair_outcome(value: &SteelVal) -> Result<Outcome, SteelErr> {
    let (ok, value) = match value {
        SteelVal::Pair(pair) => (pair.car(), pair.cdr()),
        SteelVal::ListV(list) => match (list.car(), list.cdr()) {
            (Some(first), Some(rest)) => (first, SteelVal::ListV(rest)),
            (Some(first), None) => (first, SteelVal::ListV(Vec::new().into())),
            _ => return Err(error("an outcome is a pair")),
        },
        _ => return Err(error("an outcome is a pair")),
    };
    let kept = Kept::new(value);
    Ok(if matches!(ok, SteelVal::BoolV(true)) { Ok(kept) } else { Err(kept) })
}

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
            (Some(value), "on-progress", _) => check_optional(primitive, "on-progress", value).map_err(raised)?,
            (Some(value), _, _) => value,
            (None, "max-concurrent", "map-async") => SteelVal::IntV(10),
            (None, "on-error", "race") => super::value::symbol("race"),
            (None, "on-error", _) => super::value::symbol("raise"),
            (None, "label", _) => string("items"),
            (None, ..) => SteelVal::BoolV(false),
        });
    }
    Ok(SteelVal::VectorV(in_order.into_iter().collect()))
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
    if known || value.is_function() {
        return Ok(value);
    }
    let shown = super::print::written(&value);
    Err(primitive.misuse(format!("`#:on-error` must be `'raise`, `'keep`, `'fail-fast` or a procedure, not `{shown}`")))
}

fn check_optional(primitive: &table::Primitive, name: &str, value: SteelVal) -> Result<SteelVal, Fault> {
    if value.is_function() || matches!(value, SteelVal::BoolV(false)) {
        return Ok(value);
    }
    let shown = super::print::written(&value);
    Err(primitive.misuse(format!("`#:{name}` must be a procedure or `#f`, not `{shown}`")))
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
        return Err(misuse(format!("`{}` is no procedure", super::print::written(&args[1]))));
    }
    let procedures = name != "map-async";
    let values: Vec<SteelVal> = match &args[2] {
        SteelVal::ListV(list) => list.iter().cloned().collect(),
        SteelVal::VectorV(vector) => vector.iter().cloned().collect(),
        SteelVal::MutableVector(vector) => vector.get(),
        other => return Err(misuse(format!("`{}` is neither a list nor a vector", super::print::written(other)))),
    };
    if procedures && let Some(odd) = values.iter().find(|v| !v.is_function()) {
        return Err(misuse(format!("`{}` is no thunk: a procedure of no arguments", super::print::written(odd))));
    }
    Ok(SteelVal::ListV(values.into_iter().collect()))
}

/// `(%group! total launch teller name options)` → the operation to park on.
fn group(args: &[SteelVal]) -> Native {
    let [SteelVal::IntV(total), launch, teller, _, SteelVal::VectorV(options)] = args else {
        return Err(error("%group! takes a count, two procedures, a name and options"));
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

fn finish(args: &[SteelVal]) -> Native {
    let value = Kept::new(args[0].clone());
    doing(|s| {
        s.ended.get_or_insert(Ended::Finished(value));
    })
}
