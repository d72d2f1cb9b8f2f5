//! Where chunks end, given the places where they may and how strong each place is.
//!
//! A chunk ends at the strongest place within reach, and at the last one of that strength. So no unit is cut that fits
//! into a chunk: its two ends are stronger places than all within. Two things bend the rule, and neither cuts such a
//! unit. A chunk that would be small goes on into a unit that has to be cut anyway. And an overlap gives way where it
//! would push out what fits without it.

use super::{
    By, Chunk, Plan, Stopped,
    breaks::{Break, Breaks, END, HARD, WORD},
    meter::Meter,
};
use std::collections::VecDeque;
use unicode_segmentation::GraphemeCursor;

/// A chunk with less than this part of its size is small.
const SMALL: usize = 4;

/// Cuts a text.
pub(super) fn chunks<M: Meter>(
    text: &str,
    by: By,
    plan: &Plan,
    meter: M,
    breaks: Breaks<'_>,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<Chunk>, Stopped> {
    let mut cutter =
        Cutter { text, words: by != By::Fixed, plan, meter, breaks, drawn: None, near: VecDeque::new(), level: END };
    let mut chunks = Vec::new();
    let mut last: Option<Chunk> = None;
    while last.as_ref().is_none_or(|chunk| chunk.range.end < text.len()) {
        if stop() {
            return Err(Stopped);
        }
        let next = cutter.next(last.as_ref());
        cutter.forget(next.range.start);
        chunks.extend(last.replace(next));
    }
    chunks.extend(last);
    Ok(chunks)
}

struct Cutter<'a, M> {
    text: &'a str,
    /// Whether words are kept whole.
    words: bool,
    plan: &'a Plan,
    meter: M,
    breaks: Breaks<'a>,
    /// One that lies beyond what has been asked for.
    drawn: Option<Break>,
    /// From the beginning of the last chunk on.
    near: VecDeque<Break>,
    /// How strong the place is where the last chunk ends.
    level: u16,
}

