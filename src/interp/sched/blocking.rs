//! Calls that somebody waits for who is no fiber: Python. While it waits nothing else runs, but what the host sends is
//! taken in, so that fibers find it there afterwards.
//!
//! Not here: who asks (`python::models`).

use super::{Ended, INTERRUPTED, OpId, Sched};
use crate::{
    interp::{
        ledger,
        value::{Fault, Kept, response_text, with_fault},
    },
    wire::{Asks, CallHead, FailureClass, MessageHead, Role},
};
use std::{collections::VecDeque, rc::Rc, sync::atomic::Ordering, time::Duration};
use steel::SteelVal;

/// How long one wait takes at most: whoever waits looks for signals in between.
const PATIENCE: Duration = Duration::from_millis(200);

/// A prompt.
pub(crate) struct Asked {
    pub(crate) prompt: String,
    pub(crate) model: Option<Rc<str>>,
    /// Whether a loop of its own is to answer it.
    pub(crate) recursive: bool,
}

impl Asked {
    fn head(&self) -> CallHead {
        CallHead {
            model: self.model.as_deref().map(Into::into),
            messages: vec![MessageHead { role: Role::User, text: self.prompt.len() as u32, images: Vec::new() }],
            asks: if self.recursive { Asks::Loop } else { Asks::Answer },
            ..CallHead::default()
        }
    }
}

/// An answer's text, or what went wrong.
type Answer = Result<String, (FailureClass, String)>;

/// Calls, some of them under way, and what has come of the others.
pub(crate) struct Waiting {
    rest: VecDeque<(usize, Asked)>,
    /// How many are under way at once.
    window: usize,
    open: Vec<(OpId, usize)>,
    /// A price that is asked for before the next one goes out, and its name.
    price: Option<(OpId, String)>,
    answers: Vec<Option<Answer>>,
    scopes: Vec<ledger::Scope>,
}

impl Waiting {
    pub(crate) fn new(asked: Vec<Asked>, window: usize) -> Self {
        let answers = asked.iter().map(|_| None).collect();
        let scopes = ledger::scopes_of_python();
        Self { rest: asked.into_iter().enumerate().collect(), window, open: Vec::new(), price: None, answers, scopes }
    }

    /// Takes what has come and sends what there is room for. Whether all has been answered, or the program is ending.
    pub(crate) fn step(&mut self, sched: &mut Sched) -> bool {
        if let Some((id, name)) = self.price.take() {
            match outcome(sched, id) {
                Some(price) => ledger::priced(&name, &price.unwrap_or_else(|_| "null".into())),
                None => self.price = Some((id, name)),
            }
        }
        let answers = &mut self.answers;
        self.open.retain(|(id, index)| {
            let ended = outcome(sched, *id);
            let open = ended.is_none();
            if let Some(answer) = ended {
                answers[*index] = Some(answer);
            }
            open
        });
        while self.price.is_none()
            && self.open.len() < self.window
            && let Some((index, asked)) = self.rest.pop_front()
        {
            match self.send(sched, &asked) {
                Ok(Some(id)) => self.open.push((id, index)),
                Ok(None) => {
                    self.rest.push_front((index, asked));
                    break;
                }
                Err(fault) => self.answers[index] = Some(Err((fault.class, fault.message))),
            }
        }
        super::super::output::hand_over(sched);
        sched.is_ending() || self.open.is_empty() && self.rest.is_empty()
    }

    /// Sends one. Nothing when there is no room, or a price must be known first.
    fn send(&mut self, sched: &mut Sched, asked: &Asked) -> Result<Option<OpId>, Fault> {
        let mut head = asked.head();
        if let Some((name, ask)) = ledger::price_wanted(&head, &self.scopes) {
            self.price = sched.call(ask, &[], false)?.map(|id| (id, name));
            return Ok(None);
        }
        let wanted = ledger::fits(&head, &self.scopes)?;
        ledger::within(&mut head, &self.scopes);
        let sent = sched.call(head, &[asked.prompt.as_bytes()], false)?;
        if let Some(id) = sent {
            ledger::reserve(id.index, wanted, self.scopes.clone());
        }
        Ok(sent)
    }

    /// Drops what is still under way.
    pub(crate) fn give_up(&mut self, sched: &mut Sched) {
        let open = std::mem::take(&mut self.open).into_iter().map(|(id, _)| id);
        for id in open.chain(self.price.take().map(|(id, _)| id)) {
            sched.cancel_with(id, &super::ops::cancelled());
        }
        self.rest.clear();
    }

    pub(crate) fn into_answers(self) -> Vec<Answer> {
        let lost = || Err((FailureClass::Cancelled, "it was cancelled".into()));
        self.answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }
}

/// What a call has come to, once it has.
fn outcome(sched: &mut Sched, id: OpId) -> Option<Answer> {
    if sched.alive(id) && sched.op(id).outcome.is_none() {
        return None;
    }
    Some(match sched.take_outcome(id) {
        Ok(value) => Ok(response_text(&value.get()).map(|text| text.to_string()).unwrap_or_default()),
        Err(fault) => Err(with_fault(&fault.get(), |fault| (fault.class, fault.message.clone()))
            .unwrap_or((FailureClass::Script, String::new()))),
    })
}

impl Sched {
    /// Waits until the host says something, for a while.
    pub(crate) fn wait_for_host(&mut self) {
        if self.is_ending() {
            return;
        }
        let waited = self.link.wait(Some(PATIENCE));
        self.note(waited);
        self.read_frames();
    }

    /// Whether the program is to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.ended.is_some() || INTERRUPTED.load(Ordering::Relaxed)
    }

    /// Ends the program with a value.
    pub(crate) fn finish(&mut self, value: SteelVal) {
        self.ended.get_or_insert(Ended::Finished(Kept::new(value)));
    }

    /// Ends the program with the value of a variable.
    pub(crate) fn finish_variable(&mut self, name: String, place: Vec<steel::parser::span::Span>) {
        self.ended.get_or_insert(Ended::FinishedVariable(name, place));
    }
}
