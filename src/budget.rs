//! What may be spent: reserved before each call from an estimate, settled after it by what it really took.
//!
//! Both sides count by these rules: the interpreter for a script's own budgets, the host for those of the command line.
//! Not here: bounds on money; what was spent is summed.

use crate::wire::{Asks, CallHead, Limits};

/// Tokens that an answer is expected to have when nothing bounds it.
const UNBOUNDED_ANSWER: u64 = 256;
/// Tokens that a message takes beside its text.
const PER_MESSAGE: u64 = 8;
/// Tokens of an image: providers count some hundred to some thousand, by its size.
const PER_IMAGE: u64 = 1000;
/// Bytes of text that make a token at least: English has four and more, code and tables about three.
const BYTES_PER_TOKEN: u64 = 3;

/// What calls take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    pub(crate) calls: u64,
    pub(crate) tokens: u64,
    /// NaN when a price is unknown, which no sum hides.
    pub(crate) cost_usd: f64,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.tokens += other.tokens;
        self.cost_usd += other.cost_usd;
    }
}

/// What one call will take at most, as far as can be told: the tokens of its texts are an estimate, and without
/// `max_tokens` those of its answer are a guess.
pub(crate) fn estimate(call: &CallHead) -> Spent {
    let text = call.messages.iter().map(|m| u64::from(m.text)).sum::<u64>() + u64::from(call.schema);
    let images = call.messages.iter().map(|m| m.images.len() as u64).sum::<u64>();
    let prompt = text.div_ceil(BYTES_PER_TOKEN) + call.messages.len() as u64 * PER_MESSAGE + images * PER_IMAGE;
    let unsaid = match call.asks {
        Asks::Answer => UNBOUNDED_ANSWER,
        Asks::Vectors => 0,
        Asks::Limits => return Spent::default(),
    };
    let answer = call.sampling.max_tokens.map_or(unsaid, u64::from);
    Spent { calls: 1, tokens: prompt + answer, cost_usd: 0.0 }
}

/// A budget and what has been spent of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    limits: Limits,
    spent: Spent,
    reserved: Spent,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets other limits. What has been spent stays so.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub(crate) fn spent(&self) -> Spent {
        self.spent
    }

    /// What is left, reservations taken off.
    pub(crate) fn left(&self) -> Limits {
        let left = |limit: Option<u64>, spent: u64, reserved: u64| limit.map(|l| l.saturating_sub(spent + reserved));
        Limits {
            calls: left(self.limits.calls, self.spent.calls, self.reserved.calls),
            tokens: left(self.limits.tokens, self.spent.tokens, self.reserved.tokens),
        }
    }

    /// Why a call does not fit, if so.
    pub(crate) fn refusal(&self, wanted: Spent) -> Option<String> {
        let left = self.left();
        if left.calls.is_some_and(|n| n < wanted.calls) {
            return Some(format!("the budget of {} calls is used up", self.limits.calls.unwrap_or_default()));
        }
        let (tokens, limit) = (left.tokens?, self.limits.tokens.unwrap_or_default());
        (tokens < wanted.tokens).then(|| {
            format!("the call may take {} tokens, and of the budget of {limit} there are {tokens} left", wanted.tokens)
        })
    }

    /// Sets something aside for a call.
    pub(crate) fn reserve(&mut self, wanted: Spent) {
        self.reserved += wanted;
    }

    /// The call for which `reserved` was set aside took `taken`.
    pub(crate) fn settle(&mut self, reserved: Spent, taken: Spent) {
        self.reserved.calls -= reserved.calls;
        self.reserved.tokens -= reserved.tokens;
        self.spent += taken;
    }
}

/// What a script or its user can do about a spent budget.
pub(crate) const HINT: &str =
    "raise the budget; a smaller `#:max-tokens` and shorter prompts reserve less of it for each call";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{MessageHead, Role, Sampling};

    #[test]
    fn what_is_reserved_cannot_be_spent_twice_and_comes_back_when_it_was_not_needed() {
        let mut budget = Budget::new(Limits { calls: Some(3), tokens: Some(1000) });
        let message = MessageHead { role: Role::User, text: 300, images: Vec::new() };
        let sampling = Sampling { max_tokens: Some(292), ..Sampling::default() };
        let call = estimate(&CallHead { messages: vec![message], sampling, ..CallHead::default() });
        assert_eq!(call, Spent { calls: 1, tokens: 8 + 100 + 292, cost_usd: 0.0 });
        budget.reserve(call);
        budget.reserve(call);
        assert!(budget.refusal(call).unwrap().contains("there are 200 left"));
        budget.settle(call, Spent { calls: 1, tokens: 50, cost_usd: 0.0 });
        assert_eq!(budget.refusal(call), None);
        budget.reserve(call);
        assert!(budget.refusal(Spent { calls: 1, ..Spent::default() }).unwrap().contains("3 calls"));
        assert_eq!((budget.left().tokens, budget.spent().calls), (Some(150), 1));
    }
}
