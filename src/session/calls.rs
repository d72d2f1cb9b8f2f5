//! The model calls of one session: from frame to dispatcher, and from outcome to frame.
//!
//! Each call is answered by exactly one frame, whatever happens to it. Not here: the socket.

mod functions;
mod outbox;
mod request;
mod watch;

pub use functions::Function;
pub use watch::{OpenCall, Watch};

use super::{
    account::{Account, Counts, Usage},
    hints::{Asked, Hints},
    nested::{Nested, Nests, Scopes, Wanted, plain},
    told,
};
use crate::{
    budget::{self, Spent},
    journal::Run,
    llm::{
        Answer, Course, Failure, Request, Summary, Taken,
        dispatch::{Call, Caller, Dispatcher},
    },
    wire::{self, Asks, CallHead, DoneHead, FailureClass, Limits, ToSession, WireError},
};
use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak, atomic::AtomicUsize},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// The most map-asyncs whose names are remembered.
const MAX_STAGES: usize = 100_000;
/// The most messages of a chat.
const MAX_MESSAGES: usize = 10_000;
/// A call that has not been answered, and what the budget has set aside for it.
struct Open {
    call: Arc<Call>,
    model: Option<Arc<str>>,
    begun: Instant,
    asked: Asked,
    reserved: Spent,
    /// Set when no model answers it, but a session of its own.
    nested: Option<Nested>,
    /// Pieces of its answer that the interpreter has not been sent: they go as one, however many came. Never more than
    /// the answer itself, whose size the provider bounds.
    partial: String,
}

struct Inner {
    out: Vec<u8>,
    open: HashMap<u32, Open>,
    /// Of calls that name none, in place of the host's.
    model: Option<Arc<str>>,
    hints: Hints,
    /// What the script calls the items of its map-asyncs, by their numbers.
    stages: HashMap<u32, Arc<str>>,
    functions: functions::Functions,
    /// Who answers calls that want a session of their own.
    nests: Option<Arc<dyn Nests>>,
    scopes: Scopes,
    /// Calls that have a partial answer to send.
    partials: Vec<u32>,
    /// Bytes of calls that wait in the queue.
    waiting: u64,
    /// Bytes of calls that have left it, not yet told.
    credit: u64,
    first_call: Option<Instant>,
    last_answer: Option<Instant>,
}

pub(super) struct Calls {
    dispatcher: Arc<Dispatcher>,
    account: Arc<Account>,
    /// Held for moments only, and never across an await: a std mutex is the cheaper one.
    inner: Mutex<Inner>,
    wake: Notify,
    /// Bytes that have been taken to be written, and may not be yet.
    writing: AtomicUsize,
    me: Weak<Self>,
}

impl Calls {
    pub(super) fn new(dispatcher: Arc<Dispatcher>, account: Arc<Account>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            dispatcher,
            account,
            inner: Mutex::new(Inner {
                out: Vec::new(),
                open: HashMap::new(),
                model: None,
                hints: Hints::default(),
                stages: HashMap::new(),
                functions: functions::Functions::default(),
                nests: None,
                scopes: Scopes::default(),
                partials: Vec::new(),
                waiting: 0,
                credit: 0,
                first_call: None,
                last_answer: None,
            }),
            wake: Notify::new(),
            writing: AtomicUsize::new(0),
            me: me.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds it can panic half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counts(&self) -> Arc<Counts> {
        self.account.counts().clone()
    }

    /// What all its calls may take.
    pub(super) fn limit(&self, limits: Limits) {
        self.account.limit(limits);
    }

    /// The model of calls that name none.
    pub(super) fn set_model(&self, model: Option<String>) {
        self.lock().model = model.map(Into::into);
    }

    /// The run that its calls are journaled in from here on.
    pub(super) fn journal(&self, run: Arc<Run>) {
        self.account.journal(run);
    }

    /// What the script calls the items of a map-async.
    pub(super) fn stage(&self, group: u32, stage: Arc<str>) {
        let mut inner = self.lock();
        if inner.stages.len() < MAX_STAGES {
            inner.stages.insert(group, stage);
        }
    }

    /// Whether they are journaled.
    pub(super) fn journaled(&self) -> bool {
        self.account.run().is_some()
    }

    /// Who answers calls that want a session of their own.
    pub(super) fn nest(&self, nests: Arc<dyn Nests>) {
        self.lock().nests = Some(nests);
    }

    pub(super) fn left(&self) -> Limits {
        self.account.left()
    }

    pub(super) fn usage(&self) -> Usage {
        self.account.usage()
    }

    pub(super) fn spent(&self) -> Spent {
        self.account.spent()
    }

    /// What all its calls have come to, in short.
    pub(super) fn summary(&self) -> Summary {
        self.account.traffic().summary()
    }

    /// What the calls since the last asking suggest.
    pub(super) fn take_hints(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().hints).said()
    }

