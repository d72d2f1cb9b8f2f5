//! What fibers ask of the scheduler: calls, waiting, sleeping, spawning.

use super::{
    Ready, Sched,
    ops::{Kind, OpId, Waiter, cancelled},
};
use crate::{
    interp::{
        ledger,
        link::LinkError,
        value::{Fault, Kept, Outcome, Task, TaskState},
    },
    wire::{self, CallHead, FailureClass, ToHost},
};
use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    rc::Rc,
    time::{Duration, Instant},
};
use steel::SteelVal;

/// What is not worth tidying up.
pub(super) const FEW: usize = 64;

impl Sched {
    /// Whether the loop runs, that is, whether this is a fiber.
    pub(crate) fn looping(&self) -> bool {
        self.looping
    }

    /// A form of the main program begins as a fiber.
    pub(crate) fn enter(&mut self, form: SteelVal) {
        self.looping = true;
        self.main_done = false;
        self.ready.push_front(Ready::Main(Kept::new(form)));
    }

    /// That form has ended.
    pub(crate) fn exit(&mut self) {
        self.main_done = true;
    }

    /// Sends a call, or says that there is no room for it now.
    pub(crate) fn call(&mut self, mut head: CallHead, texts: &[&[u8]], handle: bool) -> Result<Option<OpId>, Fault> {
        let charge = head.charge(texts.iter().map(|t| t.len()).sum());
        self.link_full = !self.link.room();
        self.credit_short = self.credit_used > 0 && self.credit_used + charge > wire::CREDIT;
        if self.link_full || self.credit_short {
            return Ok(None);
        }
        let id = self.begin(Kind::Call)?;
        (head.id, head.stage) = (id.index, self.stage());
        if let Err(problem) = self.link.write(&ToHost::Call(head), texts) {
            self.op(id).kind = Kind::Answered;
            self.release(id.index);
            return match problem {
                LinkError::Wire(e) => Err(Fault::new(FailureClass::TooLong, format!("the prompt is too large: {e}"))
                    .hint("cut it into chunks")),
                gone @ LinkError::Gone => {
                    self.note(Err(gone));
                    Err(Fault::script("the host went away"))
                }
            };
        }
        self.live_calls += 1;
        self.credit_used += charge;
        if handle {
            self.op(id).task = Some(self.new_task(id));
        }
        if self.last_flush.elapsed() > Duration::from_millis(1) {
            self.flush();
        }
        Ok(Some(id))
    }

    /// The number of the innermost map-async that the running fiber belongs to; 0 for none.
    fn stage(&self) -> u32 {
        let mut scope = self.scope.index;
        while let Some(op) = self.ops.get(scope as usize) {
            match &op.kind {
                Kind::Group(group) => return group.number(),
                _ => scope = op.scope,
            }
        }
        0
    }

    pub(super) fn new_task(&self, id: OpId) -> Rc<Task> {
        Rc::new(Task {
            number: id.index,
            state: RefCell::new(TaskState::Running(id)),
            awaited: Cell::new(false),
            expired: Cell::new(false),
            ended: Cell::new(None),
        })
    }

    /// The handle of an operation that has one.
    pub(crate) fn task(&mut self, id: OpId) -> Option<Rc<Task>> {
        self.op(id).task.clone()
    }

    /// Sends the host a frame that nobody answers.
    pub(crate) fn tell(&mut self, head: &ToHost, tail: &[u8]) {
        let sent = self.link.write(head, &[tail]);
        self.note(sent);
        if !self.link.room() {
            // A script that tells without end must not fill the memory.
            let sent = self.link.flush_all();
            self.note(sent);
        }
    }

    /// Hands waiting frames to the socket.
    pub(crate) fn flush(&mut self) {
        self.last_flush = Instant::now();
        let result = self.link.flush();
        self.note(result);
    }

    /// A place in the queue of those who wait for room.
    pub(crate) fn wait_for_room(&mut self) -> Result<OpId, Fault> {
        let launching = self.launching.take();
        let id = self.begin(Kind::Wait)?;
        self.op(id).launching = launching;
        self.short_of_room.push_back(id);
        Ok(id)
    }

