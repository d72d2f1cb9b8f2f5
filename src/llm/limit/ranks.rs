//! A queue with three priorities, of which none starves.
//!
//! The highest goes first; but whoever has been passed over often enough goes before it, once. Not here: what waits, and
//! for what.

use crate::wire::Priority;
use std::collections::VecDeque;

/// How often each rank is passed over before it is its turn.
const PATIENCE: [u32; 3] = [u32::MAX, 8, 24];

/// What waits, by rank; within a rank first come, first served.
#[derive(Debug)]
pub(in crate::llm) struct Ranks<T> {
    queues: [VecDeque<T>; 3],
    passed: [u32; 3],
}

impl<T> Default for Ranks<T> {
    fn default() -> Self {
        Self { queues: Default::default(), passed: [0; 3] }
    }
}

impl<T> Ranks<T> {
    /// The queue of one rank, to put something into it. What is taken out is taken by [`Ranks::pop`].
    pub(in crate::llm) fn of(&mut self, rank: Priority) -> &mut VecDeque<T> {
        &mut self.queues[rank as usize]
    }

    pub(in crate::llm) fn is_empty(&self) -> bool {
        self.queues.iter().all(VecDeque::is_empty)
    }

    pub(in crate::llm) fn len(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    /// Whose turn it is.
    fn turn(&self) -> Option<usize> {
        let waits = |rank: &usize| !self.queues[*rank].is_empty();
        let passed_over = (1..3).rev().find(|rank| waits(rank) && self.passed[*rank] >= PATIENCE[*rank]);
        passed_over.or_else(|| (0..3).find(waits))
    }

    /// What [`Ranks::pop`] would give.
    pub(in crate::llm) fn first(&self) -> Option<&T> {
        self.queues[self.turn()?].front()
    }

    pub(in crate::llm) fn pop(&mut self) -> Option<T> {
        let turn = self.turn()?;
        self.passed[turn] = 0;
        for lower in turn + 1..3 {
            self.passed[lower] = if self.queues[lower].is_empty() { 0 } else { self.passed[lower] + 1 };
        }
        self.queues[turn].pop_front()
    }

    /// Takes out everything.
    pub(in crate::llm) fn drain(&mut self) -> impl Iterator<Item = T> {
        std::mem::take(self).queues.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Priority::{Batch, High, Normal};

    #[test]
    fn the_highest_goes_first_and_none_starves() {
        let mut ranks = Ranks::default();
        for n in 0..200 {
            [High, Normal, Batch].into_iter().for_each(|rank| ranks.of(rank).push_back((rank, n)));
        }
        assert_eq!((ranks.len(), ranks.first()), (600, Some(&(High, 0))));
        let first: Vec<_> = std::iter::from_fn(|| ranks.pop()).take(100).collect();
        let count = |rank| first.iter().filter(|(r, _)| *r == rank).count();
        assert!(count(High) > 80 && count(Normal) > 8 && count(Batch) > 2, "{first:?}");
        assert!(first[..8].iter().all(|(rank, _)| *rank == High));
        for rank in [High, Normal, Batch] {
            let mine: Vec<_> = first.iter().filter(|(r, _)| *r == rank).map(|(_, n)| *n).collect();
            assert!(mine.is_sorted(), "{rank:?} in order");
        }
        assert_eq!(ranks.drain().count(), 500);
        assert!(ranks.is_empty() && ranks.pop().is_none());
    }

    #[test]
    fn what_came_while_nothing_else_waited_was_not_passed_over() {
        let mut ranks = Ranks::default();
        ranks.of(High).extend(0..100);
        assert_eq!((0..50).filter_map(|_| ranks.pop()).count(), 50);
        ranks.of(Batch).push_back(1000);
        assert_eq!(ranks.pop(), Some(50));
    }
}
