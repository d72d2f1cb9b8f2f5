//! One session: programs come by frame, run one after the other in the same engine, and their endings go back.

use super::{
    context,
    engine::Language,
    errors,
    expand::{self, Source},
    functions,
    inputs::{self, Input, Inputs},
    ledger,
    link::Link,
    natives, output, print, python,
    sched::{self, Ended, INTERRUPTED, Program},
    value::{Fault, Task, TaskState, with_fault},
    wall,
};
use crate::wire::{Blame, Ending, FailureClass, Mode, ScriptError, Stream, ToHost};
use rustix::fd::OwnedFd;
use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::atomic::Ordering,
};
use steel::{SteelVal, rerrs::ErrorKind, steel_vm::engine::Engine};

/// Longer values of a model's blocks are not sent whole, in bytes.
const MOST_TOLD: usize = 1 << 20;

thread_local! {
    /// What the last panic said, and where.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Serves the host until it closes the socket.
pub(super) fn serve(language: &mut Language, socket: OwnedFd, net: OwnedFd, contexts: Vec<OwnedFd>) {
    match Link::new(socket) {
        Ok(link) => sched::start(link),
        Err(e) => return eprintln!("bessemer interpreter: no descriptor: {e}"),
    }
    context::set_files(contexts);
    // It becomes an error like any other; nobody wants a backtrace.
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or("it did not say why");
        let place = panic.location().map(|place| {
            let file = place.file();
            format!(", {}:{}", file.rsplit('/').next().unwrap_or(file), place.line())
        });
        PANIC.set(format!("{said}{}", place.unwrap_or_default()));
    }));
    python::set_output(|text, to_stderr| output::text(if to_stderr { Stream::Stderr } else { Stream::Stdout }, text));
    python::cut_copies();
    let mut net = Some(net);
    let mut earlier = Inputs::default();
    while let Some((program, interrupted)) = inputs::next(language) {
        if !run(language, program, &mut earlier, interrupted, &mut net) {
            return;
        }
    }
}

/// What a program came to.
struct Came {
    ending: Ending,
    value: String,
    /// Whether the engine can run another.
    usable: bool,
    /// The earlier input in which an error has its place.
    input: Option<u32>,
}

impl Came {
    fn wrong(error: ScriptError) -> Self {
        Self { ending: Ending::Error(error), value: String::new(), usable: true, input: None }
    }
}

/// Runs one program. Whether the engine can run another.
fn run(
    language: &mut Language,
    mut program: Program,
    earlier: &mut Inputs,
    interrupted: bool,
    net: &mut Option<OwnedFd>,
) -> bool {
    if let Mode::Ask(question) = program.mode {
        let value = inputs::answer(language, question);
        let ending = Ending::Value { shown: true, finished: false };
        return tell(Came { ending, value, usable: true, input: None });
    }
    if let Some(bytes) = program.max_memory {
        // Before the wall, which shuts the ways to it.
        wall::bound_memory(bytes);
    }
    let raised = confine(&program, net);
    if let Some(seed) = program.run.seed {
        python::seed(seed);
    }
    if program.run.ago_ms > 0 {
        python::set_clock(-(program.run.ago_ms as f64) / 1000.0);
    }
    ledger::begin(&mut program);
    functions::bind(language);
    language.expander.at_prompt = program.mode.input().is_some();
    if let Mode::Turn { .. } = program.mode {
        // What models that know other loops end with.
        for synonym in ["FINAL", "SUBMIT", "answer"] {
            language.expander.bind_native(synonym, "finish");
        }
        language.expander.bind_native("FINAL_VAR", "%final-variable");
    }
    output::begin(language.expander.at_prompt);
    let source = raised.map_err(wall::missing).and_then(|()| {
        if interrupted {
            return Err(broken_off());
        }
        if let Mode::Turn { python: true, .. } = program.mode {
            let code = ("%turn".into(), super::value::string(&*program.text));
            return Ok(Source::ours("(%main (lambda () (%just (%python-turn! %turn (car %dyn)))))", vec![code]));
        }
        // What was misread may only be so because a parenthesis is missing above it.
        let own = program.beside.iter().map(|(_, place)| place.start).min().unwrap_or(program.text.len());
        let own = program.text.get(..own).unwrap_or_default();
        let expanded = language.expander.program_with(&program.text, &program.beside);
        expanded.map_err(|error| errors::unbalanced(own).unwrap_or(error))
    });
    let came = match source.and_then(|source| bind_context(&mut language.engine, source)) {
        Ok(source) => evaluate(language, &program, source, earlier),
        // Whoever does not see it run must be told that nothing of it did.
        Err(error) if matches!(program.mode, Mode::Turn { .. }) => {
            let unrun = "nothing of this block was run";
            let hint = Some(error.hint.map_or_else(|| unrun.into(), |hint| format!("{hint} ({unrun})")));
            Came::wrong(ScriptError { hint, ..error })
        }
        Err(error) => Came::wrong(error),
    };
    python::pass_on();
    let (pending, failed) = match program.mode {
        Mode::Input(_) | Mode::Turn { .. } => (0, sched::with(sched::Sched::pause)),
        _ => sched::with(sched::Sched::end_program),
    };
    if pending > 0 && matches!(came.ending, Ending::Value { finished: false, .. }) {
        let them = if pending == 1 { "handle was" } else { "handles were" };
        output::text(
            Stream::Stderr,
            &format!("note: {pending} {them} still running when the script ended: cancelled\n"),
        );
    }
    warn(&failed);
    tell(came)
}

