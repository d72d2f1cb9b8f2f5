//! The journal as the subcommands use it: its flags, a run's beginning, and what is said at its end.
//!
//! A subcommand that runs programs takes [`Journaled`], begins a [`Keeping`], gives its run to the session and ends it. Not
//! here: how runs are listed and resumed (`runs.rs`, `resume.rs`).

use super::{screen::complain, shared::tell_notes};
use crate::{
    config,
    context::Contexts,
    error::Error,
    journal::{
        self, Journal, Nowhere, Redo, Run, Unkept,
        store::{ContextMark, NewRun, Problem, Setup, Status, Summary},
    },
    session::{Outcome, Stop},
    wire::Blame,
};
use clap::Args;
use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::PathBuf, sync::Arc};
use tokio::sync::mpsc;

/// What is shorter is no key.
const KEY: usize = 8;

/// Where the journal is.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Place {
    /// The journal's file, instead of the one in your data directory.
    #[arg(long, value_name = "PATH", env = "BESSEMER_JOURNAL", hide_env = true)]
    pub(super) journal: Option<PathBuf>,
}

impl Place {
    /// The journal's file; `None` where nothing says where that would be.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let named = self.journal.clone().filter(|path| !path.as_os_str().is_empty());
        named.or_else(|| journal::default_path(|name| std::env::var_os(name).map(PathBuf::from)))
    }

    /// The flag that a later command needs to find the same journal.
    fn flag(&self) -> String {
        // A variable of the environment will still be there.
        let given = self
            .journal
            .as_ref()
            .filter(|path| std::env::var_os("BESSEMER_JOURNAL").is_none_or(|variable| variable != *path.as_os_str()));
        given.map(|path| format!(" --journal {}", path.display())).unwrap_or_default()
    }
}

#[derive(Args, Clone, Debug, Default)]
pub(super) struct Journaled {
    #[command(flatten)]
    pub(super) place: Place,
    /// Keep no journal: what is answered is lost when the run ends.
    #[arg(long)]
    pub(super) no_journal: bool,
    /// What the run is called in the journal, instead of a name by chance.
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(super) run_id: Option<String>,
    /// Write what happens into this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
}

fn name(text: &str) -> Result<String, String> {
    journal::check_name(text).map(|()| text.to_owned())
}

/// A run that is taken up again.
pub(super) struct Resumed {
    pub(super) journal: Arc<Journal>,
    pub(super) summary: Summary,
    pub(super) redo: Redo,
    /// The program as it was.
    pub(super) program: String,
    pub(super) setup: Setup,
}

/// What a run is journaled in.
pub(super) struct Keeping {
    pub(super) run: Arc<Run>,
    /// Flags that a later command needs to find it; `None` when nothing is kept.
    flag: Option<String>,
}

impl Journaled {
    /// Opens the journal, while the caller does other things.
    pub(super) fn open(&self) -> Option<Arc<Journal>> {
        let nowhere = || self.trace.is_some().then(|| Journal::over(|| Ok(Box::new(Nowhere))));
        if self.no_journal {
            return nowhere();
        }
        let path = self.place.path();
        if path.is_none() {
            tracing::warn!("no journal is kept: neither `XDG_DATA_HOME` nor `HOME` says where; `--journal PATH` does");
        }
        path.map(Journal::open).or_else(nowhere)
    }

    /// The flag that a later command needs to find the run; `None` when nothing is kept.
    fn flag(&self) -> Option<String> {
        self.place.path().filter(|_| !self.no_journal).map(|_| self.place.flag())
    }

    /// Opens `--trace`'s file: a run that is taken up again goes on in it.
    fn open_trace(&self, journal: &Journal, resumed: bool) -> Result<(), Error> {
        let Some(path) = &self.trace else { return Ok(()) };
        let opened =
            OpenOptions::new().create(true).write(true).append(resumed).truncate(!resumed).mode(0o600).open(path);
        let file = opened.map_err(|e| Error::Usage {
            message: format!("the trace `{}` cannot be written: {e}", path.display()),
            hint: Some("is the path of `--trace` right?".into()),
        })?;
        journal.trace(file);
        Ok(())
    }

    /// Begins a run in the journal that [`Journaled::open`] opened. Fails before anything is spent when it cannot be kept.
    fn begin(
        &self,
        journal: Option<Arc<Journal>>,
        command: &str,
        title: String,
        program: &str,
        mut setup: Setup,
    ) -> Result<Option<Keeping>, Error> {
        let Some(journal) = journal else { return Ok(None) };
        self.open_trace(&journal, false)?;
        setup.arguments = arguments(command);
        setup.directory = std::env::current_dir().unwrap_or_default();
        // What JSON carries without loss.
        setup.seed = fastrand::u64(..1 << 53);
        setup.version = env!("CARGO_PKG_VERSION").into();
        let keys: Vec<String> = config::KEYS.iter().filter_map(|name| std::env::var(name).ok()).collect();
        setup.arguments.iter_mut().for_each(|argument| *argument = without(&keys, argument));
        let mut new = NewRun {
            name: self.run_id.clone().unwrap_or_else(journal::fresh_name),
            command: command.into(),
            title,
            program: without(&keys, program),
            setup,
        };
        loop {
            match journal.begin(new.clone()) {
                Ok(run) => return Ok(Some(Keeping { run, flag: self.flag() })),
                Err(Problem::Taken(_)) if self.run_id.is_none() => new.name = journal::fresh_name(),
                Err(problem) => return Err(problem.into()),
            }
        }
    }

