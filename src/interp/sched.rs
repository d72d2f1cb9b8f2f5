//! The fiber scheduler: operations under way, the scopes they belong to, and the one loop that waits for them.
//!
//! An *operation* is anything a fiber can wait for: a model call, a timer, a spawned fiber, a map-async. Every operation
//! belongs to the *scope* in which it began; spawned fibers and map-asyncs are scopes themselves, and cancelling a scope
//! drops all that began in it, down the tree. A fiber waits by leaving its continuation with an operation; the prelude
//! (`fibers.scm`) captures it, [`Sched::event`] hands it back when the operation has ended.
//!
//! Nothing here is O(operations under way), save the end of a program. Not here: map-async's own rules (`group`), the
//! text of natives' errors (`natives`), the socket (`link`).

use super::{
    group::{Group, Tell},
    link::{Link, LinkError},
    value::{Fault, Kept, Native, Outcome, Response, Task, TaskState, custom, error, string},
};
use crate::wire::{self, CallHead, DoneHead, FailureClass, ToHost, ToSession};
use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use steel::SteelVal;

/// No operation.
const NONE: u32 = u32::MAX;
/// The scope of the whole program.
const ROOT: u32 = 0;
/// How many fibers run before the loop looks at the socket and the clock again.
const BURST: u32 = 64;

/// Set by the signal handler: the host wants the program to end.
pub(crate) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// An operation, and which of those that had this place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OpId {
    pub(crate) index: u32,
    generation: u32,
}

impl OpId {
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
enum Waiter {
    /// An operation of kind [`Kind::Wait`].
    Wait(OpId),
    /// A map-async's item, whose procedure returned this operation's handle.
    Slot(OpId, u32),
}

enum Kind {
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

struct Op {
    generation: u32,
    kind: Kind,
    /// The operation in whose scope it began, and its siblings there.
    scope: u32,
    previous: u32,
    next: u32,
    first_child: u32,
    /// The fiber that began it, and the scope that fiber runs in.
    fiber: u32,
    home: OpId,
    /// The map-async whose launcher that fiber is, when it only waits for room.
    launching: Option<OpId>,
    /// The item that fiber is at.
    item: Item,
    continuation: Option<Kept>,
    outcome: Option<Outcome>,
    task: Option<Rc<Task>>,
    waiters: Vec<Waiter>,
}

/// Which item of a map-async a fiber is at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    /// None.
    No,
    /// Its procedure runs.
    Running(u32),
    /// It failed, and the procedure for failures runs.
    Handled(u32),
}

/// What the loop does next.
enum Ready {
    /// The main program's form begins.
    Main(Kept),
    /// A spawned fiber begins.
    Start(OpId, Kept),
    /// A parked fiber goes on.
    Resume(OpId),
    /// A map-async has room for another item, or a failed item to hand over.
    Launch(OpId),
    /// A map-async's progress procedure has something to be told.
    Progress(OpId),
}

/// How a program ended before its last form.
pub(crate) enum Ended {
    /// `finish` was called with this value.
    Finished(Kept),
    /// The host, or the user behind it, wants an end.
    Interrupted,
    /// There is nobody to talk to.
    HostGone,
}

pub(crate) struct Sched {
    pub(crate) link: Link,
    ops: Vec<Op>,
    free: Vec<u32>,
    ready: VecDeque<Ready>,
    timers: BinaryHeap<Reverse<(Instant, OpId)>>,
    live_timers: usize,
    live_calls: usize,
    /// Fibers that wait for room, oldest first.
    short_of_room: VecDeque<OpId>,
    credit_used: usize,
    /// Why the last one had none.
    link_full: bool,
    credit_short: bool,
    scope: OpId,
    fiber: u32,
    last_fiber: u32,
    /// The map-async whose launcher is running: if it parks, another launcher must take over.
    launching: Option<OpId>,
    item: Item,
    looping: bool,
    main_done: bool,
    burst: u32,
    pub(crate) last_flush: Instant,
    pub(crate) ended: Option<Ended>,
    failed_spawns: Vec<Rc<Task>>,
    next_group: u32,
    /// How many handles have ended: the order in which they did.
    ended_tasks: u64,
    next_context: Option<String>,
    next: Option<Program>,
}

thread_local! {
    static SCHED: RefCell<Option<Sched>> = const { RefCell::new(None) };
}

/// Makes this session's scheduler.
pub(crate) fn start(link: Link) {
    SCHED.with(|s| *s.borrow_mut() = Some(Sched::new(link)));
}

/// Works on this session's scheduler. Must not be nested; nothing that runs script code may be called inside.
pub(crate) fn with<R>(f: impl FnOnce(&mut Sched) -> R) -> R {
    SCHED.with(|s| f(s.borrow_mut().as_mut().expect("a session starts its scheduler before it runs anything")))
}

impl Sched {
    fn new(link: Link) -> Self {
        let root = Op {
            generation: 0,
            kind: Kind::Root,
            scope: NONE,
            previous: NONE,
            next: NONE,
            first_child: NONE,
            fiber: 0,
            home: OpId { index: ROOT, generation: 0 },
            launching: None,
            item: Item::No,
            continuation: None,
            outcome: None,
            task: None,
            waiters: Vec::new(),
        };
        Self {
            link,
            ops: vec![root],
            free: Vec::new(),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            live_timers: 0,
            live_calls: 0,
            short_of_room: VecDeque::new(),
            credit_used: 0,
            link_full: false,
            credit_short: false,
            scope: OpId { index: ROOT, generation: 0 },
            fiber: 0,
            last_fiber: 0,
            launching: None,
            item: Item::No,
            looping: false,
            main_done: false,
            burst: 0,
            last_flush: Instant::now(),
            ended: None,
            failed_spawns: Vec::new(),
            next_group: 0,
            ended_tasks: 0,
            next_context: None,
            next: None,
        }
    }

