//! What can go wrong in the host, as its user reads it: what happened, where, what to do.

mod show;

pub use show::Look;
pub(crate) use show::visible;

use crate::wire::{Blame, FailureClass, ScriptError};

/// A line that says what to do.
pub(crate) fn hint(text: &str, look: Look) -> String {
    let mut out = String::new();
    show::message(&mut out, "hint", text, look);
    out
}

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
    /// Stdout cannot be written: the disk is full, for one.
    #[error("stdout cannot be written: {0}")]
    Output(String),
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
            blame: Blame::Program,
            message: message.into(),
            hint: Some(hint.into()),
            span: None,
        })
    }

    /// Stdout that cannot be written.
    pub(crate) fn output(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Output(error.to_string()),
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Script(e) => match e.blame {
                Blame::Program => 1,
                Blame::Limit => 3,
                Blame::Call => 4,
            },
            Self::Interpreter { .. } | Self::Output(_) => 1,
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
            Self::Output(_) => "output",
            Self::OutputClosed => "output-closed",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Script(e) => e.hint.as_deref(),
            Self::Interpreter { hint, .. } | Self::Usage { hint, .. } => hint.as_deref(),
            Self::Output(_) => Some("is there room on the disk that it goes to?"),
            Self::Interrupted(_) | Self::OutputClosed => None,
        }
    }

    /// The place in the script, in bytes.
    fn span(&self) -> Option<(usize, usize)> {
        match self {
            Self::Script(ScriptError { span: Some((start, end)), .. }) => Some((*start as usize, *end as usize)),
            _ => None,
        }
    }

    /// The line of the script, from 1.
    pub fn line(&self, script: &str) -> Option<usize> {
        self.span().map(|(start, _)| show::Place::find(script, start).line)
    }

    /// For people: message, source line with carets, hint. `name` is the script's.
    pub fn render(&self, name: &str, script: &str, look: Look) -> String {
        let mut out = String::new();
        show::message(&mut out, "error", &self.to_string(), look);
        if let Some(span) = self.span() {
            show::snippet(&mut out, name, script, span, look);
        }
        if let Some(hint) = self.hint() {
            show::message(&mut out, "hint", hint, look);
        }
        out
    }

    /// For whatever is no terminal, and for models: the same without colour.
    pub fn plain(&self, name: &str, script: &str) -> String {
        self.render(name, script, Look::default())
    }

    /// For programs: class, message, hint, line.
    pub fn json(&self, script: &str) -> serde_json::Value {
        serde_json::json!({
            "class": self.class(),
            "message": self.to_string(),
            "hint": self.hint(),
            "line": self.line(script),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(script: &str, place: &str) -> Error {
        let start = script.find(place).unwrap() as u32;
        Error::Script(ScriptError {
            class: FailureClass::Script,
            blame: Blame::Program,
            message: "no\u{1b}[2J".into(),
            hint: Some("do".into()),
            span: Some((start, start + place.len() as u32)),
        })
    }

    #[test]
    fn a_script_error_has_three_renderings() {
        let script = "(define x 1)\n  (car é)\n";
        let error = at(script, "(car é)");
        let wanted = "error: no␛[2J\n --> a.scm:2:3\n  |\n2 |   (car é)\n  |   ^^^^^^^\nhint: do\n";
        assert_eq!(error.plain("a.scm", script), wanted);
        let coloured = error.render("a.scm", script, Look { colour: true, width: Some(80) });
        assert!(coloured.contains("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m"), "{coloured:?}");
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), wanted);
        let json = serde_json::json!({ "class": "script", "message": "no\u{1b}[2J", "hint": "do", "line": 2 });
        assert_eq!(error.json(script), json);
    }
}
