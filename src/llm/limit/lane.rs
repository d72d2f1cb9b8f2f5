//! One lane: who waits for it, what may go, what its provider has told.
//!
//! Not here: the lanes of a key together, and what is settled.

use super::{Bucket, INPUT, KINDS, Left, OUTPUT, REQUESTS, Ranks, Settled, Standing, TOKENS, Told, lock, width::Width};
use crate::{
    llm::{Answer, Failure, Request, retry::PATIENCE, window},
    wire::{FailureClass, Usage},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, Weak},
};
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

/// So many refused requests are remembered.
const MANY: usize = 4096;

pub(in crate::llm) type Cost = [f64; KINDS];

/// Tokens that an answer is expected to have before any was seen.
const ANSWER: f64 = 256.0;
/// How much a new answer counts in what is expected of the next.
const NEWS: f64 = 0.05;
/// How many times as many tokens as estimated prompts may be taken to have. Never fewer: some providers count by an
/// estimate themselves.
const DENSEST: f64 = 4.0;
/// How much more a prompt is taken to have for each time that it was refused.
const DEARER: f64 = 1.25;

/// One key's way to one model.
#[derive(Debug, Default)]
pub(in crate::llm) struct Lane {
    model: Arc<str>,
    /// Held for moments only, and never across an await: a std mutex is the cheaper one.
    state: Mutex<State>,
    /// Of the key, and so of all its lanes.
    pause: Arc<Mutex<Option<Instant>>>,
    /// Told when whoever sleeps for the lane must wake earlier.
    sooner: Notify,
}

#[derive(Debug)]
struct State {
    waiting: Ranks<Waiter>,
    in_flight: usize,
    /// The number of the next request.
    next: u64,
    /// What all requests so far have taken, and those refused among them that the provider may not have told of yet.
    taken: Cost,
    refused: VecDeque<(u64, Cost)>,
    buckets: [Option<Bucket>; KINDS],
    /// Which of them are settled.
    settled: [bool; KINDS],
    /// The request whose reply was last heeded: replies overtake each other.
    heeded: Option<u64>,
    paused: Option<Instant>,
    width: Width,
    /// When the one that sleeps for the lane wakes, if there is one.
    wakes: Option<Instant>,
    /// What an answer is expected to have.
    answer: f64,
    /// How many times as many tokens prompts have as their estimates say: code and many languages have more.
    density: f64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            waiting: Ranks::default(),
            in_flight: 0,
            next: 0,
            taken: [0.0; KINDS],
            refused: VecDeque::new(),
            buckets: Default::default(),
            settled: [false; KINDS],
            heeded: None,
            paused: None,
            width: Width::default(),
            wakes: None,
            answer: ANSWER,
            density: 1.0,
        }
    }
}

#[derive(Debug)]
struct Waiter {
    cost: Cost,
    /// Given a permit, or the time that is too long to wait for one.
    place: oneshot::Sender<Result<Permit, f64>>,
}

/// A request that may be sent. Its place is free again when this is dropped.
#[derive(Debug)]
pub(in crate::llm) struct Permit {
    lane: Arc<Lane>,
    number: u64,
    cost: Cost,
    /// What all requests up to this one have taken.
    taken: Cost,
    sent: Instant,
}

/// When a request may go.
enum Room {
    Now,
    /// At that time, if nothing comes between.
    At(Instant),
    /// When another has ended.
    Later,
}

impl Lane {
    /// One that keeps to what is settled.
    pub(super) fn keeping(settled: Settled, model: Arc<str>, pause: Arc<Mutex<Option<Instant>>>) -> Self {
        let Settled { requests, tokens, input_tokens, output_tokens, concurrent } = settled;
        let mut state = State { width: Width::at_most(concurrent), ..State::default() };
        for (kind, limit) in [requests, tokens, input_tokens, output_tokens].into_iter().enumerate() {
            state.settled[kind] = limit.is_some();
            state.buckets[kind] = limit.map(|limit| Bucket::new(f64::from(limit.max(1)), Instant::now()));
        }
        Self { model, state: Mutex::new(state), pause, sooner: Notify::new() }
    }

    /// What a request takes, as far as can be told before it is answered.
    pub(in crate::llm) fn cost(&self, request: &Request) -> Cost {
        let (answer, density) = {
            let state = lock(&self.state);
            (state.answer, state.density)
        };
        let input = window::estimate(request) as f64 * density;
        let answer = match request.sampling.max_tokens {
            _ if request.embedding => 0.0,
            Some(most) => f64::from(most),
            None => answer,
        };
        [1.0, input + answer, input, answer]
    }

    /// What a request takes that was refused: more, it seems, than was thought.
    pub(in crate::llm) fn dearer(cost: Cost) -> Cost {
        let [requests, tokens, input, output] = cost;
        [requests, tokens + input * (DEARER - 1.0), input * DEARER, output]
    }