/// Says which spawned fibers failed without anybody having asked for their values.
pub(super) fn warn(failed: &[Rc<Task>]) {
    for task in failed {
        if let TaskState::Done(Err(fault)) = &*task.state.borrow() {
            let fault = fault.get();
            let shown = with_fault(&fault, |fault| format!("{fault:?}")).unwrap_or_else(|| print::written(&fault));
            output::text(Stream::Stderr, &format!("warning: a `spawn` that nobody awaited failed: {shown}\n"));
        }
    }
}

/// Says that a fan-out kept its failures, and all of them are the program's own: else nobody might look.
fn warn_of_mistake(engine: &Engine, earlier: &Inputs, items: u32, fault: Fault) {
    let (error, input) = located(engine, earlier, fault, None);
    let text = earlier.text();
    let before = error.span.filter(|_| input.is_none()).and_then(|(start, _)| text.get(..start as usize));
    let line = before.map(|before| format!(", line {}", before.matches('\n').count() + 1)).unwrap_or_default();
    let them = if items == 1 { "the one item".into() } else { format!("all {items} items") };
    let message = error.message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    output::text(
        Stream::Stderr,
        &format!(
            "warning: {them} of a fan-out failed by the program's own mistake, which `#:on-error 'keep` kept: {message}{line}\n"
        ),
    );
}

fn broken_off() -> ScriptError {
    let message = "interrupted".into();
    ScriptError { class: FailureClass::Script, blame: Blame::Program, message, hint: None, span: None }
}

/// Tells the host what a program came to. Whether there can be another.
fn tell(Came { ending, value, usable, input }: Came) -> bool {
    let sent = sched::with(|s| {
        output::flush(s);
        s.ended = None;
        if let Some(input) = input {
            s.tell(&ToHost::Place { input }, &[]);
        }
        s.link.write(&ToHost::Finished(ending), &[value.as_bytes()]).and_then(|()| s.link.flush_all())
    });
    if let Err(super::link::LinkError::Wire(_)) = sent {
        let message = format!("the value is too large: {} bytes", value.len());
        let error =
            ScriptError { class: FailureClass::TooLong, blame: Blame::Program, message, hint: None, span: None };
        let told = sched::with(|s| {
            s.link.write(&ToHost::Finished(Ending::Error(error)), &[]).and_then(|()| s.link.flush_all())
        });
        return told.is_ok() && usable;
    }
    sent.is_ok() && usable
}

/// Lets the session have what the program was granted, and no more, for good: the first program says it for all.
fn confine(program: &Program, net: &mut Option<OwnedFd>) -> Result<(), String> {
    let granted = &program.grants.0;
    if !program.confined {
        python::set_environment(&granted.environment, false);
        return Ok(());
    }
    if wall::stands() {
        return Ok(());
    }
    // What must be read for it is shut afterwards.
    let asks = net.take().filter(|_| granted.net);
    let more = if asks.is_some() { python::certificates() } else { Vec::new() };
    python::set_environment(&granted.environment, true);
    wall::raise(granted, more)?;
    python::say_denials()?;
    asks.map_or(Ok(()), python::ask_for_connections)
}