    /// The running fiber waits until one of these has ended. `None`: one already has.
    pub(crate) fn wait_any(&mut self, tasks: &[Rc<Task>]) -> Result<Option<OpId>, Fault> {
        tasks.iter().for_each(|t| t.awaited.set(true));
        if tasks.iter().any(|t| matches!(&*t.state.borrow(), TaskState::Done(_))) {
            return Ok(None);
        }
        let wait = self.begin(Kind::Wait)?;
        for task in tasks {
            if let TaskState::Running(id) = *task.state.borrow() {
                self.subscribe(id, Waiter::Wait(wait));
            }
        }
        Ok(Some(wait))
    }

    pub(super) fn subscribe(&mut self, id: OpId, waiter: Waiter) {
        let mut waiters = std::mem::take(&mut self.op(id).waiters);
        if waiters.len() == waiters.capacity() && waiters.len() >= 8 {
            waiters.retain(|w| match w {
                Waiter::Wait(id) | Waiter::Slot(id, _) => self.alive(*id),
            });
        }
        waiters.push(waiter);
        self.op(id).waiters = waiters;
    }

    /// Leaves the running fiber's continuation with an operation. The loop goes on with something else.
    pub(crate) fn park(&mut self, id: OpId, continuation: SteelVal) -> Result<(), Fault> {
        if !self.alive(id) {
            return Err(cancelled());
        }
        let item = self.item;
        let op = self.op(id);
        op.item = item;
        op.continuation = Some(Kept::new(continuation));
        if let Some(group) = self.launching.take() {
            self.maybe_launch(group);
        }
        Ok(())
    }

    /// What the operation that the running fiber was parked on came to.
    pub(crate) fn take_outcome(&mut self, id: OpId) -> Outcome {
        if !self.alive(id) {
            return Err(cancelled().kept());
        }
        let outcome = self.op(id).outcome.take();
        self.release(id.index);
        outcome.unwrap_or_else(|| Ok(Kept::new(SteelVal::Void)))
    }

    pub(crate) fn sleep(&mut self, duration: Duration) -> Result<OpId, Fault> {
        let id = self.begin(Kind::Sleep)?;
        self.set_timer(id, duration);
        Ok(id)
    }

    pub(super) fn set_timer(&mut self, id: OpId, after: Duration) {
        let now = Instant::now();
        let at = now.checked_add(after).unwrap_or(now + Duration::from_secs(u32::MAX.into()));
        if self.timers.len() == self.timers.capacity() && self.timers.len() > 2 * self.live_timers + FEW {
            // Most were dropped before their time: a loop over short things with long deadlines must not gather them.
            let mut timers = std::mem::take(&mut self.timers);
            timers.retain(|Reverse((_, id))| self.alive(*id));
            self.timers = timers;
        }
        self.timers.push(Reverse((at, id)));
        self.live_timers += 1;
    }

    pub(super) fn drop_timer(&mut self, timer: OpId) {
        if self.alive(timer) {
            self.live_timers -= 1;
            self.release(timer.index);
        }
    }

    /// Starts a fiber; `deadline` ends it as a timeout.
    pub(crate) fn spawn(&mut self, body: SteelVal, deadline: Option<Duration>) -> Result<Rc<Task>, Fault> {
        let id = self.begin(Kind::Fiber(None))?;
        if let Some(after) = deadline {
            let timer = self.begin(Kind::Deadline(id))?;
            self.set_timer(timer, after);
            self.op(id).kind = Kind::Fiber(Some(timer));
        }
        let task = self.new_task(id);
        self.op(id).task = Some(task.clone());
        self.ready.push_back(Ready::Start(id, Kept::new(body)));
        if ledger::journaled() {
            self.tell(&ToHost::FiberBegan(task.number), &[]);
        }
        Ok(task)
    }

    /// The running fiber, which has no handle, has ended.
    pub(crate) fn fiber_done(&mut self) {
        let id = self.scope;
        if self.alive(id) && matches!(self.op(id).kind, Kind::Fiber(_)) {
            self.hand_children_up(id.index);
            self.release(id.index);
        }
    }

    /// The running spawned fiber has ended.
    pub(crate) fn spawned_done(&mut self, outcome: Outcome) {
        let id = self.scope;
        if self.alive(id) && matches!(self.op(id).kind, Kind::Fiber(_)) {
            self.complete(id, outcome);
        }
    }

    /// Which fiber runs: its continuations may be entered by itself alone.
    pub(crate) fn fiber(&self) -> u32 {
        self.fiber
    }
}
