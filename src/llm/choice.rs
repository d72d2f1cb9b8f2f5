//! Which of several models answers, and what is done when one does not: balancing, fallback, hedging.
//!
//! Balancing chooses among models that would do as well as each other; fallback asks the next when one has failed for good;
//! hedging sends a second copy when an answer is late, and takes the first of the two. Not here: what a name means
//! ([`super::router`]), and further attempts at one model ([`super::retry`]).

use super::{Answer, Failure, Model, Pending, Pieces, Price, Request, Standing};
use crate::wire::{FailureClass, Usage};
use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

/// Which models a request may go to besides its own, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Models to balance over, in place of the request's own when there are any.
    pub models: Vec<Arc<str>>,
    /// Whether the one with the fewest requests under way is taken, instead of each in turn.
    pub least_used: bool,
    /// Models to ask, in this order, after a failure for good.
    pub fallback: Vec<Arc<str>>,
    /// After this, a second copy is sent.
    pub hedge: Option<Duration>,
}

/// A model that chooses among others.
#[derive(Debug)]
pub(super) struct Choice<M> {
    model: M,
    /// Held for moments only.
    use_of: Mutex<Use>,
}

/// How the models of lists are used.
#[derive(Debug, Default)]
struct Use {
    /// Requests under way, and ever sent.
    under_way: HashMap<Arc<str>, (usize, u64)>,
    /// Whose turn it is in each list.
    turns: HashMap<Vec<Arc<str>>, usize>,
}

/// A request that is under way with a model of a list, until dropped.
struct Using<'a> {
    use_of: &'a Mutex<Use>,
    name: Arc<str>,
}