    pub(super) fn time(&self) -> Duration {
        let inner = self.lock();
        match (inner.first_call, inner.last_answer) {
            (Some(first), Some(last)) => last.saturating_duration_since(first),
            _ => Duration::ZERO,
        }
    }

    /// A call came: the tail holds its texts.
    pub(super) fn submit(&self, mut head: CallHead, tail: Bytes) -> Result<(), WireError> {
        let weight = head.charge(tail.len()) as u64;
        // What a session may have waiting it knows, and keeps to; one that does not is no session of ours.
        if head.messages.len() > MAX_MESSAGES || self.lock().waiting > (wire::CREDIT + wire::MAX_FRAME) as u64 {
            return Err(WireError::Size(tail.len()));
        }
        if head.asks == Asks::Function {
            return self.call_function(&head, tail, weight);
        }
        // Vectors have a default of their own.
        if head.model.is_none() && !matches!(head.asks, Asks::Vectors | Asks::Price { vectors: true }) {
            head.model = self.lock().model.as_deref().map(Into::into);
        }
        if let Some(text) = told::answer(&self.dispatcher, &head) {
            let mut inner = self.lock();
            inner.credit += weight;
            return self.push(&mut inner, &ToSession::Done { id: head.id, head: told::head("") }, text.as_bytes());
        }
        let unsaid = self.dispatcher.unsaid();
        let price = self
            .account
            .bounds_money()
            .then(|| told::price(&self.dispatcher, &head, head.asks == Asks::Vectors))
            .flatten();
        // A loop's own calls are set aside by themselves: this is for the one that takes its place where it would be too deep.
        let reserved = match head.asks {
            Asks::Loop => budget::estimate(&CallHead { asks: Asks::Answer, ..head.clone() }, price),
            _ => budget::estimate(&head, price),
        };
        // Which call it is that the pieces belong to is known once it has been made.
        let receiver = head.stream.then(Receiver::default);
        let pieces = receiver.as_ref().map(|receiver| self.pieces(head.id, receiver));
        let (id, asks, priority, stage) = (head.id, head.asks, head.priority, head.stage);
        let (timeout, nested) = (request::timeout(&head), head.nested.take().unwrap_or_default());
        let course = Course::of(self.account.traffic().clone());
        let request = request::of(head, tail, pieces, unsaid, course)?;
        let mut request = match asks {
            Asks::Loop | Asks::Program => {
                let within = self.lock().scopes.account(&self.account, &nested.within);
                let wanted = Wanted { asks, request: &request, depth: nested.depth, timeout, account: within };
                if self.answers(id, weight, wanted)? {
                    return Ok(());
                }
                plain(request)
            }
            _ => request,
        };
        let (mut asked, model) = (Asked::of(&request), request.model.clone());
        request.ticket = self.account.run().map(|run| {
            let stage = self.lock().stages.get(&stage).cloned();
            run.ticket(&request, stage)
        });
        let call = Call::new(id, weight, request);
        if let Some(receiver) = receiver {
            let _ = receiver.set(Arc::downgrade(&call));
        }
        self.account.received();
        {
            let mut inner = self.lock();
            if inner.open.contains_key(&id) {
                return Err(WireError::Head);
            }
            if let Err(refusal) = self.account.reserve(reserved) {
                inner.credit += weight;
                let refused = failure(FailureClass::Budget, 0);
                return self.push(&mut inner, &ToSession::Done { id, head: refused }, refusal.as_bytes());
            }
            let others = inner.open.len();
            inner.hints.begun(&mut asked, others);
            let call = call.clone();
            let open =
                Open { call, model, begun: Instant::now(), asked, reserved, nested: None, partial: String::new() };
            inner.open.insert(id, open);
            inner.waiting += weight;
            inner.first_call.get_or_insert_with(Instant::now);
        }
        if let Some(me) = self.me.upgrade() {
            self.dispatcher.submit(call, priority, me);
        }
        Ok(())
    }

