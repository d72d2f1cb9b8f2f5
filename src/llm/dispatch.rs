//! Decides when a call starts: so many at a time for the whole process, by priority, of which none starves.
//!
//! A call that waits is a small entry in a queue; it becomes a task when there is a place for it. One that then waits for its
//! provider leaves its place to others. Not here: limits per provider and key, and what a call does.

use super::{Answer, Failure, Model, Price, Request, Standing, course::Course, limit::Ranks};
use crate::wire::{FailureClass, Priority};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, task::AbortHandle};

/// Who wants to know of a call. Its methods are called from within the runtime.
pub trait Caller: Send + Sync {
    /// The call leaves the queue.
    fn started(&self, call: &Arc<Call>);
    /// The call has ended.
    fn ended(&self, call: &Arc<Call>, result: Result<Answer, Failure>);
}

/// A call's identity, for its caller and for cancelling.
pub struct Call {
    /// The caller's own number for it.
    pub id: u32,
    /// What it counts for while it waits, in bytes.
    pub weight: u64,
    /// What becomes of it.
    pub course: Arc<Course>,
    state: Mutex<State>,
}

enum State {
    /// In the queue. A call that is cancelled there takes its prompt along.
    Waiting(Box<Request>),
    /// Its caller is being told; never while this lock is held, since the caller cancels under a lock of its own.
    Starting,
    Running(AbortHandle),
    Cancelled,
}

impl Call {
    /// A call that has not been queued yet.
    pub fn new(id: u32, weight: u64, request: Request) -> Arc<Self> {
        let course = request.course.clone();
        Arc::new(Self { id, weight, course, state: Mutex::new(State::Waiting(Box::new(request))) })
    }

    fn is_cancelled(&self) -> bool {
        matches!(*lock(&self.state), State::Cancelled)
    }

    /// Takes it out of the queue, or ends it; its caller hears no more of it. Whether it was still waiting.
    pub fn cancel(&self) -> bool {
        match std::mem::replace(&mut *lock(&self.state), State::Cancelled) {
            State::Waiting(_) => true,
            State::Running(task) => {
                task.abort();
                false
            }
            State::Starting | State::Cancelled => false,
        }
    }
}

/// So many waiting calls are worth tidying up.
const MANY: usize = 1024;
/// So many calls may be away from their places: each is a task.
const AWAY: usize = 4096;

struct Job {
    call: Arc<Call>,
    caller: Arc<dyn Caller>,
}

struct Queues {
    free: usize,
    waiting: Ranks<Job>,
    /// Calls that have been away and want a place again: they go first.
    returning: VecDeque<oneshot::Sender<Place>>,
    /// Calls that are away, and their bytes.
    away: (usize, u64),
}

/// What holds for calls that do not say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Unsaid {
    /// For each attempt.
    pub timeout: Duration,
    /// Attempts after the first.
    pub retries: u32,
}

impl Default for Unsaid {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(120), retries: 4 }
    }
}

/// The one place through which calls reach the models.
pub struct Dispatcher {
    model: Arc<dyn Model>,
    unsaid: Unsaid,
    queues: Mutex<Queues>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Dispatcher {
    /// At most `concurrent` calls of `model` at a time.
    pub fn new(model: Arc<dyn Model>, concurrent: usize) -> Arc<Self> {
        Self::saying(model, concurrent, Unsaid::default())
    }

    /// The same, and what holds for calls that do not say.
    pub fn saying(model: Arc<dyn Model>, concurrent: usize, unsaid: Unsaid) -> Arc<Self> {
        let (free, away) = (concurrent.max(1), (0, 0));
        let queues = Queues { free, waiting: Default::default(), returning: VecDeque::new(), away };
        Arc::new(Self { model, unsaid, queues: Mutex::new(queues) })
    }

    /// What holds for calls that do not say.
    pub fn unsaid(&self) -> Unsaid {
        self.unsaid
    }

    /// How the providers' limits stand.
    pub fn limits(&self) -> Vec<Standing> {
        self.model.limits()
    }

    /// What a call to a model costs, or one for vectors; `None` when that is unknown.
    pub fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        self.model.price(model, vectors)
    }

    /// Queues a call, and starts it when there is a place. Must be called within a runtime.
    pub fn submit(self: &Arc<Self>, call: Arc<Call>, priority: Priority, caller: Arc<dyn Caller>) {
        let job = Job { call, caller };
        {
            let mut queues = lock(&self.queues);
            if queues.free == 0 {
                let waiting = queues.waiting.of(priority);
                if waiting.len() == waiting.capacity() && waiting.len() >= MANY {
                    // A script that cancels what waits must not fill the queue with what is left of it. Where few went
                    // the next look is far off, so that all looks together stay linear.
                    waiting.retain(|job| !job.call.is_cancelled());
                    waiting.reserve(waiting.len());
                }
                waiting.push_back(job);
                return;
            }
            queues.free -= 1;
        }
        self.give(Next::Job(job));
    }

    /// Gives a place that has been taken to this one, or, if that has gone, to the next.
    fn give(self: &Arc<Self>, mut next: Next) {
        loop {
            match next {
                Next::Job(job) => {
                    if self.run(job) {
                        return;
                    }
                }
                Next::Returning(call) => {
                    // One that went away this very moment drops the place, which hands it on.
                    let _ = call.send(Place { dispatcher: self.clone(), weight: 0 });
                    return;
                }
            }
            match self.next() {
                Some(other) => next = other,
                None => return,
            }
        }
    }

