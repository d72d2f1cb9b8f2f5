//! Texts of every kind and of none, cut in every way, by chance but always the same.

use super::*;
use std::ops::Range;
use tiktoken_rs::{cl100k_base_singleton, o200k_base_singleton};

const WORDS: &[&str] = &[
    "recall",
    "Kettle",
    "the",
    "Dr",
    "No",
    "e.g",
    "is",
    "naïve",
    "Straße",
    "漢字",
    "日本語。",
    "привет",
    "🦀",
    "👨‍👩‍👧‍👦",
    "e\u{301}",
    "🇩🇪",
    "0xFF",
    "1,200",
    "don't",
    "ﷺ",
    "x",
    "\u{200b}",
    "עברית",
    "antidisestablishmentarianism",
    "fn",
    "{",
    "}",
    "\"",
    "#",
    "(0008,0018)",
    "```",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "a\\\"b",
];
const GAPS: &[&str] = &[
    " ", " ", " ", "", "  ", "\n", "\r\n", "\n\n", "\n\n\n", ". ", "! ", "?\n", ".\n\n", "\t", "\u{a0}", "\u{2028}",
    "\n# ", "\n- ", "\n    ", "\n| ", ", ", "。",
];

fn noise(dice: &mut Dice, words: usize) -> String {
    (0..words).map(|_| [dice.one_of(WORDS), dice.one_of(GAPS)].concat()).collect()
}

/// JSON with where each of its values lies.
struct Json {
    text: String,
    values: Vec<Range<usize>>,
}

impl Json {
    fn by_chance(dice: &mut Dice) -> Self {
        let mut json = Self { text: String::new(), values: Vec::new() };
        let gap = dice.one_of(&["", " ", "\n  "]);
        json.list(dice, 5, gap, 8);
        json
    }

    fn value(&mut self, dice: &mut Dice, depth: usize, gap: &str) {
        let start = self.text.len();
        match dice.below(if depth == 0 { 3 } else { 6 }) {
            0 => self.text += dice.one_of(&["null", "true", "-12.5e3", "0"]),
            1 | 2 => self.string(dice),
            3 => return self.list(dice, depth - 1, gap, 1),
            _ => {
                self.text.push('{');
                for n in 0..dice.below(5) {
                    self.text += if n > 0 { "," } else { "" };
                    self.text += gap;
                    self.string(dice);
                    self.text += ":";
                    self.text += gap;
                    self.value(dice, depth - 1, gap);
                }
                self.text.push('}');
            }
        }
        self.values.push(start..self.text.len());
    }

    fn list(&mut self, dice: &mut Dice, depth: usize, gap: &str, least: usize) {
        let start = self.text.len();
        self.text.push('[');
        for n in 0..least + dice.below(5) {
            self.text += if n > 0 { "," } else { "" };
            self.text += gap;
            self.value(dice, depth, gap);
        }
        self.text.push(']');
        self.values.push(start..self.text.len());
    }

    fn string(&mut self, dice: &mut Dice) {
        let words = dice.below(6);
        let plain = noise(dice, words);
        let start = self.text.len();
        self.text += &serde_json::to_string(&plain).unwrap();
        self.values.push(start..self.text.len());
    }
}

fn texts(dice: &mut Dice) -> Vec<String> {
    let mut all: Vec<String> = [1, 3, 40, 150].into_iter().map(|words| noise(dice, words)).collect();
    all.push(Json::by_chance(dice).text);
    all.push("a".repeat(300));
    all.push(" ".repeat(300));
    all.push("\n".repeat(100) + &"e\u{301}".repeat(100));
    all.push("👨‍👩‍👧‍👦".repeat(30));
    all.push((0..40).map(|n| format!("def f{n}(x):\n    # why\n    return x + {n}\n\n\n")).collect());
    all.push((0..40).map(|n| format!("#[test]\nfn f{n}() -> i32 {{ let mut x = {n}; x += 1; x }}\n")).collect());
    all.push((0..40).map(|n| format!("(00{n:02},0010) PN [漢字 {n}] # 8, 1 Name\n")).collect());
    all
}

fn size_of(unit: Unit, text: &str) -> usize {
    match unit {
        Unit::Chars => text.chars().count(),
        Unit::Tokens(Vocabulary::O200k) => o200k_base_singleton().encode_ordinary(text).len(),
        Unit::Tokens(Vocabulary::Cl100k) => cl100k_base_singleton().encode_ordinary(text).len(),
    }
}