    /// Waits until a request may go. One that goes again goes before others of its rank. Fails when that takes too long.
    pub(in crate::llm) async fn admit(
        self: &Arc<Self>,
        cost: Cost,
        request: &Request,
        again: bool,
    ) -> Result<Permit, Failure> {
        let rank = request.priority;
        let receiver = {
            let mut state = lock(&self.state);
            if state.waiting.is_empty() && matches!(self.room(&mut state, &cost, Instant::now()), Room::Now) {
                return Ok(state.permit(self, cost));
            }
            let (place, receiver) = oneshot::channel();
            let waiter = Waiter { cost, place };
            match again {
                true => state.waiting.of(rank).push_front(waiter),
                false => state.waiting.of(rank).push_back(waiter),
            }
            receiver
        };
        self.grant();
        match request.course.aside(true, receiver).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(seconds)) => {
                let message =
                    format!("the provider's limit leaves no room for {seconds:.0} s, which is too long to wait");
                Err(Failure { attempts: 0, ..Failure::new(FailureClass::RateLimit, message) })
            }
            // Only when the runtime shuts down.
            Err(_) => Err(Failure { attempts: 0, ..Failure::new(FailureClass::Cancelled, "the run ended") }),
        }
    }

    /// Gives permits to those whose turn it is, and sees to it that somebody wakes for the next.
    fn grant(self: &Arc<Self>) {
        let (mut given, mut refused, mut sleeper) = (Vec::new(), None, None);
        {
            let mut state = lock(&self.state);
            let now = Instant::now();
            while let Some(first) = state.waiting.first() {
                if first.place.is_closed() {
                    state.waiting.pop();
                    continue;
                }
                let cost = first.cost;
                match self.room(&mut state, &cost, now) {
                    Room::Now => {
                        let permit = state.permit(self, cost);
                        given.extend(state.waiting.pop().map(|waiter| (waiter.place, permit)));
                    }
                    Room::At(time) if time - now > PATIENCE => {
                        refused = Some((state.waiting.drain().collect::<Vec<_>>(), (time - now).as_secs_f64()));
                    }
                    Room::At(time) => {
                        match state.wakes {
                            None => sleeper = Some(time),
                            Some(wakes) if time < wakes => self.sooner.notify_one(),
                            Some(_) => break,
                        }
                        state.wakes = Some(time);
                        break;
                    }
                    Room::Later => break,
                }
            }
        }
        // A permit whose waiter has gone meanwhile comes back here: not while the lock is held.
        for (place, permit) in given {
            let _ = place.send(Ok(permit));
        }
        if let Some((waiters, seconds)) = refused {
            for waiter in waiters {
                let _ = waiter.place.send(Err(seconds));
            }
        }
        if let Some(time) = sleeper
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(sleep_for(Arc::downgrade(self), time));
        }
    }

    pub(super) fn standing(&self, model: &str) -> Standing {
        let mut state = lock(&self.state);
        let now = Instant::now();
        let (in_flight, waiting, width) = (state.in_flight, state.waiting.len(), state.width.most());
        let paused = state.paused.max(*lock(&self.pause));
        let paused = paused.map_or(0.0, |until| until.saturating_duration_since(now).as_secs_f64());
        let mut left = |kind: usize| {
            let bucket = state.buckets[kind].as_mut()?;
            Some(Left { limit: bucket.limit(), left: bucket.level(now).max(0.0).floor(), window: bucket.window() })
        };
        let [requests, tokens, input_tokens, output_tokens] = [REQUESTS, TOKENS, INPUT, OUTPUT].map(&mut left);
        let model = model.into();
        Standing { model, in_flight, waiting, width, paused, requests, tokens, input_tokens, output_tokens }
    }
}

/// Wakes the lane at a time, or earlier when it is told to.
async fn sleep_for(lane: Weak<Lane>, mut time: Instant) {
    loop {
        let Some(lane) = lane.upgrade() else { return };
        tokio::select! {
            () = tokio::time::sleep_until(time) => {}
            () = lane.sooner.notified() => {}
        }
        let due = {
            let mut state = lock(&lane.state);
            state.wakes = state.wakes.filter(|due| *due > Instant::now());
            state.wakes
        };
        match due {
            Some(due) => time = due,
            // It sends another to sleep when there is still something to wait for.
            None => return lane.grant(),
        }
    }
}

impl Lane {
    /// When a request may go. Who sleeps for a lane looks again when it wakes, so that a longer pause wakes nobody.
    fn room(&self, state: &mut State, cost: &Cost, now: Instant) -> Room {
        if !state.width.admits(state.in_flight) {
            return Room::Later;
        }
        let mut at = state.paused.max(*lock(&self.pause)).filter(|until| *until > now);
        for (bucket, cost) in state.buckets.iter_mut().zip(cost) {
            if let Some(bucket) = bucket {
                at = at.max(bucket.room(*cost, now));
            }
        }
        at.map_or(Room::Now, Room::At)
    }

    /// The provider asked to be left alone: by one model's requests where it says so, or keeps count of each; else by all
    /// of the key's.
    fn pause(&self, state: &mut State, failure: &Failure, told: bool, now: Instant) {
        let Some(wait) = failure.retry_after.filter(|wait| *wait <= PATIENCE) else { return };
        let until = Some(now + wait);
        let named = !self.model.is_empty() && failure.message.contains(&*self.model);
        if told || failure.busy || named {
            state.paused = state.paused.max(until);
        } else {
            let mut pause = lock(&self.pause);
            *pause = pause.max(until);
        }
    }
}

