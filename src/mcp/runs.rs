//! Runs of `execute_scheme`: those that wait or are under way, those that are over, and how a client is told of them.

use super::tools::SHOWN;
use crate::{
    context::Contexts,
    error::{Error, visible},
    session::{Outcome, Progress, Stop, Usage, Watch, account::Account},
};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Notify, mpsc};

/// How many runs that are over are remembered.
const REMEMBERED: usize = 100;
/// How much memory those that are over take at most, the last one left out, in bytes.
const MEMORY: usize = 64 << 20;
/// How much that is written between runs is kept, in bytes.
const ASIDE: usize = 64 << 10;

/// A run that waits for its turn, or is under way.
pub(super) struct Live {
    pub(super) code: Arc<str>,
    stop: mpsc::UnboundedSender<Stop>,
    begun: Option<Instant>,
    /// Its map-asyncs, by their numbers.
    groups: BTreeMap<u32, Progress>,
}

/// What a run came to.
pub(super) struct Came {
    pub(super) number: u32,
    pub(super) result: Result<Outcome, Error>,
    /// What it wrote, as far as that is kept.
    pub(super) output: String,
    /// The characters that it wrote and that are not kept.
    pub(super) lost: usize,
    pub(super) usage: Usage,
    pub(super) took: Duration,
    pub(super) hints: Vec<String>,
    /// Which run's program an error has its place in, and that program.
    pub(super) place: (u32, Arc<str>),
    /// Whether the session ended with it.
    pub(super) ended: bool,
}

#[derive(Default)]
struct State {
    last: u32,
    live: BTreeMap<u32, Live>,
    past: VecDeque<Arc<Came>>,
    /// The programs so far, for errors that have their places in them.
    programs: VecDeque<(u32, Arc<str>)>,
    contexts: Vec<Arc<Contexts>>,
    watch: Option<Watch>,
    aside: String,
    /// Why there is no session any more.
    dead: Option<String>,
}

/// What the server's tools share.
pub(super) struct Runs {
    state: Mutex<State>,
    ended: Notify,
    /// What the session and plans are charged to.
    pub(super) account: Arc<Account>,
}

