//! A run in which nothing is sent: each call is answered by the offline model, and noted by the model that it would have
//! gone to, with its tokens and what they would have cost.
//!
//! Tokens are estimates, and so are prices and times. Not here: how that is shown.

use super::{
    Answer, Failure, Model, Pending, Price, Request, Settled,
    choice::Choice,
    offline::Offline,
    once::Once,
    router::{Resolved, Router, Settings},
    window,
};
use crate::wire::{FailureClass, Usage};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Tokens that an answer is taken to have at most when nothing bounds it.
pub(crate) const UNBOUNDED: u64 = 1000;
/// What an answer is taken to need: a time before its first word, and so many tokens a second.
const BEFORE: f64 = 1.0;
const PACE: f64 = 60.0;
/// How long each answer takes, so that what runs side by side is seen to.
const MOMENT: Duration = Duration::from_millis(1);

/// The models of a dry run.
pub(crate) struct Dry {
    router: Router,
    /// The same as if there were a key for every provider: a dry run needs none.
    keyed: Router,
    limits: HashMap<String, Settled>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    models: Vec<Resolved>,
    calls: Vec<Call>,
}

/// One call, by the place of its model.
struct Call {
    model: usize,
    input: u64,
    /// Tokens of the answer: as the offline model's, and at most.
    output: (u64, u64),
    bounded: bool,
}

/// What the calls to one model come to.
#[derive(Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) model: Resolved,
    pub(crate) calls: u64,
    pub(crate) input: u64,
    pub(crate) output: (u64, u64),
    /// US dollars, when the price is known.
    pub(crate) cost: Option<(f64, f64)>,
    /// Seconds at the limits that are configured, with the most calls at once that there were; and the limit that decides.
    pub(crate) seconds: f64,
    pub(crate) limit: Option<String>,
    /// Seconds of one after another.
    pub(crate) alone: f64,
}

/// What a dry run comes to.
#[derive(Debug)]
pub(crate) struct Forecast {
    pub(crate) loads: Vec<Load>,
    /// Calls without `#:max-tokens`.
    pub(crate) unbounded: u64,
    /// The dearest model in question, and what all calls would cost there.
    pub(crate) dearest: Option<(String, (f64, f64))>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Dry {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let key = || Some(SecretString::from("none"));
        let keyed = Settings {
            openai_key: settings.openai_key.clone().or_else(key),
            anthropic_key: settings.anthropic_key.clone().or_else(key),
            gemini_key: settings.gemini_key.clone().or_else(key),
            ..settings.clone()
        };
        let limits = settings.limits.clone();
        Arc::new(Self { router: Router::new(settings), keyed: Router::new(keyed), limits, seen: Mutex::default() })
    }

    /// The whole stack over it, as in a run.
    pub(crate) fn stack(self: &Arc<Self>) -> Arc<dyn Model> {
        Arc::new(Choice::new(Once::new(self.clone(), |_| false)))
    }

    /// Where a call would go.
    fn resolve(&self, name: Option<&str>, vectors: bool) -> Result<Resolved, Failure> {
        match self.router.resolve_for(name, vectors) {
            Err(failure) if failure.class == FailureClass::Auth => self.keyed.resolve_for(name, vectors),
            resolved => resolved,
        }
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let resolved = self.resolve(request.model.as_deref(), request.embedding)?;
        window::check(request, &resolved.model, resolved.window)?;
        let sent = request.course.sent(0, Some(Price::FREE));
        let answer = Offline.complete(request).await?;
        tokio::time::sleep(MOMENT).await;
        let input = window::tokens_of(request);
        let said = if request.embedding { 0 } else { window::tokens(&answer.text) };
        let output = match request.sampling.max_tokens.map(u64::from) {
            _ if request.embedding => (0, 0),
            Some(most) => (said.min(most), most),
            None => (said.min(UNBOUNDED), UNBOUNDED),
        };
        let usage = Usage { input, output: output.0, ..Usage::default() };
        sent.ended(usage);
        let cost_usd = resolved.price.map(|price| price.of(usage));
        let model = resolved.model.clone();
        let mut seen = lock(&self.seen);
        let at = seen.models.iter().position(|each| *each == resolved).unwrap_or_else(|| {
            seen.models.push(resolved);
            seen.models.len() - 1
        });
        let bounded = request.embedding || request.sampling.max_tokens.is_some();
        seen.calls.push(Call { model: at, input, output, bounded });
        Ok(Answer { usage, cost_usd, model, ..answer })
    }

