//! What becomes of a call on its way: what it has taken so far, how long it waited, whether it holds a place.
//!
//! Those who send it say so as it happens ([`super::retry`]), so that whoever cancels it knows at once what was paid for
//! it. No provider tells that of a request that was broken off: what is under way counts by an estimate, its prompt.
//! [`Traffic`] is what all calls that are told together come to. Not here: budgets, and who decides.

use super::{Answer, Failure, Price, dispatch::Place, server::CHARACTERS};
use crate::wire::{FailureClass, Usage};
use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// So many latencies are kept; of more, a sample.
const LATENCIES: usize = 1 << 18;

/// What a call has taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// Requests sent.
    pub attempts: u32,
    /// Tokens; of requests under way, or broken off, an estimate of the prompts'.
    pub usage: Usage,
    /// What they cost in US dollars; `None` when a price is unknown.
    pub cost_usd: Option<f64>,
    /// How long it waited, for limits or before another attempt.
    pub waited: Duration,
}

/// The way of one call. Copies of its request share it.
#[derive(Debug, Default)]
pub struct Course {
    /// Held for moments only.
    state: Mutex<State>,
    /// When its first request was sent.
    begun: OnceLock<Instant>,
    /// The call whose second copy, or first, this is.
    whole: Option<Arc<Course>>,
    traffic: Option<Arc<Traffic>>,
    /// Its place among the calls that run.
    place: Mutex<Option<Place>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    attempts: u32,
    /// Characters of an answer that is still coming, and the price of what was asked last.
    heard: u64,
    price: Option<Price>,
    usage: Usage,
    cost_usd: f64,
    /// Requests that took something of which nobody knows the price.
    unpriced: u32,
    waited: Duration,
}

impl State {
    fn add(&mut self, usage: Usage, price: Option<Price>) {
        self.usage = self.usage.plus(usage);
        match price {
            Some(price) => self.cost_usd += price.of(usage),
            None => self.unpriced += u32::from(usage != Usage::default()),
        }
    }

    fn take_back(&mut self, usage: Usage, price: Option<Price>) {
        self.usage = self.usage.less(usage);
        match price {
            Some(price) => self.cost_usd -= price.of(usage),
            None => self.unpriced -= u32::from(usage != Usage::default()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Course {
    /// That of a call whose traffic is told together with others'.
    pub(crate) fn of(traffic: Arc<Traffic>) -> Arc<Self> {
        Arc::new(Self { traffic: Some(traffic), ..Self::default() })
    }

    /// That of a copy, which is told by itself and with the whole.
    pub(super) fn part(self: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { whole: Some(self.clone()), traffic: self.traffic.clone(), ..Self::default() })
    }

    /// It, and what it is a part of.
    fn line(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |course| course.whole.as_deref())
    }

    /// So many characters of a streamed answer have been handed on, to which it will come when it ends.
    pub(crate) fn heard(&self, characters: usize) {
        lock(&self.state).heard += characters as u64;
    }

    /// What it has taken so far, and, of an answer that is broken off, what was heard of it.
    pub(crate) fn taken(&self) -> Taken {
        let mut state = *lock(&self.state);
        let heard = Usage { output: state.heard / CHARACTERS, ..Usage::default() };
        state.add(heard, state.price);
        let cost_usd = (state.unpriced == 0).then_some(state.cost_usd.max(0.0));
        Taken { attempts: state.attempts, usage: state.usage, cost_usd, waited: state.waited }
    }

    /// How long ago its first request was sent.
    pub(crate) fn since(&self) -> Duration {
        self.begun.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// A request is sent, whose prompt has about so many tokens.
    pub(crate) fn sent(&self, prompt: u64, price: Option<Price>) -> Sent<'_> {
        let estimate = Usage { input: prompt, ..Usage::default() };
        for course in self.line() {
            course.begun.get_or_init(Instant::now);
            let mut state = lock(&course.state);
            state.attempts += 1;
            state.price = price;
            state.add(estimate, price);
        }
        if let Some(traffic) = &self.traffic {
            let mut wire = lock(&traffic.wire);
            wire.now += 1;
            wire.most = wire.most.max(wire.now);
        }
        Sent { course: self, estimate, price }
    }

    /// Waits for something without a place among the calls that run: others have it meanwhile. `held` says whether a limit
    /// of the provider's is what it waits for.
    pub(super) async fn aside<T>(&self, held: bool, wait: impl Future<Output = T>) -> T {
        let waiting = Waiting::begin(self, held);
        let place = lock(&self.place).take();
        let away = match place.map(Place::leave) {
            // There is no room for more that wait: it keeps its place.
            Some(Err(place)) => {
                *lock(&self.place) = Some(place);
                None
            }
            Some(Ok(away)) => Some(away),
            None => None,
        };
        let result = wait.await;
        drop(waiting);
        if let Some(away) = away {
            let place = away.back().await;
            *lock(&self.place) = Some(place);
        }
        result
    }

    /// Gives it a place, until [`Course::leave`].
    pub(super) fn enter(&self, place: Place) {
        *lock(&self.place) = Some(place);
    }

    /// Gives its place back.
    pub(super) fn leave(&self) {
        let place = lock(&self.place).take();
        // Whoever is next starts here: not while the lock is held.
        drop(place);
    }
}

/// A request under way. One that is dropped was broken off, and stays an estimate.
pub(crate) struct Sent<'a> {
    course: &'a Course,
    estimate: Usage,
    price: Option<Price>,
}

impl Sent<'_> {
    /// It has ended, and took that.
    pub(crate) fn ended(self, usage: Usage) {
        for course in self.course.line() {
            let mut state = lock(&course.state);
            state.heard = 0;
            state.take_back(self.estimate, self.price);
            state.add(usage, self.price);
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let Some(traffic) = &self.course.traffic {
            lock(&traffic.wire).now -= 1;
        }
    }
}

/// A call that waits, until dropped.
struct Waiting<'a> {
    course: &'a Course,
    since: Instant,
    held: bool,
}

