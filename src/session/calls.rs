//! The model calls of one session: from frame to dispatcher, and from outcome to frame.
//!
//! Each call is answered by exactly one frame, whatever happens to it. Not here: the socket.

use super::{
    hints::{Asked, Hints},
    told,
};
use crate::{
    budget::{self, Budget, Spent},
    journal::Run,
    llm::{
        Answer, Choices, Failure, Image, Message, Pieces, Request, Text,
        dispatch::{Call, Caller, Dispatcher},
    },
    wire::{self, Asks, CallHead, DoneHead, FailureClass, ImageHead, Limits, ToSession, WireError},
};
use bytes::Bytes;
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Seconds for each attempt, unless a call says otherwise.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Attempts after the first, unless a call says otherwise.
const RETRIES: u32 = 4;
/// The most map-asyncs whose names are remembered.
const MAX_STAGES: usize = 100_000;
/// The most messages of a chat.
const MAX_MESSAGES: usize = 10_000;
/// How many bytes may wait for a session before it is not listened to any more: until it has read some.
const UNREAD: usize = 16 << 20;
/// What a call may ask for at most: nothing waits without a bound.
const LONGEST: f64 = 24.0 * 60.0 * 60.0;

/// Counts that a progress line reads while they change.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls received.
    pub calls: AtomicU64,
    /// Calls under way.
    pub in_flight: AtomicI64,
    /// Calls that have ended.
    pub ended: AtomicU64,
    /// Calls that failed for good, cancelled ones left out.
    pub failures: AtomicU64,
    /// Tokens of the prompts answered.
    pub input_tokens: AtomicU64,
    /// Tokens of the answers.
    pub output_tokens: AtomicU64,
}

/// What a session's calls came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Calls made.
    pub calls: u64,
    /// Calls that failed for good.
    pub failures: u64,
    /// Tokens of the prompts.
    pub input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
    /// US dollars; `None` when the price of an answer is unknown.
    pub cost_usd: Option<f64>,
}

/// A call that has not been answered, and what the budget has set aside for it.
struct Open {
    call: Arc<Call>,
    asked: Asked,
    reserved: Spent,
    /// Pieces of its answer that the interpreter has not been sent: they go as one, however many came. Never more than
    /// the answer itself, whose size the provider bounds.
    partial: String,
}

struct Inner {
    out: Vec<u8>,
    open: HashMap<u32, Open>,
    budget: Budget,
    /// Of calls that name none, in place of the host's.
    model: Option<Arc<str>>,
    hints: Hints,
    /// The run that its calls are journaled in.
    run: Option<Arc<Run>>,
    /// What the script calls the items of its map-asyncs, by their numbers.
    stages: HashMap<u32, Arc<str>>,
    /// Calls that have a partial answer to send.
    partials: Vec<u32>,
    /// Bytes of calls that wait in the queue.
    waiting: u64,
    /// Bytes of calls that have left it, not yet told.
    credit: u64,
    cost_usd: Option<f64>,
    first_call: Option<Instant>,
    last_answer: Option<Instant>,
}

pub(super) struct Calls {
    dispatcher: Arc<Dispatcher>,
    counts: Arc<Counts>,
    /// Held for moments only, and never across an await: a std mutex is the cheaper one.
    inner: Mutex<Inner>,
    wake: Notify,
    /// Bytes that have been taken to be written, and may not be yet.
    writing: AtomicUsize,
    me: Weak<Self>,
}

