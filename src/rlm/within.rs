//! Loops within programs (`rlm-query`), and programs that a model has written (`eval-untrusted`): each in a session of its
//! own, with no more rights than the session that asks, and charged to its account.
//!
//! On the host's side such a loop is a task that waits, not a thread. How many there are at once is bounded at each depth by
//! itself, so that those that wait for others within them cannot be what these wait for.

use super::{Ask, Bounds, Ground, Outcome, given::Given, turns};
use crate::{
    error::Error,
    llm::{Answer, Failure, Request, Text, dispatch::Dispatcher},
    permissions::Permissions,
    session::{
        Listener, Outcome as Value, Program, Progress, Session, Usage, Zygote,
        account::Account,
        nested::{Answering, Nests, Wanted},
    },
    wire::{self, Asks, FailureClass, Limits, Mode, Role, Stream},
};
use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc};

/// Sessions of this kind at once, at each depth.
const PLACES: usize = 100;
/// Descriptors of this process that a session takes, and some to spare.
const DESCRIPTORS: u64 = 16;
/// Programs within programs may stand so deep.
const DEEPEST: u32 = 8;
/// A longer question is itself a text to explore.
const LONG: usize = 4_000;
/// How long a program may take that a model has written.
const PROGRAM_TIME: Duration = Duration::from_secs(300);
/// How much of what it prints is kept, in bytes.
const PRINTED: usize = 1 << 20;

/// Who answers such calls of one session.
#[derive(Clone)]
pub(super) struct Within {
    zygote: Weak<Zygote>,
    dispatcher: Arc<Dispatcher>,
    permissions: Permissions,
    max_memory: Option<u64>,
    /// What the loops have in common; the question is each one's own.
    ask: Arc<Ask>,
    /// How many loops and programs the session stands within.
    depth: u32,
    /// At this depth there are no further loops.
    deepest: u32,
    places: Arc<Mutex<Vec<Arc<Semaphore>>>>,
}

/// Lets programs of a session ask loops of their own, and run programs that models have written. `ask` says how such loops
/// are to be: its models and its bounds.
pub fn serve(session: &Session, ground: &Ground, ask: &Ask) {
    session.nest(Arc::new(Within::new(ground, ask)));
}

impl Within {
    pub(super) fn new(ground: &Ground, ask: &Ask) -> Self {
        let bounds = Bounds { spending: Limits::default(), time: None, ..ask.bounds.clone() };
        Self {
            zygote: Arc::downgrade(&ground.zygote),
            dispatcher: ground.dispatcher.clone(),
            permissions: ground.permissions.clone(),
            max_memory: ground.max_memory,
            deepest: bounds.depth,
            ask: Arc::new(Ask { bounds, run: None, ..ask.clone() }),
            depth: 0,
            places: Arc::default(),
        }
    }

    /// For the sessions that stand one deeper, of which so many more may stand within one another.
    fn below(&self, more: Option<u32>) -> Self {
        let depth = self.depth + 1;
        let deepest = more.map_or(self.deepest, |more| self.deepest.min(depth.saturating_add(more)));
        Self { depth, deepest, ..self.clone() }
    }

    /// The places at this depth.
    fn places(&self) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        while places.len() <= self.depth as usize {
            let (_, descriptors) = crate::config::most_concurrent();
            let most = usize::try_from(descriptors / DESCRIPTORS / 2).unwrap_or(PLACES).clamp(1, PLACES);
            places.push(Arc::new(Semaphore::new(most)));
        }
        places[self.depth as usize].clone()
    }

    fn ground(&self) -> Result<Ground, Failure> {
        let gone = || Failure::new(FailureClass::Cancelled, "the run has ended");
        Ok(Ground {
            zygote: self.zygote.upgrade().ok_or_else(gone)?,
            dispatcher: self.dispatcher.clone(),
            permissions: self.permissions.clone(),
            max_memory: self.max_memory,
        })
    }

    /// Answers by a loop.
    async fn explores(self, question: Question, account: Arc<Account>) -> Result<Answer, Failure> {
        let places = self.places();
        let _place = places.acquire().await;
        let (ground, begun) = (self.ground()?, Instant::now());
        let mut ask = Ask { question: question.text, ..(*self.ask).clone() };
        ask.root_model = question.model.or(ask.root_model);
        ask.bounds.time = question.time;
        let given = Given::Texts(&question.texts);
        let (_stop, mut stopped) = mpsc::unbounded_channel();
        let within = Arc::new(self.below(question.depth));
        let answered = turns::run(&ask, &ground, &given, account, within, &mut (), &mut stopped).await;
        let (usage, model) = (answered.usage, answered.model);
        let failed =
            |class, message: String| Err(Failure { model: Some(model.clone()), ..failure(class, message, usage) });
        match (answered.outcome, answered.answer) {
            (Outcome::Finished, answer) => {
                Ok(answer_of(answer.unwrap_or_default(), &model, "finished", usage, begun.elapsed()))
            }
            (Outcome::Exhausted(_), Some(answer)) => Ok(answer_of(answer, &model, "exhausted", usage, begun.elapsed())),
            (Outcome::Exhausted(why), None) => {
                failed(FailureClass::Budget, format!("the loop came to no answer: {why}"))
            }
            (Outcome::Failed(Error::Script(e)), _) => failed(e.class, e.message),
            (Outcome::Failed(e), _) => failed(FailureClass::Server, e.to_string()),
            (Outcome::Aborted(_), _) => failed(FailureClass::Cancelled, "it was cancelled".into()),
        }
    }

    /// Runs a program that a model has written. It has no rights but to make calls.
    async fn runs(self, written: Written, account: Arc<Account>) -> Result<Answer, Failure> {
        let places = self.places();
        let _place = places.acquire().await;
        let (ground, begun) = (self.ground()?, Instant::now());
        let usage = account.clone();
        let failed = |class, message: String| Err(failure(class, message, usage.usage()));
        let started = Session::start_charged(&ground.zygote, ground.dispatcher, &Default::default(), account).await;
        let mut session = match started {
            Ok(session) => session,
            Err(e) => return failed(FailureClass::Server, e.to_string()),
        };
        session.set_model(self.ask.sub_model.clone());
        session.nest(Arc::new(self.below(None)));
        let (_stop, mut stopped) = mpsc::unbounded_channel();
        let mut printed = Printed(String::new());
        for (mode, text) in [(Mode::Input(1), written.bindings), (Mode::Script, written.program)] {
            let limits = session.left();
            let (timeout, max_memory) = (Some(written.time), self.max_memory);
            let program = Program { text, mode, json: true, limits, timeout, max_memory, ..Program::default() };
            let text = program.text.clone();
            match (session.run(program, &mut printed, &mut stopped).await.outcome, mode) {
                (Err(error), _) => {
                    let line = error.line(&text).map(|line| format!("line {line}: ")).unwrap_or_default();
                    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                    let class = if let Error::Script(e) = &error { e.class } else { FailureClass::Script };
                    return failed(class, format!("{line}{error}{hint}"));
                }
                (Ok(Value { value, .. }), Mode::Script) => {
                    // What was printed and not given is what it was meant to give.
                    let said = || serde_json::Value::from(printed.0.trim_end()).to_string();
                    let value = value.unwrap_or_else(|| if printed.0.is_empty() { "null".into() } else { said() });
                    return Ok(answer_of(value, "program", "finished", usage.usage(), begun.elapsed()));
                }
                _ => {}
            }
        }
        failed(FailureClass::Script, "there was no program".into())
    }
}