    /// Has a call answered by a session of its own. Whether there is one: at the greatest depth a model answers.
    fn answers(&self, id: u32, weight: u64, wanted: Wanted<'_>) -> Result<bool, WireError> {
        let (program, account) = (wanted.asks == Asks::Program, wanted.account.clone());
        let mut inner = self.lock();
        if inner.open.contains_key(&id) {
            return Err(WireError::Head);
        }
        let Some(answering) = inner.nests.as_ref().and_then(|nests| nests.answer(wanted)) else {
            if program {
                inner.credit += weight;
                let head = failure(FailureClass::BadRequest, 0);
                self.push(&mut inner, &ToSession::Done { id, head }, b"programs stand too deep within one another")?;
            }
            return Ok(program);
        };
        let call = Call::new(id, weight, Request::default());
        let (me, ended) = (self.me.clone(), call.clone());
        let task = tokio::spawn(async move {
            let result = answering.await;
            if let Some(me) = me.upgrade() {
                me.answered(&ended, result);
            }
        });
        let nested = Some(Nested { task: task.abort_handle(), account });
        let (asked, reserved) = Default::default();
        let open = Open { call, model: None, begun: Instant::now(), asked, reserved, nested, partial: String::new() };
        inner.open.insert(id, open);
        inner.first_call.get_or_insert_with(Instant::now);
        inner.credit += weight;
        self.wake.notify_one();
        Ok(true)
    }

    /// A session of its own has answered a call.
    fn answered(&self, call: &Arc<Call>, result: Result<Answer, Failure>) {
        let mut inner = self.lock();
        if !inner.open.get(&call.id).is_some_and(|open| Arc::ptr_eq(&open.call, call)) {
            return;
        }
        let calls = inner.open.remove(&call.id).and_then(|open| open.nested).map_or(0, |n| n.account.usage().calls);
        inner.last_answer = Some(Instant::now());
        self.tell(&mut inner, call.id, result, calls, Some(&call.course));
    }

    /// Tells the session how a call has ended.
    fn tell(&self, inner: &mut Inner, id: u32, result: Result<Answer, Failure>, calls: u64, course: Option<&Course>) {
        let waited_ms = course.map_or(0, |course| millis(course.taken().waited));
        let (head, text) = match result {
            Ok(answer) => {
                let head = DoneHead::Answer {
                    model: answer.model.to_string(),
                    usage: answer.usage,
                    cost_usd: answer.cost_usd,
                    latency_ms: millis(answer.latency),
                    waited_ms,
                    attempts: answer.attempts,
                    finish_reason: answer.finish_reason.to_string(),
                    calls,
                };
                (head, answer.text)
            }
            Err(failure) => {
                let head = DoneHead::Failure {
                    class: failure.class,
                    model: failure.model.map(|m| m.to_string()),
                    attempts: failure.attempts,
                    usage: failure.usage,
                    cost_usd: failure.cost_usd,
                    latency_ms: course.map_or(0, |course| millis(course.since())),
                    waited_ms,
                    calls,
                };
                (head, failure.message.into())
            }
        };
        if self.push(inner, &ToSession::Done { id, head }, text.as_bytes()).is_err() {
            let head = failure(FailureClass::Server, 1);
            let _ = self.push(inner, &ToSession::Done { id, head }, b"the answer is too large");
        }
    }

