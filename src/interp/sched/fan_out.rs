//! Map-asyncs within the scheduler. Their own rules are in `group`.

use super::{
    Item, Ready, Sched,
    ops::{Kind, Op, OpId, Waiter, cancelled},
};
use crate::interp::{
    group::{Group, Tell},
    value::{Fault, Kept, Outcome, Task, TaskState},
};
use std::{rc::Rc, time::Duration};
use steel::SteelVal;

impl Sched {
    pub(crate) fn start_group(
        &mut self,
        make: impl FnOnce(u32) -> Group,
        deadline: Option<Duration>,
    ) -> Result<OpId, Fault> {
        self.next_group += 1;
        let group = make(self.next_group);
        let id = self.begin(Kind::Group(Box::new(group)))?;
        if let Some(after) = deadline {
            let timer = self.begin(Kind::Deadline(id))?;
            self.set_timer(timer, after);
            self.group(id, |g| g.deadline = Some(timer));
        }
        // So that rates count from here, not from the first item's end.
        self.tell_host(id);
        self.maybe_launch(id);
        self.maybe_finish(id);
        Ok(id)
    }

    pub(super) fn group<R>(&mut self, id: OpId, f: impl FnOnce(&mut Group) -> R) -> Option<R> {
        match (self.alive(id), self.ops.get_mut(id.index as usize)) {
            (true, Some(Op { kind: Kind::Group(group), outcome: None, .. })) => Some(f(group)),
            _ => None,
        }
    }

    /// Works on the group whose item is running. `None` when it was cancelled meanwhile.
    pub(crate) fn running_group<R>(&mut self, f: impl FnOnce(&mut Group) -> R) -> Option<R> {
        self.group(self.scope, f)
    }

    pub(super) fn maybe_launch(&mut self, id: OpId) {
        if self.group(id, Group::wants_launch) == Some(true) {
            self.ready.push_back(Ready::Launch(id));
        }
    }

    pub(super) fn maybe_finish(&mut self, id: OpId) {
        let Some(Some((outcome, cancel))) = self.group(id, Group::finish_if_done) else { return };
        if let Some(Some(mistake)) = self.group(id, Group::all_mistaken) {
            self.mistake.get_or_insert(mistake);
        }
        if cancel {
            self.cancel_children(id.index);
        }
        if let Some(Some(timer)) = self.group(id, |g| g.deadline.take()) {
            self.drop_timer(timer);
        }
        self.complete(id, outcome);
        self.wake_consumer(id);
    }

    /// The next item for the running fiber, which counts as another from here on: a continuation of one item's is not the
    /// next one's to enter.
    pub(crate) fn take(&mut self) -> Option<u32> {
        self.fiber = self.fresh_fiber();
        let next = self.running_group(Group::take).flatten();
        self.item = next.map_or(Item::No, Item::Running);
        next
    }

    /// The next failed item for the running fiber.
    pub(crate) fn take_failed(&mut self) -> Option<(u32, Kept)> {
        self.fiber = self.fresh_fiber();
        let next = self.running_group(Group::take_failed).flatten();
        self.item = next.as_ref().map_or(Item::No, |(item, _)| Item::Handled(*item));
        next
    }

    /// The running item's procedure returned: a handle is adopted, a value settles the item.
    pub(crate) fn put(&mut self, value: SteelVal, task: Option<Rc<Task>>) {
        let id = self.scope;
        let (Item::Running(item) | Item::Handled(item)) = std::mem::replace(&mut self.item, Item::No) else { return };
        let Some(task) = task else { return self.settle(id, item, Ok(Kept::new(value))) };
        task.awaited.set(true);
        let outcome = match &*task.state.borrow() {
            TaskState::Running(op) => {
                self.subscribe(*op, Waiter::Slot(id, item));
                return;
            }
            TaskState::Done(Ok(value)) => Ok(Kept::new(value.get())),
            TaskState::Done(Err(fault)) => Err(Kept::new(fault.get())),
        };
        self.settle(id, item, outcome);
    }

    /// An item has ended.
    pub(crate) fn settle(&mut self, id: OpId, item: u32, outcome: Outcome) {
        if let Some(Some(tell)) = self.group(id, |g| g.settle(item, outcome)) {
            self.told(id, tell);
        }
    }

    pub(super) fn told(&mut self, id: OpId, tell: Tell) {
        if tell.host {
            self.tell_host(id);
        }
        if tell.script {
            self.ready.push_back(Ready::Progress(id));
        }
        self.maybe_launch(id);
        self.maybe_finish(id);
        self.wake_consumer(id);
    }

    fn wake_consumer(&mut self, id: OpId) {
        if self.alive(id)
            && let Kind::Group(group) = &mut self.op(id).kind
            && let Some(wait) = group.consumer.take()
        {
            self.wake(wait);
        }
    }

    /// For the consumer of a `map-async-stream`: a list of index and value, an operation to park on, or `#f` when all has
    /// ended and been consumed.
    pub(crate) fn next_result(&mut self, id: OpId) -> Result<SteelVal, Fault> {
        if !self.alive(id) {
            return Err(cancelled());
        }
        let op = self.op(id);
        let ended = op.outcome.is_some();
        let Kind::Group(group) = &mut op.kind else { return Err(cancelled()) };
        if let Some((item, value)) = group.consume() {
            return Ok(SteelVal::ListV([SteelVal::IntV(item as isize), value.get()].into_iter().collect()));
        }
        if ended {
            return Ok(SteelVal::BoolV(false));
        }
        let wait = self.begin(Kind::Wait)?;
        if let Kind::Group(group) = &mut self.op(id).kind {
            group.consumer = Some(wait);
        }
        Ok(wait.encode())
    }

    /// Drops a map-async that nobody waits for any more.
    pub(crate) fn cancel_group(&mut self, id: OpId) {
        self.cancel_with(id, &cancelled());
    }

    /// The running item's procedure raised, or the one that handled its failure.
    pub(crate) fn item_failed(&mut self, fault: Kept) {
        let id = self.scope;
        match std::mem::replace(&mut self.item, Item::No) {
            Item::No => {}
            Item::Running(item) => self.settle(id, item, Err(fault)),
            Item::Handled(item) => {
                if let Some(tell) = self.group(id, |g| g.settle_for_good(item, fault)) {
                    self.told(id, tell);
                }
            }
        }
    }

    /// The next count for the running group's progress procedure.
    pub(crate) fn next_progress(&mut self) -> Option<(u32, u32, u32)> {
        let id = self.scope;
        let next = self.group(id, Group::next_progress).flatten();
        if next.is_none() {
            self.maybe_finish(id);
        }
        next
    }

    /// The running group cannot go on: its progress procedure failed.
    pub(crate) fn fail_group(&mut self, fault: Kept) {
        let id = self.scope;
        self.group(id, |g| g.fail(fault));
        self.maybe_finish(id);
    }

    pub(super) fn tell_host(&mut self, id: OpId) {
        if let Some((head, label)) = self.group(id, |g| g.report()) {
            let sent = self.link.write(&head, &[label.as_bytes()]);
            self.note(sent);
        }
    }
}