impl<M: Meter> Cutter<'_, M> {
    fn next(&mut self, last: Option<&Chunk>) -> Chunk {
        let fresh = last.map_or(0, |chunk| chunk.range.end);
        let overlap = self.plan.overlap;
        if overlap > 0 && last.is_some() {
            self.meter.look_back(fresh, overlap);
        }
        self.meter.rebase(fresh);
        let alone = self.end(fresh);
        let mut start = fresh;
        let mut end = self.grown(fresh, fresh, alone);
        if let Some(last) = last.filter(|_| overlap > 0) {
            let earliest = last.range.start + self.text[last.range.start..].chars().next().map_or(0, char::len_utf8);
            let whole = self.beginning(earliest, fresh, overlap);
            self.meter.rebase(whole);
            let with = self.end(fresh);
            // Of a unit that fits and would be cut, both ends are stronger than the cut.
            if with.level <= alone.level.max(self.level) && self.meter.fits(with.at) {
                (start, end) = (whole, self.grown(whole, fresh, with));
            } else {
                let room = self.plan.size.saturating_sub(self.meter.measure(fresh, end.at));
                let part = self.beginning(earliest, fresh, overlap.min(room));
                self.meter.rebase(part);
                if part < fresh && self.meter.fits(end.at) {
                    start = part;
                } else {
                    self.meter.rebase(fresh);
                }
            }
        }
        self.level = end.level;
        Chunk { range: start..end.at, fresh, size: self.meter.size(end.at) }
    }

    /// Where a chunk ends that goes on from `from`: the strongest place there is.
    fn end(&mut self, from: usize) -> Break {
        let length = self.text.len();
        if self.meter.reach() >= length && self.meter.fits(length) {
            return Break { at: length, level: END };
        }
        self.draw(self.meter.reach());
        let first = self.near.partition_point(|place| place.at <= from);
        let mut places = first..self.near.partition_point(|place| place.at <= self.meter.reach());
        while let Some(best) = self.strongest(places.clone()) {
            if self.meter.fits(self.near[best].at) {
                return self.near[best];
            }
            places.end = best;
        }
        self.within(from)
    }

    /// The last of the strongest.
    fn strongest(&self, places: std::ops::Range<usize>) -> Option<usize> {
        let mut best: Option<(usize, u16)> = None;
        for (index, place) in self.near.range(places.clone()).enumerate() {
            if best.is_none_or(|(_, level)| place.level <= level) {
                best = Some((places.start + index, place.level));
            }
        }
        best.map(|(index, _)| index)
    }

    /// The end of a chunk that has to end within a sentence or whatever the smallest unit is.
    fn within(&self, from: usize) -> Break {
        let furthest = self.meter.furthest();
        if furthest <= from {
            let one = self.text[from..].chars().next().map_or(0, char::len_utf8);
            return Break { at: from + one, level: HARD };
        }
        if self.words {
            let word = word_before(self.text, from, furthest);
            if let Some(at) = word.filter(|at| self.meter.fits(*at)) {
                return Break { at, level: WORD };
            }
            let cluster = cluster_before(self.text, from, furthest);
            if let Some(at) = cluster.filter(|at| self.meter.fits(*at)) {
                return Break { at, level: HARD };
            }
        }
        Break { at: furthest, level: HARD }
    }

    /// The end of a chunk that would be small and is followed by what has to be cut anyway: somewhere in that.
    fn grown(&mut self, start: usize, fresh: usize, end: Break) -> Break {
        let mut end = end;
        while end.level < WORD && end.at < self.text.len() && self.meter.size(end.at) < self.plan.size / SMALL {
            let further = self.end(end.at);
            if further.at <= end.at || !self.meter.fits(further.at) {
                break;
            }
            self.meter.rebase(end.at);
            let after = self.end(end.at);
            self.meter.rebase(start);
            if after.level < further.level {
                break;
            }
            end = further;
        }
        debug_assert!(end.at > fresh);
        end
    }

    /// Where the overlap begins: at a place like those where chunks end, if there is one.
    fn beginning(&self, earliest: usize, fresh: usize, most: usize) -> usize {
        let mut most = most;
        while most > 0 {
            let from = self.meter.back(most).max(earliest);
            let place = self.near.iter().find(|place| place.at >= from && place.at < fresh).map(|place| place.at);
            let start = match self.words {
                true => place.or_else(|| word_after(self.text, from, fresh)).unwrap_or(cluster_after(self.text, from)),
                false => from,
            };
            // A full stop alone says nothing.
            if start >= fresh || (self.words && !self.text[start..fresh].contains(char::is_alphanumeric)) {
                return fresh;
            }
            let excess = self.meter.measure(start, fresh).saturating_sub(most);
            if excess == 0 {
                return start;
            }
            // Counted by itself it is a little more than as a part of the text.
            most = most.saturating_sub(excess);
        }
        fresh
    }

    /// Sees to it that all places up to `to` are at hand.
    fn draw(&mut self, to: usize) {
        while let Some(place) = self.drawn.take().or_else(|| self.breaks.next()) {
            if place.at > to {
                self.drawn = Some(place);
                return;
            }
            self.near.push_back(place);
        }
    }

    /// Nothing before `at` is asked for again.
    fn forget(&mut self, at: usize) {
        while self.near.front().is_some_and(|place| place.at < at) {
            self.near.pop_front();
        }
    }
}

/// The last beginning of a word that is no further than `to`.
fn word_before(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut after = text[to..].chars().next();
    for (at, c) in text[from..to].char_indices().rev() {
        if c.is_whitespace() && after.is_some_and(|c| !c.is_whitespace()) {
            return Some(from + at + c.len_utf8());
        }
        after = Some(c);
    }
    None
}

/// The first beginning of a word that is no earlier than `from`.
fn word_after(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut before = text[..from].chars().next_back();
    for (at, c) in text[from..to].char_indices() {
        if !c.is_whitespace() && before.is_some_and(char::is_whitespace) {
            return Some(from + at);
        }
        before = Some(c);
    }
    None
}

/// Near `to`, the last end of what a reader takes for one character; none when it begins at `from` or before.
fn cluster_before(text: &str, from: usize, to: usize) -> Option<usize> {
    let slice = &text[from..];
    let mut cursor = GraphemeCursor::new(to - from, slice.len(), true);
    let at = match cursor.is_boundary(slice, 0) {
        Ok(true) => to - from,
        _ => cursor.prev_boundary(slice, 0).ok().flatten()?,
    };
    (at > 0).then_some(from + at)
}

/// The same, the first from `from` on.
fn cluster_after(text: &str, from: usize) -> usize {
    let mut cursor = GraphemeCursor::new(from, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(false) => cursor.next_boundary(text, 0).ok().flatten().unwrap_or(text.len()),
        _ => from,
    }
}
