//! What every subcommand that runs programs has in common: its flags, signals as reasons to stop, notes about contexts.

use super::{grants::Flags, screen::complain};
use crate::{config, session::Stop, wire::Limits};
use clap::Args;
use std::path::PathBuf;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

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
    /// Calls under way at once.
    #[arg(long, value_name = "N", default_value_t = config::MAX_CONCURRENT, value_parser = positive,
          allow_negative_numbers = true)]
    pub(super) max_concurrent: usize,
    /// How much memory the script may have: `500MB`, `2GB`.
    #[arg(long, value_name = "SIZE", value_parser = config::memory, default_value = config::MAX_MEMORY,
          hide_default_value = true, allow_hyphen_values = true)]
    pub(super) max_memory: u64,
    /// How many calls the script may make.
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) max_calls: Option<u64>,
    /// How many tokens its calls may take, prompts and answers together.
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(super) max_tokens: Option<u64>,
    #[command(flatten)]
    pub(super) grants: Flags,
    /// The configuration file, instead of your own and the working directory's.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// No progress line, no note about `--offline` and no hints at the end.
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Say more on stderr, such as what `log-event` notes.
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

impl Shared {
    /// What its calls may take in all.
    pub(super) fn limits(&self) -> Limits {
        Limits { calls: self.max_calls, tokens: self.max_tokens }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("`{text}` is no whole number above zero"))
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no whole number that is not negative"))
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
