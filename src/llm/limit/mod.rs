//! When a request may go to its provider: limits in requests and tokens, a width learned from refusals, pauses, priorities.
//!
//! A lane is one key's way to one model, since that is what most providers count by; all calls of the process that go there
//! share it ([`Lane`]). A wait that a provider asks for without saying of what holds for all lanes of the key. Limits are
//! learned from what the provider tells in its headers and refusals ([`Told`]); where it tells nothing, only refusals narrow
//! the lane. A request is let through one attempt at a time, so that what waits for another attempt holds no place. Not
//! here: which failures are worth another attempt ([`super::retry`]), and how many calls the process has under way
//! ([`super::dispatch`]).

mod bucket;
mod lane;
mod ranks;
mod width;

use bucket::Bucket;
pub(super) use bucket::Measure;
pub(super) use lane::Lane;
pub(super) use ranks::Ranks;
use serde::Deserialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// What is limited: requests; tokens of prompts and answers together; of prompts; of answers.
const KINDS: usize = 4;
const REQUESTS: usize = 0;
const TOKENS: usize = 1;
const INPUT: usize = 2;
const OUTPUT: usize = 3;

/// What a provider tells of its limits in one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) requests: Option<Measure>,
    /// Tokens of prompts and answers together.
    pub(super) tokens: Option<Measure>,
    pub(super) input: Option<Measure>,
    pub(super) output: Option<Measure>,
    /// Limits of requests and of prompts' tokens a minute, where that alone is told.
    pub(super) requests_a_minute: Option<f64>,
    pub(super) input_a_minute: Option<f64>,
}

/// How one lane's limits stand, for `(rate-limits)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The model, by its provider's name for it.
    pub model: String,
    /// Requests under way.
    pub in_flight: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// How many may be under way at once; `None` when nothing bounds them.
    pub width: Option<usize>,
    /// Seconds for which the provider asked to be left alone.
    pub paused: f64,
    /// Requests in a window.
    pub requests: Option<Left>,
    /// Tokens of prompts and answers.
    pub tokens: Option<Left>,
    /// Tokens of prompts.
    pub input_tokens: Option<Left>,
    /// Tokens of answers.
    pub output_tokens: Option<Left>,
}

/// What is left of one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// The limit.
    pub limit: f64,
    /// What is left of it now.
    pub left: f64,
    /// Seconds in which all of it comes back.
    pub window: f64,
}

/// Limits that somebody has settled, a minute. Where one is, what the provider tells of it is not heeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
#[serde(expecting = "a table such as `{ requests = 500, tokens = 30_000 }`")]
pub struct Settled {
    /// Requests.
    pub requests: Option<u32>,
    /// Tokens of prompts and answers.
    pub tokens: Option<u32>,
    /// Tokens of prompts.
    pub input_tokens: Option<u32>,
    /// Tokens of answers.
    pub output_tokens: Option<u32>,
    /// Requests under way at once.
    pub concurrent: Option<u32>,
}

/// The lanes of one key.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Mutex<HashMap<Arc<str>, Arc<Lane>>>,
    /// Until when the provider wants to be left alone by the key altogether.
    pause: Arc<Mutex<Option<Instant>>>,
    /// What is settled for models, by name.
    settled: HashMap<String, Settled>,
    /// What is settled for each of the others.
    others: Settled,
}

impl Lanes {
    /// With limits of models, and of each model that these do not name.
    pub(super) fn new(settled: HashMap<String, Settled>, others: Settled) -> Self {
        Self { settled, others, ..Self::default() }
    }

    /// The lane of a model.
    pub(super) fn of(&self, model: Option<&Arc<str>>) -> Arc<Lane> {
        let mut lanes = lock(&self.lanes);
        let name = model.map_or("", |model| &**model);
        if let Some(lane) = lanes.get(name) {
            return lane.clone();
        }
        let settled = self.settled.get(name).copied().unwrap_or(self.others);
        let lane = Arc::new(Lane::keeping(settled, name.into(), self.pause.clone()));
        lanes.insert(name.into(), lane.clone());
        lane
    }

    /// How each stands.
    pub(super) fn standing(&self) -> Vec<Standing> {
        let lanes: Vec<_> = lock(&self.lanes).iter().map(|(model, lane)| (model.clone(), lane.clone())).collect();
        lanes.into_iter().map(|(model, lane)| lane.standing(&model)).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
