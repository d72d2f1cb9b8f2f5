//! Operations under way, and the tree of scopes they belong to.
//!
//! Not here: who waits for what (`fibers`), and when (the loop).

use super::{NONE, Ready, Sched, fibers::FEW};
use crate::{
    interp::{
        group::Group,
        ledger,
        link::LinkError,
        sched::{Ended, Item},
        value::{Fault, Kept, Outcome, Task, TaskState, with_fault},
    },
    wire::{FailureClass, ToHost},
};
use std::rc::Rc;
use steel::SteelVal;

/// An operation, and which of those that had this place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OpId {
    pub(crate) index: u32,
    pub(super) generation: u32,
}

impl OpId {
    /// The scope of the whole program.
    pub(super) const PROGRAM: Self = Self { index: super::ROOT, generation: 0 };

    pub(crate) fn encode(self) -> SteelVal {
        SteelVal::IntV(((self.generation as isize) << 32) | self.index as isize)
    }

    pub(crate) fn decode(value: &SteelVal) -> Option<Self> {
        match value {
            SteelVal::IntV(n) => Some(Self { index: *n as u32, generation: (*n >> 32) as u32 }),
            _ => None,
        }
    }
}

/// Who is told when an operation ends, beside the fiber parked on it.
pub(super) enum Waiter {
    /// An operation of kind [`Kind::Wait`].
    Wait(OpId),
    /// A map-async's item, whose procedure returned this operation's handle.
    Slot(OpId, u32),
}

pub(super) enum Kind {
    Free,
    /// A call whose answer has come.
    Answered,
    /// The program.
    Root,
    /// A model call.
    Call,
    /// A call that was cancelled; its number is free again when the host has answered.
    Cancelled,
    Sleep,
    /// At its time, this operation has taken too long.
    Deadline(OpId),
    /// A spawned fiber, and its deadline's operation.
    Fiber(Option<OpId>),
    Group(Box<Group>),
    /// A fiber waits for other operations, or for room in the buffer.
    Wait,
}

pub(super) struct Op {
    pub(super) generation: u32,
    pub(super) kind: Kind,
    /// The operation in whose scope it began, and its siblings there.
    pub(super) scope: u32,
    pub(super) previous: u32,
    pub(super) next: u32,
    pub(super) first_child: u32,
    /// The fiber that began it, and the scope that fiber runs in.
    pub(super) fiber: u32,
    pub(super) home: OpId,
    /// The map-async whose launcher that fiber is, when it only waits for room.
    pub(super) launching: Option<OpId>,
    /// The item that fiber is at.
    pub(super) item: Item,
    pub(super) continuation: Option<Kept>,
    pub(super) outcome: Option<Outcome>,
    pub(super) task: Option<Rc<Task>>,
    pub(super) waiters: Vec<Waiter>,
}

impl Sched {
    pub(super) fn alive(&self, id: OpId) -> bool {
        self.ops.get(id.index as usize).is_some_and(|op| op.generation == id.generation)
    }

    pub(super) fn op(&mut self, id: OpId) -> &mut Op {
        &mut self.ops[id.index as usize]
    }

    /// Begins an operation in the current scope. Fails when that scope has been cancelled.
    pub(super) fn begin(&mut self, kind: Kind) -> Result<OpId, Fault> {
        if !self.alive(self.scope) {
            return Err(cancelled());
        }
        let scope = self.scope.index;
        let next = self.ops[scope as usize].first_child;
        let fresh = |generation| Op {
            generation,
            kind,
            scope,
            previous: NONE,
            next,
            first_child: NONE,
            fiber: self.fiber,
            home: self.scope,
            launching: None,
            item: Item::No,
            continuation: None,
            outcome: None,
            task: None,
            waiters: Vec::new(),
        };
        let index = match self.free.pop() {
            Some(index) => {
                let generation = self.ops[index as usize].generation;
                self.ops[index as usize] = fresh(generation);
                index
            }
            None => {
                let op = fresh(0);
                self.ops.push(op);
                (self.ops.len() - 1) as u32
            }
        };
        if next != NONE {
            self.ops[next as usize].previous = index;
        }
        self.ops[scope as usize].first_child = index;
        Ok(OpId { index, generation: self.ops[index as usize].generation })
    }

    /// Takes an operation out of its scope's list.
    pub(super) fn unlink(&mut self, index: u32) {
        let Op { scope, previous, next, .. } = self.ops[index as usize];
        if scope == NONE {
            return;
        }
        match previous {
            NONE => self.ops[scope as usize].first_child = next,
            p => self.ops[p as usize].next = next,
        }
        if next != NONE {
            self.ops[next as usize].previous = previous;
        }
        self.ops[index as usize].scope = NONE;
    }

    /// What began in a scope that ended well goes on in the scope around it.
    pub(super) fn hand_children_up(&mut self, index: u32) {
        let parent = self.ops[index as usize].scope;
        let home = OpId { index: parent, generation: self.ops[parent as usize].generation };
        let mut child = std::mem::replace(&mut self.ops[index as usize].first_child, NONE);
        while child != NONE {
            let next = self.ops[child as usize].next;
            let first = self.ops[parent as usize].first_child;
            let op = &mut self.ops[child as usize];
            (op.scope, op.previous, op.next, op.home) = (parent, NONE, first, home);
            if first != NONE {
                self.ops[first as usize].previous = child;
            }
            self.ops[parent as usize].first_child = child;
            child = next;
        }
    }

