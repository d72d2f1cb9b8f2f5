//! Whether a prompt fits its model's window, told before it is sent.
//!
//! Tokens are estimated, and said to be: no tokenizer is asked. A prompt is only kept back when it is too long beyond the
//! estimate's error; what is nearer the bound is the provider's to judge. Not here: how long windows are
//! ([`super::models`]).

use super::{Failure, Request, models};
use crate::wire::FailureClass;

/// How far the estimate may be too high.
const ERROR: f64 = 1.2;

/// Longer texts are looked at in so many places, of so many bytes each.
const SAMPLES: usize = 64;
const SAMPLE: usize = 1024;

/// Fails a request whose prompt is longer than the window of its model.
pub(super) fn check(request: &Request, model: &str) -> Result<(), Failure> {
    let bytes: usize = request.messages.iter().map(|m| m.text.len()).sum();
    let Some(window) = models::facts(model).and_then(|facts| facts.window) else { return Ok(()) };
    // No tokenizer makes more tokens than bytes.
    if bytes as u64 <= window {
        return Ok(());
    }
    // Vectors are made of each text by itself.
    let each = request.messages.iter().map(|m| tokens(&m.text));
    let tokens = if request.embedding { each.max().unwrap_or(0) } else { each.sum() };
    if tokens as f64 <= window as f64 * ERROR {
        return Ok(());
    }
    let message = format!(
        "the prompt is too long for `{model}`, and was not sent: it has about {tokens} tokens (an estimate, of {bytes} \
         bytes), and the window has {window}; split it with `(chunk-text text #:tokens {})` and ask of each piece",
        (window / 2).max(1)
    );
    Err(Failure { attempts: 0, model: Some(model.into()), ..Failure::new(FailureClass::TooLong, message) })
}

/// About how many tokens a prompt has, by its size alone: what limits are kept by is asked of every request.
pub(super) fn estimate(request: &Request) -> u64 {
    let bytes = |text: &str| text.len() as u64;
    let texts: u64 = request.messages.iter().map(|m| bytes(&m.text) / 4 + 8 + 1000 * m.images.len() as u64).sum();
    texts + request.schema.as_deref().map_or(0, bytes) / 4
}

/// About how many tokens a text has.
pub(crate) fn tokens(text: &str) -> u64 {
    if text.len() <= 2 * SAMPLES * SAMPLE {
        return pieces(text);
    }
    let step = text.len() / SAMPLES;
    let (mut seen, mut found) = (0, 0);
    for place in 0..SAMPLES {
        let start = text.floor_char_boundary(place * step);
        let sample = &text[start..text.floor_char_boundary(start + SAMPLE)];
        seen += sample.len();
        found += pieces(sample);
    }
    (found as f64 * text.len() as f64 / seen.max(1) as f64) as u64
}

/// What tokenizers cut a text into, roughly: words of letters, a token for each seven; numbers, one for three digits;
/// signs, one for two; white space goes with what follows. Outside of ASCII, one for each two characters.
fn pieces(text: &str) -> u64 {
    #[derive(Clone, Copy, PartialEq)]
    enum Sort {
        Space,
        Letter,
        Digit,
        Sign,
        Other,
    }
    let sort = |c: char| match c {
        c if c.is_ascii_alphabetic() => Sort::Letter,
        c if c.is_ascii_digit() => Sort::Digit,
        c if c.is_whitespace() => Sort::Space,
        c if c.is_ascii() => Sort::Sign,
        _ => Sort::Other,
    };
    let (mut tokens, mut run, mut last) = (0, 0_u64, Sort::Space);
    let ended = |sort: Sort, run: u64| match sort {
        Sort::Space => 0,
        Sort::Letter => run.div_ceil(7),
        Sort::Digit => run.div_ceil(3),
        Sort::Sign | Sort::Other => run.div_ceil(2),
    };
    for c in text.chars() {
        let now = sort(c);
        if now != last {
            tokens += ended(last, run);
            (run, last) = (0, now);
        }
        run += 1;
    }
    tokens + ended(last, run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{llm::Message, wire::Role};

    fn asked(text: &str) -> Request {
        Request { messages: vec![Message::new(Role::User, text)], ..Request::default() }
    }

    #[test]
    fn only_what_is_too_long_for_certain_is_kept_back() {
        let words = |n: usize| asked(&"word ".repeat(n));
        assert_eq!(check(&words(120_000), "gpt-4o"), Ok(()));
        assert_eq!(check(&words(140_000), "gpt-4o"), Ok(()), "within the estimate's error");
        assert_eq!(check(&words(900_000), "llama3"), Ok(()), "nothing is known of it");
        let failure = check(&words(200_000), "gpt-4o-mini").unwrap_err();
        assert_eq!((failure.class, failure.attempts, failure.transient), (FailureClass::TooLong, 0, false));
        for word in ["gpt-4o-mini", "200195 tokens (an estimate", "1000000 bytes", "128000", "chunk-text", "not sent"] {
            assert!(failure.message.contains(word), "{word}: {failure}");
        }
    }

    #[test]
    fn vectors_are_made_of_each_text_by_itself() {
        let messages = vec![Message::new(Role::User, "word ".repeat(4000)); 5];
        let request = Request { messages, embedding: true, ..Request::default() };
        assert_eq!(check(&request, "text-embedding-3-small"), Ok(()));
        let long = Request { messages: vec![Message::new(Role::User, "word ".repeat(40_000))], ..request };
        assert!(check(&long, "text-embedding-3-small").is_err());
    }

    #[test]
    fn the_estimate_is_of_the_right_size() {
        for (text, low, high) in [
            ("The quick brown fox jumps over the lazy dog.", 9, 12),
            ("fn main() { println!(\"{}\", 1 + 2); }", 12, 20),
            ("1234567890", 3, 5),
            ("日本語のテキスト", 4, 10),
            ("   \n\n", 0, 2),
        ] {
            let found = tokens(text);
            assert!((low..=high).contains(&found), "{text}: {found}");
        }
        let long = "The quick brown fox jumps over the lazy dog. ".repeat(20_000);
        let (whole, sampled) = (pieces(&long) as f64, tokens(&long) as f64);
        assert!((sampled / whole - 1.0).abs() < 0.05, "{whole} {sampled}");
    }
}
