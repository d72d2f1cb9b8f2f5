//! `bessemer repl`: a session that somebody talks to, input by input. At a terminal with a line editor; elsewhere inputs
//! are read from standard input, without prompts.

mod commands;
mod editor;
mod pretty;
mod talk;
mod typed;

use super::{
    grants::Made,
    screen::complain,
    shared::{Shared, lasting},
    stdout::Stdout,
};
use crate::{
    config::file::Settings,
    error::Error,
    session::{Stop, Zygote},
};
use clap::Args;
use editor::{Editor, Typed};
use std::{path::Path, process::ExitCode};
use talk::{Left, Talk};
use tokio::sync::mpsc;

#[derive(Args)]
pub(super) struct Repl {
    #[command(flatten)]
    pub(super) shared: Shared,
}

impl Repl {
    pub(super) fn main(mut self) -> ExitCode {
        self.shared.settle_here();
        lasting(&self.shared, async |zygote, settings, stop| self.talk(zygote, &settings, stop).await)
    }

    async fn talk(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<u8, Error> {
        self.shared.refuse_stdin("inputs come from")?;
        let stdout = Stdout::new();
        let (host, contexts) = self.shared.host(zygote, settings, stop).await?;
        // It has no file: what lies where it was started is its own.
        let permissions = self.shared.grants.permissions(settings, Path::new("input"));
        let _made = Made::for_writing(&permissions.write);
        let session = self.shared.session(&host, contexts, permissions);
        let mut talk = Talk::start(&self.shared, host, session, &stdout, stop).await?;
        talk.reaches(settings);
        let mut editor = if talk.attended { Editor::terminal(talk.known.clone()) } else { Editor::lines() };
        talk.above = editor.above();
        if talk.attended && !self.shared.quiet {
            let version = env!("CARGO_PKG_VERSION");
            talk.say(&format!("Bessemer {version}: `,help` lists commands, Tab completes, Ctrl-D leaves.\n"))?;
        }
        let code = converse(&mut talk, &mut editor, stop).await?;
        talk.farewell();
        Ok(code)
    }
}

/// What happens while an input is waited for.
enum Event {
    Typed(Typed),
    Signal(i32),
    /// The session ended by itself.
    Died(Error),
}

/// Inputs, one after the other, to the end. The exit code.
async fn converse(
    talk: &mut Talk<'_>,
    editor: &mut Editor,
    stop: &mut mpsc::UnboundedReceiver<Stop>,
) -> Result<u8, Error> {
    loop {
        editor.ask(talk.prompt());
        let typed = loop {
            let event = tokio::select! {
                typed = editor.typed() => Event::Typed(typed),
                Some(Stop::Signal(signal)) = stop.recv() => Event::Signal(signal),
                error = talk.attend() => Event::Died(error),
            };
            match event {
                Event::Typed(typed) => break typed,
                Event::Signal(libc::SIGINT) if talk.attended => {}
                Event::Signal(signal) => {
                    if talk.attended {
                        complain("\n");
                    }
                    return Ok(Error::Interrupted(signal).exit_code());
                }
                Event::Died(error) => talk.died(error).await?,
            }
        };
        let left = match typed {
            Typed::Input(text) => talk.input(&text, stop).await?,
            Typed::Interrupted => Left::Not,
            Typed::End => Left::Now,
            Typed::Broken(problem) => return Err(editor::broken(problem)),
        };
        match left {
            Left::Not => {}
            Left::Now => return Ok(talk.code()),
            Left::Signalled(signal) => return Ok(Error::Interrupted(signal).exit_code()),
        }
    }
}
