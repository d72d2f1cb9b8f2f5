//! Identical requests that are under way together at temperature 0 are sent once.
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

/// By what requests are told apart: two hashes under keys of this process, which nobody can foresee.
type Key = (u64, u64);

type Ended = Option<Result<Answer, Failure>>;

/// A model that is asked once for what is asked of it several times at once.
pub(super) struct Once {
    model: Arc<dyn Model>,
    states: (RandomState, RandomState),
    /// Held for moments only.
    under_way: Arc<Mutex<HashMap<Key, Weak<Shared>>>>,
}

/// A request under way. It ends when nobody holds it any more.
struct Shared {
    ended: watch::Receiver<Ended>,
    task: AbortHandle,
    key: Key,
    under_way: Arc<Mutex<HashMap<Key, Weak<Shared>>>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.task.abort();
        let mut under_way = lock(&self.under_way);
        // Another may have begun meanwhile.
        if under_way.get(&self.key).is_some_and(|shared| shared.strong_count() == 0) {
            under_way.remove(&self.key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Once {
    pub(super) fn new(model: Arc<dyn Model>) -> Self {
        Self { model, states: Default::default(), under_way: Arc::default() }
    }

    fn key(&self, request: &Request) -> Key {
        let of = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            request.model.hash(&mut hasher);
            for message in &request.messages {
                (message.role as u8, &*message.text, message.images.len()).hash(&mut hasher);
                message.images.iter().for_each(|image| image.hash(&mut hasher));
            }
            let sampling = &request.sampling;
            let numbers = [sampling.temperature, sampling.top_p].map(|x| x.map(f64::to_bits));
            (numbers, sampling.max_tokens, sampling.seed, &sampling.stop, request.json as u8).hash(&mut hasher);
            (request.schema.as_deref(), request.extra.as_deref(), request.timeout, request.retries).hash(&mut hasher);
            hasher.finish()
        };
        (of(&self.states.0), of(&self.states.1))
    }

    /// The request under way that this one is the same as, or this one; and whether it is this one.
    fn share(&self, request: &Request) -> (Arc<Shared>, bool) {
        let key = self.key(request);
        let mut under_way = lock(&self.under_way);
        if let Some(shared) = under_way.get(&key).and_then(Weak::upgrade) {
            return (shared, false);
        }
        let (end, ended) = watch::channel(None);
        let (model, request) = (self.model.clone(), request.clone());
        let task = tokio::spawn(async move {
            let result = model.complete(&request).await;
            let _ = end.send(Some(result));
        });
        let shared = Shared { ended, task: task.abort_handle(), key, under_way: self.under_way.clone() };
        let shared = Arc::new(shared);
        under_way.insert(key, Arc::downgrade(&shared));
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
        let certain = request.sampling.temperature == Some(0.0);
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
