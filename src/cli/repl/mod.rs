//! `bessemer repl`: a session that somebody talks to, input by input. At a terminal with a line editor; elsewhere inputs
//! are read from standard input, without prompts.

mod commands;
mod editor;
mod pretty;
mod talk;
mod typed;

use super::{
    grants::Made,
    screen::{self, complain},
    shared::{Shared, signals},
    stdout::Stdout,
};
use crate::{
    config::{self, file::Settings},
    error::Error,
    session::{Interpreter, Stop, Zygote},
};
use clap::Args;
use editor::{Editor, Typed};
use std::{path::Path, process::ExitCode, sync::Arc};
use talk::{Left, Talk};
use tokio::sync::mpsc;

#[derive(Args)]
pub(super) struct Repl {
    #[command(flatten)]
    pub(super) shared: Shared,
}

impl Repl {
    pub(super) fn main(self) -> ExitCode {
        config::raise_descriptors();
        let zygote = Zygote::start(&Interpreter::ThisProgram);
        let settings = config::file::load(self.shared.config.as_deref());
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => {
                complain(&format!("error: no runtime: {e}\n"));
                return ExitCode::FAILURE;
            }
        };
        let code = runtime.block_on(async {
            let result = match (zygote, settings, signals()) {
                (Ok(zygote), Ok(settings), Ok(mut stop)) => self.talk(zygote, &settings, &mut stop).await,
                (Err(e), ..) | (_, Err(e), _) => Err(e),
                (.., Err(e)) => Err(Error::interpreter(format!("no signals: {e}"))),
            };
            match result {
                Ok(code) => ExitCode::from(code),
                Err(error @ Error::OutputClosed) => ExitCode::from(error.exit_code()),
                Err(error) => screen::fail(&error),
            }
        });
        // Whatever is still under way is of no interest.
        runtime.shutdown_background();
        code
    }

    async fn talk(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<u8, Error> {
        if self.shared.context.iter().any(|path| is_stdin(path)) {
            return Err(Error::Usage {
                message: "standard input cannot be a context here: it is where inputs come from".into(),
                hint: Some("put it into a file, and name that".into()),
            });
        }
        let confined = self.shared.grants.confines(settings);
        let zygote = Arc::new(if confined { zygote } else { zygote.without_sandbox() });
        let stdout = Stdout::new();
        let contexts = self.shared.contexts(&zygote, stop).await?;
        let dispatcher = self.shared.dispatcher(settings)?;
        self.shared.say_offline();
        // It has no file: what lies where it was started is its own.
        let permissions = self.shared.grants.permissions(settings, Path::new("input"));
        let _made = Made::for_writing(&permissions.write);
        let mut talk = Talk::start(&self.shared, &zygote, dispatcher, permissions, contexts, &stdout, stop).await?;
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

/// Whether a context is standard input: `-` or `NAME=-`.
fn is_stdin(argument: &Path) -> bool {
    argument.to_str().is_some_and(|text| text == "-" || text.ends_with("=-"))
}
