//! What is known of models: their windows and prices, from a table that ships as data and says its date.
//!
//! Not here: which provider a name goes to ([`super::router`]), and what a prompt has in tokens ([`super::window`]).

use super::place::Speaks;
use crate::wire::Usage;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::OnceLock};

/// A model whose answer costs as much, in US dollars per million tokens, is dear.
const DEAR: f64 = 10.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    date: String,
    openai: HashMap<String, Facts>,
    anthropic: HashMap<String, Facts>,
    gemini: HashMap<String, Facts>,
}

/// What is known of one model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    /// The tokens of a prompt, at most.
    pub(crate) window: Option<u64>,
    /// The tokens of an answer, at most.
    pub(crate) answer: Option<u32>,
    input: Option<f64>,
    output: Option<f64>,
    cached: Option<f64>,
    written: Option<f64>,
    above: Option<Above>,
}

/// What a model costs, in US dollars per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as `{ input = 0.60, output = 0.80 }`")]
pub struct Price {
    /// Of a prompt.
    pub input: f64,
    /// Of an answer.
    pub output: f64,
    /// Of a prompt that was cached; as `input` when absent.
    #[serde(default)]
    pub cached: Option<f64>,
    /// Of a prompt that is put into the cache; as `input` when absent.
    #[serde(default)]
    pub written: Option<f64>,
    /// Other prices for long prompts.
    #[serde(default)]
    pub above: Option<Above>,
}

/// Prices of calls with long prompts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Above {
    /// They hold from one token more than this.
    pub tokens: u64,
    /// Of a prompt.
    pub input: f64,
    /// Of an answer.
    pub output: f64,
    /// Of a prompt that was cached.
    pub cached: f64,
}

impl Facts {
    /// What it costs, if that is known.
    pub(crate) fn price(&self) -> Option<Price> {
        let (input, output) = self.input.zip(self.output)?;
        Some(Price { input, output, cached: self.cached, written: self.written, above: self.above })
    }
}

impl Price {
    /// Of what costs nothing.
    pub(crate) const FREE: Self = Self { input: 0.0, output: 0.0, cached: None, written: None, above: None };

    /// What a call costs, in US dollars.
    pub(crate) fn of(&self, usage: Usage) -> f64 {
        let (mut input, mut output, mut cached) = (self.input, self.output, self.cached.unwrap_or(self.input));
        if let Some(above) = self.above.filter(|above| usage.input > above.tokens) {
            (input, output, cached) = (above.input, above.output, above.cached);
        }
        let written = self.written.unwrap_or(input);
        let fresh = usage.input.saturating_sub(usage.cached + usage.written);
        let of = |tokens: u64, price: f64| tokens as f64 * price;
        let sum = of(fresh, input) + of(usage.cached, cached) + of(usage.written, written) + of(usage.output, output);
        sum / 1e6
    }

    /// A price that is that of both together: a call that is made twice.
    pub(crate) fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    /// A price that is no lower than either.
    pub(crate) fn dearer(self, other: Self) -> Self {
        self.with(other, f64::max)
    }

    fn with(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        let dear = |price: &Self| price.written.unwrap_or(price.input);
        let long = |price: &Self| match price.above {
            Some(above) => (above.input, above.output),
            None => (dear(price), price.output),
        };
        let tokens = [self.above, other.above].into_iter().flatten().map(|above| above.tokens).min();
        let ((input, output), (more_input, more_output)) = (long(&self), long(&other));
        let above = tokens.map(|tokens| {
            let (input, output) = (of(input, more_input), of(output, more_output));
            Above { tokens, input, output, cached: input }
        });
        let (input, written) = (of(self.input, other.input), Some(of(dear(&self), dear(&other))));
        Self { input, output: of(self.output, other.output), cached: None, written, above }
    }

    /// What a call costs at most that has so many tokens.
    pub(crate) fn at_most(&self, input: u64, output: u64) -> f64 {
        let usage = Usage { input, output, ..Usage::default() };
        // Whether the provider will put the prompt into its cache is the script's affair, and seldom.
        let dear = self.written.filter(|written| *written > self.input).unwrap_or(self.input);
        Self { input: dear, ..*self }.of(usage)
    }
}

/// The table, as it is asked.
#[derive(Default)]
struct Asked {
    date: String,
    models: HashMap<String, Facts>,
    /// The names of each provider's, sorted.
    names: Vec<(Speaks, Vec<String>)>,
}

