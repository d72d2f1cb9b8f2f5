//! What the host itself answers, as it answers a call: how limits stand, and what calls cost.
//!
//! No provider is asked, and nothing is charged. Not here: budgets.

use crate::{
    llm::{Left, Price, Standing, dispatch::Dispatcher},
    wire::{self, Asks, CallHead, DoneHead},
};
use serde_json::{Value, json};

/// The text that answers a call which asks no model.
pub(super) fn answer(dispatcher: &Dispatcher, head: &CallHead) -> Option<String> {
    match head.asks {
        Asks::Answer | Asks::Vectors | Asks::Loop | Asks::Program | Asks::Function => None,
        Asks::Limits => Some(limits(&dispatcher.limits())),
        // A number that JSON does not have is a price that is not known.
        Asks::Price { vectors } => {
            Some(serde_json::to_string(&price(dispatcher, head, vectors)).unwrap_or_else(|_| "null".into()))
        }
    }
}

/// The head of such an answer; `reason` is its finish reason.
pub(super) fn head(reason: &str) -> DoneHead {
    DoneHead::Answer {
        model: String::new(),
        usage: wire::Usage::default(),
        cost_usd: Some(0.0),
        latency_ms: 0,
        waited_ms: 0,
        attempts: 0,
        finish_reason: reason.into(),
        calls: 0,
    }
}

/// What a call costs at most, whichever of its models answer; `None` when one of their prices is unknown.
pub(super) fn price(dispatcher: &Dispatcher, head: &CallHead, vectors: bool) -> Option<Price> {
    let price = |name: Option<&str>| dispatcher.price(name, vectors);
    let mut most = match &head.models[..] {
        [] => price(head.model.as_deref())?,
        models => models.iter().try_fold(Price::FREE, |most, name| Some(most.dearer(price(Some(name))?)))?,
    };
    if head.hedge_s.is_some() {
        most = most.plus(most);
    }
    head.fallback.iter().try_fold(most, |sum, name| Some(sum.plus(price(Some(name))?)))
}

/// How limits stand, as scripts see it: `false` is what is not known, or not bounded.
fn limits(all: &[Standing]) -> String {
    let left = |left: Option<Left>| {
        let left = left.map(|l| json!({ "limit": l.limit, "left": l.left, "window": l.window }));
        left.unwrap_or(Value::Bool(false))
    };
    let one = |s: &Standing| {
        json!({
            "model": s.model, "in-flight": s.in_flight, "waiting": s.waiting, "paused": s.paused,
            "width": s.width.map_or(Value::Bool(false), Value::from), "requests": left(s.requests),
            "tokens": left(s.tokens), "input-tokens": left(s.input_tokens), "output-tokens": left(s.output_tokens),
        })
    };
    Value::from_iter(all.iter().map(one)).to_string()
}
