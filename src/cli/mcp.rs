//! `bessemer mcp`: a server of the Model Context Protocol on standard input and output.

use super::{
    grants::Made,
    keep::{self, Journaled, Resumed},
    shared::{Shared, lasting, tell_notes},
};
use crate::{
    config::{self, file::Settings},
    embed::SessionBuilder,
    error::Error,
    journal::{Journal, store::Status},
    mcp,
    session::{Stop, Zygote},
};
use clap::Args;
use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};
use tokio::sync::mpsc;

#[derive(Args)]
pub(super) struct Mcp {
    #[command(flatten)]
    pub(super) shared: Shared,
    #[command(flatten)]
    pub(super) keep: Journaled,
    /// How long each program may take: `90`, `10m`, `2h`.
    #[arg(long, value_name = "TIME", value_parser = config::seconds, allow_hyphen_values = true)]
    timeout: Option<Duration>,
}

impl Mcp {
    pub(super) fn main(self) -> ExitCode {
        self.start(None)
    }

    /// Serves, or serves once more with what was answered before.
    pub(super) fn start(mut self, resumed: Option<Resumed>) -> ExitCode {
        let journal = if resumed.is_some() { None } else { self.keep.open() };
        let config = self.shared.config.clone();
        lasting(config.as_deref(), async |zygote, settings, stop| {
            self.shared.settle(&settings);
            self.serve(zygote, &settings, stop, (journal, resumed)).await
        })
    }

    async fn serve(
        &self,
        zygote: Zygote,
        settings: &Settings,
        stop: &mut mpsc::UnboundedReceiver<Stop>,
        kept: (Option<Arc<Journal>>, Option<Resumed>),
    ) -> Result<u8, Error> {
        self.shared.refuse_stdin("the client talks")?;
        let (host, contexts) = self.shared.host(zygote, settings, stop).await?;
        let contexts = Arc::new(contexts);
        let keeping = self.keep.keeping("mcp", "programs of a client".into(), "", &contexts, kept, stop).await?;
        // Programs come from the client: what lies where the server was started is theirs to read.
        let permissions = self.shared.grants.permissions(settings, Path::new("program"));
        let _made = Made::for_writing(&permissions.write);
        let session = self.shared.session(&host, contexts, permissions.clone());
        let session = self.timeout.into_iter().fold(session, SessionBuilder::timeout);
        let session = keeping.iter().fold(session, |session, keeping| session.journal(keeping.run.clone()));
        let max_memory = self.shared.max_memory();
        let served = tokio::select! {
            served = mcp::serve(mcp::Setup { host, session, permissions, max_memory }) => served.map(|()| 0),
            Some(Stop::Signal(signal)) = stop.recv() => Err(Error::Interrupted(signal)),
        };
        let status = served.as_ref().map_or_else(keep::status, |_| Status::Finished);
        let outcome = served.as_ref().map_or_else(ToString::to_string, |_| "the client went away".into());
        keeping.iter().for_each(|keeping| tell_notes(&keeping.end((status, outcome.clone()))));
        served
    }
}
