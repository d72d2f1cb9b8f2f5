//! One map-async (or parallel, or race): its slots, its window, and what a failed item means.
//!
//! The bookkeeping is here rather than in Scheme so that an item whose procedure returned a handle costs the interpreter
//! nothing when its answer comes: it settles its slot. Not here: when fibers run (`sched`), and how an item's procedure
//! is called (`fanout.scm`).

use super::{
    sched::OpId,
    value::{Fault, Kept, Outcome, response_text, with_fault},
};
use crate::wire::{FailureClass, ToHost};
use std::{collections::VecDeque, fmt::Write, rc::Rc};
use steel::SteelVal;

/// How many failed items an error names.
const NAMED: usize = 10;

/// What happens when an item fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnError {
    /// The others finish, then one error names them all.
    Raise,
    /// The failure stands in the item's place.
    Keep,
    /// The rest is cancelled, the failure raised.
    FailFast,
    /// A procedure of failure and item gives the item's value.
    Procedure,
    /// The first success wins, failures are only counted.
    Race,
}

enum Slot {
    Empty,
    /// Failed, and waits for the script's procedure.
    Queued,
    /// That procedure has it. If that fails too, it is for good.
    Handling,
    Value(Kept),
    Failed(Kept),
}

pub(crate) struct Group {
    number: u32,
    label: String,
    within: Option<String>,
    total: u32,
    window: u32,
    on_error: OnError,
    launch: Kept,
    progress: Option<Kept>,
    slots: Vec<Slot>,
    next: u32,
    running: u32,
    done: u32,
    failed: u32,
    /// Whether no new item may begin.
    stopped: bool,
    /// Whether a launch is on its way.
    launching: bool,
    /// Failed items that the script's procedure has not been given yet.
    to_hand_over: VecDeque<(u32, Kept)>,
    /// Counts that the progress procedure has not been told: done, failed.
    to_tell: VecDeque<(u32, u32)>,
    telling: bool,
    verdict: Option<Outcome>,
    /// Under `'keep`: how many items failed by the program's own mistake, and the first of these failures.
    mistakes: u32,
    mistake: Option<Fault>,
    /// Values that `map-async-stream` has not handed to its consumer yet; `None` for other fan-outs.
    to_consume: Option<VecDeque<(u32, Kept)>>,
    /// What the consumer is parked on.
    pub(crate) consumer: Option<OpId>,
    pub(crate) deadline: Option<OpId>,
}

/// What a map-async was asked for.
pub(crate) struct Plan {
    pub(crate) total: u32,
    /// Items at a time; `None` for all at once.
    pub(crate) window: Option<u32>,
    pub(crate) on_error: OnError,
    /// Runs items until none is left or the window is full.
    pub(crate) launch: SteelVal,
    /// Tells the script of its progress.
    pub(crate) progress: Option<SteelVal>,
    pub(crate) label: String,
    /// The combinator that it belongs to, which its failure names.
    pub(crate) within: Option<String>,
    /// Whether values are consumed as they come.
    pub(crate) streaming: bool,
}

/// Who is to be told that an item has ended.
pub(crate) struct Tell {
    pub(crate) host: bool,
    pub(crate) script: bool,
}

impl Group {
    pub(crate) fn new(number: u32, plan: Plan) -> Self {
        Self {
            number,
            label: plan.label,
            within: plan.within,
            total: plan.total,
            window: plan.window.unwrap_or(u32::MAX),
            on_error: plan.on_error,
            launch: Kept::new(plan.launch),
            progress: plan.progress.map(Kept::new),
            slots: (0..plan.total).map(|_| Slot::Empty).collect(),
            next: 0,
            running: 0,
            done: 0,
            failed: 0,
            stopped: false,
            launching: false,
            to_hand_over: VecDeque::new(),
            to_tell: VecDeque::new(),
            telling: false,
            verdict: None,
            mistakes: 0,
            mistake: None,
            to_consume: plan.streaming.then(VecDeque::new),
            consumer: None,
            deadline: None,
        }
    }

