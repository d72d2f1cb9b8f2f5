//! What chunks hold whatever the text is (`properties`), and where they end in each kind of text (`kinds`).

mod kinds;
mod properties;

use super::{By, Chunk, Plan, Stopped, Unit, Vocabulary, best, chunk};

/// The same numbers every time: Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

fn never() -> bool {
    false
}

fn by_chars(by: By, size: usize, overlap: usize) -> Plan {
    Plan { by, unit: Unit::Chars, size, overlap }
}

fn by_tokens(by: By, size: usize, overlap: usize) -> Plan {
    Plan { by, unit: Unit::Tokens(Vocabulary::O200k), size, overlap }
}

fn cut(text: &str, plan: Plan) -> Vec<Chunk> {
    chunk(text, &plan, &never).unwrap()
}

/// The chunks themselves.
fn pieces(text: &str, plan: Plan) -> Vec<&str> {
    cut(text, plan).into_iter().map(|chunk| &text[chunk.range]).collect()
}
