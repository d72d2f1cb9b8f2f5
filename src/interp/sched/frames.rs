//! The host's frames, and programs as they come.

use super::{
    Sched,
    ops::{Kind, OpId},
};
use crate::{
    interp::{
        link::LinkError,
        value::{Fault, Kept, Outcome, Response, custom, string},
    },
    wire::{self, DoneHead, ToSession},
};
use std::rc::Rc;

impl Sched {
    /// Waits for the host to send a program. `None` when it has closed the socket.
    pub(crate) fn next_program(&mut self) -> Option<Program> {
        loop {
            self.read_frames();
            if let Some(program) = self.next.take() {
                return Some(program);
            }
            self.flush();
            let result = self.link.wait(None);
            self.note(result);
            if self.ended.is_some() {
                return None;
            }
        }
    }

    pub(super) fn read_frames(&mut self) {
        while self.ended.is_none() && self.next.is_none() {
            match self.link.next(read_frame) {
                Ok(Some(Ok(frame))) => self.receive(frame),
                Ok(Some(Err(problem))) | Err(problem) => self.note(Err(problem)),
                Ok(None) => break,
            }
        }
    }

    fn receive(&mut self, frame: Incoming) {
        match frame {
            Incoming::Credit(bytes) => {
                self.credit_used = self.credit_used.saturating_sub(bytes as usize);
                self.credit_short = false;
            }
            Incoming::Done { id, text, head } => {
                let Some(op) = self.ops.get_mut(id as usize) else { return };
                match op.kind {
                    Kind::Cancelled => {
                        op.kind = Kind::Free;
                        self.free.push(id);
                        self.live_calls -= 1;
                    }
                    Kind::Call => {
                        self.live_calls -= 1;
                        let only_text = op.task.as_ref().is_some_and(|t| Rc::strong_count(t) == 1);
                        op.kind = Kind::Answered;
                        let id = OpId { index: id, generation: op.generation };
                        self.complete(id, outcome_of(head, text, only_text));
                    }
                    _ => {}
                }
            }
            Incoming::Context(text) => self.next_context = Some(text),
            Incoming::Run { json, max_memory, text } => {
                self.next = Some(Program { text, json, max_memory, context: self.next_context.take() });
            }
        }
    }
}

/// A program to run.
pub(crate) struct Program {
    pub(crate) text: String,
    /// Whether its value is wanted as JSON.
    pub(crate) json: bool,
    /// In bytes.
    pub(crate) max_memory: Option<u64>,
    /// `None`: as before.
    pub(crate) context: Option<String>,
}

/// A frame of the host's, its text checked.
enum Incoming {
    Run { json: bool, max_memory: Option<u64>, text: String },
    Context(String),
    Done { id: u32, head: DoneHead, text: String },
    Credit(u64),
}

fn read_frame(head: &[u8], tail: &[u8]) -> Result<Incoming, LinkError> {
    let text = std::str::from_utf8(tail).map_err(|_| wire::WireError::Utf8)?.to_owned();
    Ok(match wire::decode::<ToSession>(head)? {
        ToSession::Done { id, head } => Incoming::Done { id, head, text },
        ToSession::Credit(bytes) => Incoming::Credit(bytes),
        ToSession::Run { json, max_memory } => Incoming::Run { json, max_memory, text },
        ToSession::Context => Incoming::Context(text),
    })
}

fn outcome_of(head: DoneHead, text: String, only_text: bool) -> Outcome {
    match head {
        DoneHead::Answer { .. } if only_text => Ok(Kept::new(string(text))),
        DoneHead::Answer { model, usage, cost_usd, latency_ms, attempts, finish_reason } => {
            Ok(Kept::new(custom(Response {
                text: text.into(),
                model,
                usage,
                cost_usd,
                latency_ms,
                attempts,
                finish_reason,
            })))
        }
        DoneHead::Failure { class, model, attempts } => {
            let fault = Fault { model, attempts, ..Fault::new(class, text) };
            Err(fault.kept())
        }
    }
}
