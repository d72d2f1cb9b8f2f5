//! `bessemer ask`: a root model answers a question by writing programs. Here are its flags and what is shown of it; the
//! loop is [`crate::rlm`].

use super::{
    grants::Made,
    keep::{self, Resumed},
    progress::Display,
    screen::{self, complain},
    shared::{Shared, signals},
    stdout::Stdout,
};
use crate::{
    config::{self, file::Settings},
    context::Contexts,
    error::{Error, visible},
    journal::{Journal, store::Status},
    rlm::{Answered, Ask as Question, Bounds, Event, Follower, Ground, Outcome, Prompt, Turn},
    session::{Interpreter, Stop, Usage, Zygote},
    wire::Stream,
};
use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::{Value, json};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// The exit code of an answer that is only the best so far.
const EXHAUSTED: u8 = 3;
/// How many lines of a block's output are shown as it comes.
const SHOWN: usize = 20;
/// How many characters of a line.
const WIDEST: usize = 200;

#[derive(Args)]
pub(super) struct Ask {
    /// The question.
    #[arg(required_unless_present = "show_prompt")]
    question: Option<String>,
    #[command(flatten)]
    pub(super) shared: Shared,
    #[command(flatten)]
    pub(super) keep: keep::Journaled,
    /// The model that writes the programs: `--model`'s if not given, or else `smart`.
    #[arg(long, value_name = "NAME")]
    root_model: Option<String>,
    /// The model of calls that name none: `--model`'s if not given, or else `cheap`.
    #[arg(long, value_name = "NAME")]
    sub_model: Option<String>,
    /// Replies of the root model.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().iterations,
          value_parser = clap::value_parser!(u32).range(1..))]
    max_iterations: u32,
    /// Turns one after another that may come to nothing but an error.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().errors,
          value_parser = clap::value_parser!(u32).range(1..))]
    max_errors: u32,
    /// How long all of it may take: `90`, `10m`, `2h`.
    #[arg(long, alias = "max-timeout", value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    timeout: Option<Duration>,
    /// How long one block may run.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, default_value = "10m", allow_hyphen_values = true)]
    block_timeout: Duration,
    /// What the root model is told of its situation: `standard`, `short`, or a file with a text of your own.
    #[arg(long, value_name = "MODE", default_value = "standard")]
    prompt_mode: PathBuf,
    /// Print what the root model would be told, and ask nothing.
    #[arg(long)]
    show_prompt: bool,
    /// Print one JSON object, with every turn, instead of the answer.
    #[arg(long)]
    json: bool,
}

impl Ask {
    pub(super) fn main(self) -> ExitCode {
        self.start(None)
    }