    /// Takes an operation out of its scope and gives its place back. Its number means nothing from here on; but a call's
    /// stays taken until the host has said how it ended.
    pub(super) fn release(&mut self, index: u32) {
        self.unlink(index);
        if !self.streams.is_empty() {
            self.drop_stream(OpId { index, generation: self.ops[index as usize].generation });
        }
        let op = &mut self.ops[index as usize];
        op.generation = op.generation.wrapping_add(1) & 0x7fff_ffff;
        let owed = matches!(op.kind, Kind::Call);
        op.kind = if owed { Kind::Cancelled } else { Kind::Free };
        op.task = None;
        op.waiters = Vec::new();
        op.continuation = None;
        op.outcome = None;
        if !owed {
            self.free.push(index);
        }
    }

    /// An operation has ended: whoever waits for it is told.
    pub(crate) fn complete(&mut self, id: OpId, outcome: Outcome) {
        if !self.alive(id) {
            return;
        }
        if self.op(id).first_child != NONE {
            self.hand_children_up(id.index);
        }
        if let Kind::Fiber(Some(deadline)) = self.op(id).kind {
            self.drop_timer(deadline);
        }
        let op = self.op(id);
        if op.task.is_none() {
            // Somebody is parked right on it, and will take the outcome on waking.
            op.outcome = Some(outcome);
            self.ready.push_back(Ready::Resume(id));
            return;
        }
        let task = op.task.take();
        let waiters = std::mem::take(&mut op.waiters);
        let is_fiber = matches!(op.kind, Kind::Fiber(_));
        self.release(id.index);
        for waiter in waiters {
            match waiter {
                Waiter::Wait(wait) => self.wake(wait),
                Waiter::Slot(group, item) => {
                    let copy = match &outcome {
                        Ok(value) => Ok(Kept::new(value.get())),
                        Err(fault) => Err(Kept::new(fault.get())),
                    };
                    self.settle(group, item, copy);
                }
            }
        }
        if let Some(task) = task {
            if is_fiber && ledger::journaled() {
                let failed = outcome.as_ref().err().map(|fault| with_fault(&fault.get(), |fault| fault.class));
                let failed = failed.map(|class| class.unwrap_or(FailureClass::Script));
                self.tell(&ToHost::FiberEnded(task.number, failed), &[]);
            }
            if is_fiber && outcome.is_err() && !task.awaited.get() {
                if self.failed_spawns.len() == self.failed_spawns.capacity() && self.failed_spawns.len() >= FEW {
                    self.failed_spawns.retain(|task| !task.awaited.get());
                    // Where few went the next look is far off, so that all looks together stay linear.
                    self.failed_spawns.reserve(self.failed_spawns.len());
                }
                self.failed_spawns.push(task.clone());
            }
            self.ended_tasks += 1;
            task.ended.set(Some(self.ended_tasks));
            *task.state.borrow_mut() = TaskState::Done(outcome);
        }
    }

    pub(super) fn wake(&mut self, wait: OpId) {
        if self.alive(wait) {
            self.ready.push_back(Ready::Resume(wait));
        }
    }

    /// Drops an operation and all that began in it. Its handle, if it has one, ends as `fault`.
    pub(super) fn cancel_with(&mut self, id: OpId, fault: &Fault) {
        if !self.alive(id) {
            return;
        }
        self.cancel_children(id.index);
        let calling = matches!(self.op(id).kind, Kind::Call);
        if matches!(self.op(id).kind, Kind::Sleep | Kind::Deadline(_)) && self.op(id).outcome.is_none() {
            self.live_timers -= 1;
        }
        if let Some(Some(timer)) = self.group(id, |g| g.deadline.take()) {
            self.drop_timer(timer);
        }
        if let Some(task) = self.op(id).task.clone() {
            // Whoever cancels it knows that it failed.
            task.awaited.set(true);
            self.complete(id, Err(fault.clone().kept()));
        } else {
            self.release(id.index);
        }
        if calling {
            ledger::cancelled(id.index);
            let sent = self.link.write(&ToHost::Cancel(id.index), &[]);
            self.note(sent);
        }
    }

    pub(super) fn cancel_children(&mut self, index: u32) {
        // A subtree can be as deep as fibers nest; it is walked with a loop per level, and levels are few.
        while self.ops[index as usize].first_child != NONE {
            let child = self.ops[index as usize].first_child;
            let id = OpId { index: child, generation: self.ops[child as usize].generation };
            self.cancel_with(id, &cancelled());
        }
    }

    /// Cancels what a handle stands for. Whether the running fiber was part of it.
    pub(crate) fn cancel(&mut self, task: &Task) -> bool {
        let TaskState::Running(id) = *task.state.borrow() else { return false };
        task.awaited.set(true);
        self.cancel_with(id, &cancelled());
        !self.alive(self.scope)
    }

    pub(super) fn note(&mut self, result: Result<(), LinkError>) {
        if let Err(problem) = result {
            if !matches!(problem, LinkError::Gone) {
                eprintln!("bessemer interpreter: {problem}");
            }
            self.ended = Some(Ended::HostGone);
        }
    }
}

pub(super) fn cancelled() -> Fault {
    Fault::new(FailureClass::Cancelled, "it was cancelled")
}
