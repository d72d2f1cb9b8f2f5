//! Sums and differences of what calls came to: sessions that take each other's places are counted together.

use super::Usage;
use crate::wire::Limits;
use std::ops::{Add, Sub};

impl Usage {
    /// Of no calls.
    pub const NOTHING: Self = Self { calls: 0, failures: 0, input_tokens: 0, output_tokens: 0, cost_usd: Some(0.0) };

    /// What of these limits is left after it.
    pub(crate) fn leaves(self, limits: Limits) -> Limits {
        let left = |limit: Option<u64>, spent: u64| limit.map(|limit| limit.saturating_sub(spent));
        Limits {
            calls: left(limits.calls, self.calls),
            tokens: left(limits.tokens, self.input_tokens + self.output_tokens),
            // What nobody knows the cost of may have cost all of it.
            cost_usd: limits.cost_usd.map(|limit| (limit - self.cost_usd.unwrap_or(limit)).max(0.0)),
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            failures: self.failures + other.failures,
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cost_usd: self.cost_usd.zip(other.cost_usd).map(|(a, b)| a + b),
        }
    }
}

impl Sub for Usage {
    type Output = Self;

    /// What came on top of an earlier count.
    fn sub(self, earlier: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            failures: self.failures.saturating_sub(earlier.failures),
            input_tokens: self.input_tokens.saturating_sub(earlier.input_tokens),
            output_tokens: self.output_tokens.saturating_sub(earlier.output_tokens),
            cost_usd: self.cost_usd.zip(earlier.cost_usd).map(|(a, b)| (a - b).max(0.0)),
        }
    }
}
