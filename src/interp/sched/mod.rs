//! The fiber scheduler: operations under way, the scopes they belong to, and the one loop that waits for them.
//!
//! An *operation* is anything a fiber can wait for: a model call, a timer, a spawned fiber, a map-async. Every operation
//! belongs to the *scope* in which it began; spawned fibers and map-asyncs are scopes themselves, and cancelling a scope
//! drops all that began in it, down the tree. A fiber waits by leaving its continuation with an operation; the prelude
//! (`fibers.scm`) captures it, [`Sched::event`] hands it back when the operation has ended.
//!
//! `ops` holds operations and scopes, `fibers` what fibers ask for, `fan_out` map-asyncs, `streams` answers that come in
//! pieces, `frames` what the host sends, `blocking` calls that Python waits for; here is the loop. Nothing here is O(operations under way), save the end of a program. Not here: map-async's own rules (`group`), the
//! text of natives' errors (`natives`), the socket (`link`).

#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) mod blocking;
mod fan_out;
mod fibers;
mod frames;
mod ops;
mod streams;

pub(crate) use frames::Program;
pub(crate) use ops::OpId;

use super::{
    group::Group,
    link::Link,
    value::{Fault, Kept, Native, Task, error},
};
use crate::wire::FailureClass;
use ops::{Kind, Op};
use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};
use steel::SteelVal;
use streams::Stream;

/// No operation.
const NONE: u32 = u32::MAX;
/// The scope of the whole program.
const ROOT: u32 = 0;
/// How many fibers run before the loop looks at the socket and the clock again.
const BURST: u32 = 64;

/// Set by the signal handler: the host wants the program to end.
pub(crate) static INTERRUPTED: AtomicBool = AtomicBool::new(false);
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
    /// `finish-var` was called with this name, there.
    FinishedVariable(String, Vec<steel::parser::span::Span>),
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
    streams: HashMap<OpId, Stream>,
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
    /// The first fan-out that kept nothing but the program's own mistakes: how many items, and the first mistake.
    pub(crate) mistake: Option<(u32, Fault)>,
    next_group: u32,
    /// How many handles have ended: the order in which they did.
    ended_tasks: u64,
    next: Option<Program>,
    /// What the main fiber waits for when nothing is asked of the session: the next program.
    idle: Option<OpId>,
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

/// Whether this thread has a scheduler: not one that Python has made.
#[cfg_attr(not(feature = "python"), allow(dead_code))]
pub(crate) fn is_here() -> bool {
    SCHED.with(|s| s.borrow().is_some())
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
            home: OpId::PROGRAM,
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
            streams: HashMap::new(),
            short_of_room: VecDeque::new(),
            credit_used: 0,
            link_full: false,
            credit_short: false,
            scope: OpId::PROGRAM,
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
            mistake: None,
            next_group: 0,
            ended_tasks: 0,
            next: None,
            idle: None,
        }
    }

    /// The continuation of a fiber that can go on, when that is next: it need not go by the loop.
    pub(crate) fn resumed(&mut self) -> Option<SteelVal> {
        if self.ended.is_some() || self.main_done || INTERRUPTED.load(Ordering::Relaxed) {
            return None;
        }
        while self.burst + 1 < BURST && matches!(self.ready.front(), Some(Ready::Resume(_))) {
            self.burst += 1;
            let next = self.ready.pop_front()?;
            if let Some(continuation) = self.dispatch(next) {
                return Some(continuation);
            }
        }
        None
    }

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
                (self.scope, self.fiber, self.launching) = (OpId::PROGRAM, 0, None);
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
        match next {
            Ready::Main(form) => {
                (self.scope, self.fiber, self.launching) = (OpId::PROGRAM, 0, None);
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
        self.flush();
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
        let waits = self.idle.is_none();
        if idle && waits && self.live_calls == 0 && self.live_timers == 0 && self.short_of_room.is_empty() {
            return Err(Fault::script("deadlock: every fiber waits for another, and no call is under way")
                .hint("a fiber may not await itself, nor two each other"));
        }
        let timeout = if !idle {
            Some(Duration::ZERO)
        } else {
            self.timers.peek().map(|Reverse((at, _))| at.saturating_duration_since(Instant::now()))
        };
        let result = self.link.wait(timeout);
        self.note(result);
        self.read_frames();
        if self.next.is_some()
            && let Some(idle) = self.idle.take()
        {
            self.wake(idle);
        }
        Ok(())
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
        self.group(target, |g| g.expire(&fault));
        self.cancel_children(target.index);
        self.maybe_launch(target);
        self.maybe_finish(target);
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
        self.streams.clear();
        self.short_of_room.clear();
        (self.live_timers, self.looping, self.main_done, self.launching) = (0, false, false, None);
        (self.scope, self.fiber) = (OpId::PROGRAM, 0);
        (pending, failed.into_iter().filter(|t| !t.awaited.get()).collect())
    }

    /// An input at a prompt has ended: its own fiber is dropped with all that it waited for. What has a handle goes on. The
    /// spawns that failed unheard.
    pub(crate) fn pause(&mut self) -> Vec<Rc<Task>> {
        if self.looping && self.scope != OpId::PROGRAM {
            // A fiber was broken off half-way: nothing can resume it.
            let mut index = self.scope.index;
            while self.alive(self.scope) && self.ops[index as usize].scope != ROOT {
                index = self.ops[index as usize].scope;
            }
            let outermost = OpId { index, generation: self.ops[index as usize].generation };
            if self.alive(self.scope) {
                self.cancel_with(outermost, &ops::cancelled());
            }
        }
        let mut child = self.ops[ROOT as usize].first_child;
        let mut own = Vec::new();
        while child != NONE {
            let op = &self.ops[child as usize];
            if op.task.is_none() && !matches!(op.kind, Kind::Deadline(_) | Kind::Fiber(_)) {
                own.push(OpId { index: child, generation: op.generation });
            }
            child = op.next;
        }
        for id in own {
            self.cancel_with(id, &ops::cancelled());
        }
        self.ready.retain(|next| !matches!(next, Ready::Main(_)));
        (self.looping, self.main_done, self.launching, self.idle) = (false, false, None, None);
        (self.scope, self.fiber) = (OpId::PROGRAM, 0);
        let failed = std::mem::take(&mut self.failed_spawns);
        failed.into_iter().filter(|t| !t.awaited.get()).collect()
    }

    /// Whether earlier inputs have left something running.
    pub(crate) fn runs_on(&self) -> bool {
        self.ops[ROOT as usize].first_child != NONE && self.ended.is_none()
    }

    /// What the main fiber waits for while nothing is asked of it.
    pub(crate) fn idle(&mut self) -> Result<OpId, Fault> {
        let id = self.begin(Kind::Wait)?;
        match self.next {
            Some(_) => self.wake(id),
            None => self.idle = Some(id),
        }
        Ok(id)
    }

    /// The program that has come meanwhile.
    pub(crate) fn take_next(&mut self) -> Option<Program> {
        self.next.take()
    }
}

#[cfg(test)]
mod tests;
