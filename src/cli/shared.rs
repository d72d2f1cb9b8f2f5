//! What every subcommand that runs programs has in common: its flags, contexts, where output goes, signals as reasons to
//! stop.

use super::{
    cache,
    grants::Flags,
    progress::Display,
    screen::{self, complain},
    stdout::Stdout,
};
use crate::{
    config::{self, file::Settings},
    context::Contexts,
    embed::{Host, SessionBuilder},
    error::Error,
    llm::{
        dispatch::{Dispatcher, Unsaid},
        offline, router,
    },
    permissions::Permissions,
    rlm::{self, Ask, Bounds, Ground},
    session::{Interpreter, Listener, Progress, Session, Stop, Zygote},
    wire::{Limits, Stream},
};
use clap::Args;
use std::{
    io::IsTerminal,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// How much output `--json` keeps for its field, in bytes.
const MAX_OUTPUT: usize = 64 << 20;
/// How many notes about contexts are shown.
const NOTES: usize = 10;

#[derive(Args)]
pub(super) struct Shared {
    /// What the script finds as `context`: a file, a directory, a glob, or `-` for standard input. May be given again.
    #[arg(long, value_name = "[NAME=]PATH")]
    pub(super) context: Vec<PathBuf>,
    /// Leave out contexts that cannot be read as text.
    #[arg(long)]
    pub(super) skip_unreadable: bool,
    /// Answer every call by the built-in extractive model: no network, no key, and no language model.
    #[arg(long)]
    pub(super) offline: bool,
    /// The model of calls that name none.
    #[arg(long, value_name = "NAME")]
    pub(super) model: Option<String>,
    /// Calls under way at once (1000, unless your configuration says otherwise).
    #[arg(long, value_name = "N", value_parser = positive, allow_negative_numbers = true)]
    max_concurrent: Option<usize>,
    /// How long each attempt of a call may take that does not say so itself: `90`, `2m`.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    call_timeout: Option<Duration>,
    /// Attempts after the first of a call that does not say; no flag, since it is seldom another's affair than the file's.
    #[arg(skip)]
    retries: Option<u32>,
    /// How much memory the script may have: `500MB`, `2GB`.
    #[arg(long, value_name = "SIZE", value_parser = config::memory, allow_hyphen_values = true)]
    max_memory: Option<u64>,
    /// How many calls the script may make.
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) max_calls: Option<u64>,
    /// How many tokens its calls may take, prompts and answers together.
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) max_tokens: Option<u64>,
    /// How many US dollars its calls may cost, by the prices that are known.
    #[arg(long, alias = "max-budget", value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    pub(super) max_cost: Option<f64>,
    /// How many loops (`rlm-query`) may stand one within another, a root model's own included; deeper it is `llm-query`.
    #[arg(long, value_name = "N", default_value_t = Bounds::default().depth,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_depth: u32,
    #[command(flatten)]
    pub(super) cache: cache::CacheFlags,
    #[command(flatten)]
    pub(super) grants: Flags,
    /// The configuration file, instead of your own and the working directory's.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// No progress line, no note about `--offline`, no summary and no hints at the end.
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Say more on stderr, such as what `log-event` notes, and what the calls came to.
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

impl Shared {
    /// Where no flag says anything, the configuration does.
    pub(super) fn settle(&mut self, settings: &Settings) {
        let defaults = &settings.defaults;
        self.model = self.model.take().or_else(|| defaults.model.clone());
        self.max_concurrent = self.max_concurrent.or(defaults.max_concurrent.map(NonZeroUsize::get));
        self.call_timeout = self.call_timeout.or(defaults.call_timeout);
        self.retries = defaults.retries;
        self.max_memory = self.max_memory.or(defaults.max_memory);
        self.max_calls = self.max_calls.or(defaults.max_calls);
        self.max_tokens = self.max_tokens.or(defaults.max_tokens);
        self.max_cost = self.max_cost.or(defaults.max_cost);
    }

    /// Calls under way at once.
    pub(super) fn concurrent(&self) -> usize {
        config::concurrent(self.max_concurrent.unwrap_or(config::MAX_CONCURRENT))
    }