impl Drop for Using<'_> {
    fn drop(&mut self) {
        if let Some((under_way, _)) = lock(self.use_of).under_way.get_mut(&self.name) {
            *under_way = under_way.saturating_sub(1);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Use {
    fn next(&mut self, models: &[Arc<str>], least_used: bool) -> Option<Arc<str>> {
        let chosen = if least_used {
            models.iter().min_by_key(|model| self.under_way.get(*model).copied().unwrap_or_default())?.clone()
        } else {
            if !self.turns.contains_key(models) {
                self.turns.insert(models.to_vec(), 0);
            }
            let turn = self.turns.get_mut(models)?;
            let chosen = models.get(*turn % models.len().max(1))?.clone();
            *turn = turn.wrapping_add(1);
            chosen
        };
        let (under_way, ever) = self.under_way.entry(chosen.clone()).or_default();
        (*under_way, *ever) = (*under_way + 1, *ever + 1);
        Some(chosen)
    }
}

impl<M: Model> Choice<M> {
    pub(super) fn new(model: M) -> Self {
        Self { model, use_of: Mutex::default() }
    }

    fn choose(&self, request: &Request) -> (Request, Option<Using<'_>>) {
        let Choices { models, least_used, .. } = &request.choices;
        let mut chosen = request.clone();
        let name = lock(&self.use_of).next(models, *least_used);
        let using = name.clone().map(|name| Using { use_of: &self.use_of, name });
        chosen.model = name.or(chosen.model);
        (chosen, using)
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let (mut request, handed) = watched(request);
        let mut paid = Paid::default();
        let mut rest = std::mem::take(&mut request.choices.fallback).into_iter();
        loop {
            let failure = match self.hedged(&request).await {
                Ok(answer) => return Ok(paid.with_answer(answer)),
                Err(failure) => failure,
            };
            // Whoever has heard the beginning of an answer must not hear another's.
            let ended = failure.class == FailureClass::Cancelled || handed.load(Relaxed);
            let Some(next) = rest.next().filter(|_| !ended) else { return Err(paid.with_failure(failure)) };
            tracing::debug!(class = %failure.class, "`{next}` is asked instead: {}", failure.message);
            paid.add(&failure);
            request.model = Some(next);
            request.choices.models = Vec::new();
        }
    }

    /// Asks one model and, when it is late, another or the same once more.
    async fn hedged(&self, request: &Request) -> Result<Answer, Failure> {
        let (mut first, _using) = self.choose(request);
        let Some(patience) = request.choices.hedge.filter(|_| request.pieces.is_none()) else {
            return self.model.complete(&first).await;
        };
        first.course = request.course.part();
        // Both calls have one lifetime, so what the second borrows must stand before the first.
        let (mut second, _using_second);
        let mut one = self.model.complete(&first);
        if let Ok(ended) = tokio::time::timeout(patience, &mut one).await {
            return ended;
        }
        (second, _using_second) = self.choose(request);
        second.course = request.course.part();
        let mut two = self.model.complete(&second);
        let (mut failed, mut of_first) = (None, false);
        let (won, first_won) = poll_fn(|context| {
            for (is_first, call) in [(true, &mut one), (false, &mut two)] {
                // One that has failed is not asked again.
                if failed.is_some() && of_first == is_first {
                    continue;
                }
                match (call.as_mut().poll(context), failed.take()) {
                    (Poll::Ready(Ok(answer)), before) => return Poll::Ready((Ok((answer, before)), is_first)),
                    (Poll::Ready(Err(failure)), Some(before)) => {
                        return Poll::Ready((Err((failure, before)), is_first));
                    }
                    (Poll::Ready(Err(failure)), None) => (failed, of_first) = (Some(failure), is_first),
                    (Poll::Pending, before) => failed = before,
                }
            }
            Poll::Pending
        })
        .await;
        let mut paid = Paid::default();
        match won {
            Ok((answer, Some(failure))) => {
                paid.add(&failure);
                Ok(paid.with_answer(answer))
            }
            Ok((answer, None)) => {
                // The other is dropped, and with it its connection. What its provider charges for the prompt it has
                // read nobody tells: an estimate, and nothing when it was not sent.
                let lost = if first_won { &second } else { &first }.course.taken();
                paid.count(lost.usage, lost.cost_usd, lost.attempts);
                Ok(paid.with_answer(answer))
            }
            Err((failure, before)) => {
                paid.add(&before);
                Err(paid.with_failure(failure))
            }
        }
    }
}

/// The request, and whether any piece of an answer was handed out.
fn watched(request: &Request) -> (Request, Arc<AtomicBool>) {
    let handed: Arc<AtomicBool> = Arc::default();
    let mut request = request.clone();
    if let Some(Pieces(give)) = request.pieces.clone().filter(|_| !request.choices.fallback.is_empty()) {
        let note = handed.clone();
        request.pieces = Some(Pieces(Arc::new(move |piece| {
            note.store(true, Relaxed);
            give(piece);
        })));
    }
    (request, handed)
}

/// What was paid on the way to an end.
struct Paid {
    usage: Usage,
    cost_usd: Option<f64>,
    attempts: u32,
}

impl Default for Paid {
    fn default() -> Self {
        Self { usage: Usage::default(), cost_usd: Some(0.0), attempts: 0 }
    }
}

impl Paid {
    fn add(&mut self, failure: &Failure) {
        self.count(failure.usage, failure.cost_usd, failure.attempts);
    }

    fn count(&mut self, usage: Usage, cost_usd: Option<f64>, attempts: u32) {
        self.usage = self.usage.plus(usage);
        self.cost_usd = self.cost_usd.zip(cost_usd).map(|(a, b)| a + b);
        self.attempts += attempts;
    }

    fn with_answer(mut self, answer: Answer) -> Answer {
        self.count(answer.usage, answer.cost_usd, answer.attempts);
        Answer { usage: self.usage, cost_usd: self.cost_usd, attempts: self.attempts, ..answer }
    }

    fn with_failure(mut self, failure: Failure) -> Failure {
        self.add(&failure);
        Failure { usage: self.usage, cost_usd: self.cost_usd, attempts: self.attempts, ..failure }
    }
}

impl<M: Model> Model for Choice<M> {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        if request.choices == Choices::default() {
            return self.model.complete(request);
        }
        Box::pin(self.run(request))
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        self.model.price(model, vectors)
    }

    fn limits(&self) -> Vec<Standing> {
        self.model.limits()
    }
}

#[cfg(test)]
#[path = "choice_tests.rs"]
mod tests;