/// All that holds of chunks whatever the text.
fn check(text: &str, plan: Plan) {
    let chunks = cut(text, plan);
    let told =
        || format!("{plan:?} of {text:?}: {:?}", chunks.iter().map(|c| &text[c.range.clone()]).collect::<Vec<_>>());
    let whole: String = chunks.iter().map(|c| &text[c.fresh..c.range.end]).collect();
    assert_eq!(whole, text, "something was lost: {}", told());
    let (mut start, mut end) = (None, 0);
    for chunk in &chunks {
        assert_eq!(chunk.fresh, end, "{}", told());
        assert!(chunk.range.start <= chunk.fresh && chunk.fresh < chunk.range.end, "{}", told());
        assert!(start < Some(chunk.range.start), "a chunk holds its predecessor: {}", told());
        (start, end) = (Some(chunk.range.start), chunk.range.end);
        let piece = &text[chunk.range.clone()];
        let size = size_of(plan.unit, piece);
        assert_eq!(chunk.size, size, "{piece:?}: {}", told());
        assert!(size <= plan.size || piece.chars().count() == 1, "{piece:?} is {size}: {}", told());
        let again = size_of(plan.unit, &text[chunk.range.start..chunk.fresh]);
        assert!(again <= plan.overlap, "{again} repeated: {}", told());
    }
}

#[test]
fn chunks_lie_end_to_end_and_none_is_too_large() {
    let mut dice = Dice(7);
    for _ in 0..6 {
        for text in texts(&mut dice) {
            for (_, by) in By::NAMES {
                let size = dice.one_of(&[1, 2, 5, 17, 40, 120, 1000]);
                let overlap = dice.one_of(&[0, 1, size / 8, size / 3, size - 1]).min(size - 1);
                check(&text, by_chars(by, size, overlap));
                let vocabulary = dice.one_of(&[Vocabulary::O200k, Vocabulary::Cl100k]);
                check(&text, Plan { unit: Unit::Tokens(vocabulary), ..by_chars(by, size, overlap) });
            }
        }
    }
}

#[test]
fn no_json_value_that_fits_is_cut() {
    let mut dice = Dice(11);
    for _ in 0..200 {
        let json = Json::by_chance(&mut dice);
        let size = dice.one_of(&[8, 30, 80, 200]);
        let overlap = dice.one_of(&[0, 0, size / 4]);
        for plan in [by_chars(By::Json, size, overlap), by_tokens(By::Json, size, overlap)] {
            let chunks = cut(&json.text, plan);
            for value in &json.values {
                // What fits by tokens with whatever stands beside it.
                let room = if plan.unit == Unit::Chars { 0 } else { 4 };
                if size_of(plan.unit, &json.text[value.clone()]) + room > size {
                    continue;
                }
                let cut = chunks.iter().find(|c| value.start < c.range.end && c.range.end < value.end);
                assert_eq!(cut, None, "{plan:?} cuts {:?} in {}", &json.text[value.clone()], json.text);
            }
        }
    }
}

#[test]
fn tokens_are_those_of_the_model() {
    let mut dice = Dice(13);
    for _ in 0..20 {
        for text in texts(&mut dice) {
            for vocabulary in [Vocabulary::O200k, Vocabulary::Cl100k] {
                let wanted = size_of(Unit::Tokens(vocabulary), &text);
                assert_eq!(vocabulary.count(&text, &never), Ok(wanted), "{vocabulary:?}: {text:?}");
            }
        }
    }
}

#[test]
fn a_text_that_fits_is_one_chunk_and_an_empty_one_is_none() {
    for (_, by) in By::NAMES {
        assert_eq!(pieces("One. Two.\n\nThree.", by_chars(by, 17, 0)), ["One. Two.\n\nThree."], "{by:?}");
        assert_eq!(pieces("", by_chars(by, 17, 3)), [""; 0], "{by:?}");
    }
}

#[test]
fn chunks_are_not_smaller_than_they_need_to_be() {
    let text = "It rained all day long. ".repeat(500);
    for plan in [by_chars(By::Sentence, 240, 0), by_tokens(By::Sentence, 60, 0)] {
        let chunks = cut(&text, plan);
        let (last, others) = chunks.split_last().unwrap();
        assert!(last.size > 0 && others.iter().all(|chunk| chunk.size * 10 > plan.size * 8), "{chunks:?}");
    }
}

#[test]
fn an_interrupt_ends_the_work() {
    let text = "One sentence. ".repeat(1000);
    let calls = std::cell::Cell::new(0);
    let stop = || calls.replace(calls.get() + 1) == 3;
    assert_eq!(chunk(&text, &by_chars(By::Sentence, 100, 0), &stop), Err(Stopped));
    assert_eq!(Vocabulary::O200k.count(&text, &|| true), Err(Stopped));
    assert_eq!(best("sentence", &[&text, &text], 1, &|| true), Err(Stopped));
    let code = "def f(x):\n    return x\n\n".repeat(20_000);
    assert_eq!(chunk(&code, &by_chars(By::Code, 100, 0), &|| true), Err(Stopped));
}