    /// How much memory the script may have, in bytes.
    pub(super) fn max_memory(&self) -> u64 {
        self.max_memory.unwrap_or(config::MAX_MEMORY)
    }

    /// What holds for calls that do not say.
    fn unsaid(&self) -> Unsaid {
        let unsaid = Unsaid::default();
        Unsaid { timeout: self.call_timeout.unwrap_or(unsaid.timeout), retries: self.retries.unwrap_or(unsaid.retries) }
    }

    /// What its calls may take in all.
    pub(super) fn limits(&self) -> Limits {
        Limits { calls: self.max_calls, tokens: self.max_tokens, cost_usd: self.max_cost }
    }

    /// What `--context` names. What was left out is told.
    pub(super) async fn contexts(
        &self,
        zygote: &Zygote,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<Contexts, Error> {
        let mut notes = Vec::new();
        let collected = tokio::select! {
            collected = Contexts::collect(zygote, &self.context, self.skip_unreadable, &mut notes) => collected,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        tell_notes(&notes);
        collected
    }

    /// What sessions come from, and what `--context` names.
    pub(super) async fn host(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<(Host, Contexts), Error> {
        let zygote = if self.grants.confines(settings) { zygote } else { zygote.without_sandbox() };
        let contexts = self.contexts(&zygote, stop).await?;
        let dispatcher = self.dispatcher(settings)?;
        self.say_offline();
        Ok((Host::new(zygote, dispatcher), contexts))
    }

    /// A session as the flags say.
    pub(super) fn session(
        &self,
        host: &Host,
        contexts: impl Into<Arc<Contexts>>,
        permissions: Permissions,
    ) -> SessionBuilder {
        let session = host.session().contexts(contexts).permissions(permissions);
        session.limits(self.limits()).max_memory(self.max_memory()).loops(self.loops())
    }

    /// Standard input is no context where something else comes from it.
    pub(super) fn refuse_stdin(&self, what_comes: &str) -> Result<(), Error> {
        if self.context.iter().any(|path| is_stdin(path)) {
            return Err(Error::Usage {
                message: format!("standard input cannot be a context here: it is where {what_comes}"),
                hint: Some("put it into a file, and name that".into()),
            });
        }
        Ok(())
    }

    /// Whether stderr gets what is no warning: at a terminal, or when asked for.
    pub(super) fn is_chatty(&self) -> bool {
        !self.quiet && (self.verbose > 0 || std::io::stderr().is_terminal())
    }

    /// Says at a terminal that `--offline` is no language model.
    pub(super) fn say_offline(&self) {
        if self.offline && self.is_chatty() {
            complain(&format!("note: {}\n", offline::NOTICE));
        }
    }

    /// Lets a session's programs ask loops of their own, and run programs that models have written.
    pub(super) fn serve_loops(
        &self,
        session: &Session,
        zygote: &Arc<Zygote>,
        dispatcher: &Arc<Dispatcher>,
        permissions: &Permissions,
    ) {
        let ground = Ground {
            zygote: zygote.clone(),
            dispatcher: dispatcher.clone(),
            permissions: permissions.clone(),
            max_memory: Some(self.max_memory()),
        };
        rlm::serve(session, &ground, &self.loops());
    }

    /// How loops within programs are to be.
    fn loops(&self) -> Ask {
        let bounds = Bounds { depth: self.max_depth, ..Bounds::default() };
        let (root_model, sub_model) = (self.model.clone(), self.model.clone());
        Ask { root_model, sub_model, bounds, ..Ask::default() }
    }

    /// How models are reached.
    pub(super) fn reached(&self, settings: &Settings) -> router::Settings {
        let models = config::models(self.offline, self.model.clone(), settings);
        router::Settings { cache: self.cache.settings(), ..models }
    }

    /// How its calls reach models. Fails where `--max-cost` could not be kept.
    pub(super) fn dispatcher(&self, settings: &Settings) -> Result<Arc<Dispatcher>, Error> {
        let models = router::stack(self.reached(settings));
        if self.max_cost.is_some() && models.price(None, false).is_none() {
            let model = self.model.as_deref().unwrap_or("cheap");
            return Err(Error::Usage {
                message: format!("the price of `{model}` is unknown here, so `--max-cost` cannot be kept"),
                hint: Some("write it into `bessemer.toml` below `[prices]`, or use `--max-tokens`".into()),
            });
        }
        Ok(Dispatcher::saying(models, self.concurrent(), self.unsaid()))
    }
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("`{text}` is no whole number above zero"))
}

fn dollars(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_start_matches('$').parse().ok();
    let amount = number.filter(|n: &f64| *n >= 0.0 && n.is_finite());
    amount.ok_or_else(|| format!("`{text}` is no number of US dollars that is not negative"))
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number that is not negative"))
}

/// Runs what lasts until its user goes, with all that it stands on. It gives the exit code.
pub(super) fn lasting(
    file: Option<&Path>,
    what: impl AsyncFnOnce(Zygote, Settings, &mut mpsc::UnboundedReceiver<Stop>) -> Result<u8, Error>,
) -> ExitCode {
    config::raise_descriptors();
    // Started before anything else: it gets ready while the rest of this happens.
    let zygote = Zygote::start(&Interpreter::ThisProgram);
    let settings = config::file::load(file);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            complain(&format!("error: no runtime: {e}\n"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match (zygote, settings, signals()) {
            (Ok(zygote), Ok(settings), Ok(mut stop)) => what(zygote, settings, &mut stop).await,
            (Err(e), ..) | (_, Err(e), _) => Err(e),
            (.., Err(e)) => Err(Error::interpreter(format!("no signals: {e}"))),
        }
    });
    // Whatever is still under way is of no interest.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error @ (Error::OutputClosed | Error::Interrupted(_))) => ExitCode::from(error.exit_code()),
        Err(error) => screen::fail(&error),
    }
}

/// Whether a context is standard input: `-` or `NAME=-`.
pub(super) fn is_stdin(argument: &Path) -> bool {
    argument.to_str().is_some_and(|text| text == "-" || text.ends_with("=-"))
}

/// What was left out; of many, the first few.
pub(super) fn tell_notes(notes: &[String]) {
    for note in notes.iter().take(NOTES) {
        complain(&format!("note: {note}\n"));
    }
    if notes.len() > NOTES {
        complain(&format!("note: and {} more\n", notes.len() - NOTES));
    }
}

/// Where a script's output and progress go.
pub(super) struct Screen<'a> {
    pub(super) display: Display,
    pub(super) stdout: &'a Stdout,
    /// The output, when it is to be a field of the JSON object.
    pub(super) captured: Option<String>,
}