impl State {
    fn permit(&mut self, lane: &Arc<Lane>, cost: Cost) -> Permit {
        let number = self.next;
        self.next += 1;
        self.in_flight += 1;
        for ((taken, bucket), cost) in self.taken.iter_mut().zip(&mut self.buckets).zip(cost) {
            *taken += cost;
            if let Some(bucket) = bucket {
                bucket.take(cost);
            }
        }
        Permit { lane: lane.clone(), number, cost, taken: self.taken, sent: Instant::now() }
    }

    /// What the provider told in its reply to a request.
    fn heed(&mut self, permit: &Permit, told: &Told, now: Instant) {
        let measures = [told.requests, told.tokens, told.input, told.output];
        let news = self.heeded.is_none_or(|heeded| permit.number > heeded);
        if news && measures.iter().any(Option::is_some) {
            self.heeded = Some(permit.number);
            while self.refused.front().is_some_and(|(number, _)| *number <= permit.number) {
                self.refused.pop_front();
            }
            for (kind, measure) in measures.into_iter().enumerate() {
                let Some(measure) = measure.filter(|m| m.limit > 0.0 && !self.settled[kind]) else { continue };
                let refused: f64 = self.refused.iter().map(|(_, cost)| cost[kind]).sum();
                let since = self.taken[kind] - permit.taken[kind] - refused;
                let bucket = self.buckets[kind].get_or_insert_with(|| Bucket::new(measure.limit, now));
                bucket.measured(measure, permit.sent, since, now);
            }
        }
        for (kind, limit) in [(REQUESTS, told.requests_a_minute), (INPUT, told.input_a_minute)] {
            let Some(limit) = limit.filter(|limit| *limit >= 1.0 && !self.settled[kind]) else { continue };
            match &mut self.buckets[kind] {
                Some(bucket) => bucket.set_limit(limit),
                // It is known because it was reached.
                none => none.insert(Bucket::new(limit, now)).take(limit),
            }
        }
    }

    fn answered(&mut self, permit: &Permit, usage: &Usage) {
        self.answer += NEWS * (usage.output as f64 - self.answer);
        if usage.input > 0 && permit.cost[INPUT] > 0.0 {
            let denser = (usage.input as f64 / permit.cost[INPUT]).clamp(0.25, DENSEST);
            self.density = (self.density * (1.0 + NEWS * (denser - 1.0))).clamp(1.0, DENSEST);
        }
        let input = usage.input.saturating_sub(usage.cached) as f64;
        let output = usage.output as f64;
        let really = [1.0, input + output, input, output];
        for kind in [TOKENS, INPUT, OUTPUT] {
            // A provider that keeps telling has told of it by now.
            if let Some(bucket) = self.buckets[kind].as_mut().filter(|bucket| !bucket.is_measured()) {
                bucket.take(really[kind] - permit.cost[kind]);
            }
        }
        self.width.answered(self.in_flight);
    }

    fn refused(&mut self, permit: &Permit, failure: &Failure, told: bool) {
        // What is refused takes nothing; what the provider told before it was sent does not know of it either way.
        let uncounted = self.heeded.is_some_and(|heeded| permit.number < heeded);
        for (bucket, cost) in self.buckets.iter_mut().zip(permit.cost) {
            if let Some(bucket) = bucket.as_mut().filter(|bucket| !(bucket.is_measured() && uncounted)) {
                bucket.take(-cost);
            }
        }
        let place = self.refused.partition_point(|(number, _)| *number < permit.number);
        self.refused.insert(place, (permit.number, permit.cost));
        if self.refused.len() > MANY {
            // Where nothing is told, nobody asks for them.
            self.refused.pop_front();
        }
        let known = |(bucket, settled): (&Option<Bucket>, &bool)| bucket.is_some() && !settled;
        let explained = told || self.buckets.iter().zip(&self.settled).any(known);
        if failure.busy || !explained {
            self.width.refused(permit.number, self.in_flight.saturating_sub(1), self.next);
        }
    }
}

impl Permit {
    /// The request has ended so, and the provider told this of its limits.
    pub(in crate::llm) fn ended(self, result: &Result<Answer, Failure>, told: Option<Told>) {
        let now = Instant::now();
        let mut state = lock(&self.lane.state);
        if let Err(failure) = result
            && (failure.busy || failure.class == FailureClass::RateLimit)
        {
            // Before what was told is heeded, so that it counts as one that was.
            let told = told.is_some_and(|told| told != Told::default());
            state.refused(&self, failure, told);
            self.lane.pause(&mut state, failure, told, now);
        }
        if let Some(told) = told {
            state.heed(&self, &told, now);
        }
        if let Ok(answer) = result {
            state.answered(&self, &answer.usage);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let waits = {
            let mut state = lock(&self.lane.state);
            state.in_flight -= 1;
            !state.waiting.is_empty()
        };
        if waits {
            self.lane.grant();
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
