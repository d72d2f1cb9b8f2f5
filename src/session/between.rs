//! What can be done with a session while none of its programs runs: hear what earlier ones have left running, and change
//! what the next ones find.

use super::{
    CATCH_UP, Function, Listener, MEMORY_CHECK, Program, Session, Usage, Watch, nested::Nests, resident,
    too_much_memory,
};
use crate::{
    budget::Spent,
    context::Contexts,
    error::Error,
    llm::Text,
    wire::{self, ContextHead, Limits, Mode, ToSession, Width},
};
use std::sync::Arc;
use tokio::io::AsyncReadExt;

impl Session {
    /// Hears what earlier inputs have left running, until the session's process ends. May be dropped at any time.
    pub async fn attend(&mut self, max_memory: Option<u64>, listener: &mut (dyn Listener + Send)) -> Error {
        let mut memory = tokio::time::interval(MEMORY_CHECK);
        memory.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let program = Program { mode: Mode::Input(0), max_memory, ..Program::default() };
        loop {
            let received = self.next_frame().and_then(|frame| match frame {
                Some((head, tail)) => self.receive(&head, tail, listener).map(|_| true),
                None => Ok(false),
            });
            match received {
                Ok(true) => continue,
                Ok(false) => {}
                Err(e) => return e,
            }
            let behind = listener.behind() || self.calls.behind();
            tokio::select! {
                _ = memory.tick(), if max_memory.is_some() => {
                    if max_memory.is_some_and(|cap| resident(self.process.pid) > cap) {
                        self.process.kill();
                        return self.death(Some(too_much_memory(max_memory)), &program).await;
                    }
                }
                read = self.reader.read_buf(&mut self.incoming), if !behind => {
                    if matches!(read, Ok(0) | Err(_)) {
                        return self.death(None, &program).await;
                    }
                }
                () = tokio::time::sleep(CATCH_UP), if behind => {}
            }
        }
    }

    /// A look at its calls, for whoever does not run its programs.
    pub fn watch(&self) -> Watch {
        Watch::new(self.calls.clone())
    }

    /// What its calls have come to so far.
    pub fn usage(&self) -> Usage {
        self.calls.usage()
    }

    /// Who answers its calls that want a session of their own.
    pub(crate) fn nest(&self, nests: Arc<dyn Nests>) {
        self.calls.nest(nests);
    }

    /// What its calls may still take.
    pub(crate) fn left(&self) -> Limits {
        self.calls.left()
    }

    /// What its calls have been charged so far.
    pub(crate) fn spent(&self) -> Spent {
        self.calls.spent()
    }

    /// Whether its process has ended: it runs nothing more.
    pub fn has_ended(&self) -> bool {
        self.exit.is_some()
    }

    /// Ends its process, whatever it is doing: it runs nothing more.
    pub(crate) fn give_up(&mut self) {
        self.calls.drop_all();
        self.process.kill();
        self.exit = Some(None);
    }

    /// The model of calls that name none, from here on.
    pub fn set_model(&self, model: Option<String>) {
        self.calls.set_model(model);
    }

    /// Lets its programs call these functions of the embedding program's, from the next one on.
    pub fn add_functions(&self, functions: &[Function]) -> Result<(), Error> {
        if functions.is_empty() { Ok(()) } else { self.calls.serve(functions) }
    }

    /// Gives a session that has no contexts these: one is `context` itself, several are its elements.
    pub(crate) fn add_texts(&self, texts: &[Text]) -> Result<(), Error> {
        for (index, text) in texts.iter().enumerate() {
            let (name, group) = match texts.len() {
                1 => ("context".to_owned(), None),
                _ => ((index + 1).to_string(), Some("context".to_owned())),
            };
            let entry = ContextHead {
                name,
                file: u32::MAX,
                offset: 0,
                bytes: text.len() as u64,
                chars: text.chars().count() as u64,
                width: Width::of_byte(text.bytes().max().unwrap_or(0)),
                stamp: None,
            };
            self.calls.frame(&ToSession::Context { entry, group }, text.as_bytes()).map_err(|_| Error::Usage {
                message: format!("a context is larger than {} MB", wire::MAX_FRAME >> 20),
                hint: Some("cut it into several".into()),
            })?;
        }
        Ok(())
    }

    /// Adds contexts to those that programs find. Their texts are sent, so each is bounded by the size of a frame.
    pub fn add_contexts(&self, contexts: &Contexts) -> Result<(), Error> {
        for (entry, group, text) in contexts.texts()? {
            let name = entry.name.clone();
            self.calls.frame(&ToSession::Context { entry, group }, text.as_bytes()).map_err(|_| Error::Usage {
                message: format!("the context `{name}` is larger than {} MB", wire::MAX_FRAME >> 20),
                hint: Some("give it on the command line, by `--context`".into()),
            })?;
        }
        Ok(())
    }
}
