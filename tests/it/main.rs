//! The one integration binary: the program run as its users run it, on real files and against a server that misbehaves.

#[path = "../support/mock.rs"]
mod mock;
#[path = "../support/program.rs"]
mod program;

mod accounting;
mod arities;
mod ask;
mod bad_input;
mod budgets;
mod cache;
mod calls;
mod chats;
mod choices;
mod combinators;
mod configuration;
mod contexts;
mod dialect;
mod documents;
mod dry_runs;
mod embed;
mod embedding;
mod errors;
mod fan_out;
mod fault_runs;
mod faults;
mod files;
mod grants;
mod handles;
mod hints;
mod journal;
mod language;
mod limits;
mod loops;
mod mcp;
mod mock_server;
mod money;
mod patterns;
mod pieces;
mod providers;
mod python;
mod readme;
mod recursion;
mod reference;
mod repl;
mod requires;
mod results;
mod scheduler;
mod schemas;
mod screens;
mod streaming;
mod structured;
mod text;
mod vectors;
mod wall;
