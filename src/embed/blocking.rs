//! The embedding API for programs that are not async. Each host has a runtime of its own, which works while something is
//! waited for.

use super::{Event, HostBuilder, Ran, SessionBuilder};
use crate::{
    error::Error,
    rlm::{Answered, Ask},
    session::{Program, Usage},
};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// As [`super::Host`].
#[derive(Clone)]
pub struct Host {
    // Before the runtime: what it holds is registered there.
    inner: super::Host,
    runtime: Arc<Runtime>,
}

impl Host {
    /// Starts the interpreter process. Not to be called from within an async program.
    pub fn start(builder: HostBuilder) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::interpreter(format!("no runtime: {e}")))?;
        Ok(Self { inner: builder.start()?, runtime: Arc::new(runtime) })
    }

    /// Starts a session; `how` says what it has, such as contexts.
    pub fn session(&self, how: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Result<Session, Error> {
        let inner = self.runtime.block_on(how(self.inner.session()).start())?;
        Ok(Session { inner, runtime: self.runtime.clone() })
    }

    /// Has a root model answer a question, as [`SessionBuilder::ask`] does; `how` says what it has, such as contexts.
    pub fn ask(&self, ask: &Ask, how: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Result<Answered, Error> {
        self.runtime.block_on(how(self.inner.session()).ask(ask, &mut ()))
    }
}

/// As [`super::Session`].
pub struct Session {
    inner: super::Session,
    runtime: Arc<Runtime>,
}

impl Session {
    /// Runs a program to its end.
    pub fn run(&mut self, text: impl Into<String>) -> Result<Ran, Error> {
        self.runtime.block_on(self.inner.run(text).into_future())
    }

    /// Runs a program to its end, and tells what happens on the way.
    pub fn run_with(&mut self, program: Program, mut on_event: impl FnMut(Event)) -> Result<Ran, Error> {
        self.runtime.block_on(async {
            let mut running = self.inner.run_program(program);
            while let Some(event) = running.next().await {
                on_event(event);
            }
            running.await
        })
    }

    /// As [`super::Session::program`].
    pub fn program(&self, text: impl Into<String>) -> Program {
        self.inner.program(text)
    }

    /// As [`super::Session::add_context`].
    pub fn add_context(&mut self, name: &str, text: &str) -> Result<(), Error> {
        self.inner.add_context(name, text)
    }

    /// As [`super::Session::reset`].
    pub fn reset(&mut self) -> Result<(), Error> {
        self.runtime.block_on(self.inner.reset())
    }

    /// As [`super::Session::usage`].
    pub fn usage(&self) -> Usage {
        self.inner.usage()
    }
}
