//! Which answers a prompt holds: found by their words.
//!
//! Scripts cut answers, join them and put them into JSON, so where a text came from is told by what it says: a stretch of
//! an answer that stands in a later prompt as it is. Stretches begin where an answer or one of its lines begins; what is
//! shorter than [`WINDOW`] says too little to tell. The prompt is read once, by a rolling hash (Karp and Rabin, IBM J. Res.
//! Dev. 31, 1987), however many answers there are.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// How much of an answer must stand in a prompt, in bytes.
const WINDOW: usize = 32;
/// How much of it is compared, where there is as much.
const STRETCH: usize = 128;
/// How many of an answer's lines are looked for.
const LINES: usize = 16;
/// The most answers that one prompt is said to hold.
const MOST: usize = 4096;
/// The most stretches that are remembered.
const REMEMBERED: usize = 4 << 20;
/// An odd number without pattern.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// What has been answered so far.
pub(crate) struct Provenance {
    /// The hashes of the windows that stretches begin with, and how much longer those stretches are, a bit for each.
    windows: Table<u128>,
    /// One bit for many windows, to pass over what is none of them.
    sieve: Box<[u64; SIEVE]>,
    /// The stretches, and the calls that they are of.
    stretches: Table<u32>,
    /// `BASE` to the power of the window's length less one.
    top: u64,
}

/// What is found by a hash.
type Table<V> = HashMap<u64, V, BuildHasherDefault<Hashed>>;

/// The hash of a hash.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write_u64(&mut self, hash: u64) {
        self.0 = mixed(hash);
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = digest(bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How many words of bits the sieve has.
const SIEVE: usize = 1 << 12;

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |hash: u64, byte| hash.wrapping_mul(BASE).wrapping_add(u64::from(*byte) + 1))
}

/// Spreads what is told by some bits over all.
fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(BASE);
    hash ^ (hash >> 32)
}

/// A hash that need not roll, in an eighth of the time.
fn digest(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let hash = words.fold(bytes.len() as u64, |hash, word| mixed(hash ^ word));
    mixed(hash ^ self::hash(rest))
}

/// The word and the bit of a hash in the sieve.
fn place(hash: u64) -> (usize, u64) {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(BASE);
    ((mixed >> 52) as usize % SIEVE, 1 << (mixed >> 46 & 63))
}

impl Default for Provenance {
    fn default() -> Self {
        let top = (1..WINDOW).fold(1_u64, |top, _| top.wrapping_mul(BASE));
        Self { windows: Table::default(), sieve: Box::new([0; SIEVE]), stretches: Table::default(), top }
    }
}

impl Provenance {
    /// Remembers an answer.
    pub(crate) fn learn(&mut self, number: u32, answer: &str) {
        if self.stretches.len() >= REMEMBERED {
            return;
        }
        let lines = answer.lines().map(str::trim).filter(|line| line.len() >= WINDOW).take(LINES);
        for line in lines {
            let line = line.as_bytes();
            let stretch = &line[..line.len().min(STRETCH)];
            // Of two that say the same, the first one said it.
            self.stretches.entry(digest(stretch)).or_insert(number);
            let window = hash(&line[..WINDOW]);
            *self.windows.entry(window).or_default() |= 1 << (stretch.len() - WINDOW);
            let (word, bit) = place(window);
            self.sieve[word] |= bit;
        }
    }

    /// The calls whose answers stand in a prompt, in their order.
    pub(crate) fn sources<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let mut found = Vec::new();
        if self.windows.is_empty() {
            return found;
        }
        for text in texts {
            self.scan(text.as_bytes(), &mut found);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn scan(&self, text: &[u8], found: &mut Vec<u32>) {
        let Some(first) = text.get(..WINDOW) else { return };
        let mut rolling = hash(first);
        let mut at = 0;
        loop {
            let (word, bit) = place(rolling);
            if self.sieve[word] & bit != 0
                && let Some(lengths) = self.windows.get(&rolling)
            {
                let mut left = *lengths;
                while left != 0 {
                    let stretch = text.get(at..at + WINDOW + left.trailing_zeros() as usize);
                    found.extend(stretch.and_then(|stretch| self.stretches.get(&digest(stretch))));
                    left &= left - 1;
                }
                if found.len() >= MOST {
                    return;
                }
            }
            let Some(next) = text.get(at + WINDOW) else { return };
            // What does not depend on the hash so far can be computed beside it.
            let gone = self.top.wrapping_mul(BASE).wrapping_mul(u64::from(text[at]) + 1);
            rolling = rolling.wrapping_mul(BASE).wrapping_add((u64::from(*next) + 1).wrapping_sub(gone));
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(answers: &[&str], prompt: &str) -> Vec<u32> {
        let mut provenance = Provenance::default();
        answers.iter().zip(0..).for_each(|(answer, number)| provenance.learn(number, answer));
        provenance.sources([prompt].into_iter())
    }

    #[test]
    fn an_answer_is_found_in_a_prompt_wherever_it_stands() {
        let answers =
            ["The first of the answers, long enough to tell.", "The second, which is as long as the first one."];
        let joined = format!("Compare: {}\n---\n{} é", answers[1], answers[0]);
        assert_eq!(sources(&answers, &joined), [0, 1]);
        assert_eq!(sources(&answers, answers[1]), [1]);
        assert_eq!(sources(&answers, "Nothing of what was said before stands here at all."), [0; 0]);
    }

    #[test]
    fn answers_that_begin_alike_are_told_apart() {
        let answers =
            ["Based on the data that was provided, it is A.", "Based on the data that was provided, it is B."];
        assert_eq!(sources(&answers, &format!("x {}", answers[1])), [1]);
    }

    #[test]
    fn a_later_line_and_a_quoted_answer_are_found_and_short_ones_are_not() {
        let answers = ["# Title\nA line of the body that says something of its own.", "yes"];
        let quoted = serde_json::json!([answers[0]]).to_string();
        assert_eq!(sources(&answers, &quoted), [0]);
        assert_eq!(sources(&answers, "yes, of course, why would that not be the case for all of them?"), [0; 0]);
    }
}