impl Runs {
    pub(super) fn new(account: Arc<Account>) -> Self {
        Self { state: Mutex::default(), ended: Notify::new(), account }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new run, and what stops it.
    pub(super) fn open(&self, code: &str) -> (u32, mpsc::UnboundedReceiver<Stop>) {
        let (stop, stopped) = mpsc::unbounded_channel();
        let mut state = self.lock();
        state.last += 1;
        let (number, code) = (state.last, Arc::from(code));
        state.live.insert(number, Live { code, stop, begun: None, groups: BTreeMap::new() });
        (number, stopped)
    }

    /// A run gets its turn: its program.
    pub(super) fn begin(&self, number: u32) -> Arc<str> {
        let mut state = self.lock();
        let Some(live) = state.live.get_mut(&number) else { return Arc::from("") };
        live.begun = Some(Instant::now());
        let code = live.code.clone();
        state.programs.push_back((number, code.clone()));
        if state.programs.len() > REMEMBERED {
            state.programs.pop_front();
        }
        code
    }

    /// A map-async of a run has come further.
    pub(super) fn progress(&self, number: u32, progress: Progress) {
        if let Some(live) = self.lock().live.get_mut(&number) {
            live.groups.insert(progress.group, progress);
        }
    }

    /// A run is over.
    pub(super) fn close(&self, came: Came) {
        let mut state = self.lock();
        state.live.remove(&came.number);
        state.past.push_back(Arc::new(came));
        let size = |past: &VecDeque<Arc<Came>>| past.iter().map(|came| came.size()).sum::<usize>();
        while state.past.len() > REMEMBERED || state.past.len() > 1 && size(&state.past) > MEMORY {
            state.past.pop_front();
        }
        drop(state);
        self.ended.notify_waiters();
    }

    /// The program of a run, as far as it is remembered.
    pub(super) fn program(&self, number: u32) -> Option<Arc<str>> {
        let state = self.lock();
        state.programs.iter().find(|(other, _)| *other == number).map(|(_, code)| code.clone())
    }

    /// Stops a run, whether it waits or is under way; without a number the one that is under way. Which one it was.
    pub(super) fn stop(&self, number: Option<u32>) -> Option<u32> {
        let state = self.lock();
        let begun = || state.live.iter().find(|(_, live)| live.begun.is_some()).map(|(number, _)| *number);
        let number = number.or_else(begun)?;
        let live = state.live.get(&number)?;
        let _ = live.stop.send(Stop::Signal(libc::SIGINT));
        Some(number)
    }

    /// Stops all that runs and waits.
    pub(super) fn stop_all(&self) {
        for live in self.lock().live.values() {
            let _ = live.stop.send(Stop::Signal(libc::SIGINT));
        }
    }

    /// What a run came to, waited for until then. `None`: it is not over; an error: there is none of this number.
    pub(super) async fn ended(&self, number: u32, until: Option<Instant>) -> Result<Option<Arc<Came>>, String> {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            // From here on it is heard, even before it is waited for.
            ended.as_mut().enable();
            {
                let state = self.lock();
                if let Some(came) = state.past.iter().find(|came| came.number == number) {
                    return Ok(Some(came.clone()));
                }
                if let Some(why) = &state.dead {
                    return Err(why.clone());
                }
                if !state.live.contains_key(&number) {
                    return Err(format!("there is no run {number}, or it is forgotten"));
                }
            }
            match until {
                None => ended.await,
                Some(until) => {
                    if tokio::time::timeout_at(until.into(), ended).await.is_err() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// How far a run is: items or calls that have ended, of how many, and a word on it. `None` before it begins.
    pub(super) fn far(&self, number: u32) -> Option<(f64, Option<f64>, String)> {
        let state = self.lock();
        let live = state.live.get(&number).filter(|live| live.begun.is_some())?;
        let calls = state.watch.as_ref().map(calls_said).unwrap_or_default();
        let Some(last) = live.groups.values().next_back() else {
            let counts = state.watch.as_ref()?.counts();
            let ended = counts.ended.load(std::sync::atomic::Ordering::Relaxed);
            return Some((ended as f64, None, calls));
        };
        let (done, total) = live.groups.values().fold((0, 0), |(done, total), p| (done + p.done, total + p.total));
        let failed = if last.failed > 0 { format!(" ({} failed)", last.failed) } else { String::new() };
        let message = format!("{} {}/{}{failed}, {calls}", last.label, last.done, last.total);
        Some((f64::from(done), Some(f64::from(total)), message))
    }

    /// The session is this one from here on.
    pub(super) fn session(&self, watch: Watch, contexts: &[Arc<Contexts>]) {
        let mut state = self.lock();
        state.watch = Some(watch);
        state.contexts = contexts.to_vec();
    }

    /// There is no session any more.
    pub(super) fn die(&self, why: String) {
        let mut state = self.lock();
        state.dead = Some(why);
        state.live.clear();
        drop(state);
        self.ended.notify_waiters();
    }

    pub(super) fn contexts(&self) -> Vec<Arc<Contexts>> {
        self.lock().contexts.clone()
    }

    pub(super) fn set_contexts(&self, contexts: &[Arc<Contexts>]) {
        self.lock().contexts = contexts.to_vec();
    }

    pub(super) fn watch(&self) -> Option<Watch> {
        self.lock().watch.clone()
    }

    /// What earlier programs left running has written.
    pub(super) fn write_aside(&self, text: &str) {
        let mut state = self.lock();
        let room = ASIDE.saturating_sub(state.aside.len());
        state.aside.push_str(&text[..text.floor_char_boundary(room)]);
    }

    /// What is under way, for `get_status`.
    pub(super) fn status(&self) -> (String, Value) {
        let aside = std::mem::take(&mut self.lock().aside);
        let state = self.lock();
        let open = state.watch.as_ref().map(Watch::open).unwrap_or_default();
        let mut text = match &state.dead {
            Some(why) => format!("there is no session any more: {why}\n"),
            None if state.live.is_empty() => "nothing runs\n".to_owned(),
            None => String::new(),
        };
        let mut runs = Vec::new();
        for (number, live) in &state.live {
            let seconds = live.begun.map(|begun| begun.elapsed().as_secs_f64());
            let since = seconds.map_or("waits for its turn".into(), |s| format!("runs for {s:.1} s"));
            text += &format!("run {number} {since}: {}\n", first_line(&live.code));
            for p in live.groups.values() {
                text += &format!("  {} {}/{}, {} failed\n", p.label, p.done, p.total, p.failed);
            }
            let groups = live.groups.values();
            let groups = groups
                .map(|p| json!({ "label": p.label, "done": p.done, "total": p.total, "failed": p.failed }))
                .collect::<Vec<_>>();
            runs.push(json!({ "run": number, "seconds": seconds, "groups": groups }));
        }
        for call in open.iter().take(20) {
            let model = call.model.as_deref().unwrap_or("the default model");
            text += &format!("call {}: {model}, {:.1} s\n", call.id, call.age.as_secs_f64());
        }
        if open.len() > 20 {
            text += &format!("and {} calls more\n", open.len() - 20);
        }
        if !aside.is_empty() {
            text += &format!("written between runs:\n{aside}\n");
        }
        let spent = self.account.usage();
        text += &format!("so far: {}\n", usage_said(&spent));
        let left = self.account.left();
        let bounds = [
            left.calls.map(|n| format!("{n} calls")),
            left.tokens.map(|n| format!("{n} tokens")),
            left.cost_usd.map(|usd| format!("{usd:.4} USD")),
        ];
        let bounds: Vec<_> = bounds.into_iter().flatten().collect();
        if !bounds.is_empty() {
            text += &format!("left of the limits: {}\n", bounds.join(", "));
        }
        let calls: Vec<_> = open
            .iter()
            .map(|call| json!({ "call": call.id, "model": call.model, "seconds": call.age.as_secs_f64() }))
            .collect();
        let left = json!({ "calls": left.calls, "tokens": left.tokens, "cost_usd": left.cost_usd });
        (text, json!({ "runs": runs, "calls": calls, "usage": spent, "left": left, "output_between_runs": aside }))
    }
}

fn calls_said(watch: &Watch) -> String {
    use std::sync::atomic::Ordering::Relaxed;
    let counts = watch.counts();
    let in_flight = counts.in_flight.load(Relaxed).max(0);
    format!("calls {}/{}, {in_flight} in flight", counts.ended.load(Relaxed), counts.calls.load(Relaxed))
}

/// What calls came to, in words.
pub(super) fn usage_said(usage: &Usage) -> String {
    let calls = if usage.calls == 1 { "1 call".into() } else { format!("{} calls", usage.calls) };
    let failed = if usage.failures > 0 { format!(" ({} failed)", usage.failures) } else { String::new() };
    let cost = usage.cost_usd.map_or("cost unknown".into(), |usd| format!("{usd:.4} USD"));
    format!("{calls}{failed}, {} tokens, {cost}", usage.input_tokens + usage.output_tokens)
}

fn first_line(code: &str) -> String {
    let line = code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().take(80).collect()
}

/// As much of a text as is shown, and what was cut.
fn cut(text: &str, most: usize, lost: usize) -> String {
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    let more = text[end..].chars().count() + lost;
    if more == 0 {
        return text.to_owned();
    }
    format!(
        "{}\n… {more} characters more; `max_chars` shows more of it, `finish` with less says it shorter\n",
        &text[..end]
    )
}

impl Came {
    fn size(&self) -> usize {
        let value = self.result.as_ref().ok().and_then(|outcome| outcome.value.as_ref()).map_or(0, String::len);
        self.output.len() + value
    }

    /// As a client is told of it.
    pub(super) fn told(&self, max_chars: Option<usize>) -> CallToolResult {
        let most = max_chars.unwrap_or(SHOWN);
        let output = cut(&self.output, most, self.lost);
        let (status, value, error, shown) = match &self.result {
            Ok(outcome) => {
                let value = outcome.value.as_deref().unwrap_or("null");
                let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.into()));
                let text = if let Value::String(text) = &value { text.clone() } else { value.to_string() };
                let status = if outcome.finished { "finished" } else { "value" };
                let short = cut(&text, most, 0);
                let value = if short == text { value } else { Value::String(short.clone()) };
                let shown = if value.is_null() { String::new() } else { format!("{short}\n") };
                (status, value, Value::Null, shown)
            }
            Err(error) => {
                let (input, program) = &self.place;
                // Who calls the tool has no flags.
                let shown = error.plain(&format!("run {input}"), program).replace("`--timeout`", "`timeout_s`");
                ("error", Value::Null, error.json(program), shown)
            }
        };
        let mut text = output.clone();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text += &shown;
        for hint in &self.hints {
            text += &format!("hint: {hint}\n");
        }
        if self.ended {
            text +=
                "note: the session ended with that; in the new one nothing is defined, the contexts are as they were\n";
        }
        let calls = if self.usage.calls > 0 { format!(", {}", usage_said(&self.usage)) } else { String::new() };
        text += &format!("[run {}: {:.2} s{calls}]", self.number, self.took.as_secs_f64());
        let structured = json!({
            "run": self.number, "status": status, "value": value, "output": output, "error": error, "usage": self.usage,
            "seconds": self.took.as_secs_f64(), "hints": self.hints, "session_ended": self.ended,
        });
        answer(text, structured, self.result.is_err())
    }
}

/// A tool's result. What its text holds of a script's or a model's must not command the client's terminal.
pub(super) fn answer(text: String, structured: Value, wrong: bool) -> CallToolResult {
    let content = vec![ContentBlock::text(visible(text.trim_end_matches('\n')))];
    let mut result = if wrong { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = Some(structured);
    result
}
