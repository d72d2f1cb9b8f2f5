//! `bessemer resume`: a run once more, with all that it has been answered.
//!
//! The command line is the one that the run was begun with, and what is given here comes behind it. Not here: how answers
//! are found again ([`crate::journal`]).

use super::{
    Arguments, Command,
    keep::{Place, Resumed},
    screen::{complain, fail},
};
use crate::{
    error::Error,
    journal::{self, Journal, Redo, store::Status},
};
use clap::{Args, CommandFactory, FromArgMatches, ValueEnum};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Resume {
    /// The run: its name, the beginning of its name, or `last`.
    run: String,
    #[command(flatten)]
    place: Place,
    /// Make these calls again, whatever came of them.
    #[arg(long, value_enum, value_name = "WHICH")]
    retry: Option<Retry>,
    /// Flags of `run` that come behind those the run was begun with, such as a higher `--max-cost`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Retry {
    /// Calls that failed.
    Failed,
    /// Answers that were cut off at their token limit.
    Truncated,
}

impl Resume {
    pub(super) fn main(self) -> ExitCode {
        match self.prepare() {
            Ok((Command::Run(run), resumed)) => run.start(Some(resumed)),
            Ok((Command::Ask(ask), resumed)) => ask.start(Some(resumed)),
            Ok((Command::Mcp(mcp), resumed)) => mcp.start(Some(resumed)),
            Ok(_) => ExitCode::FAILURE,
            Err(Unable::Error(e)) => fail(&e),
            Err(Unable::Flags(shown)) => {
                // A reader that has gone away does not care.
                let _ = shown.print();
                ExitCode::from(u8::try_from(shown.exit_code()).unwrap_or(2))
            }
        }
    }

    fn prepare(&self) -> Result<(Command, Resumed), Unable> {
        let usage = |message: String, hint: &str| Error::Usage { message, hint: Some(hint.into()) };
        let path = self.place.path().filter(|path| path.exists()).ok_or_else(|| {
            usage("there is no journal, and so no run to resume".into(), "`--journal PATH` names another file")
        })?;
        let path = std::path::absolute(&path).unwrap_or(path);
        let journal = Journal::open(path.clone());
        let summary = super::runs::one(&journal, &self.run)?;
        if summary.status == Status::Running {
            let process = journal::process(&summary.owner).unwrap_or("?");
            let message = format!("the run `{}` is running, as process {process}", summary.name);
            return Err(usage(message, "stop it first, or wait for its end").into());
        }
        let id = summary.id;
        let (program, setup) = journal.ask(move |store| store.program(id)).map_err(Error::from)?;
        if let Err(e) = std::env::set_current_dir(&setup.directory) {
            complain(&format!("note: the run's directory `{}`: {e}\n", setup.directory.display()));
        }
        let mut line: Vec<&str> = vec!["bessemer", &summary.command];
        let split = setup.arguments.iter().position(|argument| argument == "--").unwrap_or(setup.arguments.len());
        let (flags, args) = setup.arguments.split_at(split);
        line.extend(flags.iter().chain(&self.flags).chain(args).map(String::as_str));
        // What comes later counts.
        let command = Arguments::command().mut_subcommand(&summary.command, |command| command.args_override_self(true));
        let matches = command.try_get_matches_from(line).map_err(Unable::Flags)?;
        let arguments = Arguments::from_arg_matches(&matches).map_err(Unable::Flags)?;
        let mut command = arguments.command;
        match &mut command {
            Command::Run(run) => run.keep.place.journal = Some(path),
            Command::Ask(ask) => ask.keep.place.journal = Some(path),
            Command::Mcp(mcp) => mcp.keep.place.journal = Some(path),
            _ => {
                let message = format!("the run `{}` is one of `bessemer {}`", summary.name, summary.command);
                return Err(usage(message, "only those of `run`, `ask` and `mcp` can be resumed").into());
            }
        }
        super::log(command.verbose());
        let redo = match self.retry {
            None => Redo::Circumstances,
            Some(Retry::Failed) => Redo::Failed,
            Some(Retry::Truncated) => Redo::Truncated,
        };
        Ok((command, Resumed { journal, summary, redo, program, setup }))
    }
}

enum Unable {
    Error(Error),
    Flags(clap::Error),
}

impl From<Error> for Unable {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
