//! `bessemer mcp`: a server of the Model Context Protocol on standard input and output.

use super::{
    grants::Made,
    screen::{self, complain},
    shared::{Shared, is_stdin, signals},
};
use crate::{
    config::{self, file::Settings},
    embed::Host,
    error::Error,
    mcp,
    session::{Interpreter, Stop, Zygote},
};
use clap::Args;
use std::{path::Path, process::ExitCode, time::Duration};
use tokio::sync::mpsc;

#[derive(Args)]
pub(super) struct Mcp {
    #[command(flatten)]
    pub(super) shared: Shared,
    /// How long each program may take: `90`, `10m`, `2h`.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    timeout: Option<Duration>,
}

impl Mcp {
    pub(super) fn main(self) -> ExitCode {
        config::raise_descriptors();
        let zygote = Zygote::start(&Interpreter::ThisProgram);
        let settings = config::file::load(self.shared.config.as_deref());
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => {
                complain(&format!("error: no runtime: {e}\n"));
                return ExitCode::FAILURE;
            }
        };
        let result = runtime.block_on(async {
            match (zygote, settings, signals()) {
                (Ok(zygote), Ok(settings), Ok(mut stop)) => self.serve(zygote, &settings, &mut stop).await,
                (Err(e), ..) | (_, Err(e), _) => Err(e),
                (.., Err(e)) => Err(Error::interpreter(format!("no signals: {e}"))),
            }
        });
        // Whatever is still under way is of no interest.
        runtime.shutdown_background();
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error @ Error::Interrupted(_)) => ExitCode::from(error.exit_code()),
            Err(error) => screen::fail(&error),
        }
    }

    async fn serve(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<(), Error> {
        if self.shared.context.iter().any(|path| is_stdin(path)) {
            return Err(Error::Usage {
                message: "standard input cannot be a context here: it is where the client talks".into(),
                hint: Some("put it into a file, and name that".into()),
            });
        }
        let zygote = if self.shared.grants.confines(settings) { zygote } else { zygote.without_sandbox() };
        let contexts = self.shared.contexts(&zygote, stop).await?;
        let dispatcher = self.shared.dispatcher(settings)?;
        self.shared.say_offline();
        // Programs come from the client: what lies where the server was started is theirs to read.
        let permissions = self.shared.grants.permissions(settings, Path::new("program"));
        let _made = Made::for_writing(&permissions.write);
        let setup = mcp::Setup {
            host: Host::new(zygote, dispatcher),
            contexts,
            permissions,
            limits: self.shared.limits(),
            max_memory: self.shared.max_memory,
            timeout: self.timeout,
        };
        tokio::select! {
            served = mcp::serve(setup) => served,
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        }
    }
}
