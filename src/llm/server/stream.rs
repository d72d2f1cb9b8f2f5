//! An answer that comes in pieces, put together.
//!
//! Not here: what a piece means (each format says so), reading them off the wire, and handing them out.

use super::{
    Format,
    reply::{self, Asked, Said},
};
use crate::{
    llm::{Answer, Failure, http::sse::Events},
    wire::FailureClass,
};
use std::marker::PhantomData;

/// As much of an answer as has come.
pub(in crate::llm) struct Streamed<'a, F> {
    asked: &'a Asked<'a>,
    events: Events,
    so_far: SoFar,
    /// How much of the text was handed out, in bytes.
    handed: usize,
    /// The most that may come, in bytes.
    bound: usize,
    format: PhantomData<F>,
}

/// What the pieces that have come say together.
#[derive(Default)]
pub(in crate::llm) struct SoFar {
    pub(in crate::llm) said: Said,
    /// Whether the server said that this is all.
    pub(in crate::llm) done: bool,
}

impl<'a, F: Format> Streamed<'a, F> {
    pub(in crate::llm) fn new(asked: &'a Asked<'a>, bound: usize) -> Self {
        Self { asked, events: Events::default(), so_far: SoFar::default(), handed: 0, bound, format: PhantomData }
    }

    /// Takes the next bytes. After an error, what came before it may still be handed out.
    pub(in crate::llm) fn feed(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let (asked, so_far) = (self.asked, &mut self.so_far);
        self.events.feed(bytes, &mut |data| F::take(so_far, data, asked))?;
        let said = &self.so_far.said;
        if self.events.waiting().max(said.text.len()).max(said.refusal.len()) > self.bound {
            let message = format!("{} sent an answer of more than {} MB", self.asked.base, self.bound >> 20);
            return Err(Failure::new(FailureClass::Server, message));
        }
        Ok(())
    }

    /// What came since this was last asked.
    pub(in crate::llm) fn fresh(&mut self) -> &str {
        let from = std::mem::replace(&mut self.handed, self.so_far.said.text.len());
        &self.so_far.said.text[from..]
    }

    /// Whether nothing more is to come.
    pub(in crate::llm) fn is_done(&self) -> bool {
        self.so_far.done
    }

    /// Whether the model said why it stopped: what is missing then is no part of the answer.
    pub(in crate::llm) fn is_whole(&self) -> bool {
        self.so_far.done || self.so_far.said.finish_reason.is_some()
    }

    /// No more bytes come; what was held back for its end may be handed out now.
    pub(in crate::llm) fn end(&mut self) -> Result<(), Failure> {
        let (asked, so_far) = (self.asked, &mut self.so_far);
        self.events.end(&mut |data| F::take(so_far, data, asked))
    }

    /// The answer that all of it makes.
    pub(in crate::llm) fn answer(self) -> Result<Answer, Failure> {
        if !self.is_whole() {
            return Err(self.asked.server("sent an answer that is cut off"));
        }
        reply::settle(self.so_far.said, self.asked)
    }
}
