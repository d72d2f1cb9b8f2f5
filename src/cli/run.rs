//! `bessemer run`: one script, from its file to its value.

use super::{
    grants::{Flags, Made},
    progress::Display,
    screen::{self, complain},
    stdout::Stdout,
};
use crate::{
    config::{self, file::Settings},
    context::Contexts,
    error::Error,
    llm::{dispatch::Dispatcher, offline, router},
    session::{Interpreter, Listener, Outcome, Program, Progress, Report, Session, Stop, Usage, Zygote},
    wire::{Limits, Stream},
};
use clap::Args;
use serde_json::json;
use std::{
    io::IsTerminal,
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

/// How many notes about contexts are shown.
const NOTES: usize = 10;

#[derive(Args)]
pub(super) struct Run {
    /// The script.
    script: PathBuf,
    /// What the script finds as `context`: a file, a directory, a glob, or `-` for standard input. May be given again.
    #[arg(long, value_name = "[NAME=]PATH")]
    context: Vec<PathBuf>,
    /// Leave out contexts that cannot be read as text.
    #[arg(long)]
    skip_unreadable: bool,
    /// Answer every call by the built-in extractive model: no network, no key, and no language model.
    #[arg(long)]
    offline: bool,
    /// The model of calls that name none.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Calls under way at once.
    #[arg(long, value_name = "N", default_value_t = config::MAX_CONCURRENT, value_parser = positive,
          allow_negative_numbers = true)]
    max_concurrent: usize,
    /// How long the whole run may take: `90`, `10m`, `2h`.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    timeout: Option<Duration>,
    /// How much memory the script may have: `500MB`, `2GB`.
    #[arg(long, value_name = "SIZE", value_parser = config::memory, default_value = config::MAX_MEMORY,
          hide_default_value = true, allow_hyphen_values = true)]
    max_memory: u64,
    /// How many calls the script may make.
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    max_calls: Option<u64>,
    /// How many tokens its calls may take, prompts and answers together.
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    max_tokens: Option<u64>,
    #[command(flatten)]
    grants: Flags,
    /// The configuration file, instead of your own and the working directory's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object instead of the output and the value.
    #[arg(long)]
    json: bool,
    /// No progress line, no note about `--offline` and no hints at the end.
    #[arg(short, long)]
    quiet: bool,
    /// Say more on stderr, such as what `log-event` notes.
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// What `(script-args)` gives.
    #[arg(last = true)]
    args: Vec<String>,
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("`{text}` is no whole number above zero"))
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number that is not negative"))
}

/// What came of it, with what is needed to tell it.
struct Ended {
    result: Result<Outcome, Error>,
    usage: Usage,
    calls_time: Duration,
    startup: Duration,
    output: String,
    hints: Vec<String>,
    /// Whether the terminal stands in the middle of a line of the script's.
    mid_line: bool,
}

impl Run {
    pub(super) fn main(self) -> ExitCode {
        let begun = Instant::now();
        config::raise_descriptors();
        // Started before anything else: it gets ready while the rest of this happens.
        let zygote = Zygote::start(&Interpreter::ThisProgram);
        let script =
            config::read_text(&self.script, "script").map(|s| s.strip_prefix('\u{feff}').map(Into::into).unwrap_or(s));
        let settings = config::file::load(self.config.as_deref());
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
            let ended = match (zygote, settings, script, &mut stop) {
                (Ok(zygote), Ok(settings), Ok(script), Ok(stop)) => {
                    text = script;
                    let zygote = if self.grants.confines(&settings) { zygote } else { zygote.without_sandbox() };
                    self.run(&zygote, &settings, &text, begun, &stdout, stop).await
                }
                (Err(e), ..) | (_, Err(e), ..) | (_, _, Err(e), _) => failed(e),
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
        settings: &Settings,
        script: &str,
        begun: Instant,
        stdout: &Stdout,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Ended {
        let mut notes = Vec::new();
        let collected = tokio::select! {
            collected = Contexts::collect(zygote, &self.context, self.skip_unreadable, &mut notes) => collected,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        tell_notes(&notes);
        let contexts = match collected {
            Ok(contexts) => contexts,
            Err(e) => return failed(e),
        };
        if self.offline && !self.quiet && (self.verbose > 0 || std::io::stderr().is_terminal()) {
            complain(&format!("note: {}\n", offline::NOTICE));
        }
        let models = router::stack(config::models(self.offline, self.model.clone()));
        let dispatcher = Dispatcher::new(models, config::concurrent(self.max_concurrent));
        let started = tokio::select! {
            started = Session::start_with(zygote, dispatcher, &contexts) => started,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        let mut session = match started {
            Ok(session) => session,
            Err(e) => return failed(e),
        };
        let startup = begun.elapsed();
        let display = Display::new(session.counts(), self.quiet || self.json);
        let mut screen = Screen { display, stdout, captured: self.json.then(String::new) };
        let permissions = self.grants.permissions(settings, &self.script);
        let _made = Made::for_writing(&permissions.write);
        let program = Program {
            text: script.to_owned(),
            json: self.json,
            args: self.args.clone(),
            permissions,
            limits: Limits { calls: self.max_calls, tokens: self.max_tokens },
            timeout: self.timeout,
            max_memory: Some(self.max_memory),
        };
        let Report { outcome, usage, calls_time, hints, .. } = session.run(program, &mut screen, stop).await;
        let mid_line = screen.display.finish();
        let output = screen.captured.unwrap_or_default();
        Ended { result: outcome, usage, calls_time, startup, output, hints, mid_line }
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
        let valued = !text.is_empty();
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
        // Who stopped it wants no advice.
        let stopped = matches!(result, Err(Error::Interrupted(_) | Error::OutputClosed));
        if ended.mid_line && !valued && std::io::stderr().is_terminal() {
            complain("\n");
        }
        for hint in ended.hints.iter().filter(|_| !self.quiet && !stopped) {
            complain(&screen::hint(hint));
        }
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // With `--json` the object has said it, unless it could not be written.
                if matches!(error, Error::Output(_)) || !self.json && !matches!(error, Error::OutputClosed) {
                    complain(&error.render(&self.script.display().to_string(), script, screen::look()));
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
        hints: Vec::new(),
        mid_line: false,
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
        Err(e) => ("error", serde_json::Value::Null, e.json(script)),
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

/// What was left out; of many, the first few.
fn tell_notes(notes: &[String]) {
    for note in notes.iter().take(NOTES) {
        complain(&format!("note: {note}\n"));
    }
    if notes.len() > NOTES {
        complain(&format!("note: and {} more\n", notes.len() - NOTES));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        run: Run,
    }

    #[test]
    fn a_script_may_have_two_gigabytes_unless_a_flag_says_otherwise() {
        let memory = |line: &[&str]| Line::parse_from(line).run.max_memory;
        assert_eq!(memory(&["run", "a.scm"]), 2 << 30);
        assert_eq!(memory(&["run", "a.scm", "--max-memory", "500MB"]), 500 << 20);
    }
}