impl Calls {
    pub(super) fn new(dispatcher: Arc<Dispatcher>) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            dispatcher,
            counts: Arc::default(),
            inner: Mutex::new(Inner {
                out: Vec::new(),
                open: HashMap::new(),
                budget: Budget::default(),
                model: None,
                hints: Hints::default(),
                run: None,
                stages: HashMap::new(),
                partials: Vec::new(),
                waiting: 0,
                credit: 0,
                cost_usd: Some(0.0),
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
        self.counts.clone()
    }

    /// What all its calls may take.
    pub(super) fn limit(&self, limits: Limits) {
        self.lock().budget.limit(limits);
    }

    /// The model of calls that name none.
    pub(super) fn set_model(&self, model: Option<String>) {
        self.lock().model = model.map(Into::into);
    }

    /// The run that its calls are journaled in from here on.
    pub(super) fn journal(&self, run: Arc<Run>) {
        self.lock().run = Some(run);
    }

    /// What the script calls the items of a map-async.
    pub(super) fn stage(&self, group: u32, stage: Arc<str>) {
        let mut inner = self.lock();
        if inner.stages.len() < MAX_STAGES {
            inner.stages.insert(group, stage);
        }
    }

    /// That run.
    pub(super) fn run(&self) -> Option<Arc<Run>> {
        self.lock().run.clone()
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            calls: self.counts.calls.load(Relaxed),
            failures: self.counts.failures.load(Relaxed),
            input_tokens: self.counts.input_tokens.load(Relaxed),
            output_tokens: self.counts.output_tokens.load(Relaxed),
            cost_usd: self.lock().cost_usd,
        }
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

    /// Queues a frame for the interpreter.
    pub(super) fn frame<T: Serialize>(&self, head: &T, tail: &[u8]) -> Result<(), WireError> {
        let mut inner = self.lock();
        self.push(&mut inner, head, tail)
    }

    fn push<T: Serialize>(&self, inner: &mut Inner, head: &T, tail: &[u8]) -> Result<(), WireError> {
        let quiet = inner.out.is_empty();
        wire::encode(&mut inner.out, head, &[tail])?;
        if quiet {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits until there are frames to write.
    pub(super) async fn written_to(&self) {
        self.wake.notified().await;
    }

    /// A piece of a call's answer came.
    fn piece(&self, call: &Weak<Call>, id: u32, piece: &str) {
        let mut inner = self.lock();
        // Cancelled meanwhile: its number may belong to another by now.
        let Some(open) = inner.open.get_mut(&id).filter(|open| Arc::as_ptr(&open.call) == call.as_ptr()) else {
            return;
        };
        let first = open.partial.is_empty();
        open.partial.push_str(piece);
        if first && !piece.is_empty() {
            inner.partials.push(id);
            self.wake.notify_one();
        }
    }

    /// Queues what is left of a call's pieces.
    fn flush(&self, inner: &mut Inner, id: u32, partial: &str) {
        if !partial.is_empty() {
            // It is smaller than the answer; were it not, its pieces could be done without.
            let _ = self.push(inner, &ToSession::Piece { id }, partial.as_bytes());
        }
    }

    /// The frames to write, partial answers and credit included.
    pub(super) fn take_frames(&self) -> Vec<u8> {
        let mut inner = self.lock();
        for id in std::mem::take(&mut inner.partials) {
            // One that ended meanwhile has sent its own.
            let partial = inner.open.get_mut(&id).map(|open| std::mem::take(&mut open.partial)).unwrap_or_default();
            self.flush(&mut inner, id, &partial);
        }
        let credit = std::mem::take(&mut inner.credit);
        if credit > 0 {
            // A frame of a few bytes is within any bound.
            let _ = wire::encode(&mut inner.out, &ToSession::Credit(credit), &[]);
        }
        self.writing.store(inner.out.len(), Relaxed);
        std::mem::take(&mut inner.out)
    }

    /// What was taken has been written.
    pub(super) fn written(&self) {
        self.writing.store(0, Relaxed);
    }

    /// Whether so much waits for the session to be read that it must not be given cause for more.
    pub(super) fn behind(&self) -> bool {
        self.lock().out.len() + self.writing.load(Relaxed) > UNREAD
    }

    /// A call came: the tail holds its texts.
    pub(super) fn submit(&self, mut head: CallHead, tail: Bytes) -> Result<(), WireError> {
        let weight = head.charge(tail.len()) as u64;
        // What a session may have waiting it knows, and keeps to; one that does not is no session of ours.
        if head.messages.len() > MAX_MESSAGES || self.lock().waiting > (wire::CREDIT + wire::MAX_FRAME) as u64 {
            return Err(WireError::Size(tail.len()));
        }
        // Vectors have a default of their own.
        if head.model.is_none() && !matches!(head.asks, Asks::Vectors | Asks::Price { vectors: true }) {
            head.model = self.lock().model.as_deref().map(Into::into);
        }
        if let Some(text) = told::answer(&self.dispatcher, &head) {
            let mut inner = self.lock();
            inner.credit += weight;
            return self.push(&mut inner, &ToSession::Done { id: head.id, head: told::head() }, text.as_bytes());
        }
        let bounded = self.lock().budget.limits().cost_usd.is_some();
        let price = bounded.then(|| told::price(&self.dispatcher, &head, head.asks == Asks::Vectors)).flatten();
        let reserved = budget::estimate(&head, price);
        let mut rest = Tail(tail);
        let mut messages = Vec::with_capacity(head.messages.len());
        for message in head.messages {
            let text = rest.text(message.text)?;
            let images = message.images.into_iter().map(|image| rest.image(image)).collect::<Result<_, _>>()?;
            messages.push(Message { role: message.role, text, images });
        }
        let (schema, extra) = (rest.optional(head.schema)?, rest.optional(head.extra)?);
        // Which call it is that the pieces belong to is known once it has been made.
        let receiver = head.stream.then(Receiver::default);
        let timeout = head.timeout_s.filter(|s| s.is_finite() && *s >= 0.0);
        let mut request = Request {
            ticket: None,
            cache: head.cache,
            model: head.model.map(Into::into),
            messages,
            sampling: head.sampling,
            json: head.json,
            schema,
            extra,
            embedding: head.asks == Asks::Vectors,
            pieces: receiver.as_ref().map(|receiver| self.pieces(head.id, receiver)),
            timeout: timeout.map_or(TIMEOUT, |s| Duration::from_secs_f64(s.min(LONGEST))),
            retries: head.retries.unwrap_or(RETRIES),
            priority: head.priority,
            choices: Choices {
                models: names(head.models),
                least_used: head.least_used,
                fallback: names(head.fallback),
                hedge: head.hedge_s.and_then(|s| Duration::try_from_secs_f64(s).ok()),
            },
        };
        let mut asked = Asked::of(&request);
        let run = {
            let inner = self.lock();
            inner.run.clone().map(|run| (run, inner.stages.get(&head.stage).cloned()))
        };
        request.ticket = run.map(|(run, stage)| run.ticket(&request, stage));
        let call = Call::new(head.id, weight, request);
        if let Some(receiver) = receiver {
            let _ = receiver.set(Arc::downgrade(&call));
        }
        self.counts.calls.fetch_add(1, Relaxed);
        {
            let mut inner = self.lock();
            if inner.open.contains_key(&head.id) {
                return Err(WireError::Head);
            }
            if let Some(refusal) = inner.budget.refusal(reserved) {
                self.counts.ended.fetch_add(1, Relaxed);
                self.counts.failures.fetch_add(1, Relaxed);
                inner.credit += weight;
                let refused = failure(FailureClass::Budget, 0);
                return self.push(&mut inner, &ToSession::Done { id: head.id, head: refused }, refusal.as_bytes());
            }
            inner.budget.reserve(reserved);
            let others = inner.open.len();
            inner.hints.begun(&mut asked, others);
            inner.open.insert(head.id, Open { call: call.clone(), asked, reserved, partial: String::new() });
            inner.waiting += weight;
            inner.first_call.get_or_insert_with(Instant::now);
        }
        if let Some(me) = self.me.upgrade() {
            self.dispatcher.submit(call, head.priority, me);
        }
        Ok(())
    }

    /// Who gets the pieces of a call's answer. It holds neither the call, which holds it, nor the session.
    fn pieces(&self, id: u32, receiver: &Receiver) -> Pieces {
        let (me, receiver) = (self.me.clone(), receiver.clone());
        Pieces(Arc::new(move |piece| {
            if let Some((me, call)) = me.upgrade().zip(receiver.get()) {
                me.piece(call, id, piece);
            }
        }))
    }

    /// The script does not want a call any more.
    pub(super) fn cancel(&self, id: u32) {
        let mut inner = self.lock();
        // It may have ended while the script's word was on its way.
        let Some(open) = inner.open.remove(&id) else { return };
        let attempts = self.count_out(&mut inner, &open);
        let head = failure(FailureClass::Cancelled, attempts);
        let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"it was cancelled");
    }

    /// Ends a call that has been taken out of the list. How many attempts it had begun.
    fn count_out(&self, inner: &mut Inner, open: &Open) -> u32 {
        let unsent = open.call.cancel();
        if unsent {
            inner.waiting -= open.call.weight;
            inner.credit += open.call.weight;
        } else {
            self.counts.in_flight.fetch_sub(1, Relaxed);
        }
        inner.budget.settle(open.reserved, Spent { calls: u64::from(!unsent), ..Spent::default() });
        self.counts.ended.fetch_add(1, Relaxed);
        u32::from(!unsent)
    }

    /// Nobody wants any of them any more.
    pub(super) fn drop_all(&self) {
        let mut inner = self.lock();
        let open = std::mem::take(&mut inner.open);
        for (id, open) in open {
            let attempts = self.count_out(&mut inner, &open);
            let head = failure(FailureClass::Cancelled, attempts);
            let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"the program ended");
        }
    }
}

fn names(names: Vec<String>) -> Vec<Arc<str>> {
    names.into_iter().map(Into::into).collect()
}

/// The call that pieces belong to.
type Receiver = Arc<OnceLock<Weak<Call>>>;

/// The head of a failure for which nothing was paid.
fn failure(class: FailureClass, attempts: u32) -> DoneHead {
    DoneHead::Failure { class, model: None, attempts, usage: wire::Usage::default(), cost_usd: Some(0.0) }
}

/// What is left of a call's tail.
struct Tail(Bytes);

impl Tail {
    fn take(&mut self, len: u32) -> Result<Bytes, WireError> {
        let len = len as usize;
        if len > self.0.len() { Err(WireError::Size(len)) } else { Ok(self.0.split_to(len)) }
    }

