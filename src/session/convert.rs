//! Turning a document into text, in a session of its own: what breaks there breaks nothing else.
//!
//! Not here: the parsers, which are the interpreter's (`interp::documents`).

use super::{Listener, Outcome, Program, Progress, Session, Zygote};
use crate::{
    error::Error,
    llm::{dispatch::Dispatcher, router},
    wire::{DocumentFormat, FailureClass, Stream, ToSession},
};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long one document may take.
const TIME: Duration = Duration::from_secs(60);
/// How much memory it may take, in bytes.
const MEMORY: u64 = 1 << 30;

/// The document's text, or why there is none. Fails only where no session can be had.
pub(crate) async fn convert(
    zygote: &Zygote,
    format: DocumentFormat,
    document: &[u8],
) -> Result<Result<String, String>, Error> {
    // It makes no calls; one that was taken over would reach no provider.
    let models = router::stack(router::Settings { offline: true, ..router::Settings::default() });
    let mut session = Session::start(zygote, Dispatcher::new(models, 1)).await?;
    let order = ToSession::Convert { format, max_memory: Some(MEMORY), confined: zygote.confined };
    if session.calls.frame(&order, document).is_err() {
        return Ok(Err("it is too large".into()));
    }
    let limits = Program { timeout: Some(TIME), max_memory: Some(MEMORY), ..Program::default() };
    let (_stop, mut stopped) = mpsc::unbounded_channel();
    let begun = Instant::now();
    let converted = session.serve(&limits, &mut Silent, &mut stopped).await;
    Ok(match converted {
        Ok(Outcome { value, .. }) => Ok(value.unwrap_or_default()),
        // The reader's own words.
        Err(Error::Script(e)) if e.class == FailureClass::Validation => Err(e.message),
        Err(_) if begun.elapsed() >= TIME => Err(format!("reading it took longer than {} s", TIME.as_secs())),
        Err(_) => Err(match session.exit.flatten().and_then(|exit| exit.signal) {
            Some(libc::SIGKILL | libc::SIGABRT) => {
                format!("reading it takes more than {} MB of memory; it may be damaged", MEMORY >> 20)
            }
            Some(signal) => format!("its reader died of it (signal {signal}); it may be damaged"),
            None => "its reader died of it; it may be damaged".into(),
        }),
    })
}

/// A reader has nothing to say but the text.
struct Silent;

impl Listener for Silent {
    fn wrote(&mut self, _: Stream, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}
