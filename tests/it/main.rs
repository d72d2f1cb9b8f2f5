//! The one integration binary: the program run as its users run it, on real files and against a server that misbehaves.

#[path = "../support/mock.rs"]
mod mock;
#[path = "../support/program.rs"]
mod program;

mod calls;
mod embedding;
mod fan_out;
mod faults;
mod handles;
mod language;
mod mock_server;
mod python;
mod readme;
mod scheduler;