/// Reads the context for a program that names it. What the program, or one before it, makes of the name stays.
fn bind_context(engine: &mut Engine, source: Source) -> Result<Source, ScriptError> {
    if let Some(place) = &source.context
        && let Some(context) = context::bind()
    {
        let value = context.map_err(|fault| ScriptError {
            class: fault.class,
            blame: fault.blame(),
            message: fault.message,
            hint: fault.hint,
            span: Some((place.start as u32, place.end as u32)),
        })?;
        engine.register_value("context", value);
    }
    Ok(source)
}

/// Makes Steel and Python usable again after an interrupt. Whether there was one.
pub(super) fn forget_interrupt(engine: &Engine) -> bool {
    let interrupted = INTERRUPTED.swap(false, Ordering::Relaxed);
    if interrupted {
        python::drain_signals();
        engine.get_thread_state_controller().resume();
    }
    interrupted
}

fn evaluate(language: &mut Language, program: &Program, mut source: Source, earlier: &mut Inputs) -> Came {
    let (text, json) = (&*program.text, program.json);
    if let Err(problem) = language.prepare(&mut source) {
        return Came { usable: false, ..Came::wrong(errors::panicked(&problem)) };
    }
    let engine = &mut language.engine;
    // An interrupt that came between programs was for none of them.
    forget_interrupt(engine);
    natives::running(&source.text);
    let result = catch_unwind(AssertUnwindSafe(|| engine.run(source.text.clone())));
    let ended = sched::with(|s| s.ended.take());
    let interrupted = forget_interrupt(engine);
    let input = program.mode.input();
    if input.is_some() && !matches!(result, Ok(Ok(_))) {
        let value = |name: &str| engine.extract_value(name).ok();
        language.expander.ended(|name| value(name).is_some_and(|value| super::dialect::support::is_undefined(&value)));
    }
    if input.is_some() && interrupted {
        // The parameters of the fiber that was broken off hold for it alone.
        let _ = catch_unwind(AssertUnwindSafe(|| engine.run("(set! %dyn (cons '() #f))")));
    }
    earlier.remember(Input { number: input.unwrap_or_default(), text: text.to_owned(), source });
    if let Some((items, fault)) = sched::with(|s| s.mistake.take()) {
        warn_of_mistake(&language.engine, earlier, items, fault);
    }
    let found = result_of(language, earlier, ended, result, json, program.mode);
    if input.is_none() {
        earlier.forget();
    }
    found
}

type Ran = std::thread::Result<Result<Vec<SteelVal>, steel::SteelErr>>;

/// As much of a value as a model might be told: it is cut again, and far shorter, by whoever tells it.
fn begins(text: String) -> String {
    if text.len() <= MOST_TOLD {
        return text;
    }
    let end = text.floor_char_boundary(MOST_TOLD);
    format!("{} … (of {} characters)", &text[..end], text.chars().count())
}

/// What the last of the inputs came to, or a script.
fn result_of(
    language: &mut Language,
    earlier: &Inputs,
    ended: Option<Ended>,
    result: Ran,
    json: bool,
    mode: Mode,
) -> Came {
    let text = earlier.text();
    let wrong = |(error, input)| Came { input, ..Came::wrong(error) };
    // What a model finishes with is its answer, and no value that somebody at a prompt looks at.
    let kept = |finished: bool| mode.input().is_some() && !(finished && matches!(mode, Mode::Turn { .. }));
    let shown = |value: &SteelVal, finished: bool| {
        let nothing = matches!(value, SteelVal::Void);
        let for_prompt = (kept(finished) && !nothing).then(|| inputs::keep(value));
        let text = match (json, nothing) {
            (false, false) if kept(finished) && matches!(mode, Mode::Turn { .. }) => {
                begins(for_prompt.unwrap_or_default())
            }
            (false, false) if kept(finished) => for_prompt.unwrap_or_default(),
            (true, _) => super::json::to_text(value).unwrap_or_else(|_| {
                let shown = serde_json::Value::String(print::displayed(value));
                shown.to_string()
            }),
            (false, true) => String::new(),
            (false, false) => print::displayed(value),
        };
        Came { ending: Ending::Value { shown: !nothing, finished }, value: text, usable: true, input: None }
    };
    match (ended, result) {
        (Some(Ended::Finished(value)), _) => shown(&value.get(), true),
        (Some(Ended::FinishedVariable(name, spans)), Ok(Err(err))) => match variable(language, &name) {
            Ok(value) => shown(&value, true),
            Err(fault) => {
                let fault = Fault { spans, ..fault };
                wrong(located(&language.engine, earlier, fault, Some(&err)))
            }
        },
        (_, Ok(Ok(values))) => shown(values.last().unwrap_or(&SteelVal::Void), false),
        (ended, Ok(Err(err))) => {
            // Steel says where it gave up, which is rarely where the mistake is.
            let unread = matches!(err.kind(), ErrorKind::Parse | ErrorKind::UnexpectedToken);
            let unbalanced = unread.then(|| errors::unbalanced(text)).flatten();
            let (mut error, input) = match unbalanced {
                Some(error) => (error, None),
                None => located(&language.engine, earlier, natives::fault_of(&err), Some(&err)),
            };
            if matches!(ended, Some(Ended::Interrupted)) {
                error = ScriptError { message: "interrupted".into(), hint: None, ..error };
            }
            wrong((error, input))
        }
        (_, Err(_)) => Came { usable: false, ..Came::wrong(errors::panicked(&PANIC.take())) },
    }
}

