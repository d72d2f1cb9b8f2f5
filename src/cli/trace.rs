//! `bessemer trace`: what happened in a run: sums by stage, model and failure, the slowest and the dearest calls, and
//! which answers went into which prompts; or all of it as JSON lines.

use super::{
    keep::Place,
    runs::{dollars, find, one_line, store, table},
    screen::{self, fail},
};
use crate::{
    error::Error,
    journal::store::{CallEntry, Event, Store, Summary},
    trace,
};
use clap::Args;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    process::ExitCode,
};

/// How many of the slowest and dearest calls are shown.
const MOST: usize = 5;
/// Calls outside of a fan-out are told apart when there are no more.
const ALONE: usize = 20;

#[derive(Args)]
pub(super) struct Trace {
    /// The run: its name, the beginning of its name, or `last`.
    #[arg(default_value = "last")]
    run: String,
    #[command(flatten)]
    place: Place,
    /// Everything that happened, as JSON lines.
    #[arg(long, visible_alias = "jsonl")]
    json: bool,
}

impl Trace {
    pub(super) fn main(self) -> ExitCode {
        match self.text() {
            Ok(text) => screen::print(&text),
            Err(e) => fail(&e),
        }
    }

    fn text(&self) -> Result<String, Error> {
        let mut store = store(&self.place)?;
        let run = find(store.as_mut(), &self.run)?;
        let Some(mut store) = store else { return Ok(String::new()) };
        let (mut calls, mut events) = (Vec::new(), Vec::new());
        store.calls(run.id, &mut |call| calls.push(call))?;
        store.events(run.id, &mut |event| events.push(event))?;
        Ok(if self.json { lines(&run, &calls, &events) } else { summary(&run, &calls, &events) })
    }
}

/// Calls and events in the order of their times.
fn lines(run: &Summary, calls: &[CallEntry], events: &[Event]) -> String {
    let calls = calls.iter().map(|call| (call.asked_ms, trace::call(call, run.began_ms, false)));
    let mut all: Vec<_> = calls.chain(events.iter().map(|e| (e.at_ms, trace::event(e, run.began_ms)))).collect();
    all.sort_by_key(|(at, _)| *at);
    all.iter().map(|(_, line)| format!("{line}\n")).collect()
}

/// What calls of one kind came to.
#[derive(Default)]
struct Sum {
    calls: u64,
    failed: u64,
    again: u64,
    tokens: u64,
    cost: f64,
    unpriced: bool,
    took: Vec<u32>,
    first: i64,
    last: i64,
}

impl Sum {
    fn add(&mut self, call: &CallEntry) {
        let (usage, cost, attempts) = match &call.result {
            Ok(answer) => (answer.usage, answer.cost_usd, answer.attempts),
            Err(failure) => (failure.usage, failure.cost_usd, failure.attempts),
        };
        let ended = call.asked_ms + i64::from(call.took_ms);
        self.first = if self.calls == 0 { call.asked_ms } else { self.first.min(call.asked_ms) };
        self.last = self.last.max(ended);
        self.calls += 1;
        self.failed += u64::from(call.result.is_err());
        self.again += u64::from(attempts.saturating_sub(1));
        self.tokens += usage.input + usage.output;
        self.cost += cost.unwrap_or_default();
        self.unpriced |= cost.is_none();
        self.took.push(call.took_ms);
    }

    fn row(&self, name: &str) -> [String; 9] {
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = |share: usize| took.get((took.len() - 1) * share / 100).copied().unwrap_or_default();
        [
            one_line(name, 40),
            self.calls.to_string(),
            self.failed.to_string(),
            self.again.to_string(),
            seconds(self.last - self.first),
            seconds(i64::from(at(50))),
            seconds(i64::from(at(100))),
            self.tokens.to_string(),
            dollars((!self.unpriced).then_some(self.cost)),
        ]
    }
}

fn seconds(ms: i64) -> String {
    format!("{:.2}s", ms as f64 / 1000.0)
}

/// What the stage of a call is called.
fn stage(call: &CallEntry, alone: usize) -> String {
    match &call.stage {
        Some(stage) => stage.to_string(),
        None if alone <= ALONE => format!("call {}", call.number),
        None => "single calls".into(),
    }
}

fn model(call: &CallEntry) -> String {
    let name = call.result.as_ref().map_or_else(|failure| failure.model.clone(), |answer| Some(answer.model.clone()));
    name.map_or_else(|| "no model".into(), |name| name.to_string())
}

