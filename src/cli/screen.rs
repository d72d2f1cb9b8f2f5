//! What a terminal can show, and short texts to it: the part that every subcommand needs.
//!
//! Not here: a script's output, which has a writer of its own (`stdout.rs`).

use crate::error::{Error, Look};
use std::{
    io::{ErrorKind, IsTerminal, Write},
    process::ExitCode,
};
use terminal_size::{Width, terminal_size_of};

/// How wide a text is where there is no terminal.
const WIDTH: usize = 80;
/// No text is made wider: long lines are hard to read.
const WIDEST: usize = 100;

/// How wide a text on stdout should be.
pub(super) fn width() -> usize {
    terminal_size_of(std::io::stdout()).map_or(WIDTH, |(Width(w), _)| usize::from(w).clamp(1, WIDEST))
}

/// How an error on stderr should look.
pub(super) fn look() -> Look {
    let stderr = std::io::stderr();
    Look {
        colour: anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never,
        width: stderr.is_terminal().then(|| terminal_size_of(&stderr).map_or(WIDTH, |(Width(w), _)| usize::from(w))),
    }
}

/// Writes a text with styles to stdout, without them where they are not wanted. The exit code: a reader that has gone away
/// is no failure.
pub(super) fn print(text: &str) -> ExitCode {
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) if e.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(e) => fail(&Error::output(&e)),
    }
}

/// Tells an error that has no script, and gives its exit code.
pub(super) fn fail(error: &Error) -> ExitCode {
    complain(&error.render("", "", look()));
    ExitCode::from(error.exit_code())
}

/// A line of advice.
pub(super) fn hint(text: &str) -> String {
    crate::error::hint(text, look())
}

/// Writes to stderr. Nobody may be reading it, which is no reason to fail.
pub(super) fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
