//! What can go wrong in the host, as its user reads it: what happened, where, what to do.

use crate::wire::{FailureClass, ScriptError};
use std::fmt::Write;

/// An error that ends a run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program raised; also its limits of time and memory, and an interpreter that died.
    #[error("{}", .0.message)]
    Script(ScriptError),
    /// The interpreter could not be started.
    #[error("{message}")]
    Interpreter {
        /// What happened.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The command line, or a file it names, is wrong.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A signal ended the run: SIGINT (2) or SIGTERM (15).
    #[error("interrupted")]
    Interrupted(i32),
    /// Whoever read stdout has gone away.
    #[error("nobody reads the output any more")]
    OutputClosed,
}

impl Error {
    /// An interpreter that cannot be started.
    pub(crate) fn interpreter(message: impl Into<String>) -> Self {
        Self::Interpreter { message: message.into(), hint: None }
    }

    /// An error of the script's, with no place in it.
    pub(crate) fn script(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Script(ScriptError {
            class: FailureClass::Script,
            message: message.into(),
            hint: Some(hint.into()),
            span: None,
        })
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Script(e) if e.class == FailureClass::Budget => 3,
            Self::Script(e) if e.class.is_call() => 4,
            Self::Script(_) | Self::Interpreter { .. } => 1,
            Self::Usage { .. } => 2,
            Self::Interrupted(signal) => 128u8.saturating_add(*signal as u8),
            Self::OutputClosed => 0,
        }
    }

    /// What kind of failure, for `--json`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Script(e) => e.class.name(),
            Self::Interpreter { .. } => "interpreter",
            Self::Usage { .. } => "usage",
            Self::Interrupted(_) => "interrupted",
            Self::OutputClosed => "output-closed",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Script(e) => e.hint.as_deref(),
            Self::Interpreter { hint, .. } | Self::Usage { hint, .. } => hint.as_deref(),
            Self::Interrupted(_) | Self::OutputClosed => None,
        }
    }

    /// The line of the script, from 1.
    pub fn line(&self, script: &str) -> Option<usize> {
        match self {
            Self::Script(ScriptError { span: Some((start, _)), .. }) => Some(Place::find(script, *start as usize).line),
            _ => None,
        }
    }

    /// For people: message, source line with a caret, hint.
    pub fn render(&self, name: &str, script: &str) -> String {
        let mut out = format!("error: {self}\n");
        if let Self::Script(ScriptError { span: Some((start, end)), .. }) = self {
            let place = Place::find(script, *start as usize);
            let gutter = place.line.to_string().len();
            let indent: String = place.before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let length = (*end as usize).saturating_sub(*start as usize).min(place.text.len() - place.before.len());
            let marked = &place.text[place.before.len()..];
            let carets = marked[..marked.floor_char_boundary(length)].chars().count().max(1);
            // Writing to a string cannot fail.
            let _ = write!(
                out,
                "{:gutter$}--> {name}:{}:{}\n{:gutter$} |\n{} | {}\n{:gutter$} | {indent}{}\n",
                "",
                place.line,
                place.before.chars().count() + 1,
                "",
                place.line,
                place.text,
                "",
                "^".repeat(carets),
            );
        }
        if let Some(hint) = self.hint() {
            let _ = writeln!(out, "hint: {hint}");
        }
        out
    }
}

/// A place in a script.
struct Place<'a> {
    line: usize,
    text: &'a str,
    before: &'a str,
}

impl<'a> Place<'a> {
    fn find(script: &'a str, at: usize) -> Self {
        let at = script.floor_char_boundary(at.min(script.len()));
        let start = script[..at].rfind('\n').map_or(0, |n| n + 1);
        let end = script[at..].find('\n').map_or(script.len(), |n| at + n);
        Self { line: script[..start].matches('\n').count() + 1, text: &script[start..end], before: &script[start..at] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_error_shows_its_line_and_a_caret() {
        let script = "(define x 1)\n  (car é)\n";
        let at = script.find("(car").unwrap() as u32;
        let error = Error::Script(ScriptError {
            class: FailureClass::Script,
            message: "no".into(),
            hint: Some("do".into()),
            span: Some((at, at + 8)),
        });
        let wanted = "error: no\n --> a.scm:2:3\n  |\n2 |   (car é)\n  |   ^^^^^^^\nhint: do\n";
        assert_eq!(error.render("a.scm", script), wanted);
    }
}
