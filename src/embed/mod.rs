//! The embedding API: a [`Host`] that sessions come from, a [`Session`] that programs run in, and what they give.
//!
//! A program of your own runs scripts in a few lines:
//!
//! ```standalone_crate
//! use bessemer::{Host, blocking};
//!
//! fn main() -> Result<(), bessemer::Error> {
//!     bessemer::interpreter_main(); // first of all: scripts run in a process that is this program again
//!     let host = blocking::Host::start(Host::builder().offline())?;
//!     let mut session = host.session(|s| s.context("report", "The pump failed. Ada mended it."))?;
//!     let ran = session.run("(llm-query #:instruction \"Who mended it?\" #:data context)")?;
//!     println!("{ran}");
//! #   assert!(ran.to_string().contains("Ada"), "{ran}");
//!     Ok(())
//! }
//! ```
//!
//! The same in an async program, with a function of its own that scripts can call, and with what happens on the way:
//!
//! ```standalone_crate
//! use bessemer::{Event, Function, Host};
//!
//! async fn run() -> Result<(), bessemer::Error> {
//!     let host = Host::builder().offline().start()?;
//!     let stock = Function::new("stock", "How many of PART are there?", |(part,): (String,)| async move {
//!         if part == "pump" { Ok(3) } else { Err(format!("there is no {part}")) }
//!     });
//!     let mut session = host.session().function(stock).start().await?;
//!     let mut running = session.run("(map-async stock '(\"pump\" \"pump\") #:label \"parts\")");
//!     while let Some(event) = running.next().await {
//!         if let Event::Progress(progress) = event {
//!             println!("{} {}/{}", progress.label, progress.done, progress.total);
//!         }
//!     }
//!     assert_eq!(running.await?.value, serde_json::json!([3, 3]));
//!     Ok(())
//! }
//!
//! fn main() -> Result<(), bessemer::Error> {
//!     bessemer::interpreter_main(); // before the runtime: an interpreter must have no threads
//!     tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(run())
//! }
//! ```
//!
//! [`SessionBuilder::ask`] has a root model write the programs ([`crate::rlm`]). Not here: what a session is made of
//! ([`crate::session`]).

pub mod blocking;
mod running;
mod session;

pub use running::{Event, Ran, Running, Stopper};
pub use session::{Session, SessionBuilder};

use crate::{
    config,
    error::Error,
    llm::{Model, dispatch::Dispatcher, router},
    session::{Interpreter, Zygote},
};
use std::sync::Arc;

/// Where sessions come from: the interpreter process that they are forked from, and the way to models that they share.
/// Cloning it is cheap. When the last clone and the last session of it are gone, so is the process.
#[derive(Clone)]
pub struct Host {
    pub(crate) zygote: Arc<Zygote>,
    pub(crate) dispatcher: Arc<Dispatcher>,
}

impl Host {
    /// Says how a host is to be; [`HostBuilder::start`] makes it.
    pub fn builder() -> HostBuilder {
        HostBuilder {
            interpreter: Interpreter::ThisProgram,
            models: config::models(false, None, &config::file::Settings::default()),
            own: None,
            max_concurrent: config::MAX_CONCURRENT,
            sandbox: true,
        }
    }

    /// A host of parts that are there already.
    pub fn new(zygote: Zygote, dispatcher: Arc<Dispatcher>) -> Self {
        Self { zygote: Arc::new(zygote), dispatcher }
    }

    /// Says how a session is to be; [`SessionBuilder::start`] makes it.
    pub fn session(&self) -> SessionBuilder {
        SessionBuilder::new(self.clone())
    }
}

/// How a host is to be. Unless something else is said, models are reached by the keys and base URLs in the environment, as
/// the program `bessemer` does.
#[must_use = "it does nothing until it is started"]
pub struct HostBuilder {
    interpreter: Interpreter,
    models: router::Settings,
    own: Option<Arc<dyn Model>>,
    max_concurrent: usize,
    sandbox: bool,
}

impl HostBuilder {
    /// Answers every call by the built-in extractive model: no network, no key, and no language model.
    pub fn offline(mut self) -> Self {
        self.models.offline = true;
        self
    }

    /// The model of calls that name none.
    pub fn model(mut self, name: impl Into<String>) -> Self {
        self.models.default_model = Some(name.into());
        self
    }

    /// How models are reached, instead of what the environment says.
    pub fn models(mut self, settings: router::Settings) -> Self {
        self.models = settings;
        self
    }

    /// Sends every call to a model of your own. Retries, limits and JSON are its affair then.
    pub fn own_model(mut self, model: Arc<dyn Model>) -> Self {
        self.own = Some(model);
        self
    }

    /// Calls under way at once, of all sessions together; 1000 unless it is said, and never more than descriptors allow.
    pub fn max_concurrent(mut self, calls: usize) -> Self {
        self.max_concurrent = calls.max(1);
        self
    }

    /// Another program to be the interpreter, where this one's `main` does not begin with [`crate::interpreter_main`].
    pub fn interpreter(mut self, interpreter: Interpreter) -> Self {
        self.interpreter = interpreter;
        self
    }

    /// Lets scripts do all that this process's user may: the operating system does not confine them.
    pub fn without_sandbox(mut self) -> Self {
        self.sandbox = false;
        self
    }

    /// Starts the interpreter process, and returns at once: it gets ready while the caller goes on.
    pub fn start(self) -> Result<Host, Error> {
        let zygote = Zygote::start(&self.interpreter)?;
        let zygote = if self.sandbox { zygote } else { zygote.without_sandbox() };
        let model = self.own.unwrap_or_else(|| router::stack(self.models));
        Ok(Host::new(zygote, Dispatcher::new(model, config::concurrent(self.max_concurrent))))
    }
}