    /// Asks it, or asks it once more.
    pub(super) fn start(mut self, resumed: Option<Resumed>) -> ExitCode {
        let begun = Instant::now();
        let journal = if resumed.is_some() || self.show_prompt { None } else { self.keep.open() };
        config::raise_descriptors();
        let zygote = Zygote::start(&Interpreter::ThisProgram);
        let settings = config::file::load(self.shared.config.as_deref());
        if let Ok(settings) = &settings {
            self.shared.settle(settings);
        }
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => {
                complain(&format!("error: no runtime: {e}\n"));
                return ExitCode::FAILURE;
            }
        };
        let code = runtime.block_on(async {
            let (stdout, mut stop) = (Stdout::new(), signals());
            let answered = match (zygote, settings, &mut stop) {
                (Ok(zygote), Ok(settings), Ok(stop)) => self.ask(zygote, &settings, stop, (journal, resumed)).await,
                (Err(e), ..) | (_, Err(e), _) => Err(e),
                (.., Err(e)) => Err(Error::interpreter(format!("no signals: {e}"))),
            };
            self.tell(answered, begun, &stdout, stop.ok()).await
        });
        // Whatever is still under way is of no interest.
        runtime.shutdown_background();
        code
    }

    /// What came of it; nothing when the prompt alone was wanted.
    async fn ask(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
        kept: (Option<Arc<Journal>>, Option<Resumed>),
    ) -> Result<Told, Error> {
        let zygote = if self.shared.grants.confines(settings) { zygote } else { zygote.without_sandbox() };
        let contexts = Arc::new(self.shared.contexts(&zygote, stop).await?);
        let mut question = self.question()?;
        if self.show_prompt {
            return Ok(Told::Prompt(shown(&question, &contexts)));
        }
        self.shared.say_offline();
        let dispatcher = self.shared.dispatcher(settings)?;
        let title = question.question.clone();
        let keeping = self.keep.keeping("ask", title.clone(), &title, &contexts, kept, stop).await?;
        question.run = keeping.as_ref().map(|keeping| keeping.run.clone());
        // It has no file: what lies where it was started is nobody's business.
        let permissions = self.shared.grants.permissions(settings, Path::new("question"));
        let _made = Made::for_writing(&permissions.write);
        let max_memory = Some(self.shared.max_memory());
        let ground = Ground { zygote: Arc::new(zygote), dispatcher, permissions, max_memory };
        let mut show =
            Show { display: None, quiet: self.shared.quiet || self.json, verbose: self.shared.verbose, lines: 0 };
        let answered = question.run(&ground, &contexts, &mut show, stop).await;
        if let Some(mut display) = show.display.take() {
            display.finish();
        }
        let said = keeping.map(|keeping| keeping.end(ended(&answered))).unwrap_or_default();
        for said in said.iter().filter(|_| !self.shared.quiet) {
            complain(&screen::hint(said));
        }
        Ok(Told::Answered(answered))
    }

    fn question(&self) -> Result<Question, Error> {
        let prompt = match self.prompt_mode.to_str() {
            Some("standard") => Prompt::Standard,
            Some("short") => Prompt::Short,
            _ => Prompt::Own(config::read_text(&self.prompt_mode, "prompt")?),
        };
        let model = |own: &Option<String>| own.clone().or_else(|| self.shared.model.clone());
        Ok(Question {
            question: self.question.clone().unwrap_or_default(),
            root_model: model(&self.root_model),
            sub_model: model(&self.sub_model),
            prompt,
            run: None,
            bounds: Bounds {
                iterations: self.max_iterations,
                depth: self.shared.max_depth,
                errors: self.max_errors,
                spending: self.shared.limits(),
                time: self.timeout,
                block_time: self.block_timeout,
                ..Bounds::default()
            },
        })
    }

    /// Prints what came of it, and gives the exit code.
    async fn tell(
        &self,
        told: Result<Told, Error>,
        begun: Instant,
        stdout: &Stdout,
        stop: Option<mpsc::UnboundedReceiver<Stop>>,
    ) -> ExitCode {
        let answered = match told {
            Ok(Told::Answered(answered)) => answered,
            Ok(Told::Prompt(text)) => return screen::print(&text),
            Err(error) => {
                let (outcome, model) = (Outcome::Failed(error), "".into());
                Answered { outcome, answer: None, model, turns: Vec::new(), usage: NOTHING }
            }
        };
        let text = match &answered.answer {
            _ if self.json => format!("{}\n", object(&answered, begun.elapsed())),
            // A model's words must not command a terminal.
            Some(answer) => format!("{}\n", visible(answer.trim_end())),
            None => String::new(),
        };
        let written = async {
            stdout.write(text)?;
            stdout.drained().await
        };
        let signalled = async {
            match stop {
                Some(mut stop) => stop.recv().await,
                None => None,
            }
        };
        let written = tokio::select! {
            biased;
            written = written => written,
            Some(Stop::Signal(signal)) = signalled => Err(Error::Interrupted(signal)),
        };
        if let Err(error) = written {
            if !matches!(error, Error::OutputClosed) {
                return screen::fail(&error);
            }
            return ExitCode::from(error.exit_code());
        }
        let quiet = self.json;
        match answered.outcome {
            Outcome::Finished => ExitCode::SUCCESS,
            Outcome::Exhausted(why) => {
                if !quiet {
                    let best = match answered.answer {
                        Some(_) => "what it printed is the best answer so far",
                        None => "there is no answer yet",
                    };
                    complain(&format!("note: the root model did not finish: {}; {best}\n", visible(&why)));
                }
                ExitCode::from(EXHAUSTED)
            }
            Outcome::Failed(error) => {
                if !quiet {
                    complain(&error.render("", "", screen::look()));
                }
                ExitCode::from(error.exit_code())
            }
            Outcome::Aborted(signal) => {
                let error = Error::Interrupted(signal);
                if !quiet {
                    complain(&error.render("", "", screen::look()));
                }
                ExitCode::from(error.exit_code())
            }
        }
    }
}

/// How the run stands, and what it came to.
fn ended(answered: &Answered) -> (Status, String) {
    let answer = answered.answer.clone().unwrap_or_default();
    match &answered.outcome {
        Outcome::Finished => (Status::Finished, answer),
        Outcome::Exhausted(why) => (Status::Limited, why.clone()),
        Outcome::Failed(e) => (keep::status(e), e.to_string()),
        Outcome::Aborted(_) => (Status::Interrupted, "interrupted".into()),
    }
}

