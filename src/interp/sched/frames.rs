//! The host's frames, and programs as they come.

use super::{
    Sched,
    ops::{Kind, OpId},
};
use crate::{
    interp::{
        context, documents,
        files::Grants,
        functions, ledger,
        link::LinkError,
        value::{Fault, Kept, Outcome, Response, custom, string},
        wall,
    },
    wire::{
        self, ContextHead, ContextTable, DocumentFormat, DoneHead, Ending, FunctionHead, Granted, Limits, Mode, ToHost,
        ToSession,
    },
};
use std::{ops::Range, rc::Rc};

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
                ledger::settle(id, &head);
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
                        // It may have ended already, by its `#:on-token` procedure's failure.
                        if op.outcome.is_none() {
                            let id = OpId { index: id, generation: op.generation };
                            let outcome = outcome_of(head, text, only_text);
                            if let Some(outcome) = self.hold_back(id, outcome) {
                                self.complete(id, outcome);
                            }
                        }
                    }
                    _ => {}
                }
            }
            Incoming::Piece { id, text } => self.piece(id, text),
            Incoming::Contexts(table) => context::set_table(table),
            Incoming::Functions(all) => functions::add(all),
            Incoming::Context { entry, group, text } => context::add(entry, group, text),
            Incoming::Convert { format, max_memory, confined, document } => {
                // No program runs in a session that converts: nothing else waits meanwhile.
                if let Some(bytes) = max_memory {
                    wall::bound_memory(bytes);
                }
                let raised = if confined { wall::raise(&Granted::default(), Vec::new()) } else { Ok(()) };
                let (ending, text) = match raised {
                    Ok(()) => documents::convert(format, &document),
                    Err(why) => (Ending::Error(wall::missing(why)), String::new()),
                };
                let sent = self.link.write(&ToHost::Finished(ending), &[text.as_bytes()]).or_else(|_| {
                    let too_large = documents::too_large();
                    self.link.write(&ToHost::Finished(Ending::Error(too_large)), &[])
                });
                let flushed = sent.and_then(|()| self.link.flush_all());
                self.note(flushed);
            }
            Incoming::Run(program) => self.next = Some(program),
        }
    }
}

/// A program to run.
pub(crate) struct Program {
    /// Its own text, and behind that the texts of the files that it may require.
    pub(crate) text: String,
    /// Where those lie.
    pub(crate) beside: Vec<(Rc<str>, Range<usize>)>,
    pub(crate) mode: Mode,
    /// Whether its value is wanted as JSON.
    pub(crate) json: bool,
    /// In bytes.
    pub(crate) max_memory: Option<u64>,
    /// What `(script-args)` gives.
    pub(crate) args: Vec<String>,
    /// Whether the operating system is to confine it.
    pub(crate) confined: bool,
    pub(crate) grants: Grants,
    /// What the host will let it spend.
    pub(crate) limits: Limits,
}

/// A frame of the host's, its text checked.
enum Incoming {
    Run(Program),
    Contexts(ContextTable),
    Functions(Vec<FunctionHead>),
    Context { entry: ContextHead, group: Option<String>, text: String },
    Convert { format: DocumentFormat, max_memory: Option<u64>, confined: bool, document: Vec<u8> },
    Done { id: u32, head: DoneHead, text: String },
    Piece { id: u32, text: String },
    Credit(u64),
}

fn read_frame(head: &[u8], tail: &[u8]) -> Result<Incoming, LinkError> {
    let text = || std::str::from_utf8(tail).map(str::to_owned).map_err(|_| wire::WireError::Utf8);
    Ok(match wire::decode::<ToSession>(head)? {
        ToSession::Done { id, head } => Incoming::Done { id, head, text: text()? },
        ToSession::Piece { id } => Incoming::Piece { id, text: text()? },
        ToSession::Credit(bytes) => Incoming::Credit(bytes),
        ToSession::Run { mode, json, max_memory, args, confined, granted, limits, beside } => Incoming::Run(Program {
            text: text()?,
            beside: places(tail.len(), beside),
            mode,
            json,
            max_memory,
            args,
            confined,
            grants: Grants(granted),
            limits,
        }),
        ToSession::Contexts => Incoming::Contexts(wire::decode(tail)?),
        ToSession::Functions => Incoming::Functions(wire::decode(tail)?),
        ToSession::Context { entry, group } => Incoming::Context { entry, group, text: text()? },
        ToSession::Convert { format, max_memory, confined } => {
            Incoming::Convert { format, max_memory, confined, document: tail.to_vec() }
        }
    })
}

/// Where in a text of so many bytes the files lie that end it.
fn places(bytes: usize, files: Vec<(String, u32)>) -> Vec<(Rc<str>, Range<usize>)> {
    let mut end = bytes;
    let place = |(name, size): (String, u32)| {
        let start = end.saturating_sub(size as usize);
        let place = start..std::mem::replace(&mut end, start);
        (name.into(), place)
    };
    files.into_iter().rev().map(place).collect()
}

fn outcome_of(head: DoneHead, text: String, only_text: bool) -> Outcome {
    match head {
        DoneHead::Answer { .. } if only_text => Ok(Kept::new(string(text))),
        DoneHead::Answer { model, usage, cost_usd, latency_ms, attempts, finish_reason, .. } => {
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
        DoneHead::Failure { class, model, attempts, .. } => {
            let fault = Fault { model: model.map(Into::into), attempts, ..Fault::new(class, text) };
            Err(fault.kept())
        }
    }
}
