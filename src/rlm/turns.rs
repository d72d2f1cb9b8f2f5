//! The loop itself: a reply, its block, what came of it, until there is an answer or a limit is reached.

use super::{
    Answered, Ask, Event, Follower, Ground, Outcome, Turn,
    chat::Chat,
    clip::{Clip, clipped},
    given::Given,
    prompt,
    reply::{self, Block, Language, Reply, Said},
    within::Within,
};
use crate::{
    error::Error,
    llm::{Answer, Failure, Request},
    session::{Listener, Program, Progress, Report, Session, Stop, account::Account, single},
    wire::{Blame, FailureClass, Limits, Mode, ScriptError, Stream},
};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How long the best answer so far may take when all else is over.
const LAST_WORDS: Duration = Duration::from_secs(90);
/// The model of the root, when nobody names one.
const ROOT: &str = "smart";

/// Runs a loop. What its programs want of sessions of their own is `within`'s to answer.
pub(super) async fn run(
    ask: &Ask,
    ground: &Ground,
    given: &Given<'_>,
    account: Arc<Account>,
    within: Arc<Within>,
    follower: &mut dyn Follower,
    stop: &mut mpsc::UnboundedReceiver<Stop>,
) -> Answered {
    follower.event(Event::Begun(account.counts()));
    let (outcome, answer, model, turns) = match Loop::start(ask, ground, given, account.clone(), within).await {
        Err(error) => (Outcome::Failed(error), None, "".into(), Vec::new()),
        Ok(mut running) => {
            let end = running.turns(follower, stop).await;
            let (outcome, answer) = running.ended(end, stop).await;
            (outcome, answer, running.chat.answerer, running.turns)
        }
    };
    Answered { outcome, answer, model, turns, usage: account.usage() }
}

/// Why there are no further turns.
enum End {
    Finished(String),
    Over(String),
    Failed(Error),
    Signal(i32),
}

/// Why a call of the root's gave no reply.
enum NoReply {
    Failed(Failure),
    Late,
    Signal(i32),
}

/// What came of a block.
enum Came {
    Finished(String),
    /// Nothing, or a value.
    Value(Option<String>),
    Error(String),
    Signal(i32),
}

struct Loop<'a> {
    ask: &'a Ask,
    ground: &'a Ground,
    given: &'a Given<'a>,
    account: Arc<Account>,
    within: Arc<Within>,
    deadline: Option<Instant>,
    chat: Chat,
    session: Session,
    turns: Vec<Turn>,
    /// The last answer that was given as text alone, without a block: the best there is when all else fails.
    text: Option<String>,
}

impl<'a> Loop<'a> {
    async fn start(
        ask: &'a Ask,
        ground: &'a Ground,
        given: &'a Given<'a>,
        account: Arc<Account>,
        within: Arc<Within>,
    ) -> Result<Self, Error> {
        let deadline = ask.bounds.time.and_then(|time| Instant::now().checked_add(time));
        let model = ask.root_model.as_deref().unwrap_or(ROOT);
        let (situation, question) = (ask.prompt.text(&ask.bounds), prompt::question(&ask.question, given));
        let chat = Chat::new(Some(model.into()), situation, question, ask.bounds.window);
        let session = session(ask, ground, given, &account, &within).await?;
        Ok(Self { ask, ground, given, account, within, deadline, chat, session, turns: Vec::new(), text: None })
    }