impl Listener for Screen<'_> {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        match (stream, &mut self.captured) {
            (Stream::Stdout, Some(captured)) if captured.len() + text.len() > MAX_OUTPUT => {
                return Err(Error::script(
                    format!("the script wrote more than {} MB, which `--json` would have to hold", MAX_OUTPUT >> 20),
                    "write less, or run it without `--json`",
                ));
            }
            (Stream::Stdout, Some(captured)) => captured.push_str(text),
            (Stream::Stdout, None) => {
                let stdout = self.stdout;
                return self.display.aside(text.ends_with('\n'), || stdout.write(text.to_owned()));
            }
            (Stream::Stderr, _) => self.display.aside(text.ends_with('\n'), || complain(text)),
        }
        Ok(())
    }

    fn behind(&self) -> bool {
        self.stdout.full()
    }

    fn progress(&mut self, progress: Progress) {
        self.display.progress(&progress);
    }
}

/// Ctrl-C and SIGTERM, as reasons to stop.
pub(super) fn signals() -> std::io::Result<mpsc::UnboundedReceiver<Stop>> {
    let (send, receive) = mpsc::unbounded_channel();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let (mut signals, send) = (signal(kind)?, send.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // Nobody listens after the run.
                let _ = send.send(Stop::Signal(kind.as_raw_value()));
            }
        });
    }
    Ok(receive)
}
