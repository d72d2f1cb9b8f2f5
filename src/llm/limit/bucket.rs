//! One limit of a provider's, so much in so much time, and what is left of it.
//!
//! What the provider tells of it in its headers holds; between two such words it is counted here. Most let it come back
//! evenly, some all at once when a window ends: which of the two is learned from how long they say it takes. Not here: who
//! waits for it.

use std::time::Duration;
use tokio::time::Instant;

/// In what time limits come back unless something else is known: they are limits a minute.
const MINUTE: f64 = 60.0;

/// How much of an estimate's news is believed.
const NEWS: f64 = 0.25;

/// So many observations that agree make a shape certain.
const CERTAIN: i8 = 2;

/// The share of a limit that is left unused, of limits that are not counted in single requests.
const MARGIN: f64 = 0.005;
const COARSE: f64 = 1000.0;

/// A request's way to the provider, at most: what it tells is of then. Taken for too long, it costs so much of a limit once.
const ON_THE_WAY: Duration = Duration::from_millis(100);

/// What a provider says of one limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::llm) struct Measure {
    pub(in crate::llm) limit: f64,
    pub(in crate::llm) remaining: f64,
    /// How long until all of it is there again, if it says that exactly.
    pub(in crate::llm) reset: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    limit: f64,
    /// Seconds in which all of it comes back.
    window: f64,
    /// What is left at a time. Below zero when more was sent than the provider had.
    level: f64,
    at: Instant,
    /// When the window ends, where it comes back all at once.
    ends: Instant,
    /// Above zero: all at once; below: evenly.
    votes: i8,
    /// An observation to compare the next with: what was used, the seconds until it would be back, and when.
    anchor: Option<(f64, f64, Instant)>,
    measured: bool,
}

impl Bucket {
    /// A full one of so much a minute.
    pub(super) fn new(limit: f64, now: Instant) -> Self {
        let (window, level) = (MINUTE, limit);
        Self { limit, window, level, at: now, ends: now, votes: 0, anchor: None, measured: false }
    }

    pub(super) fn limit(&self) -> f64 {
        self.limit
    }

    /// Another limit, of which as much is used as was of the old.
    pub(super) fn set_limit(&mut self, limit: f64) {
        self.level += limit - self.limit;
        self.limit = limit;
    }

    /// Seconds in which all of it comes back.
    pub(super) fn window(&self) -> f64 {
        self.window
    }

    /// Whether the provider keeps telling how much is left.
    pub(super) fn is_measured(&self) -> bool {
        self.measured
    }

    fn at_once(&self) -> bool {
        self.votes >= CERTAIN
    }

    /// What is left now.
    pub(super) fn level(&mut self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        if !self.at_once() {
            self.level = (self.level + self.limit * passed / self.window).min(self.limit);
        } else if now >= self.ends {
            self.level = self.limit;
            // Unless told otherwise, the next window is as long.
            self.ends = now + Duration::from_secs_f64(self.window);
        }
        self.at = now;
        self.level
    }