    fn text(&mut self, len: u32) -> Result<Text, WireError> {
        Text::new(self.take(len)?).map_err(|_| WireError::Utf8)
    }

    fn optional(&mut self, len: u32) -> Result<Option<Text>, WireError> {
        if len == 0 { Ok(None) } else { self.text(len).map(Some) }
    }

    fn image(&mut self, head: ImageHead) -> Result<Image, WireError> {
        Ok(match head {
            ImageHead::Url(len) => Image::Url(self.text(len)?),
            ImageHead::Bytes { mime, len } => Image::Bytes { mime: mime.into(), bytes: self.take(len)? },
        })
    }
}

impl Caller for Calls {
    fn started(&self, call: &Arc<Call>) {
        self.counts.in_flight.fetch_add(1, Relaxed);
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
        let usage = result.as_ref().map_or_else(|failure| failure.usage, |answer| answer.usage);
        // A call that was never sent, such as one whose schema is none, takes nothing.
        let sent = result.as_ref().map_or_else(|failure| failure.attempts > 0, |_| true);
        let cost = result.as_ref().map_or_else(|failure| failure.cost_usd, |answer| answer.cost_usd);
        let cost_usd = cost.unwrap_or(f64::NAN);
        let taken = Spent { calls: u64::from(sent), tokens: usage.input + usage.output, cost_usd };
        inner.budget.settle(reserved, taken);
        inner.last_answer = Some(Instant::now());
        self.counts.in_flight.fetch_sub(1, Relaxed);
        self.counts.ended.fetch_add(1, Relaxed);
        let (head, text) = match result {
            Ok(answer) => {
                let others = inner.open.len();
                inner.hints.answered(asked, &answer, others);
                self.counts.input_tokens.fetch_add(answer.usage.input, Relaxed);
                self.counts.output_tokens.fetch_add(answer.usage.output, Relaxed);
                inner.cost_usd = inner.cost_usd.zip(answer.cost_usd).map(|(sum, cost)| sum + cost);
                let head = DoneHead::Answer {
                    model: answer.model.to_string(),
                    usage: answer.usage,
                    cost_usd: answer.cost_usd,
                    latency_ms: u32::try_from(answer.latency.as_millis()).unwrap_or(u32::MAX),
                    attempts: answer.attempts,
                    finish_reason: answer.finish_reason.to_string(),
                };
                (head, answer.text)
            }
            Err(failure) => {
                self.counts.failures.fetch_add(1, Relaxed);
                self.counts.input_tokens.fetch_add(failure.usage.input, Relaxed);
                self.counts.output_tokens.fetch_add(failure.usage.output, Relaxed);
                inner.cost_usd = inner.cost_usd.zip(failure.cost_usd).map(|(sum, cost)| sum + cost);
                let head = DoneHead::Failure {
                    class: failure.class,
                    model: failure.model.map(|m| m.to_string()),
                    attempts: failure.attempts,
                    usage: failure.usage,
                    cost_usd: failure.cost_usd,
                };
                (head, failure.message.into())
            }
        };
        let id = call.id;
        if self.push(&mut inner, &ToSession::Done { id, head }, text.as_bytes()).is_err() {
            let head = failure(FailureClass::Server, 1);
            let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"the answer is too large");
        }
    }
}

#[cfg(test)]
#[path = "calls_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "budget_tests.rs"]
mod budget_tests;
