//! The command line. One file per subcommand; no logic that the library would need.

mod progress;
mod run;
mod stdout;

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Scheme scripts that fan work out over language models and bring the answers back together.
#[derive(Parser)]
#[command(name = "bessemer", version, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a script: the value it finishes with goes to stdout, progress and errors to stderr.
    Run(run::Run),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(shown) => {
            // A reader that has gone away does not care for help.
            let _ = shown.print();
            return ExitCode::from(u8::try_from(shown.exit_code()).unwrap_or(2));
        }
    };
    match arguments.command {
        Command::Run(run) => {
            log(run.verbose);
            run.main()
        }
    }
}

/// Warnings always, more with `-v` or `RUST_LOG`.
fn log(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "bessemer=info,warn",
        _ => "bessemer=debug,warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
}