    /// What the calls so far come to, when so many of them were under way at once.
    pub(crate) fn forecast(&self, at_once: usize) -> Forecast {
        let seen = lock(&self.seen);
        let loads: Vec<Load> =
            seen.models.iter().enumerate().map(|(at, model)| self.load(&seen, at, model, at_once)).collect();
        let smart = self.resolve(Some("smart"), false).ok();
        let cost = |price: Price| cost(seen.calls.iter(), price);
        let priced =
            seen.models.iter().chain(&smart).filter_map(|model| Some((model.model.to_string(), cost(model.price?))));
        let dearest = priced.max_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let unbounded = seen.calls.iter().filter(|call| !call.bounded).count() as u64;
        Forecast { loads, unbounded, dearest }
    }

    fn load(&self, seen: &Seen, at: usize, model: &Resolved, at_once: usize) -> Load {
        let own = || seen.calls.iter().filter(|call| call.model == at);
        let sum = |of: fn(&Call) -> u64| own().map(of).sum::<u64>();
        let (calls, input) = (own().count() as u64, sum(|call| call.input));
        let output = (sum(|call| call.output.0), sum(|call| call.output.1));
        let middle = (output.0 + output.1) as f64 / 2.0;
        let alone = calls as f64 * BEFORE + middle / PACE;
        let names = [Some(model.model.to_string()), model.name.clone()];
        let limits = names.iter().flatten().find_map(|name| self.limits.get(name)).copied().unwrap_or_default();
        let most = limits.concurrent.map_or(at_once, |most| at_once.min(most as usize)).max(1);
        let mut slowest = (alone / (most as f64).min(calls.max(1) as f64), None);
        let needs = [
            (limits.requests, calls as f64, "requests"),
            (limits.tokens, input as f64 + middle, "tokens"),
            (limits.input_tokens, input as f64, "input tokens"),
            (limits.output_tokens, middle, "output tokens"),
        ];
        for (limit, need, what) in needs {
            // A minute's worth is there at the start.
            let Some(limit) = limit.map(f64::from).filter(|limit| *limit > 0.0) else { continue };
            let seconds = (need / limit - 1.0).max(0.0) * 60.0;
            if seconds > slowest.0 {
                slowest = (seconds, Some(format!("{limit} {what} a minute")));
            }
        }
        let cost = model.price.map(|price| cost(own(), price));
        let (seconds, limit) = slowest;
        Load { model: model.clone(), calls, input, output, cost, seconds, limit, alone: alone.max(seconds) }
    }
}

/// What calls cost at a price: at least, and at most.
fn cost<'a>(calls: impl Iterator<Item = &'a Call>, price: Price) -> (f64, f64) {
    let of = |input, output| price.of(Usage { input, output, ..Usage::default() });
    calls.fold((0.0, 0.0), |sum, call| (sum.0 + of(call.input, call.output.0), sum.1 + of(call.input, call.output.1)))
}

impl Model for Dry {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(self.run(request))
    }

    fn price(&self, model: Option<&str>, vectors: bool) -> Option<Price> {
        match self.resolve(model, vectors) {
            Ok(resolved) => resolved.price,
            Err(_) => Some(Price::FREE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::Message,
        wire::{Role, Sampling},
    };

    async fn ask(dry: &Dry, model: Option<&str>, max_tokens: Option<u32>) {
        let messages = vec![Message::new(Role::User, "word ".repeat(1000))];
        let sampling = Sampling { max_tokens, ..Sampling::default() };
        let model = model.map(Into::into);
        dry.complete(&Request { model, messages, sampling, ..Request::default() }).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_priced_by_the_model_they_would_go_to_and_timed_by_its_limits() {
        let settled = Settled { requests: Some(2), ..Settled::default() };
        let limits = HashMap::from([("gpt-4o".into(), settled)]);
        let dry = Dry::new(Settings { limits, ..Settings::default() });
        for _ in 0..6 {
            ask(&dry, Some("gpt-4o"), Some(100)).await;
        }
        ask(&dry, Some("claude-haiku-4-5"), None).await;
        ask(&dry, Some("llama"), None).await;
        let Forecast { loads, unbounded, dearest } = dry.forecast(3);
        assert_eq!((loads.len(), unbounded), (3, 2));
        let [gpt, claude, llama] = &loads[..] else { panic!() };
        assert_eq!((gpt.calls, gpt.input / 6, gpt.output.1), (6, 1008, 600));
        let (low, high) = gpt.cost.unwrap();
        assert!(low < high && (high - (gpt.input as f64 * 2.5 + 6000.0) / 1e6).abs() < 1e-9, "{low} {high}");
        // Six requests at two a minute: two at once, and four in the two minutes after.
        assert_eq!((gpt.seconds, gpt.limit.as_deref()), (120.0, Some("2 requests a minute")));
        assert_eq!((&*claude.model.model, claude.output.1), ("claude-haiku-4-5", UNBOUNDED));
        assert_eq!((llama.cost, &llama.limit), (None, &None), "a price that nobody knows");
        let (name, (_, most)) = dearest.unwrap();
        assert!(name == "gpt-4o" && most > high, "{name} {most}");
    }
}