impl Nests for Within {
    fn answer(&self, wanted: Wanted<'_>) -> Option<Answering> {
        let within = self.clone();
        match wanted.asks {
            Asks::Loop if self.depth + 1 < self.deepest => {
                let question = Question { depth: wanted.depth, ..Question::of(wanted.request, wanted.timeout) };
                Some(Box::pin(within.explores(question, wanted.account)))
            }
            Asks::Program if self.depth < DEEPEST => {
                let written = Written::of(wanted.request, wanted.timeout);
                Some(Box::pin(within.runs(written, wanted.account)))
            }
            _ => None,
        }
    }
}

/// A question for a loop within a program.
struct Question {
    text: String,
    texts: Vec<Text>,
    model: Option<String>,
    time: Option<Duration>,
    depth: Option<u32>,
}

impl Question {
    fn of(request: &Request, time: Option<Duration>) -> Self {
        let of = |role| request.messages.iter().filter(move |m| m.role == role).map(|m| m.text.clone());
        let texts: Vec<Text> = of(Role::User).collect();
        let (text, texts) = match (of(Role::System).next(), &texts[..]) {
            (Some(instruction), _) => (instruction.to_string(), texts),
            (None, [prompt]) if prompt.len() <= LONG => (prompt.to_string(), Vec::new()),
            (None, _) => ("`context` asks for something. Find out what, and do it.".into(), texts),
        };
        Self { text, texts, model: request.model.as_deref().map(Into::into), time, depth: None }
    }
}

/// A program that a model has written, and what it is given.
struct Written {
    program: String,
    bindings: String,
    time: Duration,
}

impl Written {
    fn of(request: &Request, time: Option<Duration>) -> Self {
        let program = request.messages.first().map(|m| m.text.to_string()).unwrap_or_default();
        let given = request.extra.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let given: serde_json::Map<String, serde_json::Value> = given.unwrap_or_default();
        let bind = |(name, value): (&String, &serde_json::Value)| {
            format!("(define {name} (string->json {}))\n", turns::quoted(&value.to_string()))
        };
        Self { program, bindings: given.iter().map(bind).collect(), time: time.unwrap_or(PROGRAM_TIME) }
    }
}

/// Keeps what a program prints.
struct Printed(String);

impl Listener for Printed {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        if stream == Stream::Stdout {
            let room = PRINTED.saturating_sub(self.0.len());
            self.0 += &text[..text.floor_char_boundary(room.min(text.len()))];
        }
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

fn tokens(usage: Usage) -> wire::Usage {
    wire::Usage { input: usage.input_tokens, output: usage.output_tokens, ..wire::Usage::default() }
}

fn answer_of(text: String, model: &str, how: &str, usage: Usage, latency: Duration) -> Answer {
    Answer {
        text: text.into(),
        model: model.into(),
        usage: tokens(usage),
        cost_usd: usage.cost_usd,
        latency,
        attempts: 1,
        finish_reason: how.into(),
    }
}

fn failure(class: FailureClass, message: String, usage: Usage) -> Failure {
    Failure { usage: tokens(usage), cost_usd: usage.cost_usd, ..Failure::new(class, message) }
}