    async fn turns(&mut self, follower: &mut dyn Follower, stop: &mut mpsc::UnboundedReceiver<Stop>) -> End {
        let mut errors = 0;
        for iteration in 1..=self.ask.bounds.iterations {
            if self.chat.is_full()
                && let Err(end) = self.summarise(follower, stop).await
            {
                return end;
            }
            follower.event(Event::Asked(iteration));
            let before = self.account.usage();
            let answer = match self.reply(self.chat.request(), stop).await {
                Ok(answer) => answer,
                Err(no) => return self.end_of(no),
            };
            self.chat.answered_by(&answer.model);
            let text = answer.text.to_string();
            self.chat.said(&text);
            follower.event(Event::Replied(&text));
            let replied = self.account.usage();
            let reply = reply::read(&text);
            let mut heard = Heard { follower, clip: Clip::new(self.ask.bounds.output) };
            let came = self.does(iteration, &reply, &mut heard, stop).await;
            let usage = self.account.usage();
            let mut turn = Turn {
                iteration,
                block: reply.block.clone(),
                output: heard.clip.text(),
                value: None,
                error: None,
                subcalls: usage.since(replied),
                cost_usd: usage.since(before).cost_usd,
                reply: text,
            };
            match came {
                Some(Came::Finished(value)) => {
                    heard.follower.event(Event::Ended(&turn));
                    self.keep(turn);
                    return End::Finished(value);
                }
                Some(Came::Signal(signal)) => {
                    self.keep(turn);
                    return End::Signal(signal);
                }
                Some(Came::Value(value)) => {
                    errors = 0;
                    turn.value = value.map(|value| clipped(&value, self.ask.bounds.output));
                    self.chat.tell(prompt::came(&turn, &reply));
                }
                Some(Came::Error(error)) => {
                    errors += 1;
                    let error = clipped(&error, self.ask.bounds.output);
                    self.chat.tell(prompt::went_wrong(&turn, &error, &reply));
                    turn.error = Some(error);
                }
                None => {
                    errors += 1;
                    self.text = Some(turn.reply.trim().to_owned()).filter(|text| !text.is_empty());
                    self.chat.tell(prompt::NO_BLOCK.into());
                    turn.error = Some("the reply has no block".into());
                }
            }
            heard.follower.event(Event::Ended(&turn));
            self.keep(turn);
            if errors >= self.ask.bounds.errors {
                return End::Over(format!("{errors} turns one after another came to nothing but an error"));
            }
            if self.late() {
                return End::Over(self.time_is_over());
            }
            let left = self.ask.bounds.iterations - iteration;
            if matches!(left, 1..=3) {
                self.chat.tell(prompt::turns_left(left));
            }
        }
        End::Over(format!("its {} turns are over", self.ask.bounds.iterations))
    }

    fn keep(&mut self, turn: Turn) {
        if let Some(run) = self.account.run() {
            let code = turn.block.as_ref().map(|block| block.language.name());
            let calls = turn.subcalls.calls;
            let data = json!({ "turn": turn.iteration, "language": code, "calls": calls, "error": turn.error });
            run.note("turn", data.to_string());
        }
        self.turns.push(turn);
    }

    fn late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn time_is_over(&self) -> String {
        format!("its time of {} s is over", self.ask.bounds.time.unwrap_or_default().as_secs_f64())
    }

    fn end_of(&self, no: NoReply) -> End {
        match no {
            NoReply::Signal(signal) => End::Signal(signal),
            NoReply::Late => End::Over(self.time_is_over()),
            NoReply::Failed(failure) if failure.class == FailureClass::Budget => End::Over(failure.message),
            NoReply::Failed(failure) => End::Failed(Error::Script(ScriptError {
                class: failure.class,
                blame: Blame::Call,
                message: format!("the root model did not answer: {}", failure.message),
                hint: None,
                span: None,
            })),
        }
    }

    /// A reply of the root model. Meanwhile what earlier blocks have left running goes on.
    async fn reply(&mut self, request: Request, stop: &mut mpsc::UnboundedReceiver<Stop>) -> Result<Answer, NoReply> {
        let far = Instant::now() + Duration::from_secs(60 * 60 * 24 * 365);
        let deadline = self.deadline.unwrap_or(far);
        let attended = async {
            let mut nobody = Heard { follower: &mut (), clip: Clip::new(0) };
            if !self.session.has_ended() {
                self.session.attend(self.ground.max_memory, &mut nobody).await;
            }
            // It has ended: the next block is told so.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            Some(Stop::Signal(signal)) = stop.recv() => Err(NoReply::Signal(signal)),
            answer = single::ask(&self.ground.dispatcher, &self.account, request) => answer.map_err(NoReply::Failed),
            () = tokio::time::sleep_until(deadline.into()) => Err(NoReply::Late),
            () = attended => Err(NoReply::Late),
        }
    }

