//! `bessemer mcp`: a server of the Model Context Protocol on standard input and output.

use super::{
    grants::Made,
    shared::{Shared, lasting},
};
use crate::{
    config::{self, file::Settings},
    embed::SessionBuilder,
    error::Error,
    mcp,
    session::{Stop, Zygote},
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
    pub(super) fn main(mut self) -> ExitCode {
        self.shared.settle_here();
        lasting(&self.shared, async |zygote, settings, stop| self.serve(zygote, &settings, stop).await)
    }

    async fn serve(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
    ) -> Result<u8, Error> {
        self.shared.refuse_stdin("the client talks")?;
        let (host, contexts) = self.shared.host(zygote, settings, stop).await?;
        // Programs come from the client: what lies where the server was started is theirs to read.
        let permissions = self.shared.grants.permissions(settings, Path::new("program"));
        let _made = Made::for_writing(&permissions.write);
        let session = self.shared.session(&host, contexts, permissions.clone());
        let session = self.timeout.into_iter().fold(session, SessionBuilder::timeout);
        let max_memory = self.shared.max_memory();
        tokio::select! {
            served = mcp::serve(mcp::Setup { host, session, permissions, max_memory }) => served.map(|()| 0),
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        }
    }
}
