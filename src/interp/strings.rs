//! Slices of long strings in constant time: where in a string the code point of some number lies.
//!
//! Steel's strings are UTF-8, so that a code point's place is found by counting from the start. For long strings an index
//! is made once: a string of ASCII alone needs none, any other remembers the byte at which every 4096th code point begins.
//! The index knows its string by a weak reference: as long as that exists, no other string can have its address, and what
//! changes a string in place (`dialect::changing`) has it forgotten. It keeps nothing of the string alive but a few words.
//!
//! Not here: the natives and their errors (`table::context`); natives that look at the whole string anyway.

use std::{
    cell::RefCell,
    ops::Range,
    rc::{Rc, Weak},
};
use steel::rvals::SteelString;

/// Strings shorter than this are counted through, in bytes.
const LONG: usize = 64 << 10;
/// How many code points lie between two remembered places.
const STEP: usize = 4096;
/// How many strings have an index at once.
const KEPT: usize = 16;

struct Index {
    string: Weak<String>,
    /// In code points.
    length: usize,
    /// Where every [`STEP`]th code point begins; none when all are ASCII.
    places: Vec<usize>,
}

thread_local! {
    /// Those used last come last.
    static INDEXES: RefCell<Vec<Index>> = const { RefCell::new(Vec::new()) };
}

/// How many code points a string has.
pub(super) fn length(string: &SteelString) -> usize {
    if string.len() < LONG { string.chars().count() } else { with_index(string, |index| index.length) }
}

/// The bytes of the code points from `start` to before `end`, which is the string's end when it is not given; `Err` with
/// the string's length when there are no such code points.
pub(super) fn range(string: &SteelString, start: usize, end: Option<usize>) -> Result<Range<usize>, usize> {
    if string.len() >= LONG {
        return with_index(string, |index| index.range(string, start, end)).ok_or_else(|| length(string));
    }
    let short = || {
        let from = nth(string, start)?;
        let to = match end {
            None => string.len(),
            Some(end) => from + nth(&string[from..], end.checked_sub(start)?)?,
        };
        Some(from..to)
    };
    short().ok_or_else(|| length(string))
}

/// The code point of this number.
pub(super) fn at(string: &SteelString, number: usize) -> Option<char> {
    let from = if string.len() < LONG {
        nth(string, number)?
    } else {
        with_index(string, |index| index.place(string, number))?
    };
    string[from..].chars().next()
}

/// The byte at which a code point begins, counted from the start; the end counts as the beginning of one.
fn nth(text: &str, number: usize) -> Option<usize> {
    if text.is_ascii() {
        return (number <= text.len()).then_some(number);
    }
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(number)
}

/// Nothing is known of a string any more: it changes.
pub(super) fn forget(string: &Rc<String>) {
    INDEXES.with_borrow_mut(|indexes| indexes.retain(|index| !std::ptr::eq(index.string.as_ptr(), Rc::as_ptr(string))));
}

fn with_index<R>(string: &SteelString, f: impl FnOnce(&Index) -> R) -> R {
    let shared: &Rc<String> = string;
    INDEXES.with(|indexes| {
        let mut indexes = indexes.borrow_mut();
        match indexes.iter().rposition(|index| std::ptr::eq(index.string.as_ptr(), Rc::as_ptr(shared))) {
            Some(at) if at + 1 == indexes.len() => {}
            Some(at) => indexes[at..].rotate_left(1),
            None => {
                indexes.retain(|index| index.string.strong_count() > 0);
                if indexes.len() == KEPT {
                    indexes.remove(0);
                }
                indexes.push(Index::new(shared));
            }
        }
        // It has just been put there.
        f(&indexes[indexes.len() - 1])
    })
}

