//! What may be spent: reserved before each call from an estimate, settled after it by what it really took.
//!
//! Both sides count by these rules: the interpreter for a script's own budgets, the host for those of the command line.
//! Not here: what models cost, which the host knows.

use crate::{
    llm::Price,
    wire::{Asks, CallHead, JsonMode, Limits},
};

/// Tokens that an answer is expected to have when nothing bounds it.
const UNBOUNDED_ANSWER: u64 = 256;
/// Tokens that a message takes beside its text.
const PER_MESSAGE: u64 = 8;
/// Tokens of an image: providers count some hundred to some thousand, by its size.
const PER_IMAGE: u64 = 1000;
/// Tokens that say what was wrong with an answer.
const PER_COMPLAINT: u64 = 200;
/// Bytes that a call for a loop is expected to have in its prompts at first.
const MOST_OF_LOOP: u64 = 6_000;
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

/// Sums of fractions of a cent: so many dollars more or less are none.
const NOTHING: f64 = 1e-9;

/// What one call will take at most, as far as can be told: the tokens of its texts are an estimate, and without
/// `max_tokens` those of its answer are a guess. The money is NaN without a price.
pub(crate) fn estimate(call: &CallHead, price: Option<Price>) -> Spent {
    let text = call.messages.iter().map(|m| u64::from(m.text)).sum::<u64>() + u64::from(call.schema);
    let images = call.messages.iter().map(|m| m.images.len() as u64).sum::<u64>();
    // What a loop is given it explores, and no model reads: its own calls are charged one by one.
    let text = if call.asks == Asks::Loop { text.min(MOST_OF_LOOP) } else { text };
    let prompt = text.div_ceil(BYTES_PER_TOKEN) + call.messages.len() as u64 * PER_MESSAGE + images * PER_IMAGE;
    let unsaid = match call.asks {
        Asks::Answer | Asks::Loop => UNBOUNDED_ANSWER,
        Asks::Vectors => 0,
        // Its calls are charged one by one.
        Asks::Program => return Spent::default(),
        Asks::Limits | Asks::Price { .. } | Asks::Function => return Spent::default(),
    };
    let answer = call.sampling.max_tokens.map_or(unsaid, u64::from);
    // An answer that is no good is asked for once more, with itself in the prompt.
    let again = call.json != JsonMode::Off || call.schema > 0;
    let cost_usd = match price {
        None => f64::NAN,
        Some(price) if again => price.at_most(prompt, answer) + price.at_most(prompt + answer + PER_COMPLAINT, answer),
        Some(price) => price.at_most(prompt, answer),
    };
    Spent { calls: 1, tokens: prompt + answer, cost_usd }
}

/// A budget and what has been spent of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    limits: Limits,
    spent: Spent,
    /// What of the money bound is gone: as spent, but for calls of unknown cost what was set aside for them.
    charged_usd: f64,
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
            cost_usd: self.limits.cost_usd.map(|l| (l - self.charged_usd - self.reserved.cost_usd).max(0.0)),
        }
    }

    /// Why a call does not fit, if so.
    pub(crate) fn refusal(&self, wanted: Spent) -> Option<String> {
        let left = self.left();
        if left.calls.is_some_and(|n| n < wanted.calls) {
            return Some(format!("the budget of {} calls is used up", self.limits.calls.unwrap_or_default()));
        }
        if let Some((tokens, limit)) = left.tokens.zip(self.limits.tokens).filter(|(tokens, _)| *tokens < wanted.tokens)
        {
            let wanted = wanted.tokens;
            return Some(format!(
                "the call may take {wanted} tokens, and of the budget of {limit} there are {tokens} left"
            ));
        }
        let (left, limit) = left.cost_usd.zip(self.limits.cost_usd)?;
        if wanted.cost_usd.is_nan() {
            return Some(UNPRICED.into());
        }
        (wanted.cost_usd > left + NOTHING).then(|| {
            let (wanted, left) = (dollars(wanted.cost_usd), dollars(left));
            format!("the call may cost {wanted} USD, and of the budget of {} USD there is {left} left", dollars(limit))
        })
    }

    /// Money that is set aside. Where nothing bounds it, or its amount is unknown, there is nothing to set aside.
    fn money(&self, spent: Spent) -> Spent {
        let counts = self.limits.cost_usd.is_some() && !spent.cost_usd.is_nan();
        Spent { cost_usd: if counts { spent.cost_usd } else { 0.0 }, ..spent }
    }

    /// Sets something aside for a call.
    pub(crate) fn reserve(&mut self, wanted: Spent) {
        let wanted = self.money(wanted);
        self.reserved += wanted;
    }

    /// The call for which `reserved` was set aside took `taken`.
    pub(crate) fn settle(&mut self, reserved: Spent, taken: Spent) {
        self.reserved.calls -= reserved.calls;
        self.reserved.tokens -= reserved.tokens;
        let set_aside = self.money(reserved).cost_usd;
        self.reserved.cost_usd = (self.reserved.cost_usd - set_aside).max(0.0);
        self.charged_usd += if taken.cost_usd.is_nan() { set_aside } else { taken.cost_usd };
        self.spent += taken;
    }
}