    // ---- operations and scopes

    fn alive(&self, id: OpId) -> bool {
        self.ops.get(id.index as usize).is_some_and(|op| op.generation == id.generation)
    }

    fn op(&mut self, id: OpId) -> &mut Op {
        &mut self.ops[id.index as usize]
    }

    /// Begins an operation in the current scope. Fails when that scope has been cancelled.
    fn begin(&mut self, kind: Kind) -> Result<OpId, Fault> {
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
    fn unlink(&mut self, index: u32) {
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
    fn hand_children_up(&mut self, index: u32) {
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
    fn release(&mut self, index: u32) {
        self.unlink(index);
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
            if is_fiber && outcome.is_err() && !task.awaited.get() {
                self.failed_spawns.push(task.clone());
            }
            self.ended_tasks += 1;
            task.ended.set(Some(self.ended_tasks));
            *task.state.borrow_mut() = TaskState::Done(outcome);
        }
    }

    fn wake(&mut self, wait: OpId) {
        if self.alive(wait) {
            self.ready.push_back(Ready::Resume(wait));
        }
    }

    /// Drops an operation and all that began in it. Its handle, if it has one, ends as `fault`.
    fn cancel_with(&mut self, id: OpId, fault: &Fault) {
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
        if self.op(id).task.is_some() {
            self.complete(id, Err(fault.clone().kept()));
        } else {
            self.release(id.index);
        }
        if calling {
            let sent = self.link.write(&ToHost::Cancel(id.index), &[]);
            self.note(sent);
        }
    }

    fn cancel_children(&mut self, index: u32) {
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

    fn note(&mut self, result: Result<(), LinkError>) {
        if let Err(problem) = result {
            if !matches!(problem, LinkError::Gone) {
                eprintln!("bessemer interpreter: {problem}");
            }
            self.ended = Some(Ended::HostGone);
        }
    }

    // ---- what natives do

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
        let charge = texts.iter().map(|t| t.len()).sum::<usize>() + wire::CALL_OVERHEAD;
        self.link_full = !self.link.room();
        self.credit_short = self.credit_used > 0 && self.credit_used + charge > wire::CREDIT;
        if self.link_full || self.credit_short {
            return Ok(None);
        }
        let id = self.begin(Kind::Call)?;
        head.id = id.index;
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

    fn new_task(&self, id: OpId) -> Rc<Task> {
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

    fn subscribe(&mut self, id: OpId, waiter: Waiter) {
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

    fn set_timer(&mut self, id: OpId, after: Duration) {
        let now = Instant::now();
        let at = now.checked_add(after).unwrap_or(now + Duration::from_secs(u32::MAX.into()));
        self.timers.push(Reverse((at, id)));
        self.live_timers += 1;
    }

    fn drop_timer(&mut self, timer: OpId) {
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
        Ok(task)
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

    // ---- map-async (its rules are in `group`)

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
        self.maybe_launch(id);
        self.maybe_finish(id);
        Ok(id)
    }

    fn group<R>(&mut self, id: OpId, f: impl FnOnce(&mut Group) -> R) -> Option<R> {
        match (self.alive(id), self.ops.get_mut(id.index as usize)) {
            (true, Some(Op { kind: Kind::Group(group), .. })) => Some(f(group)),
            _ => None,
        }
    }

    /// Works on the group whose item is running. `None` when it was cancelled meanwhile.
    pub(crate) fn running_group<R>(&mut self, f: impl FnOnce(&mut Group) -> R) -> Option<R> {
        self.group(self.scope, f)
    }

    fn maybe_launch(&mut self, id: OpId) {
        if self.group(id, Group::wants_launch) == Some(true) {
            self.ready.push_back(Ready::Launch(id));
        }
    }

    fn maybe_finish(&mut self, id: OpId) {
        let Some(Some((outcome, cancel))) = self.group(id, Group::finish_if_done) else { return };
        if cancel {
            self.cancel_children(id.index);
        }
        if let Some(Some(timer)) = self.group(id, |g| g.deadline.take()) {
            self.drop_timer(timer);
        }
        self.complete(id, outcome);
    }

    /// The next item for the running fiber.
    pub(crate) fn take(&mut self) -> Option<u32> {
        let next = self.running_group(Group::take).flatten();
        self.item = next.map_or(Item::No, Item::Running);
        next
    }

    /// The next failed item for the running fiber.
    pub(crate) fn take_failed(&mut self) -> Option<(u32, Kept)> {
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
        if let Some(tell) = self.group(id, |g| g.settle(item, outcome)) {
            self.told(id, tell);
        }
    }

    fn told(&mut self, id: OpId, tell: Tell) {
        if tell.host {
            self.tell_host(id);
        }
        if tell.script {
            self.ready.push_back(Ready::Progress(id));
        }
        self.maybe_launch(id);
        self.maybe_finish(id);
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

    fn tell_host(&mut self, id: OpId) {
        if let Some((head, label)) = self.group(id, |g| g.report()) {
            let sent = self.link.write(&head, &[label.as_bytes()]);
            self.note(sent);
        }
    }

    // ---- the loop

    /// Waits for the next thing to do, and gives the procedure that does it.
    pub(crate) fn event(&mut self) -> Native {
        loop {
            if self.ended.is_some() {
                return self.stop();
            }
            if INTERRUPTED.load(Ordering::Relaxed) {
                self.ended = Some(Ended::Interrupted);
                return self.stop();
            }
            if self.main_done {
                (self.looping, self.main_done) = (false, false);
                (self.scope, self.fiber, self.launching) = (OpId { index: ROOT, generation: 0 }, 0, None);
                return Ok(SteelVal::FuncV(|_| Ok(SteelVal::Void)));
            }
            self.burst += 1;
            if self.burst < BURST
                && let Some(next) = self.ready.pop_front()
            {
                if let Some(procedure) = self.dispatch(next) {
                    return Ok(procedure);
                }
                continue;
            }
            self.burst = 0;
            if let Err(fault) = self.look_outside() {
                self.looping = false;
                return Err(super::natives::raise(fault.into_value()));
            }
        }
    }

    fn stop(&mut self) -> Native {
        self.looping = false;
        Err(error("the program ended"))
    }

    fn dispatch(&mut self, next: Ready) -> Option<SteelVal> {
        let root = OpId { index: ROOT, generation: 0 };
        match next {
            Ready::Main(form) => {
                (self.scope, self.fiber, self.launching) = (root, 0, None);
                Some(form.get())
            }
            Ready::Start(id, body) => {
                if !self.alive(id) {
                    return None;
                }
                (self.scope, self.fiber, self.launching) = (id, self.fresh_fiber(), None);
                Some(body.get())
            }
            Ready::Resume(id) => {
                if !self.alive(id) {
                    return None;
                }
                let op = self.op(id);
                let continuation = op.continuation.take()?;
                let (home, fiber, launching, keep) = (op.home, op.fiber, op.launching.take(), op.outcome.is_some());
                (self.scope, self.fiber, self.launching, self.item) = (home, fiber, launching, op.item);
                if !keep {
                    self.release(id.index);
                }
                Some(continuation.get())
            }
            Ready::Launch(id) => {
                let launch = self.group(id, Group::launch)?;
                (self.scope, self.fiber, self.launching) = (id, self.fresh_fiber(), Some(id));
                Some(launch)
            }
            Ready::Progress(id) => {
                let tell = self.group(id, Group::progress_procedure)??;
                (self.scope, self.fiber, self.launching) = (id, self.fresh_fiber(), None);
                Some(tell)
            }
        }
    }

    fn fresh_fiber(&mut self) -> u32 {
        self.last_fiber = self.last_fiber.wrapping_add(1).max(1);
        self.last_fiber
    }

    /// Reads the socket and the clock; waits for them when there is nothing else to do.
    fn look_outside(&mut self) -> Result<(), Fault> {
        super::output::flush(self);
        self.fire_timers();
        self.link_full &= !self.link.room();
        while self.ready.is_empty()
            && !self.link_full
            && !self.credit_short
            && let Some(id) = self.short_of_room.pop_front()
        {
            self.wake(id);
        }
        let idle = self.ready.is_empty();
        if idle && self.live_calls == 0 && self.live_timers == 0 && self.short_of_room.is_empty() {
            return Err(Fault::script("deadlock: every fiber waits for another, and no call is under way")
                .hint("a fiber may not await itself, nor two each other"));
        }
        let timeout = if !idle {
            Some(Duration::ZERO)
        } else {
            self.timers.peek().map(|Reverse((at, _))| at.saturating_duration_since(Instant::now()))
        };
        let result = self.link.wait(timeout);
        self.last_flush = Instant::now();
        self.note(result);
        self.read_frames();
        Ok(())
    }

    fn read_frames(&mut self) {
        while self.ended.is_none() && self.next.is_none() {
            match self.link.next(read_frame) {
                Ok(Some(Ok(frame))) => self.receive(frame),
                Ok(Some(Err(problem))) | Err(problem) => self.note(Err(problem)),
                Ok(None) => break,
            }
        }
    }

    fn fire_timers(&mut self) {
        while let Some(Reverse((at, id))) = self.timers.peek().copied() {
            if !self.alive(id) {
                self.timers.pop();
                continue;
            }
            if at > Instant::now() {
                break;
            }
            self.timers.pop();
            self.live_timers -= 1;
            match self.op(id).kind {
                Kind::Deadline(target) => {
                    self.release(id.index);
                    self.too_late(target);
                }
                _ => self.complete(id, Ok(Kept::new(SteelVal::Void))),
            }
        }
    }

    fn too_late(&mut self, target: OpId) {
        if !self.alive(target) {
            return;
        }
        let fault = Fault::new(FailureClass::Timeout, "the deadline passed")
            .hint("raise the deadline, or give `#:otherwise` a thunk for what to do then");
        if let Some(task) = self.op(target).task.clone() {
            task.expired.set(true);
            self.op(target).kind = Kind::Fiber(None);
            return self.cancel_with(target, &fault);
        }
        self.cancel_children(target.index);
        self.group(target, |g| g.expire(&fault));
        self.maybe_launch(target);
        self.maybe_finish(target);
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

    // ---- between programs

    /// Waits for the host to send a program. `None` when it has closed the socket.
    pub(crate) fn next_program(&mut self) -> Option<Program> {
        loop {
            self.read_frames();
            if let Some(program) = self.next.take() {
                return Some(program);
            }
            let result = self.link.wait(None);
            self.note(result);
            if self.ended.is_some() {
                return None;
            }
        }
    }

    /// Drops all that is still under way. How many handles were still running, and the spawns that failed unheard.
    pub(crate) fn end_program(&mut self) -> (usize, Vec<Rc<Task>>) {
        let mut pending = 0;
        let mut child = self.ops[ROOT as usize].first_child;
        while child != NONE {
            pending += usize::from(self.ops[child as usize].task.is_some());
            child = self.ops[child as usize].next;
        }
        let failed = std::mem::take(&mut self.failed_spawns);
        self.cancel_children(ROOT);
        self.failed_spawns.clear();
        self.ready.clear();
        self.timers.clear();
        self.short_of_room.clear();
        (self.live_timers, self.looping, self.main_done, self.launching) = (0, false, false, None);
        (self.scope, self.fiber) = (OpId { index: ROOT, generation: 0 }, 0);
        (pending, failed.into_iter().filter(|t| !t.awaited.get()).collect())
    }
}

fn cancelled() -> Fault {
    Fault::new(FailureClass::Cancelled, "it was cancelled")
}

/// A frame of the host's, its texts already Scheme strings.
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
