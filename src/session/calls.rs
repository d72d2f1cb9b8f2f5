//! The model calls of one session: from frame to dispatcher, and from outcome to frame.
//!
//! Each call is answered by exactly one frame, whatever happens to it. Not here: the socket.

use crate::{
    llm::{
        Answer, Failure, Message, Request, Text,
        dispatch::{Call, Caller, Dispatcher},
    },
    wire::{self, CallHead, DoneHead, FailureClass, ToSession, WireError},
};
use bytes::Bytes;
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Seconds for each attempt, unless a call says otherwise.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Attempts after the first, unless a call says otherwise.
const RETRIES: u32 = 4;
/// The most messages of a chat.
const MAX_MESSAGES: usize = 10_000;
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

struct Inner {
    out: Vec<u8>,
    open: HashMap<u32, Arc<Call>>,
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
                waiting: 0,
                credit: 0,
                cost_usd: Some(0.0),
                first_call: None,
                last_answer: None,
            }),
            wake: Notify::new(),
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

    pub(super) fn usage(&self) -> Usage {
        Usage {
            calls: self.counts.calls.load(Relaxed),
            failures: self.counts.failures.load(Relaxed),
            input_tokens: self.counts.input_tokens.load(Relaxed),
            output_tokens: self.counts.output_tokens.load(Relaxed),
            cost_usd: self.lock().cost_usd,
        }
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

    /// The frames to write, credit included.
    pub(super) fn take_frames(&self) -> Vec<u8> {
        let mut inner = self.lock();
        let credit = std::mem::take(&mut inner.credit);
        if credit > 0 {
            // A frame of a few bytes is within any bound.
            let _ = wire::encode(&mut inner.out, &ToSession::Credit(credit), &[]);
        }
        std::mem::take(&mut inner.out)
    }

    /// A call came: the tail holds its texts.
    pub(super) fn submit(&self, head: CallHead, tail: Bytes) -> Result<(), WireError> {
        let weight = (tail.len() + wire::CALL_OVERHEAD) as u64;
        // What a session may have waiting it knows, and keeps to; one that does not is no session of ours.
        if head.messages.len() > MAX_MESSAGES || self.lock().waiting > (wire::CREDIT + wire::MAX_FRAME) as u64 {
            return Err(WireError::Size(tail.len()));
        }
        let mut rest = tail;
        let mut messages = Vec::with_capacity(head.messages.len());
        for (role, len) in head.messages {
            if len as usize > rest.len() {
                return Err(WireError::Size(len as usize));
            }
            let text = Text::new(rest.split_to(len as usize)).map_err(|_| WireError::Utf8)?;
            messages.push(Message { role, text });
        }
        let timeout = head.timeout_s.filter(|s| s.is_finite() && *s >= 0.0);
        let request = Request {
            model: head.model.map(Into::into),
            messages,
            sampling: head.sampling,
            json: head.json,
            timeout: timeout.map_or(TIMEOUT, |s| Duration::from_secs_f64(s.min(LONGEST))),
            retries: head.retries.unwrap_or(RETRIES),
        };
        let call = Call::new(head.id, weight, request);
        {
            let mut inner = self.lock();
            if inner.open.insert(head.id, call.clone()).is_some() {
                return Err(WireError::Head);
            }
            inner.waiting += weight;
            inner.first_call.get_or_insert_with(Instant::now);
        }
        self.counts.calls.fetch_add(1, Relaxed);
        if let Some(me) = self.me.upgrade() {
            self.dispatcher.submit(call, head.priority, me);
        }
        Ok(())
    }

    /// The script does not want a call any more.
    pub(super) fn cancel(&self, id: u32) {
        let mut inner = self.lock();
        // It may have ended while the script's word was on its way.
        let Some(call) = inner.open.remove(&id) else { return };
        self.count_out(&mut inner, &call);
        let head = DoneHead::Failure { class: FailureClass::Cancelled, model: None, attempts: 0 };
        let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"it was cancelled");
    }

    /// Ends a call that has been taken out of the list.
    fn count_out(&self, inner: &mut Inner, call: &Call) {
        if call.cancel() {
            inner.waiting -= call.weight;
            inner.credit += call.weight;
        } else {
            self.counts.in_flight.fetch_sub(1, Relaxed);
        }
        self.counts.ended.fetch_add(1, Relaxed);
    }

    /// Nobody wants any of them any more.
    pub(super) fn drop_all(&self) {
        let mut inner = self.lock();
        let open = std::mem::take(&mut inner.open);
        for (id, call) in open {
            self.count_out(&mut inner, &call);
            let head = DoneHead::Failure { class: FailureClass::Cancelled, model: None, attempts: 0 };
            let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"the program ended");
        }
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
        if !inner.open.get(&call.id).is_some_and(|open| Arc::ptr_eq(open, call)) {
            return;
        }
        inner.open.remove(&call.id);
        inner.last_answer = Some(Instant::now());
        self.counts.in_flight.fetch_sub(1, Relaxed);
        self.counts.ended.fetch_add(1, Relaxed);
        let (head, text) = match result {
            Ok(answer) => {
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
                let model = failure.model.map(|m| m.to_string());
                let head = DoneHead::Failure { class: failure.class, model, attempts: failure.attempts };
                (head, failure.message.into())
            }
        };
        let id = call.id;
        if self.push(&mut inner, &ToSession::Done { id, head }, text.as_bytes()).is_err() {
            let head = DoneHead::Failure { class: FailureClass::Server, model: None, attempts: 1 };
            let _ = self.push(&mut inner, &ToSession::Done { id, head }, b"the answer is too large");
        }
    }
}
