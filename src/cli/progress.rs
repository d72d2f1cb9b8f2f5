//! The progress line: how far the fan-out is, what is in flight, tokens, rate, what is left. On a terminal only.

use crate::session::{Counts, Progress};
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::IsTerminal,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(120);

/// The line, and what must not break into it.
pub(super) struct Display {
    bar: ProgressBar,
    group: Arc<Mutex<Option<(Progress, Instant)>>>,
    ticker: Option<tokio::task::JoinHandle<()>>,
    /// Whether the script's own output stands in the middle of a line of this terminal: the line waits.
    mid_line: Arc<AtomicBool>,
}

impl Display {
    pub(super) fn new(counts: Arc<Counts>, quiet: bool) -> Self {
        let group: Arc<Mutex<Option<(Progress, Instant)>>> = Arc::default();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if quiet || !std::io::stderr().is_terminal() {
            return Self { bar, group, ticker: None, mid_line: Arc::default() };
        }
        let style =
            ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        let mid_line: Arc<AtomicBool> = Arc::default();
        // A session may have run other programs before.
        let before = counts.calls.load(Relaxed);
        let ticker = tokio::spawn({
            let (bar, group, mid_line) = (bar.clone(), group.clone(), mid_line.clone());
            async move {
                let mut shown = false;
                loop {
                    tokio::time::sleep(TICK).await;
                    if counts.calls.load(Relaxed) == before && counts.in_flight.load(Relaxed) <= 0
                        || mid_line.load(Relaxed)
                    {
                        continue;
                    }
                    if !std::mem::replace(&mut shown, true) {
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                    }
                    if bar.is_finished() {
                        bar.reset();
                    }
                    let group = group.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    bar.set_message(line(&counts, group));
                    bar.tick();
                }
            }
        });
        Self { bar, group, ticker: Some(ticker), mid_line }
    }

    /// Does something to the terminal while the line is out of the way.
    pub(super) fn aside<R>(&mut self, ends_line: bool, f: impl FnOnce() -> R) -> R {
        let mid_line = !ends_line && std::io::stdout().is_terminal();
        self.mid_line.store(mid_line, Relaxed);
        if mid_line {
            // It would be drawn behind the half line; the ticker brings it back.
            self.bar.finish_and_clear();
            return f();
        }
        self.bar.suspend(f)
    }

    pub(super) fn progress(&mut self, progress: &Progress) {
        let mut group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = match &*group {
            Some((last, begun)) if last.group == progress.group => *begun,
            _ => Instant::now(),
        };
        *group = Some((progress.clone(), begun));
    }

    /// Takes the line away for good. Whether the script's output has left the terminal in the middle of a line.
    pub(super) fn finish(&mut self) -> bool {
        if let Some(ticker) = self.ticker.take() {
            ticker.abort();
            self.bar.finish_and_clear();
        }
        self.mid_line.load(Relaxed)
    }
}

fn line(counts: &Counts, group: Option<(Progress, Instant)>) -> String {
    let (ended, in_flight) = (counts.ended.load(Relaxed), counts.in_flight.load(Relaxed).max(0));
    let mut parts = Vec::new();
    let mut left = None;
    if let Some((p, begun)) = group {
        let failed = if p.failed > 0 { format!(" ({} failed)", p.failed) } else { String::new() };
        parts.push(format!("{} {}/{}{failed}", p.label, p.done, p.total));
        let rate = f64::from(p.done) / begun.elapsed().as_secs_f64().max(0.001);
        if p.done > 0 && p.done < p.total && rate > 0.0 {
            left = Some(Duration::from_secs_f64(f64::from(p.total - p.done) / rate));
            parts.push(format!("{rate:.1}/s"));
        }
    } else {
        parts.push(format!("calls {ended}/{}", counts.calls.load(Relaxed)));
    }
    parts.push(format!("{in_flight} in flight"));
    let tokens = counts.input_tokens.load(Relaxed) + counts.output_tokens.load(Relaxed);
    parts.push(format!("{} tokens", indicatif::HumanCount(tokens)));
    if let Some(left) = left {
        parts.push(format!("{:#} left", HumanDuration(left)));
    }
    parts.join(" · ")
}
