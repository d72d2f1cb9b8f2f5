//! stub
mod pretty;
#[derive(clap::Args)]
pub(super) struct Repl { #[command(flatten)] pub(super) shared: super::shared::Shared }
impl Repl { pub(super) fn main(self) -> std::process::ExitCode { todo!() } }