    /// The script does not want a call any more.
    pub(super) fn cancel(&self, id: u32) {
        if self.cancel_function(id) {
            return;
        }
        let mut inner = self.lock();
        // It may have ended while the script's word was on its way.
        let Some(open) = inner.open.remove(&id) else { return };
        let head = self.count_out(&mut inner, &open);
        let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"it was cancelled");
    }

    /// Ends a call that has been taken out of the list: what it took, as far as that is known.
    fn count_out(&self, inner: &mut Inner, open: &Open) -> DoneHead {
        let class = FailureClass::Cancelled;
        if let Some(Nested { task, account }) = &open.nested {
            task.abort();
            let Usage { calls, input_tokens: input, output_tokens: output, cost_usd, .. } = account.usage();
            let usage = wire::Usage { input, output, ..wire::Usage::default() };
            let (latency_ms, waited_ms) = (0, 0);
            return DoneHead::Failure {
                class,
                model: None,
                attempts: 1,
                usage,
                cost_usd,
                latency_ms,
                waited_ms,
                calls,
            };
        }
        let unsent = open.call.cancel();
        if unsent {
            inner.waiting -= open.call.weight;
            inner.credit += open.call.weight;
        }
        let course = &open.call.course;
        let taken = course.taken();
        self.account.dropped(open.reserved, unsent, &taken);
        let Taken { attempts, usage, cost_usd, waited } = taken;
        let (latency_ms, waited_ms) = (millis(course.since()), millis(waited));
        let calls = u64::from(attempts > 0);
        DoneHead::Failure { class, model: None, attempts, usage, cost_usd, latency_ms, waited_ms, calls }
    }

    /// Nobody wants any of them any more.
    pub(super) fn drop_all(&self) {
        self.cancel_functions();
        let mut inner = self.lock();
        let open = std::mem::take(&mut inner.open);
        for (id, open) in open {
            let head = self.count_out(&mut inner, &open);
            let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"the program ended");
        }
    }
}

/// The call that pieces belong to.
type Receiver = Arc<OnceLock<Weak<Call>>>;

/// The head of a failure for which nothing was paid.
fn failure(class: FailureClass, attempts: u32) -> DoneHead {
    let (usage, cost_usd, calls) = (wire::Usage::default(), Some(0.0), u64::from(attempts > 0));
    DoneHead::Failure { class, model: None, attempts, usage, cost_usd, latency_ms: 0, waited_ms: 0, calls }
}

/// So long, as frames say it.
fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

impl Caller for Calls {
    fn started(&self, call: &Arc<Call>) {
        self.account.started();
        let mut inner = self.lock();
        let told = inner.credit > 0 || !inner.out.is_empty();
        inner.waiting -= call.weight;
        inner.credit += call.weight;
        if !told {
            self.wake.notify_one();
        }
    }

    fn ended(&self, call: &Arc<Call>, result: Result<Answer, Failure>) {
        let mut inner = self.lock();
        // Cancelled meanwhile: its frame has been sent, and its number may belong to another by now.
        let Some(open) = inner.open.get(&call.id).filter(|open| Arc::ptr_eq(&open.call, call)) else { return };
        let (asked, reserved) = (open.asked, open.reserved);
        let partial = inner.open.remove(&call.id).map(|open| open.partial).unwrap_or_default();
        self.flush(&mut inner, call.id, &partial);
        self.account.ended(reserved, &result);
        inner.last_answer = Some(Instant::now());
        if let Ok(answer) = &result {
            let others = inner.open.len();
            inner.hints.answered(asked, answer, others);
        }
        let calls = result.as_ref().map_or_else(|failure| u64::from(failure.attempts > 0), |_| 1);
        self.tell(&mut inner, call.id, result, calls, Some(&call.course));
    }
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "budget_tests.rs"]
mod budget_tests;