    /// When there is room for so much; `None` when there is now. What is more than the limit goes when all of it is there.
    pub(super) fn room(&mut self, cost: f64, now: Instant) -> Option<Instant> {
        // What is sent just when there is room is refused as often as not: the provider counts tokens a little differently.
        let margin = if self.measured && self.limit >= COARSE { self.limit * MARGIN } else { 0.0 };
        // Sums of fractions: a thousandth of a token more or less is none.
        let missing = cost.min(self.limit - margin) + margin - self.level(now) - 1e-3;
        if missing <= 0.0 {
            return None;
        }
        Some(match self.at_once() {
            true => self.ends,
            false => {
                let seconds = missing * self.window / self.limit.max(1e-9);
                now + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(86_400))
                    + Duration::from_millis(1)
            }
        })
    }

    /// Takes so much, or gives back what is below zero.
    pub(super) fn take(&mut self, cost: f64) {
        self.level = (self.level - cost).min(self.limit);
    }

    /// The provider told how it was when a request arrived that was sent at `sent`; `since` was taken after that.
    pub(super) fn measured(&mut self, told: Measure, sent: Instant, since: f64, now: Instant) {
        let used = (told.limit - told.remaining).max(0.0);
        let on_the_way = now.saturating_duration_since(sent).min(ON_THE_WAY);
        self.limit = told.limit;
        if let Some(reset) = told.reset.map(|reset| reset.as_secs_f64()) {
            self.compare(used, reset, sent);
            if self.at_once() {
                self.ends = sent + Duration::from_secs_f64(reset.min(86_400.0)) + on_the_way;
                self.window = if self.measured { self.window.max(reset) } else { reset.max(0.1) };
            } else if used >= 1.0 && reset > 0.0 {
                let window = (told.limit * reset / used).clamp(0.05, 86_400.0);
                self.window = if self.measured { self.window + NEWS * (window - self.window) } else { window };
            }
        }
        self.measured = true;
        // What came back while the request was on its way is in what is told.
        (self.level, self.at) = (told.remaining, sent + on_the_way);
        if !self.at_once() || now < self.ends {
            self.level(now);
        }
        self.level -= since;
        self.at = now;
    }

    /// Much more is used than before: where it comes back evenly, so much longer does that take; where a window ends, as
    /// long as before.
    fn compare(&mut self, used: f64, reset: f64, sent: Instant) {
        let (before, took, at) = match self.anchor {
            Some(anchor) if used >= anchor.0 => anchor,
            _ => {
                self.anchor = (used >= 1.0 && reset > 0.0).then_some((used, reset, sent));
                return;
            }
        };
        if used < before * 1.5 + 1.0 || sent < at {
            return;
        }
        let evenly = (reset - took * used / before).abs();
        let at_once = (reset - (took - (sent - at).as_secs_f64())).abs();
        let (vote, was) = (if at_once < evenly { 1 } else { -1 }, self.at_once());
        self.votes = (self.votes + vote).clamp(-CERTAIN, CERTAIN);
        if was != self.at_once() {
            // What was made of the other shape means nothing.
            self.window = if was { MINUTE } else { took.max(reset) };
        }
        self.anchor = Some((used, reset, sent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(remaining: f64, reset: f64) -> Measure {
        Measure { limit: 100.0, remaining, reset: Some(Duration::from_secs_f64(reset)) }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn an_even_limit_comes_back_at_the_pace_that_is_told() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100.0, start);
        // A hundred in ten seconds: what is used takes a tenth of a second each.
        for (n, used) in [10.0, 20.0, 40.0, 80.0].into_iter().enumerate() {
            let sent = start + n as u32 * SECOND / 100;
            bucket.measured(measure(100.0 - used, used / 10.0), sent, 0.0, sent);
        }
        assert!(!bucket.at_once() && (bucket.window() - 10.0).abs() < 0.1, "{bucket:?}");
        let now = start + SECOND * 3 / 100;
        assert!((bucket.level(now) - 20.0).abs() < 0.1);
        assert_eq!(bucket.room(20.0, now), None);
        let room = bucket.room(50.0, now).unwrap();
        assert!((room - now).as_secs_f64() > 2.9 && (room - now).as_secs_f64() < 3.1);
        assert!((bucket.level(now + 100 * SECOND) - 100.0).abs() < 0.1, "never more than the limit");
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_ends_gives_all_back_then_and_nothing_before() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100.0, start);
        for (n, used) in [1.0, 10.0, 30.0, 90.0].into_iter().enumerate() {
            let sent = start + n as u32 * SECOND;
            bucket.measured(measure(100.0 - used, 10.0 - n as f64), sent, 0.0, sent);
        }
        assert!(bucket.at_once(), "{bucket:?}");
        assert_eq!(bucket.level(start + 9 * SECOND), 10.0);
        let room = bucket.room(50.0, start + 9 * SECOND).unwrap();
        assert!((room - start).as_secs_f64() >= 10.0 && (room - start).as_secs_f64() < 10.1);
        assert_eq!(bucket.level(start + 11 * SECOND), 100.0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_since_is_taken_off_what_is_told() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100.0, start);
        bucket.measured(measure(60.0, 40.0), start, 55.0, start);
        assert!((bucket.level(start) - 5.0).abs() < 1e-6);
        bucket.take(10.0);
        assert!(bucket.level(start) < 0.0 && bucket.room(1.0, start).is_some());
        assert_eq!(Bucket::new(10.0, start).room(5000.0, start), None, "what is larger than the limit still goes");
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_back_on_a_requests_way_is_not_counted_again() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100.0, start);
        // A hundred in ten seconds.
        bucket.measured(measure(20.0, 8.0), start, 0.0, start + SECOND);
        let (least, most) = (20.0, 20.0 + SECOND.as_secs_f64() * 10.0);
        let level = bucket.level(start + SECOND);
        assert!(level > least + 5.0 && level < most - 0.5, "{level}");
    }
}