/// What there is to tell.
enum Told {
    Answered(Answered),
    Prompt(String),
}

const NOTHING: Usage = Usage { calls: 0, failures: 0, input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) };

/// The prompt, and the question when there is one.
fn shown(question: &Question, contexts: &Contexts) -> String {
    let (situation, asked) = question.shown(contexts);
    let situation = situation.trim_end();
    match question.question.trim() {
        "" => format!("{situation}\n"),
        _ => format!("{situation}\n\n{asked}\n"),
    }
}

fn object(answered: &Answered, total: Duration) -> Value {
    let turn = |turn: &Turn| {
        json!({
            "iteration": turn.iteration,
            "reply": turn.reply,
            "language": turn.block.as_ref().map(|block| block.language.name()),
            "code": turn.block.as_ref().map(|block| &block.code),
            "output": turn.output,
            "value": turn.value,
            "error": turn.error,
            "subcalls": turn.subcalls.calls,
            "cost_usd": turn.cost_usd,
        })
    };
    let (why, error) = match &answered.outcome {
        Outcome::Exhausted(why) => (Some(why), Value::Null),
        Outcome::Failed(error) => (None, error.json("")),
        _ => (None, Value::Null),
    };
    let usage = answered.usage;
    json!({
        "status": answered.outcome.name(),
        "value": answered.answer,
        "why": why,
        "error": error,
        "turns": answered.turns.iter().map(turn).collect::<Vec<_>>(),
        "usage": {
            "calls": usage.calls,
            "failures": usage.failures,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
        },
        "timings": { "total_s": (total.as_secs_f64() * 1e6).round() / 1e6 },
    })
}

/// As much of a line as is shown.
fn short(line: &str) -> String {
    match line.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into(),
    }
}

/// What is shown of a loop as it runs: turns, code, what it prints, and calls on the progress line.
struct Show {
    display: Option<Display>,
    quiet: bool,
    verbose: u8,
    /// Lines of the block's output so far.
    lines: usize,
}

impl Show {
    fn say(&mut self, text: &str, style: Style) {
        let style = if screen::look().colour { style } else { Style::new() };
        let text: String = text.lines().map(|line| format!("{style}{line}{style:#}\n")).collect();
        match &mut self.display {
            Some(display) => display.aside(true, || complain(&text)),
            None => complain(&text),
        }
    }

    fn indented(&mut self, mark: &str, text: &str, style: Style) {
        let text: String = visible(text).lines().map(|line| format!("{mark}{line}\n")).collect();
        self.say(&text, style);
    }
}

impl Follower for Show {
    fn event(&mut self, event: Event<'_>) {
        if self.quiet {
            return;
        }
        let dim = Style::new().dimmed();
        match event {
            Event::Begun(counts) => {
                let terminal = std::io::stderr().is_terminal();
                self.display = terminal.then(|| Display::new(counts.clone(), false));
            }
            Event::Asked(iteration) => self.say(&format!("turn {iteration}"), Style::new().bold()),
            Event::Replied(text) if self.verbose > 0 => self.indented("  # ", text, dim),
            Event::Runs(block) => {
                self.lines = 0;
                self.indented("  | ", block.code.trim_end(), AnsiColor::Cyan.on_default());
            }
            Event::Wrote(stream, text) => {
                let left = SHOWN.saturating_sub(self.lines);
                let lines = text.lines().count();
                let shown: Vec<String> = text.lines().take(left).map(short).collect();
                let style = if stream == Stream::Stderr { AnsiColor::Yellow.on_default() } else { Style::new() };
                if !shown.is_empty() {
                    self.indented("  ", &shown.join("\n"), style);
                }
                if lines > left && left > 0 {
                    self.say("  …", dim);
                }
                self.lines += lines;
            }
            Event::Ended(turn) => {
                if let Some(value) = &turn.value {
                    let lines: Vec<String> = value.lines().take(SHOWN).map(short).collect();
                    self.indented("  => ", &lines.join("\n"), Style::new());
                }
                if let Some(error) = &turn.error {
                    self.indented("  ", error, AnsiColor::Red.on_default());
                }
                if turn.subcalls.calls > 0 {
                    let s = if turn.subcalls.calls == 1 { "" } else { "s" };
                    self.say(&format!("  {} call{s}", turn.subcalls.calls), dim);
                }
            }
            Event::Summarised => self.say("  what was said so far has been summarised", dim),
            Event::Progress(progress) => {
                if let Some(display) = &mut self.display {
                    display.progress(&progress);
                }
            }
            Event::Replied(_) => {}
        }
    }
}
