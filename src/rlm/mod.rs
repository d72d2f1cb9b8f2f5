//! Recursive language models: a root model answers a question about texts that are too long for it, by programs.
//!
//! After Zhang, Kraska and Khattab, *Recursive Language Models*, arXiv:2512.24601. The root model is shown the question
//! and what texts there are, never the texts. It writes a block of code, a session runs it, the model is told what came of
//! it, and so on, until the code calls `finish` or a limit is reached. What differs from the paper: a block may be Scheme,
//! whose procedures fan out, as well as Python; and the session is confined.
//!
//! [`Ask`] is the question and its bounds, `turns` the loop itself, `chat` what the root model has been told, `prompt` what
//! it is told at first, `reply` what it wrote, `clip` how texts are cut, `within` loops within programs. Not here: sessions, calls and budgets, which are
//! those of any program.

mod chat;
mod clip;
mod given;
mod prompt;
mod reply;
mod turns;
mod within;

pub use prompt::Prompt;
pub use reply::{Block, Language};
pub use within::serve;

use crate::{
    context::Contexts,
    error::Error,
    journal::Run,
    llm::dispatch::Dispatcher,
    permissions::Permissions,
    session::{Counts, Progress, Stop, Usage, Zygote, account::Account},
    wire::{Limits, Stream},
};
use given::Given;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use within::Within;

/// What loops, and sessions of theirs, stand on.
#[derive(Clone)]
pub struct Ground {
    /// Whose forks their sessions are.
    pub zygote: Arc<Zygote>,
    /// Where their calls go.
    pub dispatcher: Arc<Dispatcher>,
    /// What their programs may do.
    pub permissions: Permissions,
    /// How much memory each session may have, in bytes.
    pub max_memory: Option<u64>,
}

/// How far a loop may go.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Turns: replies of the root model.
    pub iterations: u32,
    /// How many loops may stand one within another, the outermost included. At the limit `rlm-query` is `llm-query`.
    pub depth: u32,
    /// Turns one after another that came to nothing but an error.
    pub errors: u32,
    /// What calls may take in all, the root model's included.
    pub spending: Limits,
    /// How long all of it may take.
    pub time: Option<Duration>,
    /// How long one block may run.
    pub block_time: Duration,
    /// Characters of a block's output that the root model is told.
    pub output: usize,
    /// Tokens that the root model's window has, where its name does not say.
    pub window: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            iterations: 30,
            depth: 2,
            errors: 5,
            spending: Limits::default(),
            time: None,
            block_time: Duration::from_secs(600),
            output: 8_000,
            window: 128_000,
        }
    }
}

/// A question for a root model.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The question.
    pub question: String,
    /// The root model; by default `"smart"`.
    pub root_model: Option<String>,
    /// The model of calls that name none.
    pub sub_model: Option<String>,
    /// What the root model is told of its situation.
    pub prompt: Prompt,
    /// How far it may go.
    pub bounds: Bounds,
    /// The run that its calls are journaled in.
    pub run: Option<Arc<Run>>,
}

/// What happens meanwhile.
#[derive(Debug)]
pub enum Event<'a> {
    /// It begins; these are its counts, as they change.
    Begun(&'a Arc<Counts>),
    /// The root model is asked for the reply of this number.
    Asked(u32),
    /// It replied with this text.
    Replied(&'a str),
    /// A block of it begins to run.
    Runs(&'a Block),
    /// The block wrote something.
    Wrote(Stream, &'a str),
    /// A fan-out in it has come further.
    Progress(Progress),
    /// The turn has ended.
    Ended(&'a Turn),
    /// What the root model was told had become too long for it, and was summarised.
    Summarised,
}

/// Who wants to hear of a loop.
pub trait Follower: Send {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);
}

/// Nobody does.
impl Follower for () {
    fn event(&mut self, _: Event<'_>) {}
}

/// One reply of the root model, and what came of it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Its number, from 1.
    pub iteration: u32,
    /// What the model wrote.
    pub reply: String,
    /// The block in it that was run.
    pub block: Option<Block>,
    /// What the block wrote; cut to [`Bounds::output`].
    pub output: String,
    /// The value of its last expression, likewise.
    pub value: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// What the block's calls came to.
    pub subcalls: Usage,
    /// What the turn cost in US dollars, the reply included; `None` when a price is unknown.
    pub cost_usd: Option<f64>,
}

/// How a loop ended.
#[derive(Debug)]
pub enum Outcome {
    /// By `finish`, or what stands for it.
    Finished,
    /// A limit was reached: which. The answer, if there is one, is the best so far.
    Exhausted(String),
    /// There is no answer: why.
    Failed(Error),
    /// By a signal.
    Aborted(i32),
}

impl Outcome {
    /// `finished`, `exhausted`, `failed` or `aborted`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Exhausted(_) => "exhausted",
            Self::Failed(_) => "failed",
            Self::Aborted(_) => "aborted",
        }
    }
}

/// What came of a question.
#[derive(Debug)]
pub struct Answered {
    /// How it ended.
    pub outcome: Outcome,
    /// The answer.
    pub answer: Option<String>,
    /// The root model, by the name that it answered by.
    pub model: Arc<str>,
    /// Every turn.
    pub turns: Vec<Turn>,
    /// What all calls came to, those of loops within it included.
    pub usage: Usage,
}

impl Ask {
    /// A question, with what is usual otherwise.
    pub fn new(question: impl Into<String>) -> Self {
        Self { question: question.into(), ..Self::default() }
    }

    /// Answers it from these contexts. `stop` ends it from outside.
    pub async fn run(
        &self,
        ground: &Ground,
        contexts: &Contexts,
        follower: &mut dyn Follower,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Answered {
        let account = Account::new(None);
        account.limit(self.bounds.spending);
        if let Some(run) = &self.run {
            account.journal(run.clone());
        }
        let within = Arc::new(Within::new(ground, self));
        turns::run(self, ground, &Given::Files(contexts), account, within, follower, stop).await
    }

    /// What the root model would be told first: its situation, then the question and what texts there are.
    pub fn shown(&self, contexts: &Contexts) -> (String, String) {
        (self.prompt.text(&self.bounds), prompt::question(&self.question, &Given::Files(contexts)))
    }
}