fn summary(run: &Summary, calls: &[CallEntry], events: &[Event]) -> String {
    let mut out = String::new();
    let alone = calls.iter().filter(|call| call.stage.is_none()).count();
    let python: f64 = events.iter().filter(|event| event.kind == "python").map(|event| number(event, "took_s")).sum();
    let waits: f64 = events.iter().filter(|event| event.kind == "retry").map(|event| number(event, "wait_s")).sum();
    // Writing to memory cannot fail.
    let _ = writeln!(
        out,
        "{} ({}): {}, {} calls in {}, {} tokens in, {} out, {}",
        run.name,
        one_line(&run.title, 60),
        run.status.name(),
        calls.len(),
        seconds(run.touched_ms - run.began_ms),
        run.input_tokens,
        run.output_tokens,
        dollars(run.cost_usd)
    );
    if python > 0.0 || waits > 0.0 {
        let _ = writeln!(out, "waiting for further attempts {waits:.2}s, Python {python:.2}s");
    }
    if calls.is_empty() {
        return out;
    }
    type Kind<'a> = (&'a str, &'a dyn Fn(&CallEntry) -> String);
    let kinds: [Kind<'_>; 2] = [("stage", &|call| stage(call, alone)), ("model", &model)];
    for (title, kind) in kinds {
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        calls.iter().for_each(|call| sums.entry(kind(call)).or_default().add(call));
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, sum)| sum.first);
        let head = [title, "calls", "failed", "retries", "span", "median", "slowest", "tokens", "cost"];
        let mut rows = vec![head.map(String::from)];
        rows.extend(sums.iter().map(|(name, sum)| sum.row(name)));
        let _ = write!(out, "\n{}", table(&rows));
    }
    failures(&mut out, calls);
    let took = |call: &CallEntry| f64::from(call.took_ms) / 1000.0;
    let cost = |call: &CallEntry| call.result.as_ref().map_or_else(|f| f.cost_usd, |a| a.cost_usd).unwrap_or_default();
    extremes(&mut out, "slowest", calls, took, |call| format!("{:.2}s", took(call)), alone);
    extremes(&mut out, "dearest", calls, cost, |call| dollars(Some(cost(call))), alone);
    flow(&mut out, calls, alone);
    out
}

fn number(event: &Event, field: &str) -> f64 {
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
    data[field].as_f64().unwrap_or_default()
}

fn failures(out: &mut String, calls: &[CallEntry]) {
    let mut classes: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for failure in calls.iter().filter_map(|call| call.result.as_ref().err()) {
        classes.entry(failure.class.name()).or_insert((0, &failure.message)).0 += 1;
    }
    if classes.is_empty() {
        return;
    }
    let mut rows = vec![["failure", "calls", "the first of them"].map(String::from)];
    rows.extend(
        classes.iter().map(|(class, (count, message))| [(*class).into(), count.to_string(), one_line(message, 80)]),
    );
    // Writing to memory cannot fail.
    let _ = write!(out, "\n{}", table(&rows));
}

/// The calls that have the most of something.
fn extremes(
    out: &mut String,
    title: &str,
    calls: &[CallEntry],
    measure: impl Fn(&CallEntry) -> f64,
    shown: impl Fn(&CallEntry) -> String,
    alone: usize,
) {
    let mut most: Vec<&CallEntry> = calls.iter().filter(|call| measure(call) > 0.0).collect();
    most.sort_by(|a, b| measure(b).total_cmp(&measure(a)));
    if most.is_empty() {
        return;
    }
    let mut rows = vec![[title, "call", "stage", "model"].map(String::from)];
    rows.extend(most.into_iter().take(MOST).map(|call| {
        [shown(call), call.number.to_string(), one_line(&stage(call, alone), 40), one_line(&model(call), 40)]
    }));
    // Writing to memory cannot fail.
    let _ = write!(out, "\n{}", table(&rows));
}

/// Which stages' answers went into which stages' prompts, as a tree from the last to the first.
fn flow(out: &mut String, calls: &[CallEntry], alone: usize) {
    let stages: BTreeMap<u32, String> = calls.iter().map(|call| (call.number, stage(call, alone))).collect();
    let mut into: BTreeMap<&str, BTreeMap<&str, BTreeSet<u32>>> = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let mut order: Vec<&str> = Vec::new();
    for call in calls {
        let Some(own) = stages.get(&call.number) else { continue };
        if !order.contains(&&**own) {
            order.push(own);
        }
        let from = into.entry(own).or_default();
        for (source, name) in call.sources.iter().filter_map(|source| Some((source, stages.get(source)?))) {
            from.entry(name).or_default().insert(*source);
            if name != own {
                used.insert(name);
            }
        }
    }
    if used.is_empty() {
        return;
    }
    // Writing to memory cannot fail.
    let _ = writeln!(out, "\nwhat went into what");
    let mut seen = BTreeSet::new();
    for last in order.iter().rev().filter(|name| !used.contains(*name)) {
        let _ = writeln!(out, "{}", one_line(last, 60));
        branch(out, last, &into, &mut seen, "");
    }
}

fn branch<'a>(
    out: &mut String,
    name: &'a str,
    into: &BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<u32>>>,
    seen: &mut BTreeSet<&'a str>,
    indent: &str,
) {
    if !seen.insert(name) {
        return;
    }
    let from: Vec<_> = into.get(name).into_iter().flatten().filter(|(source, _)| **source != name).collect();
    for (i, (source, calls)) in from.iter().enumerate() {
        let (corner, below) = if i + 1 == from.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let again = if seen.contains(*source) { " (above)" } else { "" };
        let answers = if calls.len() == 1 { "answer" } else { "answers" };
        // Writing to memory cannot fail.
        let _ = writeln!(out, "{indent}{corner}{}: {} {answers}{again}", one_line(source, 60), calls.len());
        branch(out, source, into, seen, &format!("{indent}{below}"));
    }
}