    /// Which of the program's it is, from 1.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    fn open(&self) -> bool {
        !self.stopped && self.next < self.total && self.running < self.window
    }

    /// Whether a launcher should be started; if so, it counts as started.
    pub(crate) fn wants_launch(&mut self) -> bool {
        let wants = !self.launching && self.verdict.is_none() && (self.open() || !self.to_hand_over.is_empty());
        self.launching |= wants;
        wants
    }

    /// A launcher starts now.
    pub(crate) fn launch(&mut self) -> SteelVal {
        self.launching = false;
        self.launch.get()
    }

    /// The next item to run, if the window has room for one.
    pub(crate) fn take(&mut self) -> Option<u32> {
        if !self.open() || self.verdict.is_some() {
            return None;
        }
        self.running += 1;
        self.next += 1;
        Some(self.next - 1)
    }

    /// The next failed item for the script's procedure. It counts as running until its value is put.
    pub(crate) fn take_failed(&mut self) -> Option<(u32, Kept)> {
        let next = self.to_hand_over.pop_front()?;
        self.slots[next.0 as usize] = Slot::Handling;
        self.running += 1;
        Some(next)
    }

    /// An item has ended. `None` when its deadline has settled it already.
    pub(crate) fn settle(&mut self, item: u32, outcome: Outcome) -> Option<Tell> {
        if !matches!(self.slots.get(item as usize), Some(Slot::Empty | Slot::Handling)) {
            return None;
        }
        self.running = self.running.saturating_sub(1);
        match outcome {
            Ok(value) => {
                // An answer stands in the list as its text.
                let value = response_text(&value.get()).map_or(value, |text| Kept::new(SteelVal::StringV(text)));
                if self.on_error == OnError::Race && self.verdict.is_none() {
                    self.verdict = Some(Ok(Kept::new(value.get())));
                }
                self.keep(item, value);
            }
            Err(fault) => {
                let class = with_fault(&fault.get(), |f| f.class).unwrap_or(FailureClass::Script);
                let typo = matches!(class, FailureClass::Script | FailureClass::Python);
                match self.on_error {
                    OnError::Procedure if matches!(self.slots[item as usize], Slot::Handling) => {
                        self.running += 1;
                        return Some(self.settle_for_good(item, fault));
                    }
                    OnError::Procedure if !class.dooms_the_rest() => {
                        self.slots[item as usize] = Slot::Queued;
                        self.to_hand_over.push_back((item, fault));
                        return Some(Tell { host: false, script: false });
                    }
                    OnError::Keep => {
                        if class == FailureClass::Script {
                            self.mistakes += 1;
                            self.mistake = self.mistake.take().or_else(|| with_fault(&fault.get(), Fault::clone));
                        }
                        self.keep(item, fault);
                    }
                    OnError::FailFast => {
                        self.verdict.get_or_insert(Err(fault));
                    }
                    policy => {
                        self.stopped |= class.dooms_the_rest() || (typo && policy == OnError::Raise);
                        self.slots[item as usize] = Slot::Failed(fault);
                    }
                }
                self.failed += 1;
            }
        }
        Some(self.tell())
    }

    /// An item's value: for the list, or for the consumer.
    fn keep(&mut self, item: u32, value: Kept) {
        let value = match &mut self.to_consume {
            Some(queue) => {
                queue.push_back((item, value));
                Kept::new(SteelVal::Void)
            }
            None => value,
        };
        self.slots[item as usize] = Slot::Value(value);
    }

    /// The next value for the consumer.
    pub(crate) fn consume(&mut self) -> Option<(u32, Kept)> {
        self.to_consume.as_mut()?.pop_front()
    }

    /// The script's own procedure for a failed item failed itself: that is the item's failure now.
    pub(crate) fn settle_for_good(&mut self, item: u32, fault: Kept) -> Tell {
        self.running = self.running.saturating_sub(1);
        self.stopped = true;
        self.failed += 1;
        self.slots[item as usize] = Slot::Failed(fault);
        self.tell()
    }

    fn tell(&mut self) -> Tell {
        self.done += 1;
        let mut script = false;
        if self.progress.is_some() {
            self.to_tell.push_back((self.done, self.failed));
            script = !std::mem::replace(&mut self.telling, true);
        }
        // The host's line moves some hundred times in all, however many items there are.
        let every = (self.total / 200).max(1);
        Tell { host: self.done.is_multiple_of(every) || self.done == self.total, script }
    }

    /// The procedure that tells the script how far it is.
    pub(crate) fn progress_procedure(&mut self) -> Option<SteelVal> {
        self.progress.as_ref().map(Kept::get)
    }

    /// The next count for it: done, total, failed.
    pub(crate) fn next_progress(&mut self) -> Option<(u32, u32, u32)> {
        let next = self.to_tell.pop_front();
        self.telling = next.is_some();
        next.map(|(done, failed)| (done, self.total, failed))
    }

    /// The frame for the host's progress line.
    pub(crate) fn report(&self) -> (ToHost, String) {
        let head = ToHost::Progress { group: self.number, done: self.done, total: self.total, failed: self.failed };
        (head, self.label.clone())
    }

    /// The whole cannot go on.
    pub(crate) fn fail(&mut self, fault: Kept) {
        self.to_tell.clear();
        self.verdict.get_or_insert(Err(fault));
    }

    /// The deadline has passed: what has not ended fails with `fault`. Its fibers are dropped next.
    pub(crate) fn expire(&mut self, fault: &Fault) {
        self.next = self.total;
        self.running = 0;
        self.launching = false;
        for item in 0..self.total {
            if matches!(self.slots[item as usize], Slot::Empty | Slot::Handling) {
                self.running += 1;
                self.settle(item, Err(fault.clone().kept()));
            }
        }
        self.to_tell.clear();
        self.telling = false;
    }

    /// What the whole came to, once it has; and whether what is still under way is to be cancelled.
    pub(crate) fn finish_if_done(&mut self) -> Option<(Outcome, bool)> {
        if let Some(verdict) = self.verdict.take() {
            // Nothing of it may start any more.
            self.stopped = true;
            self.launching = true;
            return Some((verdict, true));
        }
        let all_begun = self.stopped || self.next == self.total;
        let untold = self.telling && !self.to_tell.is_empty();
        if !all_begun || self.running > 0 || !self.to_hand_over.is_empty() || untold {
            return None;
        }
        self.launching = true;
        let bad = self.stopped
            || (self.on_error == OnError::Race)
            || self.slots.iter().any(|slot| matches!(slot, Slot::Failed(_)));
        Some((if bad { Err(self.failures().kept()) } else { Ok(self.results()) }, false))
    }

    /// What to warn of when all is kept and nothing was done: how many items there were, and the mistake.
    pub(crate) fn all_mistaken(&mut self) -> Option<(u32, Fault)> {
        let all = self.total > 0 && self.mistakes == self.total;
        self.mistake.take().filter(|_| all).map(|fault| (self.total, fault))
    }

    fn results(&mut self) -> Kept {
        let values = std::mem::take(&mut self.slots).into_iter().map(|slot| match slot {
            Slot::Value(value) | Slot::Failed(value) => value.get(),
            Slot::Empty | Slot::Queued | Slot::Handling => {
                Fault::new(FailureClass::Cancelled, "it was not started").into_value()
            }
        });
        Kept::new(SteelVal::ListV(values.collect()))
    }

    /// One failure that names them all.
    fn failures(&mut self) -> Fault {
        let failed: Vec<(usize, Fault)> = (self.slots.iter().enumerate())
            .filter_map(|(item, slot)| match slot {
                Slot::Failed(fault) => with_fault(&fault.get(), Fault::clone).map(|f| (item, f)),
                _ => None,
            })
            .collect();
        let what = if self.on_error == OnError::Race { "thunks" } else { "items" };
        let within = self.within.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let mut message = format!("{within}{} of {} {what} failed:", failed.len(), self.total);
        for (item, fault) in failed.iter().take(NAMED) {
            // Writing to a string cannot fail.
            let _ = write!(message, " {item} ({}),", fault.class);
        }
        if failed.len() > NAMED {
            let _ = write!(message, " and {} more,", failed.len() - NAMED);
        }
        message.pop();
        let unstarted = self.slots.iter().filter(|slot| matches!(slot, Slot::Empty)).count();
        if unstarted > 0 {
            let _ = write!(message, "; {unstarted} were not started, since they would fail alike");
        }
        let mut whole = Fault::new(FailureClass::Items, message);
        if let Some((item, first)) = failed.first() {
            // Where they do not agree it is the program's affair.
            whole.blamed = failed.iter().all(|(_, f)| f.blame() == first.blame()).then(|| first.blame());
            let _ = write!(whole.message, "; item {item}: {}", first.message);
            whole.spans = first.spans.clone();
            whole.hint = first.hint.clone();
        }
        let own = |fault: &Fault| matches!(fault.class, FailureClass::Script | FailureClass::Python);
        if whole.hint.is_none() && self.on_error != OnError::Race && failed.iter().all(|(_, fault)| own(fault)) {
            // To keep these would hide what is to be mended.
            whole.hint = Some(
                "the mistake is in the procedure, at the place shown, and no call's failure: mend it there".into(),
            );
        }
        if whole.hint.is_none() {
            let keep = "`#:on-error 'keep` leaves failures in their places; `(failure-results e)` has the rest";
            let none = "give `race` one thunk at least";
            let all = "`(failure-results e)` has all their failures";
            let raced = if self.total == 0 { none } else { all };
            let raced = if self.within.is_some() { all } else { raced };
            whole.hint =
                Some(if self.on_error == OnError::Race || self.within.is_some() { raced } else { keep }.into());
        }
        whole.details = Some(Rc::new(self.results()));
        whole
    }
}
