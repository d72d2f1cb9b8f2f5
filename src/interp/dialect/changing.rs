//! Strings that are changed in place.
//!
//! Steel's strings are shared and never change. One that Racket lets change (what `make-string`, `string-copy`,
//! `string-append` and their kin give, and no literal) is told by its capacity, so that nothing else is kept of it and other
//! strings cost nothing. Whoever holds such a string sees the change. Not here: what only reads strings (`strings`).

use super::{
    Entry,
    given::{failed, mistaken, plain},
    strings::{char_of, index, range, text},
    tower::natural,
};
use crate::interp::{
    print, strings,
    value::{Native, string},
};
use std::rc::Rc;
use steel::{SteelErr, SteelVal, rvals::SteelString};

pub(super) const TABLE: &[Entry] = &[
    plain!("string-set!", "text index char", |v| {
        let whole = target("string-set!", "mutable-string?", &v[0])?;
        let (index, char) = (index("string-set!", v)?, char_of("string-set!", &v[2])?);
        let Ok(place) = strings::range(whole, index, Some(index + 1)) else { return Err(no_place(whole, index)) };
        let mut piece = [0; 4];
        change(whole, place, char.encode_utf8(&mut piece))
    }),
    plain!("string-fill!", "text char", |v| {
        let whole = target("string-fill!", "mutable-string?", &v[0])?;
        let filling = char_of("string-fill!", &v[1])?.to_string().repeat(strings::length(whole));
        change(whole, 0..whole.len(), &filling)
    }),
    plain!("string-copy!", "text at from [start end]", |v| {
        let whole = target("string-copy!", "(and/c string? (not/c immutable?))", &v[0])?;
        let at = natural("string-copy!", &v[1])?;
        let from = text("string-copy!", &v[2])?;
        // A copy: both may be the same string.
        let piece = from[range("string-copy!", from, v.get(3), v.get(4))?].to_owned();
        let count = piece.chars().count();
        match strings::range(whole, at, Some(at.saturating_add(count))) {
            Ok(place) => change(whole, place, &piece),
            Err(length) if at <= length => Err(failed(format!(
                "string-copy!: not enough room in target string\n  target length: {}\n  needed length: {count}",
                length - at
            ))),
            Err(_) => Err(no_range(whole, at)),
        }
    }),
    plain!("string->immutable-string", "text", |v| {
        let text = text("string->immutable-string", &v[0])?;
        Ok(if changes(text) { string(text.as_str().to_owned()) } else { v[0].clone() })
    }),
];

/// The capacity of a string of so many bytes that may change: no growing string has it, and no other that is full.
pub(super) const fn room(bytes: usize) -> usize {
    let least = bytes + 1;
    least + (13 - least % 8) % 8
}

/// Whether a string may change.
pub(super) fn changes(text: &SteelString) -> bool {
    text.capacity() % 8 == 5 && text.capacity() != text.len()
}

/// An empty string for so many bytes, which may change once it holds them.
pub(super) fn with_room(bytes: usize) -> String {
    String::with_capacity(room(bytes))
}

/// A string that may change.
pub(super) fn changing(text: &str) -> SteelVal {
    let mut own = with_room(text.len());
    own.push_str(text);
    string(own)
}

/// A string of characters, which may change.
pub(super) fn of_chars(chars: impl Iterator<Item = Result<char, SteelErr>>) -> Native {
    chars.collect::<Result<String, _>>().map(|text| changing(&text))
}

fn target<'a>(name: &str, expected: &str, value: &'a SteelVal) -> Result<&'a SteelString, SteelErr> {
    match value {
        SteelVal::StringV(text) if changes(text) => Ok(text),
        other => Err(mistaken(name, expected, other)),
    }
}

/// Puts another piece into the place of one, in the string itself.
fn change(text: &SteelString, place: std::ops::Range<usize>, piece: &str) -> Native {
    let shared: &Rc<String> = text;
    let same_length = place.len() == piece.len();
    if !same_length {
        strings::forget(shared);
    }
    let fresh = (!same_length).then(|| {
        let mut fresh = with_room(text.len() - place.len() + piece.len());
        fresh.push_str(&text[..place.start]);
        fresh.push_str(piece);
        fresh.push_str(&text[place.end..]);
        fresh
    });
    let held = Rc::as_ptr(shared).cast_mut();
    // SAFETY: `as_ptr` gives a pointer to what `shared` keeps alive, good for writing too. No reference to that string is
    // alive meanwhile: an `Rc` never leaves its thread; the borrows above have ended; `piece` is of another string; and
    // while this native runs, none of those that were given the string before has still to return, since natives call
    // nothing of the script's. Steel itself keeps the pointer alone.
    let held: &mut String = unsafe { &mut *held };
    match fresh {
        Some(fresh) => *held = fresh,
        None => held.replace_range(place, piece),
    }
    Ok(SteelVal::Void)
}

fn no_place(text: &SteelString, index: usize) -> SteelErr {
    if text.is_empty() {
        return failed(format!(
            "string-set!: index is out of range for empty string\n  index: {index}\n  string: \"\""
        ));
    }
    failed(format!(
        "string-set!: index is out of range\n  index: {index}\n  valid range: [0, {}]\n  string: {}",
        strings::length(text) - 1,
        print::clipped(&SteelVal::StringV(text.clone()))
    ))
}

fn no_range(text: &SteelString, at: usize) -> SteelErr {
    failed(format!(
        "string-copy!: starting index is out of range\n  starting index: {at}\n  valid range: [0, {}]\n  string: {}",
        strings::length(text),
        print::clipped(&SteelVal::StringV(text.clone()))
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(value: &SteelVal) -> &SteelString {
        let SteelVal::StringV(text) = value else { panic!("no string") };
        text
    }

    #[test]
    fn only_what_was_made_to_change_changes() {
        for size in 0..200 {
            let text = "x".repeat(size);
            assert!(changes(shared(&changing(&text))), "{size}");
            assert!(!changes(shared(&string(text.clone()))), "{size}");
            // As a parser makes them, character by character.
            let mut grown = String::new();
            text.chars().for_each(|c| grown.push(c));
            assert!(!changes(shared(&string(grown))), "{size}");
        }
    }

    #[test]
    fn all_that_hold_a_string_see_it_change_and_it_may_go_on_changing() {
        let made = changing("abcd");
        let other = made.clone();
        change(shared(&made), 1..2, "é").unwrap();
        change(shared(&made), 3..4, "C").unwrap();
        assert_eq!(shared(&other).as_str(), "aéCd");
        assert!(changes(shared(&other)));
    }

    #[test]
    fn a_long_string_is_found_its_places_in_after_a_change() {
        let made = changing(&"a".repeat(100_000));
        assert_eq!(strings::at(shared(&made), 99_999), Some('a'));
        change(shared(&made), 0..1, "é").unwrap();
        assert_eq!(strings::at(shared(&made), 0), Some('é'));
        assert_eq!(strings::at(shared(&made), 99_999), Some('a'));
        assert_eq!(strings::length(shared(&made)), 100_000);
    }
}
