//! Decides when a call starts: so many at a time for the whole process, by priority, of which none starves.
//!
//! A call that waits is a small entry in a queue; it becomes a task when there is a place for it. Not here: limits per
//! provider and key, and what a call does.

use super::{Answer, Failure, Model, Price, Request, Standing, limit::Ranks};
use crate::wire::{FailureClass, Priority};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

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
        Arc::new(Self { id, weight, state: Mutex::new(State::Waiting(Box::new(request))) })
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

struct Job {
    call: Arc<Call>,
    caller: Arc<dyn Caller>,
}

struct Queues {
    free: usize,
    waiting: Ranks<Job>,
}

/// The one place through which calls reach the models.
pub struct Dispatcher {
    model: Arc<dyn Model>,
    queues: Mutex<Queues>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Dispatcher {
    /// At most `concurrent` calls of `model` at a time.
    pub fn new(model: Arc<dyn Model>, concurrent: usize) -> Arc<Self> {
        let queues = Queues { free: concurrent.max(1), waiting: Default::default() };
        Arc::new(Self { model, queues: Mutex::new(queues) })
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
        self.start(job);
    }

    /// Starts a job on a place that has been taken for it, or hands the place on.
    fn start(self: &Arc<Self>, mut job: Job) {
        loop {
            if self.run(job) {
                return;
            }
            match self.next() {
                Some(next) => job = next,
                None => return,
            }
        }
    }

    /// The next job for a place that has become free; without one, the place is free.
    fn next(&self) -> Option<Job> {
        let mut queues = lock(&self.queues);
        let next = queues.waiting.pop();
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
        let place = Place(self.clone());
        let task = tokio::spawn({
            let (dispatcher, ending) = (self.clone(), Ending { call: call.clone(), caller, result: None });
            async move {
                let result = dispatcher.model.complete(&request).await;
                drop(place);
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

/// A place among the running calls; handed on when dropped, however the call ended.
struct Place(Arc<Dispatcher>);

impl Drop for Place {
    fn drop(&mut self) {
        let next = self.0.next();
        // A runtime that shuts down drops its tasks, and their places, when nothing can be started any more.
        if let Some(job) = next
            && tokio::runtime::Handle::try_current().is_ok()
        {
            self.0.start(job);
        }
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
