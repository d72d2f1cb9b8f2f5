//! `bessemer doctor`: is everything that a run needs here? A line for each thing, and what would make it better.
//!
//! It starts an interpreter and runs a program in it, as a run does. It calls no model, but with `--online`: then each
//! provider that is set up answers one small call. Not here: repairs.

mod interpreter;
mod machine;
mod online;
mod providers;

use super::screen;
use crate::config::file::Settings;
use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::json;
use std::{borrow::Cow, path::PathBuf, process::ExitCode};

#[derive(Args)]
pub(super) struct Doctor {
    /// Only what a run with `--offline` needs.
    #[arg(long)]
    offline: bool,
    /// What `--model` would mean.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Make one small call of each provider that is set up; that costs a fraction of a cent.
    #[arg(long, conflicts_with = "offline")]
    online: bool,
    /// The configuration file, instead of your own and the working directory's.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// How a thing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// A run works; it could be better.
    Lacking,
    /// No run works.
    Bad,
}

/// One thing that was looked at.
struct Finding {
    what: Cow<'static, str>,
    state: State,
    found: String,
    /// What would make it better.
    cure: Option<String>,
}

impl Finding {
    fn good(what: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Good, found: found.into(), cure: None }
    }

    fn lacking(what: impl Into<Cow<'static, str>>, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Lacking, found: found.into(), cure: Some(cure.into()) }
    }

    fn bad(what: impl Into<Cow<'static, str>>, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what: what.into(), state: State::Bad, found: found.into(), cure: Some(cure.into()) }
    }
}

impl Doctor {
    pub(super) fn main(self) -> ExitCode {
        crate::config::raise_descriptors();
        let mut findings = interpreter::findings();
        let settings = crate::config::file::load(self.config.as_deref());
        // What is wrong with the files is a finding of its own.
        let nothing = Settings::default();
        let said = settings.as_ref().unwrap_or(&nothing);
        findings.extend(providers::findings(self.offline, self.model.clone(), said));
        if self.online {
            findings.extend(online::findings(self.model, said));
        }
        findings.extend(machine::findings(&settings));
        let works = findings.iter().all(|f| f.state != State::Bad);
        let text = if self.json { object(&findings, works) } else { lines(&findings, works) };
        match screen::print(&text) {
            ExitCode::SUCCESS if !works => ExitCode::FAILURE,
            code => code,
        }
    }
}

fn lines(findings: &[Finding], works: bool) -> String {
    let mut out = String::new();
    for finding in findings {
        let style = match finding.state {
            State::Good => AnsiColor::Green.on_default(),
            State::Lacking => AnsiColor::Yellow.on_default(),
            State::Bad => AnsiColor::Red.on_default(),
        };
        let found = crate::error::visible(&finding.found);
        out += &format!("{style}{}{style:#}: {found}\n", finding.what);
        if let Some(cure) = &finding.cure {
            out += &format!("    better: {}\n", crate::error::visible(cure));
        }
    }
    let bold = Style::new().bold();
    out + &format!("{bold}{}{bold:#}\n", if works { "a run would work here" } else { "a run would not work here" })
}

fn object(findings: &[Finding], works: bool) -> String {
    let state = |f: &Finding| match f.state {
        State::Good => "good",
        State::Lacking => "lacking",
        State::Bad => "bad",
    };
    let all: Vec<_> = findings
        .iter()
        .map(|f| json!({ "what": f.what, "state": state(f), "found": f.found, "better": f.cure }))
        .collect();
    format!("{}\n", json!({ "works": works, "findings": all }))
}
