//! `bessemer run`: one script, from its file to its value.

use super::{
    dry,
    grants::Made,
    progress::Display,
    screen::{self, complain},
    shared::{Screen, Shared, signals},
    stdout::Stdout,
    summary,
};
use crate::{
    config::{self, file::Settings},
    error::Error,
    llm::Summary,
    session::{Interpreter, Outcome, Program, Report, Session, Stop, Usage, Zygote},
    wire::Mode,
};
use clap::Args;
use serde_json::json;
use std::{
    io::IsTerminal,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

#[derive(Args)]
pub(super) struct Run {
    /// The script.
    pub(super) script: PathBuf,
    #[command(flatten)]
    pub(super) shared: Shared,
    /// How long the whole run may take: `90`, `10m`, `2h`.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    pub(super) timeout: Option<Duration>,
    /// Print one JSON object instead of the output and the value.
    #[arg(long)]
    pub(super) json: bool,
    /// Send nothing: run it against the offline model, and print what its calls would come to in tokens, money and time.
    #[arg(long, conflicts_with = "offline")]
    dry_run: bool,
    /// What `(script-args)` gives.
    #[arg(last = true)]
    pub(super) args: Vec<String>,
}

/// What came of it, with what is needed to tell it.
struct Ended {
    result: Result<Outcome, Error>,
    usage: Usage,
    summary: Summary,
    calls_time: Duration,
    startup: Duration,
    output: String,
    hints: Vec<String>,
    /// Whether the terminal stands in the middle of a line of the script's.
    mid_line: bool,
    /// The required file in which the place of the error lies: its path and its text.
    file: Option<(String, String)>,
}

impl Run {
    pub(super) fn main(mut self) -> ExitCode {
        let begun = Instant::now();
        config::raise_descriptors();
        // Started before anything else: it gets ready while the rest of this happens.
        let zygote = Zygote::start(&Interpreter::ThisProgram);
        let script =
            config::read_text(&self.script, "script").map(|s| s.strip_prefix('\u{feff}').map(Into::into).unwrap_or(s));
        let settings = config::file::load(self.shared.config.as_deref());
        if let Ok(settings) = &settings {
            self.shared.settle(settings);
            self.timeout = self.timeout.or(settings.defaults.timeout);
        }
        if self.dry_run {
            return dry::main(&self, zygote, settings, script);
        }
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
                    let confined = self.shared.grants.confines(&settings);
                    let zygote = Arc::new(if confined { zygote } else { zygote.without_sandbox() });
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
        zygote: &Arc<Zygote>,
        settings: &Settings,
        script: &str,
        begun: Instant,
        stdout: &Stdout,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Ended {
        let contexts = match self.shared.contexts(zygote, stop).await {
            Ok(contexts) => contexts,
            Err(e) => return failed(e),
        };
        self.shared.say_offline();
        let dispatcher = match self.shared.dispatcher(settings) {
            Ok(dispatcher) => dispatcher,
            Err(e) => return failed(e),
        };
        let started = tokio::select! {
            started = Session::start_with(zygote, dispatcher.clone(), &contexts) => started,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        let mut session = match started {
            Ok(session) => session,
            Err(e) => return failed(e),
        };
        let startup = begun.elapsed();
        let display = Display::new(session.counts(), self.shared.quiet || self.json);
        let mut screen = Screen { display, stdout, captured: self.json.then(String::new) };
        let permissions = self.shared.grants.permissions(settings, &self.script);
        let _made = Made::for_writing(&permissions.write);
        self.shared.serve_loops(&session, zygote, &dispatcher, &permissions);
        let mut program = Program {
            text: script.to_owned(),
            beside: Vec::new(),
            mode: Mode::Script,
            json: self.json,
            args: self.args.clone(),
            permissions,
            limits: self.shared.limits(),
            timeout: self.timeout,
            max_memory: Some(self.shared.max_memory()),
        };
        if let Err(mut error) = program.require_beside(&self.script) {
            return Ended { file: self.file_of(&program, &mut error), ..failed(error) };
        }
        let given = program.clone();
        let Report { mut outcome, usage, summary, calls_time, hints, .. } =
            session.run(program, &mut screen, stop).await;
        let file = outcome.as_mut().err().and_then(|error| self.file_of(&given, error));
        let mid_line = screen.display.finish();
        let output = screen.captured.unwrap_or_default();
        Ended { result: outcome, usage, summary, calls_time, startup, output, hints, mid_line, file }
    }

    /// The required file in which the place of an error lies.
    pub(super) fn file_of(&self, program: &Program, error: &mut Error) -> Option<(String, String)> {
        let file = program.place(error)?;
        let path = self.script.parent().map_or_else(|| file.name.clone().into(), |folder| folder.join(&file.name));
        Some((path.display().to_string(), file.text.clone()))
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
        let (name, script) = match &ended.file {
            Some((name, text)) => (name.clone(), text.as_str()),
            None => (self.script.display().to_string(), script),
        };
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
        // Who reads a program's object has it there.
        if !self.json && self.shared.is_chatty() && !matches!(result, Err(Error::OutputClosed)) {
            complain(&summary::said(&ended.usage, &ended.summary, ended.calls_time).unwrap_or_default());
        }
        for hint in ended.hints.iter().filter(|_| !self.shared.quiet && !stopped) {
            complain(&screen::hint(hint));
        }
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                // With `--json` the object has said it, unless it could not be written.
                if matches!(error, Error::Output(_)) || !self.json && !matches!(error, Error::OutputClosed) {
                    complain(&error.render(&name, script, screen::look()));
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
        summary: Summary::default(),
        calls_time: Duration::ZERO,
        startup: Duration::ZERO,
        output: String::new(),
        hints: Vec::new(),
        mid_line: false,
        file: None,
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
            let mut error = e.json(script);
            if let Some((name, _)) = &ended.file {
                error["file"] = name.as_str().into();
            }
            ("error", serde_json::Value::Null, error)
        }
    };
    let seconds = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e6;
    json!({
        "status": status,
        "value": value,
        "output": ended.output,
        "error": error,
        "usage": ended.usage,
        "summary": summary::object(&ended.summary),
        "timings": {
            "total_s": seconds(total),
            "startup_s": seconds(ended.startup),
            "calls_s": seconds(ended.calls_time),
        },
    })
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
        let memory = |line: &[&str]| Line::parse_from(line).run.shared.max_memory();
        assert_eq!(memory(&["run", "a.scm"]), 2 << 30);
        assert_eq!(memory(&["run", "a.scm", "--max-memory", "500MB"]), 500 << 20);
    }
}