impl<'a> Waiting<'a> {
    fn begin(course: &'a Course, held: bool) -> Self {
        let since = Instant::now();
        if let Some(traffic) = course.traffic.as_ref().filter(|_| held) {
            let mut wire = lock(&traffic.wire);
            if wire.held == 0 {
                wire.held_since = Some(since);
            }
            wire.held += 1;
        }
        Self { course, since, held }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waited = self.since.elapsed();
        for course in self.course.line() {
            lock(&course.state).waited += waited;
        }
        if let Some(traffic) = self.course.traffic.as_ref().filter(|_| self.held) {
            let mut wire = lock(&traffic.wire);
            wire.held -= 1;
            if wire.held == 0
                && let Some(since) = wire.held_since.take()
            {
                wire.lost += since.elapsed();
            }
        }
    }
}

/// What calls that are told together come to.
#[derive(Debug, Default)]
pub struct Traffic {
    wire: Mutex<Wire>,
    tally: Mutex<Tally>,
}

/// What happens on the way to the providers.
#[derive(Debug, Default)]
struct Wire {
    now: usize,
    most: usize,
    /// Calls that a limit holds back, and since when there have been any.
    held: usize,
    held_since: Option<Instant>,
    /// How long there were any, before that.
    lost: Duration,
}

#[derive(Debug, Default)]
struct Tally {
    answers: u64,
    attempts: u64,
    cached: u64,
    cancelled: u64,
    failures: BTreeMap<&'static str, u64>,
    /// Of the answers, in microseconds.
    latencies: Vec<u32>,
}

/// What calls have come to, in short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Answers.
    pub answers: u64,
    /// Requests sent.
    pub attempts: u64,
    /// Tokens of prompts that providers had cached.
    pub cached_tokens: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Calls that failed for good, by class.
    pub failures: Vec<(&'static str, u64)>,
    /// How long half of the answers took at most, and 95 of a hundred.
    pub latency: Option<(Duration, Duration)>,
    /// The most requests that were under way at once.
    pub most_at_once: usize,
    /// For how long limits held any call back.
    pub held: Duration,
}

impl Traffic {
    /// A call has ended.
    pub(crate) fn ended(&self, result: &Result<Answer, Failure>) {
        let mut tally = lock(&self.tally);
        match result {
            Ok(answer) => {
                tally.answers += 1;
                tally.attempts += u64::from(answer.attempts);
                tally.cached += answer.usage.cached;
                let latency = u32::try_from(answer.latency.as_micros()).unwrap_or(u32::MAX);
                let seen = tally.answers as usize;
                if tally.latencies.len() < LATENCIES {
                    tally.latencies.push(latency);
                } else if let Some(other) = tally.latencies.get_mut(fastrand::usize(..seen)) {
                    *other = latency;
                }
            }
            Err(failure) => {
                tally.attempts += u64::from(failure.attempts);
                tally.cached += failure.usage.cached;
                *tally.failures.entry(failure.class.name()).or_default() += 1;
            }
        }
    }

