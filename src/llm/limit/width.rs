//! How many calls a provider takes at once, learned from what it refuses: additive increase, multiplicative decrease.
//!
//! Without a refusal there is no bound. After one the width shrinks at once to what the provider kept, and grows again by
//! one each time that all of it was answered, faster the longer nothing is refused. Not here: limits in time.

/// What is left of the width after a refusal.
const DECREASE: f64 = 0.8;

/// How much faster it grows each time that all of it was answered.
const FASTER: f64 = 1.25;

#[derive(Debug)]
pub(super) struct Width {
    most: f64,
    /// What somebody has settled.
    settled: f64,
    /// By how much it grows when all of it has been answered.
    step: f64,
    /// How many were answered since it last grew faster.
    answered: f64,
    /// Requests sent before this one say nothing new of a width that has shrunk since.
    since: u64,
}

impl Default for Width {
    fn default() -> Self {
        Self { most: f64::INFINITY, settled: f64::INFINITY, step: 1.0, answered: 0.0, since: 0 }
    }
}

impl Width {
    /// One that is never wider than that.
    pub(super) fn at_most(settled: Option<u32>) -> Self {
        Self { settled: settled.map_or(f64::INFINITY, |most| f64::from(most.max(1))), ..Self::default() }
    }

    /// Whether one more may go beside so many.
    pub(super) fn admits(&self, in_flight: usize) -> bool {
        (in_flight as f64) < self.most.min(self.settled).max(1.0).floor()
    }

    /// How many may go at once; `None` when nothing bounds it.
    pub(super) fn most(&self) -> Option<usize> {
        let most = self.most.min(self.settled);
        most.is_finite().then(|| most.max(1.0) as usize)
    }

    /// The provider refused a request because it has too much to do; so many others are under way, and `next` is the number
    /// of the next to be sent.
    pub(super) fn refused(&mut self, number: u64, in_flight: usize, next: u64) {
        let kept = self.most.min(in_flight as f64);
        if number >= self.since {
            self.since = next;
            self.step = 1.0;
            self.answered = 0.0;
            self.most = self.most.min(in_flight as f64 + 1.0) * DECREASE;
        } else {
            // One of the same wave: what the provider kept is less than was thought.
            self.most = kept;
        }
        self.most = self.most.max(1.0);
    }

    /// The provider answered a request, while so many were under way with it.
    pub(super) fn answered(&mut self, in_flight: usize) {
        // A width that is not used is not tried.
        if self.most.is_infinite() || (in_flight as f64) < self.most.floor() {
            return;
        }
        self.most += self.step / self.most;
        self.answered += 1.0;
        if self.answered >= self.most {
            self.answered = 0.0;
            self.step = (self.step * FASTER).min(self.most / 4.0).max(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_of_refusals_shrinks_the_width_to_what_was_kept() {
        let mut width = Width::default();
        assert!(width.admits(1_000_000) && width.most().is_none());
        // Of two hundred the provider keeps twenty.
        for refused in 0..180 {
            width.refused(refused, 199 - refused as usize, 200);
        }
        assert_eq!(width.most(), Some(20));
        assert!(width.admits(19) && !width.admits(20));
        width.refused(250, 19, 260);
        assert_eq!(width.most(), Some(16), "a refusal of what was sent since is news");
    }

    #[test]
    fn it_grows_while_it_is_used_and_never_falls_below_one() {
        let mut width = Width::default();
        (0..10).for_each(|n| width.refused(n, 0, n + 1));
        assert_eq!(width.most(), Some(1));
        (0..1000).for_each(|_| width.answered(0));
        assert_eq!(width.most(), Some(1), "what is not used does not grow");
        let mut rounds = 0;
        while width.most() < Some(200) {
            let all = width.most().unwrap();
            (0..all).for_each(|_| width.answered(1000));
            rounds += 1;
        }
        assert!(rounds < 40, "{rounds}");
    }
}
