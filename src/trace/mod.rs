//! What happened in a run, one line of JSON each: calls, further attempts, stages, what a script notes and keeps.
//!
//! Times are seconds since the run began. Not here: where the lines come from ([`crate::journal`]).

mod provenance;

pub(crate) use provenance::Provenance;

use crate::journal::store::{CallEntry, Entry, Event};
use serde_json::{Value, json};

/// A call; `text` says whether its answer is part of it.
pub fn call(call: &CallEntry, began_ms: i64, text: bool) -> Value {
    let seconds = |ms: i64| (ms as f64) / 1000.0;
    let took = i64::from(call.took_ms);
    let mut line = json!({
        "event": "call",
        "call": call.number,
        "at_s": seconds(call.asked_ms - began_ms),
        "took_s": seconds(took),
        "stage": call.stage,
        "request": format!("{:?}", call.key),
        "occurrence": call.occurrence,
        "from": call.sources,
    });
    let (status, usage, said) = match &call.result {
        Ok(answer) => {
            let latency = i64::try_from(answer.latency.as_millis()).unwrap_or(i64::MAX);
            line["model"] = json!(answer.model);
            line["cost_usd"] = json!(answer.cost_usd);
            line["attempts"] = json!(answer.attempts);
            line["finish_reason"] = json!(answer.finish_reason);
            // Before the first attempt began: places that were taken, limits of the provider's.
            line["waited_s"] = json!(seconds((took - latency).max(0)));
            ("ok", answer.usage, ("text", &*answer.text))
        }
        Err(failure) => {
            line["model"] = json!(failure.model);
            line["cost_usd"] = json!(failure.cost_usd);
            line["attempts"] = json!(failure.attempts);
            (failure.class.name(), failure.usage, ("message", &*failure.message))
        }
    };
    line["status"] = json!(status);
    line["input_tokens"] = json!(usage.input);
    line["output_tokens"] = json!(usage.output);
    line["cached_tokens"] = json!(usage.cached);
    if text || status != "ok" {
        line[said.0] = json!(said.1);
    }
    line
}

/// Anything else.
pub fn event(event: &Event, began_ms: i64) -> Value {
    let at = (event.at_ms - began_ms) as f64 / 1000.0;
    let data: Value = serde_json::from_str(&event.data).unwrap_or_else(|_| event.data.clone().into());
    let mut line = json!({ "event": event.kind, "at_s": at });
    match data {
        Value::Object(fields) => fields.into_iter().for_each(|(name, value)| line[name] = value),
        other => line["value"] = other,
    }
    line
}

/// What the journal was given to keep.
pub(crate) fn entry(entry: &Entry, began_ms: i64) -> Value {
    match entry {
        Entry::Call(kept) => call(kept, began_ms, false),
        Entry::Checkpoint { key, value, at_ms } => {
            let at = (at_ms - began_ms) as f64 / 1000.0;
            json!({ "event": "checkpoint", "at_s": at, "key": key, "bytes": value.len() })
        }
        Entry::Event(kept) => event(kept, began_ms),
        Entry::End { status, outcome } => json!({ "event": "end", "status": status.name(), "outcome": outcome }),
    }
}
