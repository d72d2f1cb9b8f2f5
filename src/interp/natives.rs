//! The natives that the prelude's fibers stand on. Their names begin with `%`, which no script may say.
//!
//! Not here: what scripts call themselves (`table`).

mod fan_out;

use super::{
    errors, functions, ledger,
    sched::{self, INTERRUPTED, OpId, Sched},
    table,
    value::{Fault, Handle, Kept, Native, Outcome, Task, as_handle, custom, error, text_like, with_fault},
};
use crate::wire::FailureClass;
use std::{cell::RefCell, rc::Rc, sync::atomic::Ordering, time::Duration};
use steel::{
    SteelErr, SteelVal,
    gc::ShareableMut,
    rvals::{FunctionSignature, as_underlying_type},
};

/// The message under which a raised value travels through Steel, which knows only texts.
const RAISED: &str = "%raised";

/// How many places a failure keeps: it may be raised again any number of times.
const PLACES: usize = 64;

thread_local! {
    /// The value that the error under way stands for.
    static RAISED_VALUE: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Every native of the prelude's.
pub(crate) fn all() -> impl Iterator<Item = &'static (&'static str, FunctionSignature)> {
    NATIVES.iter().chain(fan_out::NATIVES).chain(ledger::NATIVES)
}

const NATIVES: &[(&str, FunctionSignature)] = &[
    ("%just", |args| Ok(args[0].clone())),
    ("%looping?", |_| Ok(SteelVal::BoolV(sched::with(|s| s.looping())))),
    ("%ending?", |_| Ok(SteelVal::BoolV(ending()))),
    ("%enter!", |args| doing(|s| s.enter(args[0].clone()))),
    ("%exit!", |_| doing(Sched::exit)),
    ("%event!", |_| {
        super::python::pass_on();
        sched::with(Sched::event)
    }),
    ("%resumed!", |_| {
        super::python::pass_on();
        Ok(sched::with(Sched::resumed).unwrap_or(SteelVal::BoolV(false)))
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
    ("%reader!", |args| unit(id(&args[0]).and_then(|id| sched::with(|s| s.start_reader(id, args[1].clone()))))),
    ("%fiber-done!", |_| doing(Sched::fiber_done)),
    ("%next-piece!", |args| id(&args[0]).and_then(|id| sched::with(|s| s.next_piece(id))).map_err(raised)),
    ("%pieces-read!", pieces_read),
    ("%sleep!", |args| encoded(seconds("sleep", &args[0]).and_then(|d| sched::with(|s| s.sleep(d))))),
    ("%expired?", |args| handle("with-deadline", &args[0]).map(|t| SteelVal::BoolV(t.expired.get())).map_err(raised)),
    ("%finish!", finish),
    ("%finish-var!", finish_var),
    ("%help", table::help),
    ("%function-value", functions::value),
    ("%python", table::python),
    ("%python-turn!", table::python_turn),
    ("%idle!", |_| encoded(sched::with(Sched::idle))),
    ("%past", super::inputs::past_value),
    ("%arguments", table::arguments),
    ("%checked", table::checked),
    ("%called-at", table::called_at),
    ("%not-set", table::not_set),
    ("%can-take", table::can_take),
    ("%embedding-batches", table::embedding_batches),
    ("%vectors", table::vectors),
    ("%priced!", |args| {
        if let (Some(key), Some(price)) = (text_like(&args[0]), table::text(&args[1])) {
            ledger::priced(&key, &price);
        }
        Ok(SteelVal::Void)
    }),
    ("%misuse", misuse),
    ("%fail", fail),
];

/// `(%misuse name what)` raises an error in how a procedure of the table was called.
fn misuse(args: &[SteelVal]) -> Native {
    let (name, what) = (text_like(&args[0]).unwrap_or_default(), text_like(&args[1]).unwrap_or_default());
    Err(raised(match table::find(&name) {
        Some(primitive) => primitive.misuse(what),
        None => Fault::script(format!("{name}: {what}")),
    }))
}

/// `(%fail class message hint)` raises a failure of the program's own making.
fn fail(args: &[SteelVal]) -> Native {
    let class = match text_like(&args[0]).as_deref() {
        Some("validation") => FailureClass::Validation,
        Some("items") => FailureClass::Items,
        _ => FailureClass::Script,
    };
    let fault = Fault::of_program(class, text_like(&args[1]).unwrap_or_default());
    Err(raised(match text_like(&args[2]) {
        Some(hint) => fault.hint(hint),
        None => fault,
    }))
}

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
    // Not `min`, which takes what is no number for the other one.
    Duration::try_from_secs_f64(if seconds > 1e9 { 1e9 } else { seconds }).map_err(|_| {
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
        let mut fault = with_fault(&value, Fault::clone).unwrap_or_else(|| {
            let message = super::dialect::message_of(&value)
                .unwrap_or_else(|| format!("raised: {}", super::print::written(&value)));
            Fault { payload: Some(Rc::new(Kept::new(value.clone()))), ..Fault::script(message) }
        });
        // Its own places come first; where all of those are the prelude's, the way it took since leads to the script's.
        let known = fault.spans.len();
        fault.spans.extend(spans.into_iter().take(PLACES.saturating_sub(known)));
        return fault;
    }
    let steels = message.trim();
    let fault = match errors::translated(steels, comparison(&spans)) {
        Some(errors::Said { message, hint }) => Fault { hint, ..Fault::script(message) },
        None => Fault::script(steels),
    };
    let kind = super::dialect::kind_of(text.split(": ").nth(1).unwrap_or_default(), steels);
    Fault { kind, spans, steels: Some(Rc::new(steels.into())), ..fault }
}

thread_local! {
    /// What Steel was last given to run.
    static RUNNING: RefCell<Rc<str>> = RefCell::new("".into());
}

/// Takes note of what Steel is given to run.
pub(crate) fn running(text: &str) {
    RUNNING.set(text.into());
}

/// Whether a call of this procedure begins there in what Steel was last given to run.
pub(crate) fn is_called_at(name: &str, start: usize) -> bool {
    RUNNING.with_borrow(|text| {
        let call = text.get(start..).and_then(|call| call.strip_prefix('(')?.strip_prefix(name));
        call.is_some_and(|rest| rest.starts_with(' '))
    })
}

/// The comparison that stands where an error was: Steel's own message does not say which it was.
fn comparison(spans: &[steel::parser::span::Span]) -> Option<&'static str> {
    let place = spans.first()?;
    RUNNING.with_borrow(|text| {
        let found = text.get(place.start as usize..place.end as usize)?;
        ["<", ">", "<=", ">="].into_iter().find(|name| *name == found)
    })
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

/// `(%call! name args handle? bindings)` → the operation's number or its handle; `#f` when there is no room. With
/// `#:on-token`, a list of that, the operation's number and the procedure. A vector of an operation's number and a name
/// when the price must be known first: the operation tells it, and `%priced!` takes it by that name.
fn call(args: &[SteelVal]) -> Native {
    let (Some(name), SteelVal::ListV(list), SteelVal::BoolV(wants_handle)) = (text_like(&args[0]), &args[1], &args[2])
    else {
        return Err(error("%call! takes a name, a list, a boolean and bindings"));
    };
    let given: Vec<SteelVal> = list.iter().cloned().collect();
    let made = match table::find(&name) {
        Some(primitive) => table::wire_call(primitive, &given),
        None => functions::wire_call(&name, &given).ok_or_else(|| error("%call! takes the name of a primitive"))?,
    };
    let table::WireCall { mut head, tail, on_token } = made.map_err(raised)?;
    let tail: Vec<&[u8]> = tail.iter().map(table::Part::as_bytes).collect();
    let scopes = ledger::scopes(&args[3]);
    if let Some((key, ask)) = ledger::price_wanted(&head, &scopes) {
        let id = sched::with(|s| s.call(ask, &[], false)).map_err(raised)?;
        let asked = |id: OpId| SteelVal::VectorV([id.encode(), super::value::string(key)].into_iter().collect());
        return Ok(id.map_or(SteelVal::BoolV(false), asked));
    }
    let wanted = ledger::fits(&head, &scopes).map_err(raised)?;
    ledger::within(&mut head, &scopes);
    sched::with(|s| {
        let Some(id) = s.call(head, &tail, *wants_handle).map_err(raised)? else {
            return Ok(SteelVal::BoolV(false));
        };
        ledger::reserve(id.index, wanted, scopes);
        let call = match s.task(id) {
            Some(task) => custom(Handle(task)),
            None => id.encode(),
        };
        Ok(match on_token {
            None => call,
            Some(procedure) => {
                s.stream(id);
                SteelVal::ListV([call, id.encode(), procedure].into_iter().collect())
            }
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

/// `(%pieces-read! call (ok? . value))`
fn pieces_read(args: &[SteelVal]) -> Native {
    let call = id(&args[0]).map_err(raised)?;
    let problem = pair_outcome(&args[1])?.err().map(Err);
    doing(|s| s.pieces_read(call, problem))
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

fn finish(args: &[SteelVal]) -> Native {
    doing(|s| s.finish(args[0].clone()))
}

/// `(%finish-var! name failure)`: the failure was raised where the end is to be.
///
/// The variable is looked up when the program has ended: natives do not see the engine that runs them.
fn finish_var(args: &[SteelVal]) -> Native {
    let name = text_like(&args[0]).ok_or_else(|| {
        let shown = super::print::written(&args[0]);
        raised(Fault::script(format!("finish-var: `{shown}` is no name")).hint("write `(finish-var \"answer\")`"))
    })?;
    let place = with_fault(&args[1], |f| f.spans.clone()).unwrap_or_default();
    doing(|s| s.finish_variable(name, place))
}
