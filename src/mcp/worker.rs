//! The task that has the session: it does what tools order, one after the other, and hears what programs left running.

use super::runs::{Came, Runs};
use crate::{
    context::Contexts,
    embed::Session,
    error::Error,
    session::{Listener, Program, Progress, Report, Stop},
    wire::{Mode, Question, Stream},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

/// How much of what a program writes is kept, in bytes.
const KEPT: usize = 1 << 20;

/// What a tool wants of the session.
pub(super) enum Order {
    Run { number: u32, timeout: Option<Duration>, stop: mpsc::UnboundedReceiver<Stop> },
    Load { contexts: Arc<Contexts>, reply: oneshot::Sender<Result<(), Error>> },
    Reset { contexts: bool, reply: oneshot::Sender<Result<(), Error>> },
    Ask { question: Question, reply: oneshot::Sender<Result<String, Error>> },
}

pub(super) struct Worker {
    pub(super) session: Session,
    pub(super) runs: Arc<Runs>,
    pub(super) max_memory: u64,
    /// Whether the session has run nothing yet.
    pub(super) fresh: bool,
}

impl Worker {
    /// Works until nobody can order anything any more, or there is no session to be had.
    pub(super) async fn work(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        self.runs.session(self.session.inner().watch(), self.session.contexts());
        loop {
            let memory = Some(self.max_memory);
            let runs = self.runs.clone();
            let mut aside = Aside(&runs);
            let order = tokio::select! {
                order = orders.recv() => order,
                error = self.session.inner().attend(memory, &mut aside) => {
                    // One that ends before it has run anything would be followed by others of its kind.
                    let renewed = if self.fresh { Err(error) } else { self.renew().await };
                    if let Err(why) = renewed {
                        return self.runs.die(why.to_string());
                    }
                    self.runs.write_aside("note: the session ended by itself; in the new one nothing is defined\n");
                    continue;
                }
            };
            let Some(order) = order else { return };
            if let Err(why) = self.obey(order).await {
                return self.runs.die(why.to_string());
            }
        }
    }

    /// Fails when there can be no session any more.
    async fn obey(&mut self, order: Order) -> Result<(), Error> {
        match order {
            Order::Run { number, timeout, stop } => return self.run(number, timeout, stop).await,
            Order::Load { contexts, reply } => {
                let loaded = self.session.add_contexts(contexts);
                self.runs.set_contexts(self.session.contexts());
                let _ = reply.send(loaded);
            }
            Order::Reset { contexts, reply } => {
                if contexts {
                    self.session.forget_contexts();
                }
                let renewed = self.renew().await;
                let dead = renewed.is_err();
                let _ = reply.send(renewed);
                if dead {
                    return Err(Error::interpreter("no session could be started"));
                }
            }
            Order::Ask { question, reply } => {
                let (_stop, mut stopped) = mpsc::unbounded_channel();
                let program = Program { mode: Mode::Ask(question), ..self.session.program("") };
                let report = self.session.inner().run(program, &mut Aside(&self.runs), &mut stopped).await;
                let _ = reply.send(report.outcome.map(|outcome| outcome.value.unwrap_or_default()));
                return self.renewed_if_ended().await.map(|_| ());
            }
        }
        Ok(())
    }

    async fn run(
        &mut self,
        number: u32,
        timeout: Option<Duration>,
        mut stop: mpsc::UnboundedReceiver<Stop>,
    ) -> Result<(), Error> {
        let code = self.runs.begin(number);
        let (begun, before) = (Instant::now(), self.session.usage());
        let given = self.session.program(&*code);
        let timeout = timeout.into_iter().chain(given.timeout).min();
        let program = Program { mode: Mode::Input(number), timeout, ..given };
        let mut hearer = Hearer { runs: &self.runs, number, output: String::new(), lost: 0 };
        let report = match stop.try_recv() {
            Ok(Stop::Signal(signal)) => Err(Error::Interrupted(signal)),
            Err(_) => Ok(self.session.inner().run(program, &mut hearer, &mut stop).await),
        };
        let (output, lost) = (hearer.output, hearer.lost);
        self.fresh = false;
        let usage = self.session.usage().since(before);
        let (result, hints, input) = match report {
            Ok(Report { outcome, hints, input, .. }) => (outcome, hints, input),
            Err(error) => (Err(error), Vec::new(), None),
        };
        let input = input.unwrap_or(number);
        let place = (input, self.runs.program(input).unwrap_or_else(|| code.clone()));
        let ended = self.renewed_if_ended().await;
        let came = Came {
            number,
            result,
            output,
            lost,
            usage,
            took: begun.elapsed(),
            hints,
            place,
            ended: !matches!(ended, Ok(false)),
        };
        self.runs.close(came);
        ended.map(|_| ())
    }

    /// Another session in the place of one that has ended. Whether it had.
    async fn renewed_if_ended(&mut self) -> Result<bool, Error> {
        let ended = self.session.has_ended();
        if ended {
            self.renew().await?;
        }
        Ok(ended)
    }

    async fn renew(&mut self) -> Result<(), Error> {
        self.session.reset().await?;
        self.fresh = true;
        self.runs.session(self.session.inner().watch(), self.session.contexts());
        Ok(())
    }
}

/// Keeps what a program writes, and tells how far it is.
struct Hearer<'a> {
    runs: &'a Runs,
    number: u32,
    output: String,
    lost: usize,
}

impl Listener for Hearer<'_> {
    fn wrote(&mut self, _: Stream, text: &str) -> Result<(), Error> {
        let room = text.floor_char_boundary(KEPT.saturating_sub(self.output.len()));
        self.output.push_str(&text[..room]);
        self.lost += text[room..].chars().count();
        Ok(())
    }

    fn progress(&mut self, progress: Progress) {
        self.runs.progress(self.number, progress);
    }
}

/// Hears what earlier programs have left running.
struct Aside<'a>(&'a Runs);

impl Listener for Aside<'_> {
    fn wrote(&mut self, _: Stream, text: &str) -> Result<(), Error> {
        self.0.write_aside(text);
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}