    /// Who is next for a place that has become free; without anybody, the place is free.
    fn next(&self) -> Option<Next> {
        let mut queues = lock(&self.queues);
        while let Some(call) = queues.returning.pop_front() {
            if !call.is_closed() {
                return Some(Next::Returning(call));
            }
        }
        let next = queues.waiting.pop().map(Next::Job);
        if next.is_none() {
            queues.free += 1;
        }
        next
    }

    /// Makes a task of a job. `false` when it was cancelled while it waited.
    fn run(self: &Arc<Self>, job: Job) -> bool {
        let Job { call, caller } = job;
        let request = {
            let mut state = lock(&call.state);
            match std::mem::replace(&mut *state, State::Starting) {
                State::Waiting(request) => request,
                other => {
                    *state = other;
                    return false;
                }
            }
        };
        caller.started(&call);
        call.course.enter(Place { dispatcher: self.clone(), weight: call.weight });
        let task = tokio::spawn({
            let (dispatcher, ending) = (self.clone(), Ending { call: call.clone(), caller, result: None });
            let held = Held(call.course.clone());
            async move {
                let result = dispatcher.model.complete(&request).await;
                drop(held);
                ending.with(result);
            }
        });
        let mut state = lock(&call.state);
        match *state {
            State::Cancelled => task.abort(),
            _ => *state = State::Running(task.abort_handle()),
        }
        true
    }
}

/// Tells the caller how its call ended, even when the model panicked.
struct Ending {
    call: Arc<Call>,
    caller: Arc<dyn Caller>,
    result: Option<Result<Answer, Failure>>,
}

impl Ending {
    fn with(mut self, result: Result<Answer, Failure>) {
        self.result = Some(result);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let lost = || Err(Failure::new(FailureClass::Server, "the call broke off; please report it"));
        let result = self.result.take().unwrap_or_else(lost);
        self.caller.ended(&self.call, result);
    }
}

/// Who gets a place.
enum Next {
    Job(Job),
    Returning(oneshot::Sender<Place>),
}

/// Gives a call's place back when dropped, however the call ended.
struct Held(Arc<Course>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A place among the running calls; handed on when dropped.
pub(super) struct Place {
    dispatcher: Arc<Dispatcher>,
    weight: u64,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Place")
    }
}

impl Place {
    /// Leaves it to others for a while: a call that waits for its provider's limit must not keep out those that have none.
    /// So many may be away as the process can hold; beyond that, the place is kept.
    pub(super) fn leave(self) -> Result<Away, Self> {
        let (dispatcher, weight) = (self.dispatcher.clone(), self.weight);
        {
            let mut queues = lock(&dispatcher.queues);
            let (calls, bytes) = queues.away;
            if calls >= AWAY || bytes + weight > crate::wire::CREDIT as u64 {
                drop(queues);
                return Err(self);
            }
            queues.away = (calls + 1, bytes + weight);
        }
        drop(self);
        Ok(Away { dispatcher, weight })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let next = self.dispatcher.next();
        // A runtime that shuts down drops its tasks, and their places, when nothing can be started any more.
        if let Some(next) = next
            && tokio::runtime::Handle::try_current().is_ok()
        {
            self.dispatcher.give(next);
        }
    }
}

/// A call that has left its place, until dropped.
pub(super) struct Away {
    dispatcher: Arc<Dispatcher>,
    weight: u64,
}

impl Away {
    /// Waits for a place again.
    pub(super) async fn back(self) -> Place {
        let receiver = {
            let mut queues = lock(&self.dispatcher.queues);
            if queues.free > 0 {
                queues.free -= 1;
                None
            } else {
                let (sender, receiver) = oneshot::channel();
                queues.returning.push_back(sender);
                Some(receiver)
            }
        };
        let given = match receiver {
            // Its sender is only dropped unused when the runtime shuts down, and then nobody asks for places any more.
            Some(receiver) => match receiver.await {
                Ok(place) => place,
                Err(_) => std::future::pending().await,
            },
            None => Place { dispatcher: self.dispatcher.clone(), weight: 0 },
        };
        let mut given = given;
        given.weight = self.weight;
        given
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        let mut queues = lock(&self.dispatcher.queues);
        queues.away = (queues.away.0 - 1, queues.away.1 - self.weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Pending;

    struct Silent;

    impl Model for Silent {
        fn complete<'a>(&'a self, _: &'a Request) -> Pending<'a> {
            Box::pin(std::future::pending())
        }
    }

    struct Nobody;

    impl Caller for Nobody {
        fn started(&self, _: &Arc<Call>) {}
        fn ended(&self, _: &Arc<Call>, _: Result<Answer, Failure>) {}
    }

    #[tokio::test]
    async fn calls_cancelled_while_they_wait_do_not_gather() {
        let dispatcher = Dispatcher::new(Arc::new(Silent), 1);
        let submit = |id| {
            let call = Call::new(id, 0, Request::default());
            dispatcher.submit(call.clone(), Priority::Normal, Arc::new(Nobody));
            call
        };
        submit(0);
        let kept = submit(1);
        for id in 2..100_000 {
            assert!(submit(id).cancel());
        }
        let mut queues = lock(&dispatcher.queues);
        let waiting = queues.waiting.of(Priority::Normal);
        assert!(waiting.len() < 10 * MANY, "{}", waiting.len());
        assert!(Arc::ptr_eq(&waiting[0].call, &kept), "the one that is wanted is still the first");
    }
}
