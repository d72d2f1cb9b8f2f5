//! What a session does for somebody who sits at a prompt: earlier inputs are remembered with their places, values are kept
//! as `_`, fibers that were left running go on while nothing is asked, and questions about the session are answered.
//!
//! Not here: the prompt itself, which is the host's.

use super::{
    engine::Language,
    expand::Source,
    json, ledger, print,
    sched::{self, Ended, Program, Sched},
    session,
    value::{Kept, Native, with_response},
};
use crate::wire::Question;
use std::{
    cell::RefCell,
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};
use steel::{SteelVal, parser::span::Span, steel_vm::engine::Engine};

/// How many past values are kept: `_`, `__` and `___`.
const PAST: usize = 3;
/// How many earlier inputs can be shown in errors.
const REMEMBERED: usize = 1_000;
/// How much of a value the list of variables shows, in characters.
const PREVIEW: usize = 200;

thread_local! {
    /// The last one first.
    static VALUES: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The names of past values, and which ones they are.
pub(super) fn past(word: &str) -> Option<usize> {
    ["_", "__", "___"].iter().position(|name| *name == word)
}

/// The native behind those names.
pub(super) fn past_value(args: &[SteelVal]) -> Native {
    let number = match args {
        [SteelVal::IntV(n)] => usize::try_from(*n).unwrap_or(PAST),
        _ => PAST,
    };
    Ok(VALUES.with_borrow(|values| values.get(number).map_or(SteelVal::Void, Kept::get)))
}

/// The value of an input, as its user is shown it. It is `_` from here on.
pub(super) fn keep(value: &SteelVal) -> String {
    VALUES.with_borrow_mut(|values| {
        values.insert(0, Kept::new(value.clone()));
        values.truncate(PAST);
    });
    let written = print::written(value);
    // Whoever asks a model at the prompt wants to read what it says.
    with_response(value, |response| format!("{written}\n{}", response.text)).unwrap_or(written)
}

/// An input, and what Steel was given for it.
pub(super) struct Input {
    pub(super) number: u32,
    pub(super) text: String,
    pub(super) source: Source,
}

/// The inputs so far.
#[derive(Default)]
pub(super) struct Inputs(Vec<Input>);

impl Inputs {
    pub(super) fn remember(&mut self, input: Input) {
        if self.0.len() >= REMEMBERED {
            self.0.remove(0);
        }
        self.0.push(input);
    }

    /// The last one goes: it was a script, which nothing later refers to.
    pub(super) fn forget(&mut self) {
        self.0.pop();
    }

    /// The last one's number.
    pub(super) fn last(&self) -> Option<u32> {
        self.0.last().map(|input| input.number)
    }

    /// The last one's text.
    pub(super) fn text(&self) -> &str {
        self.0.last().map_or("", |input| &input.text)
    }

    /// The input that a place of Steel's lies in.
    pub(super) fn of(&self, engine: &Engine, span: &Span) -> Option<&Input> {
        if span.source_id.is_none() {
            return self.0.last().filter(|_| span.end > span.start);
        }
        let text = engine.get_source(span.source_id.as_ref()?)?;
        self.0.iter().rev().find(|input| input.source.text == **text)
    }
}

/// The next program. What earlier inputs left running goes on until it comes. `None` when there is none any more; the
/// flag says that it was interrupted before it could begin.
pub(super) fn next(language: &mut Language) -> Option<(Program, bool)> {
    while sched::with(|s| s.runs_on()) {
        let idle = "(%main (lambda () (%park! (%idle!))))";
        let result = catch_unwind(AssertUnwindSafe(|| language.engine.run(idle)));
        let (failed, ended, program) = sched::with(|s| (s.pause(), s.ended.take(), s.take_next()));
        session::warn(&failed);
        let interrupted = session::forget_interrupt(&language.engine);
        if matches!(ended, Some(Ended::HostGone)) || result.is_err() {
            return None;
        }
        if let Some(program) = program {
            return Some((program, interrupted));
        }
    }
    sched::with(Sched::next_program).map(|program| (program, false))
}

/// Answers what the host asks.
pub(super) fn answer(language: &Language, question: Question) -> String {
    match question {
        Question::Names => {
            let names: BTreeSet<String> = language.expander.names().filter(|name| sayable(name)).collect();
            names.into_iter().collect::<Vec<_>>().join("\n")
        }
        Question::Variables => {
            let mut variables = language.expander.defined();
            variables.sort();
            let line = |(word, steel): &(String, String)| {
                let shown = match language.engine.extract_value(steel) {
                    Ok(value) => print::written(&value),
                    Err(_) => "not defined yet".into(),
                };
                let short: String = shown.chars().take(PREVIEW).collect();
                format!("{word}\t{}", short.replace(['\n', '\r'], " "))
            };
            variables.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Question::Trace => json::to_text(&ledger::trace()).unwrap_or_else(|_| "[]".into()),
    }
}

/// Whether a name is for people: not the interpreter's own, nor Steel's.
fn sayable(name: &str) -> bool {
    !name.starts_with(['%', '#', '~']) && !name.starts_with("__") && !name.contains("%")
}