impl Index {
    fn new(string: &Rc<String>) -> Self {
        let weak = Rc::downgrade(string);
        if string.is_ascii() {
            return Self { string: weak, length: string.len(), places: Vec::new() };
        }
        let (mut places, mut length) = (Vec::with_capacity(string.len() / STEP + 1), 0usize);
        // Whole blocks are counted at once; only the one that holds a place is looked at byte by byte.
        const BLOCK: usize = 128;
        for (number, block) in string.as_bytes().chunks(BLOCK).enumerate() {
            let begins = |byte: &u8| (*byte as i8) >= -64;
            let here = usize::from(block.iter().map(|byte| u8::from(begins(byte))).sum::<u8>());
            if length.div_ceil(STEP) * STEP < length + here {
                let wanted = length.div_ceil(STEP) * STEP - length;
                let within = block.iter().enumerate().filter(|(_, byte)| begins(byte)).nth(wanted);
                places.extend(within.map(|(at, _)| number * BLOCK + at));
            }
            length += here;
        }
        Self { string: weak, length, places }
    }

    /// The byte at which a code point begins; the end counts as the beginning of one.
    fn place(&self, text: &str, number: usize) -> Option<usize> {
        if number >= self.length {
            return (number == self.length).then_some(text.len());
        }
        if self.places.is_empty() {
            return Some(number);
        }
        let from = *self.places.get(number / STEP)?;
        text[from..].char_indices().nth(number % STEP).map(|(at, _)| from + at)
    }

    fn range(&self, text: &str, start: usize, end: Option<usize>) -> Option<Range<usize>> {
        let from = self.place(text, start)?;
        let to = end.map_or(Some(text.len()), |end| if end < start { None } else { self.place(text, end) })?;
        Some(from..to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<String> {
        let mixed: String =
            (0..60_000u32).map(|n| ['a', 'é', '你', '😀'][(n.wrapping_mul(2_654_435_761) >> 30) as usize]).collect();
        vec![
            "".into(),
            "abc".into(),
            "é😀x".into(),
            "abc".repeat(40_000),
            mixed,
            "😀".repeat(STEP * 5),
            "a".repeat(LONG) + "é",
        ]
    }

    #[test]
    fn every_place_is_where_counting_finds_it() {
        for text in texts() {
            let string = SteelString::from(text.clone());
            let chars: Vec<char> = text.chars().collect();
            assert_eq!(length(&string), chars.len());
            let some = [
                0,
                1,
                2,
                STEP - 1,
                STEP,
                STEP + 1,
                3 * STEP,
                chars.len() / 2,
                chars.len().saturating_sub(1),
                chars.len(),
            ];
            for start in some {
                assert_eq!(at(&string, start), chars.get(start).copied(), "{start}");
                for end in some.into_iter().chain([chars.len() + 1]) {
                    let slice = range(&string, start, Some(end)).map(|range| &string[range]);
                    match chars.get(start..end) {
                        Some(wanted) => assert!(slice == Ok(&*wanted.iter().collect::<String>()), "{start} {end}"),
                        None => assert!(slice == Err(chars.len()), "{start} {end}"),
                    }
                }
            }
            assert_eq!(range(&string, 0, None), Ok(0..string.len()));
            assert_eq!(range(&string, chars.len() + 1, None), Err(chars.len()));
        }
    }

    #[test]
    fn an_index_keeps_no_string_alive_and_is_nobody_elses() {
        let mut weak = Vec::new();
        for n in 0..3 * KEPT {
            let string = SteelString::from("é".repeat(LONG + n));
            assert_eq!(length(&string), LONG + n);
            weak.push(Rc::downgrade(&string));
        }
        assert!(weak.iter().all(|w| w.upgrade().is_none()));
        INDEXES.with(|indexes| assert!(indexes.borrow().len() <= KEPT));
    }

    #[test]
    fn a_string_that_grows_in_place_is_measured_again() {
        let mut string = Rc::new("é".repeat(LONG));
        assert_eq!(length(&SteelString::from(string.clone())), LONG);
        Rc::make_mut(&mut string).push('x');
        assert_eq!(length(&SteelString::from(string)), LONG + 1);
    }
}
