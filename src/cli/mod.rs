//! The command line. One file per subcommand; no logic that the library would need.

mod ask;
mod cache;
mod completions;
mod doc;
mod doctor;
mod dry;
mod grants;
mod init;
mod keep;
mod man;
mod mcp;
mod models;
mod progress;
mod repl;
mod resume;
mod run;
mod runs;
mod screen;
mod shared;
mod stdout;
mod summary;
mod trace;

use clap::{Parser, Subcommand, ValueEnum};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Scheme scripts that fan work out over language models and bring the answers back together.
#[derive(Parser)]
#[command(name = "bessemer", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Colours: `auto` is on a terminal, unless `NO_COLOR` is set.
    #[arg(long, value_enum, value_name = "WHEN", global = true, default_value_t, hide_possible_values = true)]
    color: Colour,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Run a script: the value it finishes with goes to stdout, progress and errors to stderr.
    Run(Box<run::Run>),
    /// Try things out at a prompt: a session whose definitions, values and calls stay until it ends.
    Repl(Box<repl::Repl>),
    /// Run a script once more that came to no end, or differently: what it was answered is not asked again.
    Resume(Box<resume::Resume>),
    /// List the runs in the journal, show one, delete some, or write one as JSON lines.
    Runs(runs::Runs),
    /// Show what happened in a run: sums by stage, model and failure, and what went into what.
    Trace(trace::Trace),
    /// Say what the cache of shared answers holds, or forget it.
    Cache(cache::Cache),
    /// Have a model answer a question about long texts: it writes programs until it knows.
    Ask(Box<ask::Ask>),
    /// Serve an MCP client, whose model writes the programs, on standard input and output.
    Mcp(Box<mcp::Mcp>),
    /// Show the reference: all procedures in short, one of them in full, or those that a word finds.
    Doc(doc::Doc),
    /// Say whether everything that a run needs is here: Python, keys, limits.
    Doctor(doctor::Doctor),
    /// List the models that there are here, with their prices and how long their prompts may be.
    Models(models::Models),
    /// Write a configuration file in which every key is explained: your own, or the working directory's.
    Init(init::Init),
    /// Print a completion script for a shell.
    Completions(completions::Completions),
    /// Print the manual page.
    Man(man::Man),
}

impl Command {
    /// How much the subcommand is to say, where it has a flag for that.
    fn verbose(&self) -> u8 {
        match self {
            Self::Run(run) => run.shared.verbose,
            Self::Repl(repl) => repl.shared.verbose,
            Self::Ask(ask) => ask.shared.verbose,
            Self::Mcp(mcp) => mcp.shared.verbose,
            _ => 0,
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(shown) => {
            // A reader that has gone away does not care for help.
            let _ = shown.print();
            if let Some(flag) = grant_without_equals(std::env::args()) {
                screen::complain(&screen::hint(&format!("what is granted is joined to the flag: `{flag}=ONE,TWO`")));
            }
            return ExitCode::from(u8::try_from(shown.exit_code()).unwrap_or(2));
        }
    };
    match arguments.color {
        // A build server is said to show colours whatever its TERM, but one that says that it is dumb is believed.
        Colour::Auto if std::env::var_os("TERM").is_some_and(|term| term == "dumb") => {
            anstream::ColorChoice::Never.write_global();
        }
        Colour::Auto => {}
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
    keep_keys();
    match arguments.command {
        Command::Run(run) => {
            log(run.shared.verbose);
            run.main()
        }
        Command::Repl(repl) => {
            log(repl.shared.verbose);
            repl.main()
        }
        Command::Resume(resume) => resume.main(),
        Command::Runs(runs) => runs.main(),
        Command::Trace(trace) => trace.main(),
        Command::Cache(cache) => cache.main(),
        Command::Ask(ask) => {
            log(ask.shared.verbose);
            ask.main()
        }
        Command::Mcp(mcp) => {
            log(mcp.shared.verbose);
            mcp.main()
        }
        Command::Doc(doc) => doc.main(),
        Command::Doctor(doctor) => {
            log(0);
            doctor.main()
        }
        Command::Models(models) => {
            log(0);
            models.main()
        }
        Command::Init(init) => init.main(),
        Command::Completions(completions) => completions.main(),
        Command::Man(man) => man.main(),
    }
}

/// A flag that grants or denies things and has them in the next argument, which is taken for another thing.
fn grant_without_equals(arguments: impl Iterator<Item = String>) -> Option<String> {
    let mut arguments = arguments.take_while(|argument| argument != "--").peekable();
    while let Some(argument) = arguments.next() {
        let grants = ["--allow-", "--deny-"].iter().filter_map(|way| argument.strip_prefix(way));
        let grants = grants.into_iter().any(|kind| matches!(kind, "read" | "write" | "net" | "env"));
        if grants && arguments.peek().is_some_and(|next| !next.starts_with('-')) {
            return Some(argument);
        }
    }
    None
}

/// Keys of this process, which its user's other processes could read, and a core dump would hold, stay in it. Interpreters
/// have none: they are programs of their own.
fn keep_keys() {
    let limit = Rlimit { current: Some(0), maximum: Some(0) };
    // Where that is refused, it was so before.
    let _ = setrlimit(Resource::Core, limit);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Warnings always, more with `-v` or `RUST_LOG`.
fn log(verbose: u8) {
    let level = match verbose {
        // What a client does wrong is told to the client.
        0 => "warn,rmcp=error",
        1 => "bessemer=info,warn",
        _ => "bessemer=debug,warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(screen::look().colour)
        .without_time()
        .with_target(false)
        .init();
}