    /// A call was refused unsent.
    pub(crate) fn refused(&self, class: FailureClass) {
        *lock(&self.tally).failures.entry(class.name()).or_default() += 1;
    }

    /// A call was cancelled.
    pub(crate) fn cancelled(&self, taken: &Taken) {
        let mut tally = lock(&self.tally);
        tally.cancelled += 1;
        tally.attempts += u64::from(taken.attempts);
    }

    /// What all have come to so far.
    pub(crate) fn summary(&self) -> Summary {
        let (most_at_once, held) = {
            let wire = lock(&self.wire);
            (wire.most, wire.lost + wire.held_since.map(|since| since.elapsed()).unwrap_or_default())
        };
        let mut tally = lock(&self.tally);
        tally.latencies.sort_unstable();
        let place = |share: f64| {
            let last = tally.latencies.len().checked_sub(1)?;
            Some(Duration::from_micros(u64::from(tally.latencies[(last as f64 * share).round() as usize])))
        };
        Summary {
            answers: tally.answers,
            attempts: tally.attempts,
            cached_tokens: tally.cached,
            cancelled: tally.cancelled,
            failures: tally.failures.iter().map(|(class, n)| (*class, *n)).collect(),
            latency: place(0.5).zip(place(0.95)),
            most_at_once,
            held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price { input: 1.0, output: 10.0, cached: None, written: None, above: None };

    fn usage(input: u64, output: u64) -> Usage {
        Usage { input, output, ..Usage::default() }
    }

    #[test]
    fn what_is_broken_off_stays_an_estimate_and_what_ends_is_what_it_was() {
        let course = Arc::new(Course::default());
        drop(course.sent(100, Some(PRICE)));
        course.sent(100, Some(PRICE)).ended(usage(90, 5));
        let taken = course.taken();
        assert_eq!((taken.attempts, taken.usage), (2, usage(190, 5)));
        assert!((taken.cost_usd.unwrap() - (100.0 + 90.0 + 50.0) / 1e6).abs() < 1e-12);
        // Of a stream, what was heard of it counts while it comes.
        let streamed = Course::default();
        let sent = streamed.sent(10, Some(PRICE));
        streamed.heard(41);
        assert_eq!((streamed.taken().usage, streamed.taken().usage), (usage(10, 10), usage(10, 10)));
        sent.ended(usage(9, 30));
        assert_eq!(streamed.taken().usage, usage(9, 30));
        // A failure that took nothing leaves nothing, known price or not.
        course.sent(100, None).ended(Usage::default());
        assert!(course.taken().cost_usd.is_some() && course.taken().attempts == 3);
        drop(course.sent(1, None));
        assert_eq!(course.taken().cost_usd, None);
    }

    #[test]
    fn a_part_is_told_by_itself_and_with_the_whole() {
        let traffic: Arc<Traffic> = Arc::default();
        let whole = Course::of(traffic.clone());
        let (one, two) = (whole.part(), whole.part());
        let first = one.sent(10, Some(PRICE));
        two.sent(20, Some(PRICE)).ended(usage(20, 2));
        assert_eq!((one.taken().usage, two.taken().usage), (usage(10, 0), usage(20, 2)));
        assert_eq!((whole.taken().usage, whole.taken().attempts), (usage(30, 2), 2));
        drop(first);
        assert_eq!((traffic.summary().most_at_once, lock(&traffic.wire).now), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_limits_cost_is_counted_once_however_many_wait() {
        let traffic: Arc<Traffic> = Arc::default();
        let calls: Vec<_> = (0..3).map(|_| Course::of(traffic.clone())).collect();
        let wait = |n: usize, held| calls[n].aside(held, tokio::time::sleep(Duration::from_secs(n as u64 + 1)));
        tokio::join!(wait(0, true), wait(1, true), wait(2, false));
        assert_eq!(traffic.summary().held, Duration::from_secs(2));
        assert_eq!(calls[2].taken().waited, Duration::from_secs(3));
    }
}