    /// Begins the run of a subcommand in the journal, or takes it up again. On a thread of its own: a journal that is
    /// locked must not hold up Ctrl-C.
    pub(super) async fn keeping(
        &self,
        command: &'static str,
        title: String,
        program: &str,
        contexts: &Arc<Contexts>,
        (journal, resumed): (Option<Arc<Journal>>, Option<Resumed>),
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<Option<Keeping>, Error> {
        let (keep, program, contexts) = (self.clone(), program.to_owned(), contexts.clone());
        let begun = tokio::task::spawn_blocking(move || match resumed {
            Some(resumed) => {
                say_changed(&contexts, &resumed.setup);
                keep.resume(&resumed).map(Some)
            }
            None => {
                let contexts = if journal.is_some() { contexts.marks() } else { Vec::new() };
                keep.begin(journal, command, title, &program, Setup { contexts, ..Setup::default() })
            }
        });
        tokio::select! {
            begun = begun => begun.unwrap_or_else(|e| Err(Error::interpreter(format!("the journal: {e}")))),
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        }
    }

    /// Takes a run up again.
    fn resume(&self, resumed: &Resumed) -> Result<Keeping, Error> {
        self.open_trace(&resumed.journal, true)?;
        let run = resumed.journal.resume(&resumed.summary, resumed.redo)?;
        Ok(Keeping { run, flag: self.flag() })
    }
}

/// Says which contexts are not what they were.
fn say_changed(contexts: &Contexts, setup: &Setup) {
    let changed = contexts.marks().into_iter().filter(|mark| !setup.contexts.contains(mark));
    let note = |mark: ContextMark| {
        format!("the context `{}` has changed since; what it makes the script ask is asked anew", mark.name)
    };
    tell_notes(&changed.map(note).collect::<Vec<_>>());
}

/// A text without the keys of this environment, should somebody have written one into it.
fn without(keys: &[String], text: &str) -> String {
    let keys = keys.iter().map(|key| key.trim()).filter(|key| key.len() >= KEY);
    keys.fold(text.to_owned(), |text, key| text.replace(key, "[key]"))
}

/// The arguments of the command line behind the subcommand.
fn arguments(command: &str) -> Vec<String> {
    let all = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    all.skip_while(|argument| argument != command).skip(1).collect()
}

/// How a run stands that ended so, and what it came to.
pub(super) fn ended(result: &Result<Outcome, Error>) -> (Status, String) {
    match result {
        Ok(outcome) => (Status::Finished, outcome.value.clone().unwrap_or_default()),
        Err(e) => (status(e), e.to_string()),
    }
}

/// How a run stands that ended with this error.
pub(super) fn status(error: &Error) -> Status {
    match error {
        Error::Interrupted(_) | Error::OutputClosed => Status::Interrupted,
        Error::Script(e) if e.blame == Blame::Limit => Status::Limited,
        _ => Status::Failed,
    }
}

impl Keeping {
    /// What the run is called in the journal.
    pub(super) fn name(&self) -> Option<String> {
        self.flag.as_ref().map(|_| self.run.name().to_owned())
    }

    /// Ends the run. What its user should know of it: what is missing in the journal, and how the run goes on.
    pub(super) fn end(&self, (status, outcome): (Status, String)) -> Vec<String> {
        match self.run.end(status, &outcome) {
            Err(Unkept { problem, missing: 0 }) => {
                let later = "what it lacks lies beside it, and is taken in when it is next opened";
                complain(&format!("warning: {problem}; {later}\n"));
            }
            Err(Unkept { problem, missing }) => {
                let them = if missing == 1 { "entry is" } else { "entries are" };
                complain(&format!("warning: {missing} {them} missing in the journal: {problem}\n"));
            }
            Ok(()) => {}
        }
        let (tally, name, mut said) = (self.run.tally(), self.run.name(), Vec::new());
        let Some(flag) = &self.flag else { return said };
        if status == Status::Finished && tally.used < tally.had {
            let calls = if tally.made == 1 { "call was" } else { "calls were" };
            said.push(format!(
                "of the {} answers in the journal {} were asked for, and {} {calls} made: the program or its contexts are \
                 not what they were",
                tally.had, tally.used, tally.made
            ));
        }
        if status != Status::Finished && self.run.answered() > 0 {
            let more = if status == Status::Limited { ", with a higher limit," } else { "" };
            said.push(format!("what was answered is kept: `bessemer resume {name}{flag}`{more} goes on from there"));
        }
        said
    }
}
