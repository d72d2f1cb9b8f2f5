//! Which kind of text a text is, by its beginning.
//!
//! A guess that is wrong costs good places to cut, never text: so it looks at little, and prose is what is left.

use super::{
    By,
    breaks::{code, dicom},
};

/// The kind of a text: JSON, a DICOM dump, code or Markdown where it looks like one, else paragraphs.
pub(super) fn kind(text: &str) -> By {
    let sample = code::sample(text);
    let lines = || sample.lines().filter(|line| !line.trim().is_empty());
    let count = lines().count().max(1);
    if is_json(text) {
        return By::Json;
    }
    if 2 * lines().filter(|line| dicom::tag(line).is_some()).count() > count {
        return By::Dicom;
    }
    let fenced = lines().any(|line| line.starts_with("```") || line.starts_with("~~~"));
    // Every tenth line at least has to speak for a language; prose has a few such words too.
    if !fenced && code::guessed(text).is_some_and(|(_, votes)| votes >= 2 && 10 * votes >= count) {
        return By::Code;
    }
    let heading = |line: &str| {
        let depth = line.bytes().take_while(|b| *b == b'#').count();
        (1..=6).contains(&depth) && line[depth..].starts_with(' ')
    };
    if fenced || lines().any(heading) { By::Markdown } else { By::Paragraph }
}

/// Whether a text begins and ends like JSON. `[page 3]` does too, and is none.
fn is_json(text: &str) -> bool {
    let text = text.trim();
    let Some(first) = text.bytes().next().filter(|b| matches!(b, b'{' | b'[')) else { return false };
    let second = text[1..].trim_start().bytes().next();
    let starts = match first {
        b'{' => matches!(second, Some(b'"' | b'}')),
        _ => matches!(second, Some(b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9')) || starts_with_word(&text[1..]),
    };
    starts && text.ends_with(['}', ']'])
}

fn starts_with_word(text: &str) -> bool {
    ["true", "false", "null"].iter().any(|word| text.trim_start().starts_with(word))
}
