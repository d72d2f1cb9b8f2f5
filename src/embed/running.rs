//! A program while it runs: what happens on the way, how it is stopped, and what it came to.

use crate::{
    error::Error,
    session::{Listener, Program, Progress, Report, Session, Stop, Usage},
    wire::Stream,
};
use serde_json::Value;
use std::{fmt, future::IntoFuture, pin::Pin};
use tokio::sync::mpsc;

/// How much output is kept for [`Ran::output`], in bytes.
const MAX_OUTPUT: usize = 64 << 20;

/// Something that happens while a program runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// It wrote something.
    Wrote(Stream, String),
    /// A map-async has come further.
    Progress(Progress),
    /// It noted something, by `log-event`.
    Noted {
        /// What it calls it.
        name: String,
        /// The value.
        value: Value,
    },
}

/// What a program came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ran {
    /// Its value; null when there is none. What JSON does not have is told as it prints.
    pub value: Value,
    /// Whether it called `finish`.
    pub finished: bool,
    /// What it wrote to stdout, less what [`Running::next`] has told.
    pub output: String,
    /// What its calls came to.
    pub usage: Usage,
    /// What its calls suggest to whoever wrote it, each a sentence.
    pub hints: Vec<String>,
}

impl fmt::Display for Ran {
    /// The value: a text as it is, anything else as JSON, nothing for null.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => Ok(()),
            Value::String(text) => f.write_str(text),
            other => write!(f, "{other}"),
        }
    }
}

/// Stops a program from elsewhere. It ends with [`Error::Interrupted`]; its session lives on, if it yields in time.
#[derive(Clone, Debug)]
pub struct Stopper(mpsc::UnboundedSender<Stop>);

impl Stopper {
    /// Stops it, if it still runs.
    pub fn stop(&self) {
        let _ = self.0.send(Stop::Signal(libc::SIGINT));
    }
}

/// A program that runs as long as somebody waits here: `.await` gives what it came to, [`Running::next`] what happens
/// until then. Dropping it before that ends the session's process: [`super::Session::reset`] gives another.
#[must_use = "it does not run unless it is awaited"]
pub struct Running<'a> {
    running: Pin<Box<dyn Future<Output = Report> + Send + 'a>>,
    report: Option<Report>,
    events: mpsc::UnboundedReceiver<Event>,
    stopper: Stopper,
    /// What its session's calls had come to before.
    before: Usage,
}

impl<'a> Running<'a> {
    pub(super) fn new(session: &'a mut Session, program: Program) -> Self {
        let ((events, hear), (stop, mut stopped)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let before = session.usage();
        let running = Box::pin(async move {
            let mut whole = Whole { session, ended: false };
            let report = whole.session.run(program, &mut Sender(events), &mut stopped).await;
            whole.ended = true;
            report
        });
        Self { running, report: None, events: hear, stopper: Stopper(stop), before }
    }

    /// What happens next; `None` when the program has ended.
    pub async fn next(&mut self) -> Option<Event> {
        if self.report.is_none() {
            tokio::select! {
                biased;
                event = self.events.recv() => return event,
                report = &mut self.running => self.report = Some(report),
            }
        }
        self.events.try_recv().ok()
    }

    /// Stops the program from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    async fn ended(mut self) -> Result<Ran, Error> {
        let (mut output, mut too_much) = (String::new(), false);
        while let Some(event) = self.next().await {
            match event {
                Event::Wrote(Stream::Stdout, text) if output.len() + text.len() <= MAX_OUTPUT => output += &text,
                Event::Wrote(Stream::Stdout, _) if !std::mem::replace(&mut too_much, true) => self.stopper.stop(),
                _ => {}
            }
        }
        if too_much {
            return Err(Error::script(
                format!("the program wrote more than {} MB, which its output would have to hold", MAX_OUTPUT >> 20),
                "write less, or take what it writes from `Running::next`",
            ));
        }
        let Some(report) = self.report else { return Err(Error::interpreter("the program was not run")) };
        let outcome = report.outcome?;
        let value =
            outcome.value.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
        let (finished, usage, hints) = (outcome.finished, report.usage.since(self.before), report.hints);
        Ok(Ran { value, finished, output, usage, hints })
    }
}

impl<'a> IntoFuture for Running<'a> {
    type Output = Result<Ran, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ended())
    }
}

/// A session whose program runs. One that is given up in the middle of it is of no more use.
struct Whole<'a> {
    session: &'a mut Session,
    ended: bool,
}

impl Drop for Whole<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.session.give_up();
        }
    }
}

/// Tells what happens. Whoever hears it is the one that polls the program, so that nothing piles up.
struct Sender(mpsc::UnboundedSender<Event>);

impl Listener for Sender {
    fn wrote(&mut self, stream: Stream, text: &str) -> Result<(), Error> {
        let _ = self.0.send(Event::Wrote(stream, text.to_owned()));
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        let _ = self.0.send(Event::Progress(progress));
    }

    fn noted(&mut self, name: &str, value: &str) {
        let value = serde_json::from_str(value).unwrap_or(Value::Null);
        let _ = self.0.send(Event::Noted { name: name.to_owned(), value });
    }
}
