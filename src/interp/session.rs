//! One session: programs come by frame, run one after the other in the same engine, and their endings go back.

use super::{
    link::Link,
    natives, output, print, python,
    sched::{self, Ended, INTERRUPTED, Program},
    source::{self, Source},
    table,
    value::{Fault, TaskState, string},
};
use crate::wire::{Ending, FailureClass, ScriptError, Stream, ToHost};
use rustix::{
    fd::OwnedFd,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::Ordering,
};
use steel::{SteelVal, steel_vm::engine::Engine};

/// Serves the host until it closes the socket.
pub(super) fn serve(engine: &mut Engine, socket: OwnedFd) {
    match Link::new(socket) {
        Ok(link) => sched::start(link),
        Err(e) => return eprintln!("bessemer interpreter: no descriptor: {e}"),
    }
    table::give_python_context(string(""));
    python::set_output(|text, to_stderr| output::text(if to_stderr { Stream::Stderr } else { Stream::Stdout }, text));
    while let Some(program) = sched::with(sched::Sched::next_program) {
        if !run(engine, program) {
            return;
        }
    }
}

/// Runs one program. Whether the engine can run another.
fn run(engine: &mut Engine, program: Program) -> bool {
    if let Some(bytes) = program.max_memory {
        bound_address_space(bytes);
    }
    if let Some(context) = program.context {
        let context = string(context);
        table::give_python_context(context.clone());
        engine.register_value("context", context);
    }
    let (ending, value, usable) = match source::rewrite(&program.text) {
        Ok(source) => evaluate(engine, &source, program.json),
        Err(error) => (Ending::Error(error), String::new(), true),
    };
    python::pass_on();
    let (pending, failed) = sched::with(sched::Sched::end_program);
    if pending > 0 && matches!(ending, Ending::Value { finished: false, .. }) {
        let them = if pending == 1 { "handle was" } else { "handles were" };
        output::text(
            Stream::Stderr,
            &format!("note: {pending} {them} still running when the script ended: cancelled\n"),
        );
    }
    for task in failed {
        if let TaskState::Done(Err(fault)) = &*task.state.borrow() {
            let shown = print::written(&fault.get());
            output::text(Stream::Stderr, &format!("warning: a `spawn` that nobody awaited failed: {shown}\n"));
        }
    }
    let sent = sched::with(|s| {
        output::flush(s);
        s.ended = None;
        s.link.write(&ToHost::Finished(ending), &[value.as_bytes()]).and_then(|()| s.link.flush_all())
    });
    if let Err(super::link::LinkError::Wire(_)) = sent {
        let message = format!("the value is too large: {} bytes", value.len());
        let error = ScriptError { class: FailureClass::TooLong, message, hint: None, span: None };
        let told = sched::with(|s| {
            s.link.write(&ToHost::Finished(Ending::Error(error)), &[]).and_then(|()| s.link.flush_all())
        });
        return told.is_ok() && usable;
    }
    sent.is_ok() && usable
}

/// Stands behind the host, which looks at the memory a program uses only now and then: what one allocation asks for at
/// once, the kernel refuses. Twice the cap, since address space is not memory.
fn bound_address_space(bytes: u64) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let most = (pages * rustix::param::page_size() as u64).saturating_add(bytes.saturating_mul(2));
    let limit = Rlimit { current: Some(most), maximum: getrlimit(Resource::As).maximum };
    // Without it the host's own look is all there is.
    let _ = setrlimit(Resource::As, limit);
}

/// Makes Steel and Python usable again after an interrupt.
fn forget_interrupt(engine: &Engine) {
    if INTERRUPTED.swap(false, Ordering::Relaxed) {
        python::drain_signals();
        engine.get_thread_state_controller().resume();
    }
}

fn evaluate(engine: &mut Engine, source: &Source, json: bool) -> (Ending, String, bool) {
    // An interrupt that came between programs was for none of them.
    forget_interrupt(engine);
    let result = catch_unwind(AssertUnwindSafe(|| engine.run(source.text.clone())));
    let ended = sched::with(|s| s.ended.take());
    forget_interrupt(engine);
    let shown = |value: &SteelVal, finished: bool| {
        let nothing = matches!(value, SteelVal::Void);
        let text = match (json, nothing) {
            (true, _) => super::json::to_text(value).unwrap_or_else(|_| {
                let shown = serde_json::Value::String(print::displayed(value));
                shown.to_string()
            }),
            (false, true) => String::new(),
            (false, false) => print::displayed(value),
        };
        (Ending::Value { shown: !nothing, finished }, text, true)
    };
    match (ended, result) {
        (Some(Ended::Finished(value)), _) => shown(&value.get(), true),
        (_, Ok(Ok(values))) => shown(values.last().unwrap_or(&SteelVal::Void), false),
        (ended, Ok(Err(err))) => {
            let mut error = located(engine, source, natives::fault_of(&err), &err);
            if matches!(ended, Some(Ended::Interrupted)) {
                error = ScriptError { message: "interrupted".into(), hint: None, ..error };
            }
            (Ending::Error(error), String::new(), true)
        }
        (_, Err(_)) => {
            let error = ScriptError {
                class: FailureClass::Script,
                message: "the interpreter panicked; this is a bug in Bessemer or in Steel".into(),
                hint: Some("please report it with the script".into()),
                span: None,
            };
            (Ending::Error(error), String::new(), false)
        }
    }
}

/// Finds the innermost place of a failure that is in the script itself.
fn located(engine: &Engine, source: &Source, fault: Fault, err: &steel::SteelErr) -> ScriptError {
    let ours = |span: &&steel::parser::span::Span| match span.source_id {
        Some(id) => engine.get_source(&id).is_some_and(|text| **text == *source.text),
        None => span.end > span.start,
    };
    let mut spans = fault.spans.clone();
    spans.extend(err.span());
    spans.extend(err.stack_trace().iter().flat_map(|t| t.trace().iter().filter_map(|frame| *frame.span())));
    let span = spans.iter().position(|span| ours(&span)).map(|at| {
        let mut place = spans[at].start as usize..spans[at].end as usize;
        if at > 0 {
            // A frame of the stack: Steel knows only some argument of the call that stands there.
            place = source.call_round(place);
        }
        let place = source.original(place);
        (place.start as u32, place.end as u32)
    });
    let mut message = fault.message.replace(source::FN, "fn");
    let mut hint = fault.hint;
    if let Some(name) = message.strip_prefix("Cannot reference an identifier before its definition: ") {
        let name = name.trim().to_owned();
        let globals = engine.globals();
        let names = globals.iter().map(|g| g.resolve()).filter(|g| !g.starts_with(['%', '#', '_']));
        hint = super::nearest(&name, names).map(|near| format!("did you mean `{near}`?"));
        message = format!("`{name}` is not defined");
    }
    ScriptError { class: fault.class, message, hint, span }
}
