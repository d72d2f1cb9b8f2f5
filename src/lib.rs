//! Scheme scripts that fan work out over language models and bring the answers back together.
//!
//! # Layout
//!
//! - [`embed`]: the API for programs that run scripts: [`Host`], its sessions, functions of one's own, events.
//! - [`session`]: what that stands on, one running program. [`session::Zygote`] starts the interpreter process,
//!   [`session::Session`] runs programs in a fork of it, untrusted, without keys or network.
//! - [`context`]: what a script finds as its contexts, from files to descriptors.
//! - [`llm`]: model calls, one narrow trait ([`llm::Model`]) and wrappers round it.
//! - [`permissions`]: what a program may do.
//! - [`rlm`]: the loop in which a root model answers a question by writing programs.
//! - [`text`]: long texts cut into chunks, tokens counted.
//! - [`wire`]: the frames between host and interpreter.
//! - [`primitives`]: the table from which the language's reference is made, [`doc`]: what is made of it.
//! - `budget`: what may be spent. `config`: flags, environment and files, resolved.
//! - [`error`]: what a user is told, and exit codes.
//! - `mcp`: the server of the Model Context Protocol, on top of `embed`.
//! - `interp`: the interpreter's own side: Steel, fibers, CPython. `cli`: the program `bessemer`.
//!
//! # Embedding
//!
//! A program that runs scripts starts an interpreter process, which is the same program again. So its `main` begins with
//! one line, before there are threads or a runtime:
//!
//! ```no_run
//! bessemer::interpreter_main();
//! // … the program itself: `Host::builder`, `Host::session`, `Session::run`.
//! ```
//!
//! Where that is not possible, such as in a test, [`session::Interpreter::Path`] names another program whose `main` does
//! so, `bessemer` itself for one. [`embed`] has whole programs.

#![deny(missing_docs, unreachable_pub)]

mod budget;
#[doc(hidden)]
pub mod cli;
mod config;
pub mod context;
pub mod doc;
pub mod embed;
pub mod error;
mod host_protocol;
mod interp;
pub mod llm;
mod mcp;
pub mod permissions;
pub mod rlm;
pub mod session;
pub mod text;
pub mod wire;

pub use embed::{Event, Host, Ran, Session, blocking};
pub use error::Error;
pub use interp::input::input_is_complete;
pub use interp::table as primitives;
pub use interp::wall::landlock_abi;
pub use session::Function;

/// Becomes the interpreter, and does not return, when this process was started as one; else does nothing.
///
/// It comes first in `main`: sessions are forked off the interpreter, and threads would be lost in them. A runtime that is
/// there before it is too early:
///
/// ```standalone_crate
/// #[tokio::main]
/// async fn main() {
///     bessemer::interpreter_main();
///     let host = bessemer::Host::builder().offline().start().expect("a process");
///     let error = host.session().start().await.err().expect("no session");
///     assert!(error.to_string().contains("the interpreter has threads"), "{error}");
/// }
/// ```
pub fn interpreter_main() {
    if std::env::args_os().nth(1).is_some_and(|arg| arg == host_protocol::ARGUMENT) {
        interp::zygote::main();
    }
}