fn table() -> &'static Asked {
    static TABLE: OnceLock<Asked> = OnceLock::new();
    TABLE.get_or_init(|| match toml::from_str::<Table>(include_str!("models.toml")) {
        Ok(Table { date, openai, anthropic, gemini }) => {
            let all = [(Speaks::OpenAi, openai), (Speaks::Anthropic, anthropic), (Speaks::Gemini, gemini)];
            let names = all.iter().map(|(speaks, models)| {
                let mut names: Vec<String> = models.keys().cloned().collect();
                names.sort();
                (*speaks, names)
            });
            Asked { date, names: names.collect(), models: all.into_iter().flat_map(|(_, models)| models).collect() }
        }
        // A test reads it; without it every price and window is unknown.
        Err(_) => Asked::default(),
    })
}

/// When the table was made, such as `2026-05`.
pub(crate) fn date() -> &'static str {
    &table().date
}

/// The models of a provider that the table has, by name.
pub(crate) fn of(speaks: Speaks) -> &'static [String] {
    table().names.iter().find(|(each, _)| *each == speaks).map_or(&[], |(_, names)| names)
}

/// What is known of a model, by the name that it has anywhere: `gpt-4o`, `openai/gpt-4o`, `gpt-4o-2024-08-06`.
pub(crate) fn facts(model: &str) -> Option<&'static Facts> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let all = &table().models;
    all.get(name).or_else(|| all.get(undated(name)?))
}

/// A name without the date or number of its snapshot: `-2024-08-06`, `-20251001`, `-001`.
fn undated(name: &str) -> Option<&str> {
    let is_snapshot = |suffix: &str| match suffix.len() {
        3 | 8 => suffix.bytes().all(|b| b.is_ascii_digit()),
        10 => suffix.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() }),
        _ => false,
    };
    let cut = |at: usize| Some((name.get(..at)?, name.get(at..)?.strip_prefix('-')?));
    [11, 9, 4].into_iter().find_map(|length| {
        let (bare, suffix) = cut(name.len().checked_sub(length)?)?;
        is_snapshot(suffix).then_some(bare)
    })
}

/// Whether a model, by the name its server gives it, is of the dear sort: for it, another is cheaper.
pub(crate) fn dearest(model: &str) -> bool {
    facts(model).and_then(|facts| facts.output).is_some_and(|output| output >= DEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_well_formed() {
        let table: Table = toml::from_str(include_str!("models.toml")).unwrap();
        let all = table.openai.iter().chain(&table.anthropic).chain(&table.gemini);
        for (name, facts) in all {
            assert_eq!(facts.input.is_some(), facts.output.is_some(), "{name}");
            assert!(facts.cached.is_none_or(|cached| cached <= facts.input.unwrap()), "{name}");
            assert!(facts.window.is_some() && !name.contains('/'), "{name}");
        }
        assert!(date().starts_with("20"));
    }

    fn cost(model: &str, usage: Usage) -> Option<f64> {
        Some(facts(model)?.price()?.of(usage))
    }

    #[test]
    fn prices_hold_for_names_and_snapshots() {
        let usage = Usage { input: 1_000_000, output: 1_000_000, cached: 400_000, ..Usage::default() };
        let near = |model, usage, want: f64| assert!((cost(model, usage).unwrap() - want).abs() < 1e-9, "{model}");
        near("gpt-4o", usage, 0.6 * 2.5 + 0.4 * 1.25 + 10.0);
        near("gpt-4o-2024-08-06", usage, 0.6 * 2.5 + 0.4 * 1.25 + 10.0);
        near("gpt-4o-mini-2024-07-18", usage, 0.6 * 0.15 + 0.4 * 0.075 + 0.6);
        let written = Usage { written: 100_000, ..usage };
        near("claude-haiku-4-5-20251001", written, 0.5 + 0.04 + 0.125 + 5.0);
        near("gemini-2.5-pro", usage, 0.6 * 2.5 + 0.4 * 0.25 + 15.0);
        near("models/gemini-2.5-pro", Usage { input: 200_000, ..Usage::default() }, 0.25);
        for model in ["gpt-4o-audio-preview", "gpt-4o-2024-05-13", "o3-pro", "gpt-4o-2024-8-6", "llama3", "", "é-001"]
        {
            assert_eq!(cost(model, usage), None, "{model}");
        }
    }

    #[test]
    fn the_dear_sort_is_known_by_its_price() {
        assert!(["gpt-4o", "gpt-4o-2024-08-06", "claude-opus-4-5", "openai/gpt-5"].into_iter().all(dearest));
        assert!(!["gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-flash", "llama3"].into_iter().any(dearest));
    }
}
