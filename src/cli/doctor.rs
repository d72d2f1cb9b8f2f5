//! `bessemer doctor`: is everything that a run needs here? A line for each thing, and what would make it better.
//!
//! It starts an interpreter and runs a program in it, as a run does, and it calls no model. Not here: repairs.

mod interpreter;
mod machine;
mod providers;

use super::screen;
use anstyle::{AnsiColor, Style};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Doctor {
    /// Only what a run with `--offline` needs.
    #[arg(long)]
    offline: bool,
    /// What `--model` would mean.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
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
    what: &'static str,
    state: State,
    found: String,
    /// What would make it better.
    cure: Option<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, state: State::Good, found: found.into(), cure: None }
    }

    fn lacking(what: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what, state: State::Lacking, found: found.into(), cure: Some(cure.into()) }
    }

    fn bad(what: &'static str, found: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { what, state: State::Bad, found: found.into(), cure: Some(cure.into()) }
    }
}

impl Doctor {
    pub(super) fn main(self) -> ExitCode {
        crate::config::raise_descriptors();
        let mut findings = interpreter::findings();
        findings.extend(providers::findings(self.offline, self.model));
        findings.extend(machine::findings());
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