/// The value of a variable of the program's, or else of Python's.
fn variable(language: &Language, name: &str) -> Result<SteelVal, Fault> {
    let steel = language.expander.steel_name_of(name).unwrap_or_else(|| name.into());
    match (language.engine.extract_value(&steel), python::variable(name)) {
        (Ok(value), _) => Ok(value),
        (Err(_), Ok(Some(value))) => Ok(value),
        (Err(_), Ok(None)) => {
            let fault = Fault::script(format!("finish-var: there is no variable `{name}`, here or in Python"));
            Err(match nearest_global(language, name) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            })
        }
        (Err(_), Err(problem)) => Err(Fault::new(FailureClass::Python, format!("finish-var: {}", problem.message))),
    }
}

fn nearest_global(language: &Language, name: &str) -> Option<String> {
    let words = language.expander.words();
    super::nearest(name, words.iter().map(|word| &**word).filter(|word| !word.starts_with('%'))).map(Into::into)
}

/// Finds the innermost place of a failure that is in the script itself, or in an earlier input: which one.
fn located(
    engine: &Engine,
    earlier: &Inputs,
    fault: Fault,
    err: Option<&steel::SteelErr>,
) -> (ScriptError, Option<u32>) {
    let mut spans = fault.spans.clone();
    if let Some(err) = err {
        spans.extend(err.span());
        spans.extend(err.stack_trace().iter().flat_map(|t| t.trace().iter().filter_map(|frame| *frame.span())));
    }
    let inner = spans.iter().enumerate().find_map(|(at, span)| {
        let input = earlier.of(engine, span)?;
        // What a library does has no place in the script: the way to it has.
        let own = !input.source.original(span.start as usize..span.end as usize).is_empty();
        own.then_some((at, input))
    });
    let input = inner.map(|(_, input)| input.number).filter(|number| Some(*number) != earlier.last());
    let text = inner.map_or(earlier.text(), |(_, input)| &input.text);
    let place = inner.map(|(at, Input { source, .. })| {
        let place = spans[at].start as usize..spans[at].end as usize;
        let place = if source.text[..place.end.min(source.text.len())].ends_with(expand::JUST) {
            // The wrapper of a form: the form itself is meant.
            source.form_after(place)
        } else if at > 0 {
            // A frame of the stack: Steel knows only some argument of the call that stands there.
            source.call_round(place)
        } else {
            place
        };
        source.original(place)
    });
    let call = place.clone().and_then(|place| text.get(place)).unwrap_or_default();
    let head = call.trim_start_matches(['(', '[']).split(expand::read::is_delimiter).next().unwrap_or_default();
    let blame = fault.blame();
    let Fault { class, mut message, mut hint, steels, .. } = fault;
    // Now that the place is known, the words can say what stands there: the name of what failed or, when that is none of
    // the script's business, the call that led to it.
    let direct = Some(head).filter(|head| !head.is_empty() && head.len() == call.len());
    // In `((car procedures))` it is not `car` that was called wrongly.
    let before = place.clone().and_then(|place| text.get(..place.start)).unwrap_or_default();
    let direct = direct.filter(|_| !["((", "[(", "([", "[["].iter().any(|open| before.ends_with(open)));
    if let Some(said) = steels.and_then(|steels| errors::translated(&steels, direct)) {
        (message, hint) = (said.message, said.hint);
        if call.starts_with(['(', '[']) && errors::names_a_procedure(head) {
            message = errors::told_of(head, &message, call);
        }
    }
    let span = place.map(|place| (place.start as u32, place.end as u32));
    (ScriptError { class, blame, message, hint, span }, input)
}
