//! Answers that come piece by piece (`#:on-token`).
//!
//! A call's pieces wait here for a fiber of their own (`%read-pieces` in `fan-out.scm`), which hands them to the script's
//! procedure one after the other. The call ends when that fiber has had them all, so whoever awaits it has seen them.

use super::{
    Ready, Sched,
    ops::{Kind, OpId, cancelled},
};
use crate::{
    interp::{
        ledger,
        value::{Fault, Kept, Outcome, string},
    },
    wire::ToHost,
};
use std::collections::VecDeque;
use steel::SteelVal;

/// The pieces of one call.
#[derive(Default)]
pub(super) struct Stream {
    pieces: VecDeque<String>,
    /// How the call ended, once it has.
    outcome: Option<Outcome>,
    /// The fiber that reads them.
    fiber: Option<OpId>,
    /// What it is parked on.
    reader: Option<OpId>,
}

impl Sched {
    /// The call's pieces are wanted.
    pub(crate) fn stream(&mut self, call: OpId) {
        self.streams.insert(call, Stream::default());
    }

    /// Starts the fiber that reads them. It has no handle, and lives no longer than the call.
    pub(crate) fn start_reader(&mut self, call: OpId, body: SteelVal) -> Result<(), Fault> {
        let id = self.begin(Kind::Fiber(None))?;
        if let Some(stream) = self.streams.get_mut(&call) {
            stream.fiber = Some(id);
        }
        self.ready.push_back(Ready::Start(id, Kept::new(body)));
        Ok(())
    }

    pub(super) fn piece(&mut self, index: u32, piece: String) {
        let Some(op) = self.ops.get(index as usize) else { return };
        let call = OpId { index, generation: op.generation };
        if let Some(stream) = self.streams.get_mut(&call) {
            stream.pieces.push_back(piece);
            self.wake_reader(call);
        }
    }

    /// Keeps back how a streamed call ended, until its pieces have been read.
    pub(super) fn hold_back(&mut self, call: OpId, outcome: Outcome) -> Option<Outcome> {
        let Some(stream) = self.streams.get_mut(&call) else { return Some(outcome) };
        stream.outcome = Some(outcome);
        self.wake_reader(call);
        None
    }

    fn wake_reader(&mut self, call: OpId) {
        if let Some(reader) = self.streams.get_mut(&call).and_then(|s| s.reader.take()) {
            self.wake(reader);
        }
    }

    /// A call is gone; so is what was to come of it, and whoever reads it.
    pub(super) fn drop_stream(&mut self, call: OpId) {
        if let Some(fiber) = self.streams.remove(&call).and_then(|stream| stream.fiber) {
            self.cancel_with(fiber, &cancelled());
        }
    }

    /// For the fiber that reads: the next piece, an operation to park on, or `#f` when there is no more.
    pub(crate) fn next_piece(&mut self, call: OpId) -> Result<SteelVal, Fault> {
        let Some(stream) = self.streams.get_mut(&call) else { return Ok(SteelVal::BoolV(false)) };
        match (stream.pieces.pop_front(), &stream.outcome) {
            (Some(piece), _) => Ok(string(piece)),
            (None, Some(_)) => Ok(SteelVal::BoolV(false)),
            (None, None) => {
                let wait = self.begin(Kind::Wait)?;
                if let Some(stream) = self.streams.get_mut(&call) {
                    stream.reader = Some(wait);
                }
                Ok(wait.encode())
            }
        }
    }

    /// The fiber that reads has ended: the call does too, as it ended or as its procedure failed.
    pub(crate) fn pieces_read(&mut self, call: OpId, problem: Option<Outcome>) {
        let Some(stream) = self.streams.remove(&call) else { return };
        match (problem, stream.outcome) {
            (Some(problem), outcome) => {
                if outcome.is_none() {
                    ledger::cancelled(call.index);
                    let sent = self.link.write(&ToHost::Cancel(call.index), &[]);
                    self.note(sent);
                }
                self.complete(call, problem);
            }
            (None, Some(outcome)) => self.complete(call, outcome),
            (None, None) => {}
        }
    }
}
