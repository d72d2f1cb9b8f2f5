//! The program `bessemer`.

fn main() -> std::process::ExitCode {
    bessemer::interpreter_main();
    bessemer::cli::main()
}
