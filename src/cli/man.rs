//! `bessemer man`: the manual page, in roff. `bessemer man | man -l -` shows it.

use super::screen;
use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Man {
    /// The page of a subcommand.
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Man {
    pub(super) fn main(self) -> ExitCode {
        let mut command = super::Arguments::command();
        // Gives the subcommands their full names.
        command.build();
        let page = match &self.command {
            None => command,
            Some(name) => match command.find_subcommand(name) {
                Some(found) => found.clone(),
                None => {
                    return screen::fail(&crate::error::Error::Usage {
                        message: format!("`{name}` is no subcommand"),
                        hint: Some("`bessemer --help` lists them".into()),
                    });
                }
            },
        };
        let mut text = Vec::new();
        // Writing to memory cannot fail.
        let _ = Page::new(page).render(&mut text);
        screen::print(&String::from_utf8_lossy(&text))
    }
}