/// Why a call of unknown price does not go out under a budget in money.
const UNPRICED: &str = "the price of its model is unknown, so a budget in USD cannot be kept; write it into `bessemer.toml` \
                        below `[prices]`, or bound tokens instead";

/// An amount, as exactly as people want it.
fn dollars(usd: f64) -> String {
    let text = format!("{usd:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
        let mut budget = Budget::new(Limits { calls: Some(3), tokens: Some(1000), cost_usd: None });
        let message = MessageHead { role: Role::User, text: 300, images: Vec::new() };
        let sampling = Sampling { max_tokens: Some(292), ..Sampling::default() };
        let call = estimate(&CallHead { messages: vec![message], sampling, ..CallHead::default() }, Some(Price::FREE));
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

    #[test]
    fn what_a_loop_is_given_to_explore_is_no_prompt() {
        let message = MessageHead { role: Role::User, text: 100_000_000, images: Vec::new() };
        let call = CallHead { messages: vec![message], ..CallHead::default() };
        assert!(estimate(&call, None).tokens > 30_000_000);
        assert!(estimate(&CallHead { asks: Asks::Loop, ..call }, None).tokens < 3_000);
    }

    #[test]
    fn money_is_set_aside_by_its_price_and_what_has_none_is_refused() {
        let price = Price { input: 1.0, output: 10.0, written: Some(2.0), ..Price::FREE };
        let message = MessageHead { role: Role::User, text: 276, images: Vec::new() };
        let sampling = Sampling { max_tokens: Some(90), ..Sampling::default() };
        let call = CallHead { messages: vec![message], sampling, ..CallHead::default() };
        // A hundred tokens that may be written to the cache, ninety of an answer.
        let wanted = estimate(&call, Some(price));
        assert!((wanted.cost_usd - 1100e-6).abs() < 1e-12, "{wanted:?}");
        let again = estimate(&CallHead { json: JsonMode::Asked, ..call.clone() }, Some(price));
        assert!(again.cost_usd > 2.0 * wanted.cost_usd);
        let mut budget = Budget::new(Limits { cost_usd: Some(0.0025), ..Limits::default() });
        budget.reserve(wanted);
        assert_eq!(budget.refusal(wanted), None);
        budget.reserve(wanted);
        let refusal = budget.refusal(wanted).unwrap();
        assert!(
            refusal.contains("may cost 0.0011 USD") && refusal.contains("0.0025 USD there is 0.0003 left"),
            "{refusal}"
        );
        assert!(budget.refusal(estimate(&call, None)).unwrap().contains("[prices]"));
        budget.settle(wanted, Spent { calls: 1, tokens: 5, cost_usd: 0.0001 });
        assert_eq!(budget.refusal(wanted), None);
        // What a call of unknown cost took is what was set aside for it.
        budget.settle(wanted, Spent { calls: 1, tokens: 5, cost_usd: f64::NAN });
        assert!((budget.left().cost_usd.unwrap() - 0.0013).abs() < 1e-9);
        assert!(budget.spent().cost_usd.is_nan());
        assert_eq!(Budget::default().refusal(estimate(&call, None)), None, "nothing bounds it");
    }
}
