//! What calls come to, and what they may come to. An account may stand below another: what a loop within a program takes is
//! charged to both, and must fit both.
//!
//! Not here: the calls themselves, and a script's own budgets, which its interpreter keeps.

use crate::{
    budget::{Budget, Spent},
    llm::{Answer, Failure, Taken, Traffic},
    wire::{FailureClass, Limits},
};
use serde::Serialize;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
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

impl Usage {
    /// What has come to it since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            failures: self.failures - before.failures,
            input_tokens: self.input_tokens - before.input_tokens,
            output_tokens: self.output_tokens - before.output_tokens,
            cost_usd: self.cost_usd.zip(before.cost_usd).map(|(now, before)| now - before),
        }
    }
}

struct Sums {
    budget: Budget,
    cost_usd: Option<f64>,
}

/// An account. Every sum in it is also one of the account above.
pub(crate) struct Account {
    counts: Arc<Counts>,
    /// Held for moments only, and never across an await: a std mutex is the cheaper one.
    sums: Mutex<Sums>,
    above: Option<Arc<Account>>,
    /// How all calls go, whichever account of a line they are charged to first.
    traffic: Arc<Traffic>,
}

impl Account {
    /// An account without limits of its own.
    pub(crate) fn new(above: Option<Arc<Self>>) -> Arc<Self> {
        let sums = Mutex::new(Sums { budget: Budget::default(), cost_usd: Some(0.0) });
        let traffic = above.as_ref().map(|above| above.traffic.clone()).unwrap_or_default();
        Arc::new(Self { counts: Arc::default(), sums, above, traffic })
    }

    /// It, and those above it.
    fn line(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |account| account.above.as_deref())
    }

    fn lock(&self) -> MutexGuard<'_, Sums> {
        // Nothing that holds it can panic half-way through a change.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    pub(crate) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// What all its calls may take.
    pub(crate) fn limit(&self, limits: Limits) {
        self.lock().budget.limit(limits);
    }

    /// Whether money is bounded, so that prices are wanted.
    pub(crate) fn bounds_money(&self) -> bool {
        self.line().any(|account| account.lock().budget.limits().cost_usd.is_some())
    }

    /// What is left: the least that it or an account above it leaves.
    pub(crate) fn left(&self) -> Limits {
        self.line().map(|account| account.lock().budget.left()).fold(Limits::default(), Limits::least)
    }

    /// What has been spent.
    pub(crate) fn spent(&self) -> Spent {
        self.lock().budget.spent()
    }

    /// A call came.
    pub(crate) fn received(&self) {
        for account in self.line() {
            account.counts.calls.fetch_add(1, Relaxed);
        }
    }

    /// Sets aside what a call may take, or says why it does not go out.
    pub(crate) fn reserve(&self, wanted: Spent) -> Result<(), String> {
        for (level, account) in self.line().enumerate() {
            let mut sums = account.lock();
            let Some(refusal) = sums.budget.refusal(wanted) else {
                sums.budget.reserve(wanted);
                continue;
            };
            drop(sums);
            self.line().take(level).for_each(|below| below.lock().budget.settle(wanted, Spent::default()));
            for account in self.line() {
                account.counts.ended.fetch_add(1, Relaxed);
                account.counts.failures.fetch_add(1, Relaxed);
            }
            self.traffic.refused(FailureClass::Budget);
            return Err(refusal);
        }
        Ok(())
    }

    /// A call goes out.
    pub(crate) fn started(&self) {
        for account in self.line() {
            account.counts.in_flight.fetch_add(1, Relaxed);
        }
    }

    /// A call is not wanted any more, which has taken so much.
    pub(crate) fn dropped(&self, reserved: Spent, unsent: bool, taken: &Taken) {
        let Taken { attempts, usage, cost_usd, .. } = *taken;
        let (tokens, cost) = (usage.input + usage.output, cost_usd.unwrap_or(f64::NAN));
        let spent = Spent { calls: u64::from(attempts > 0), tokens, cost_usd: cost };
        for account in self.line() {
            let counts = &account.counts;
            counts.in_flight.fetch_sub(i64::from(!unsent), Relaxed);
            counts.ended.fetch_add(1, Relaxed);
            counts.input_tokens.fetch_add(usage.input, Relaxed);
            counts.output_tokens.fetch_add(usage.output, Relaxed);
            let mut sums = account.lock();
            sums.budget.settle(reserved, spent);
            sums.cost_usd = sums.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
        }
        self.traffic.cancelled(taken);
    }

    /// A call has ended.
    pub(crate) fn ended(&self, reserved: Spent, result: &Result<Answer, Failure>) {
        let (usage, cost, sent) = match result {
            Ok(answer) => (answer.usage, answer.cost_usd, true),
            // One that was never sent, such as a call whose schema is none, takes nothing.
            Err(failure) => (failure.usage, failure.cost_usd, failure.attempts > 0),
        };
        let cost_usd = cost.unwrap_or(f64::NAN);
        let taken = Spent { calls: u64::from(sent), tokens: usage.input + usage.output, cost_usd };
        for account in self.line() {
            let counts = &account.counts;
            counts.in_flight.fetch_sub(1, Relaxed);
            counts.ended.fetch_add(1, Relaxed);
            counts.failures.fetch_add(u64::from(result.is_err()), Relaxed);
            counts.input_tokens.fetch_add(usage.input, Relaxed);
            counts.output_tokens.fetch_add(usage.output, Relaxed);
            let mut sums = account.lock();
            sums.budget.settle(reserved, taken);
            sums.cost_usd = sums.cost_usd.zip(cost).map(|(sum, cost)| sum + cost);
        }
        self.traffic.ended(result);
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            calls: self.counts.calls.load(Relaxed),
            failures: self.counts.failures.load(Relaxed),
            input_tokens: self.counts.input_tokens.load(Relaxed),
            output_tokens: self.counts.output_tokens.load(Relaxed),
            cost_usd: self.lock().cost_usd,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charged_below_is_charged_above_and_must_fit_both() {
        let above = Account::new(None);
        above.limit(Limits { calls: Some(3), ..Limits::default() });
        let (one, other) = (Account::new(Some(above.clone())), Account::new(Some(above.clone())));
        one.limit(Limits { calls: Some(1), ..Limits::default() });
        let call = Spent { calls: 1, tokens: 10, cost_usd: 0.0 };
        assert_eq!(one.reserve(call), Ok(()));
        assert!(one.reserve(call).unwrap_err().contains("1 calls"));
        assert_eq!((other.reserve(call), other.reserve(call)), (Ok(()), Ok(())));
        // What one level refuses is not set aside at another.
        assert!(other.reserve(call).unwrap_err().contains("3 calls"));
        other.dropped(call, true, &Taken::default());
        assert_eq!((other.left().calls, above.left().calls, one.left().calls), (Some(1), Some(1), Some(0)));
        let failure = Failure { usage: crate::wire::Usage { input: 4, ..Default::default() }, ..no() };
        one.started();
        one.ended(call, &Err(failure));
        assert_eq!((one.usage().input_tokens, above.usage().input_tokens, other.usage().input_tokens), (4, 4, 0));
        assert_eq!((above.spent().tokens, above.counts().in_flight.load(Relaxed)), (4, 0));
    }

    fn no() -> Failure {
        Failure::new(crate::wire::FailureClass::Server, "no")
    }
}
