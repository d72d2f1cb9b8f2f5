//! `bessemer run`: one script, from its file to its value.

use super::{progress::Display, stdout::Stdout};
use crate::{
    config,
    error::Error,
    llm::{dispatch::Dispatcher, offline, router},
    session::{Interpreter, Listener, Outcome, Program, Progress, Report, Session, Stop, Usage, Zygote},
    wire::Stream,
};
use clap::Args;
use serde_json::json;
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// How much output `--json` keeps for its field, in bytes.
const MAX_OUTPUT: usize = 64 << 20;

#[derive(Args)]
pub(super) struct Run {
    /// The script.
    script: PathBuf,
    /// A text file, which the script finds as `context`.
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// Answer every call by the built-in extractive model: no network, no key, and no language model.
    #[arg(long)]
    offline: bool,
    /// The model of calls that name none.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Calls under way at once.
    #[arg(long, value_name = "N", default_value_t = config::MAX_CONCURRENT, value_parser = positive)]
    max_concurrent: usize,
    /// How long the whole run may take: `90`, `10m`, `2h`.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    timeout: Option<Duration>,
    /// How much memory the script may have: `500MB`, `2GB`.
    #[arg(long, value_name = "SIZE", value_parser = config::memory, default_value_t = config::MAX_MEMORY_MB << 20,
          hide_default_value = true)]
    max_memory: u64,
    /// Print one JSON object instead of the output and the value.
    #[arg(long)]
    json: bool,
    /// No progress line.
    #[arg(short, long)]
    quiet: bool,
    /// Say more on stderr; twice, much more.
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("`{text}` is no whole number above zero"))
}

/// What came of it, with what is needed to tell it.
struct Ended {
    result: Result<Outcome, Error>,
    usage: Usage,
    calls_time: Duration,
    startup: Duration,
    output: String,
}

impl Run {
    pub(super) fn main(self) -> ExitCode {
        let begun = Instant::now();
        config::raise_descriptors();
        // Started before anything else: it gets ready while the rest of this happens.
        let zygote = Zygote::start(&Interpreter::ThisProgram);
        let script =
            config::read_text(&self.script, "script").map(|s| s.strip_prefix('\u{feff}').map(Into::into).unwrap_or(s));
        // One thread: many calls at once cost less on it than on several.
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => {
                complain(&format!("error: no runtime: {e}\n"));
                return ExitCode::FAILURE;
            }
        };
        let code = runtime.block_on(async {
            let (stdout, mut stop) = (Stdout::new(), signals());
            let mut text = String::new();
            let ended = match (zygote, script, &mut stop) {
                (Ok(zygote), Ok(script), Ok(stop)) => {
                    text = script;
                    self.run(&zygote, &text, begun, &stdout, stop).await
                }
                (Err(e), ..) | (_, Err(e), _) => failed(e),
                (.., Err(e)) => failed(Error::interpreter(format!("no signals: {e}"))),
            };
            self.tell(&text, ended, begun, &stdout, stop.ok()).await
        });
        // Whatever is still under way is of no interest.
        runtime.shutdown_background();
        code
    }

    async fn run(
        &self,
        zygote: &Zygote,
        script: &str,
        begun: Instant,
        stdout: &Stdout,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Ended {
        let context = match self.context.as_deref().map(|path| config::read_text(path, "context")).transpose() {
            Ok(context) => context,
            Err(e) => return failed(e),
        };
        if self.offline && !self.quiet && (self.verbose > 0 || std::io::stderr().is_terminal()) {
            complain(&format!("note: {}\n", offline::NOTICE));
        }
        let models = router::stack(config::models(self.offline, self.model.clone()));
        let dispatcher = Dispatcher::new(models, config::concurrent(self.max_concurrent));
        let started = tokio::select! {
            started = Session::start(zygote, dispatcher) => started,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        let mut session = match started {
            Ok(session) => session,
            Err(e) => return failed(e),
        };
        let startup = begun.elapsed();
        let display = Display::new(session.counts(), self.quiet || self.json);
        let mut screen = Screen { display, stdout, captured: self.json.then(String::new) };
        let program = Program {
            text: script.to_owned(),
            context,
            json: self.json,
            timeout: self.timeout,
            max_memory: Some(self.max_memory),
        };
        let Report { outcome, usage, calls_time, .. } = session.run(program, &mut screen, stop).await;
        screen.display.finish();
        Ended { result: outcome, usage, calls_time, startup, output: screen.captured.unwrap_or_default() }
    }

    /// Prints what came of it, and gives the exit code.
    async fn tell(
        &self,
        script: &str,
        ended: Ended,
        begun: Instant,
        stdout: &Stdout,
        stop: Option<mpsc::UnboundedReceiver<Stop>>,
    ) -> ExitCode {
        let text = match &ended.result {
            _ if self.json => format!("{}\n", object(&ended, script, begun.elapsed())),
            Ok(Outcome { value: Some(value), .. }) if value.ends_with('\n') => value.clone(),
            Ok(Outcome { value: Some(value), .. }) => format!("{value}\n"),
            _ => String::new(),
        };
        let mut result = ended.result.map(|_| ());
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
        tokio::select! {
            biased;
            written = written => match written {
                // Nobody reads it: it ends quietly, whatever else there was.
                Err(closed) if result.is_ok() => result = Err(closed),
                _ => {}
            },
            Some(Stop::Signal(signal)) = signalled => result = Err(Error::Interrupted(signal)),
        }
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                if !self.json && !matches!(error, Error::OutputClosed) {
                    complain(&error.render(&self.script.display().to_string(), script));
                }
                ExitCode::from(error.exit_code())
            }
        }
    }
}

fn failed(error: Error) -> Ended {
    Ended {
        result: Err(error),
        usage: Usage { cost_usd: Some(0.0), ..Usage::default() },
        calls_time: Duration::ZERO,
        startup: Duration::ZERO,
        output: String::new(),
    }
}

fn object(ended: &Ended, script: &str, total: Duration) -> serde_json::Value {
    let (status, value, error) = match &ended.result {
        Ok(outcome) => {
            let value = outcome
                .value
                .as_deref()
                .map_or(serde_json::Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()));
            (if outcome.finished { "finished" } else { "value" }, value, serde_json::Value::Null)
        }
        Err(e) => {
            let error = json!({
                "class": e.class(),
                "message": e.to_string(),
                "hint": e.hint(),
                "line": e.line(script),
            });
            ("error", serde_json::Value::Null, error)
        }
    };
    let seconds = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e6;
    json!({
        "status": status,
        "value": value,
        "output": ended.output,
        "error": error,
        "usage": {
            "calls": ended.usage.calls,
            "failures": ended.usage.failures,
            "input_tokens": ended.usage.input_tokens,
            "output_tokens": ended.usage.output_tokens,
            "cost_usd": ended.usage.cost_usd,
        },
        "timings": {
            "total_s": seconds(total),
            "startup_s": seconds(ended.startup),
            "calls_s": seconds(ended.calls_time),
        },
    })
}

/// Writes to stderr. Nobody may be reading it, which is no reason to fail.
fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Where a script's output and progress go.
struct Screen<'a> {
    display: Display,
    stdout: &'a Stdout,
    /// The output, when it is to be a field of the JSON object.
    captured: Option<String>,
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
fn signals() -> std::io::Result<mpsc::UnboundedReceiver<Stop>> {
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