    /// What a reply comes to; nothing when there is nothing in it to do.
    async fn does(
        &mut self,
        iteration: u32,
        reply: &Reply,
        heard: &mut Heard<'_>,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Option<Came> {
        let mut came = None;
        if let Some(block) = &reply.block {
            heard.follower.event(Event::Runs(block));
            came = Some(self.run(iteration, block, heard, stop).await);
        }
        // What is said beside a block that failed was said in vain.
        match (&reply.said, &came) {
            (Some(said), None | Some(Came::Value(_))) => Some(self.said(said, heard, stop).await),
            _ => came,
        }
    }

    /// An answer that stands in the text.
    async fn said(&mut self, said: &Said, heard: &mut Heard<'_>, stop: &mut mpsc::UnboundedReceiver<Stop>) -> Came {
        match said {
            Said::Text(text) => Came::Finished(text.clone()),
            Said::Variable(name) => {
                let name = name.replace(['\\', '"'], "");
                let block = Block { language: Language::Scheme, code: format!("(finish-var \"{name}\")") };
                self.run(0, &block, heard, stop).await
            }
        }
    }

    /// Runs a block.
    async fn run(
        &mut self,
        number: u32,
        block: &Block,
        heard: &mut Heard<'_>,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Came {
        if self.session.has_ended() {
            if let Err(error) = self.renew().await {
                return Came::Error(error.plain("", ""));
            }
            // It ended while nothing was asked of it: with a block, that would have been said.
            if self.turns.last().is_some_and(|turn| turn.error.is_none()) {
                heard.clip.push("note: the session had ended, and all that was defined in it is gone\n");
            }
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let block_time = self.ask.bounds.block_time;
        let program = Program {
            text: block.code.clone(),
            mode: Mode::Turn { number, python: block.language == Language::Python },
            permissions: self.ground.permissions.clone(),
            limits: self.limits(),
            timeout: Some(left.map_or(block_time, |left| left.min(block_time)).max(Duration::from_millis(1))),
            max_memory: self.ground.max_memory,
            ..Program::default()
        };
        let Report { outcome, input, hints, .. } = self.session.run(program, heard, stop).await;
        for hint in hints {
            heard.clip.push(&format!("hint: {hint}\n"));
        }
        match outcome {
            Ok(outcome) if outcome.finished => Came::Finished(outcome.value.unwrap_or_default()),
            Ok(outcome) => Came::Value(outcome.value),
            Err(Error::Interrupted(signal)) => Came::Signal(signal),
            Err(error) => {
                let mut told = self.told(&error, number, block, input);
                if self.session.has_ended() {
                    told +=
                        "The session has ended with all that was defined in it; another begins with the next block.\n";
                }
                Came::Error(told)
            }
        }
    }

    /// An error as the root model reads it: with its line and what to do.
    fn told(&self, error: &Error, number: u32, block: &Block, input: Option<u32>) -> String {
        let (number, block) = match input {
            None => (number, Some(block)),
            Some(earlier) => {
                let turn = self.turns.iter().find(|turn| turn.iteration == earlier);
                (earlier, turn.and_then(|turn| turn.block.as_ref()))
            }
        };
        match (block, error) {
            (Some(Block { language: Language::Scheme, code }), _) => error.plain(&format!("block {number}"), code),
            // Python has said itself where it was.
            (_, Error::Script(e)) => Error::Script(ScriptError { span: None, ..e.clone() }).plain("", ""),
            _ => error.plain("", ""),
        }
    }

    /// What the session's calls may take in all, for `(budget-left)`: what is left, and what they have taken.
    fn limits(&self) -> Limits {
        let (left, taken) = (self.account.left(), self.session.spent());
        let cost = if taken.cost_usd.is_nan() { 0.0 } else { taken.cost_usd };
        Limits {
            calls: left.calls.map(|left| left + taken.calls),
            tokens: left.tokens.map(|left| left + taken.tokens),
            cost_usd: left.cost_usd.map(|left| left + cost),
        }
    }

    /// Another session in the place of one that has ended.
    async fn renew(&mut self) -> Result<(), Error> {
        self.session = session(self.ask, self.ground, self.given, &self.account, &self.within).await?;
        Ok(())
    }

    /// Has the root model summarise what it has been told.
    async fn summarise(
        &mut self,
        follower: &mut dyn Follower,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<(), End> {
        let summary = match self.reply(self.chat.summary_request(), stop).await {
            Ok(answer) => Some(answer.text.to_string()),
            Err(NoReply::Failed(failure)) if failure.class != FailureClass::Budget => None,
            Err(no) => return Err(self.end_of(no)),
        };
        self.chat.summarise(summary.as_deref());
        follower.event(Event::Summarised);
        let all: Vec<String> = self.chat.history.iter().map(|message| quoted(&message.text)).collect();
        let code = format!("(define history (list {}))\n(py-set! \"history\" history)", all.join("\n"));
        let mut unheard = Heard { follower: &mut (), clip: Clip::new(0) };
        let block = Block { language: Language::Scheme, code };
        match self.run(0, &block, &mut unheard, stop).await {
            Came::Signal(signal) => Err(End::Signal(signal)),
            _ => Ok(()),
        }
    }

    /// What it came to. When a limit was reached the root model is asked once for the best answer so far.
    async fn ended(&mut self, end: End, stop: &mut mpsc::UnboundedReceiver<Stop>) -> (Outcome, Option<String>) {
        let why = match end {
            End::Finished(answer) => return (Outcome::Finished, Some(answer)),
            End::Failed(error) => return (Outcome::Failed(error), self.text.take()),
            End::Signal(signal) => return (Outcome::Aborted(signal), None),
            End::Over(why) => why,
        };
        // Its own limits are what was reached; those of whoever asked still hold.
        self.account.limit(Limits::default());
        self.deadline = Instant::now().checked_add(LAST_WORDS);
        self.chat.tell(prompt::BEST.into());
        let best = match self.reply(self.chat.request(), stop).await {
            Err(NoReply::Signal(signal)) => return (Outcome::Aborted(signal), None),
            Err(_) => None,
            Ok(answer) => {
                let mut unheard = Heard { follower: &mut (), clip: Clip::new(0) };
                match reply::read(&answer.text).said {
                    None => Some(answer.text.trim().to_owned()),
                    Some(said) => match self.said(&said, &mut unheard, stop).await {
                        Came::Finished(answer) => Some(answer),
                        _ => Some(answer.text.trim().to_owned()),
                    },
                }
            }
        };
        (Outcome::Exhausted(why), best.filter(|answer| !answer.is_empty()).or(self.text.take()))
    }
}

/// A session for a loop's blocks.
async fn session(
    ask: &Ask,
    ground: &Ground,
    given: &Given<'_>,
    account: &Arc<Account>,
    within: &Arc<Within>,
) -> Result<Session, Error> {
    let own = Account::new(Some(account.clone()));
    let mut session = given.session(&ground.zygote, ground.dispatcher.clone(), own).await?;
    if let Some(run) = &ask.run {
        session.journal(run.clone());
    }
    session.set_model(ask.sub_model.clone());
    session.nest(within.clone());
    Ok(session)
}

/// A text as Scheme has it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Hears a block: its follower as it happens, and the root model afterwards.
struct Heard<'a> {
    follower: &'a mut dyn Follower,
    clip: Clip,
}

impl Listener for Heard<'_> {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        self.clip.push(text);
        self.follower.event(Event::Wrote(stream, text));
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.follower.event(Event::Progress(progress));
    }
}
