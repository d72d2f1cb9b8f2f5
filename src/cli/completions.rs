//! `bessemer completions`: what a shell needs to complete the command line.

use super::screen;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn main(self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Arguments::command(), "bessemer", &mut script);
        screen::print(&String::from_utf8_lossy(&script))
    }
}
