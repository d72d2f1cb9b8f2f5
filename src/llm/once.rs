//! Identical requests that are under way together at temperature 0, or whose answers are shared, are sent once.
//!
//! Each caller gets the one answer; the first to have asked pays for it. The request goes on as long as anybody waits. Not
//! here: answers that are kept for later.

use super::{Answer, Failure, Model, Pending, Price, Request, Standing};
use crate::wire::{FailureClass, Usage};
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};
use tokio::{sync::watch, task::AbortHandle};

/// How much of a long text is hashed, at either end: whether two texts are the same is found out by looking.
const ENDS: usize = 64;

type Ended = Option<Result<Answer, Failure>>;

/// Requests that look alike, by a hash of their looks.
type UnderWay = HashMap<u64, Vec<Weak<Shared>>>;

/// A model that is asked once for what is asked of it several times at once.
pub(super) struct Once {
    model: Arc<dyn Model>,
    /// Whether the answer of a request is shared with others, whatever its temperature.
    shared: Box<dyn Fn(&Request) -> bool + Send + Sync>,
    looks: RandomState,
    /// Held for moments only.
    under_way: Arc<Mutex<UnderWay>>,
}

/// A request under way. It ends when nobody holds it any more.
struct Shared {
    request: Request,
    ended: watch::Receiver<Ended>,
    task: AbortHandle,
    looks: u64,
    under_way: Arc<Mutex<UnderWay>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.task.abort();
        let mut under_way = lock(&self.under_way);
        if let Some(alike) = under_way.get_mut(&self.looks) {
            alike.retain(|shared| shared.strong_count() > 0);
            if alike.is_empty() {
                under_way.remove(&self.looks);
            }
        }
    }
}

/// Whether one answer will do for both.
fn same(a: &Request, b: &Request) -> bool {
    let said = |r: &Request| (r.model.clone(), r.json, r.schema.clone(), r.extra.clone(), r.timeout, r.retries);
    said(a) == said(b) && a.sampling == b.sampling && a.messages == b.messages && a.cache == b.cache
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Once {
    pub(super) fn new(model: Arc<dyn Model>, shared: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        Self { model, shared: Box::new(shared), looks: RandomState::new(), under_way: Arc::default() }
    }

    fn looks(&self, request: &Request) -> u64 {
        let mut hasher = self.looks.build_hasher();
        request.model.hash(&mut hasher);
        for message in &request.messages {
            let text = message.text.as_bytes();
            let (first, last) = (&text[..text.len().min(ENDS)], &text[text.len().saturating_sub(ENDS)..]);
            (text.len(), first, last, message.images.len()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The request under way that this one is the same as, or this one; and whether it is this one.
    fn share(&self, request: &Request) -> (Arc<Shared>, bool) {
        let looks = self.looks(request);
        let mut under_way = lock(&self.under_way);
        let alike = under_way.entry(looks).or_default();
        // One that does not fit must not be dropped here: its end takes the lock.
        let mut others = Vec::new();
        for shared in alike.iter().filter_map(Weak::upgrade) {
            if same(&shared.request, request) {
                drop(under_way);
                return (shared, false);
            }
            others.push(shared);
        }
        let (end, ended) = watch::channel(None);
        let (model, asked) = (self.model.clone(), request.clone());
        let task = tokio::spawn(async move {
            let result = model.complete(&asked).await;
            let _ = end.send(Some(result));
        });
        let (task, request) = (task.abort_handle(), request.clone());
        let shared = Arc::new(Shared { request, ended, task, looks, under_way: self.under_way.clone() });
        alike.push(Arc::downgrade(&shared));
        drop(under_way);
        drop(others);
        (shared, true)
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let (shared, own) = self.share(request);
        let mut ended = shared.ended.clone();
        let result = match ended.wait_for(Option::is_some).await {
            Ok(result) => result.clone(),
            Err(_) => None,
        };
        let result =
            result.unwrap_or_else(|| Err(Failure::new(FailureClass::Server, "the call broke off; please report it")));
        match result {
            _ if own => result,
            Ok(answer) => Ok(Answer { usage: Usage::default(), cost_usd: Some(0.0), ..answer }),
            Err(failure) => Err(Failure { usage: Usage::default(), cost_usd: Some(0.0), ..failure }),
        }
    }
}

impl Model for Once {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        let certain = request.sampling.temperature == Some(0.0) || (self.shared)(request);
        // A second copy is wanted of what is hedged.
        let shared = request.pieces.is_none() && !request.embedding && request.choices.hedge.is_none();
        match certain && shared {
            true => Box::pin(self.run(request)),
            false => self.model.complete(request),
        }
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        self.model.price(model, vectors)
    }

    fn limits(&self) -> Vec<Standing> {
        self.model.limits()
    }
}

#[cfg(test)]
#[path = "once_tests.rs"]
mod tests;
