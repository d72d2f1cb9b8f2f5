//! What a run's calls suggest to whoever wrote the script: said once, at its end.
//!
//! Each call costs a few comparisons, and nothing is kept of it but counts. Not here: warnings about what went wrong, which
//! are the calls' own failures.

use crate::llm::{Answer, Request, models};

/// Fewer calls than this one after the other are no loss of time worth a word.
const SEQUENTIAL: u64 = 50;
/// Fewer calls than this of a dear model are no fan-out.
const DEAR: u64 = 20;
/// Shorter prompts, in bytes, fit every context window there is.
const SHORT: usize = 8 << 10;
/// How many places of a long prompt are looked at, and how many bytes at each.
const SAMPLES: usize = 16;
const SAMPLE: usize = 256;

/// What is remembered of a call while it is under way.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    /// Whether it has `#:max-tokens`.
    capped: bool,
    /// Whether others were under way when it began.
    beside: bool,
    /// How many words its prompt has, at least about; 0 when it is short.
    words: u64,
}

impl Asked {
    /// What is to be remembered of a request.
    pub(super) fn of(request: &Request) -> Self {
        let words = request.messages.iter().map(|message| words(&message.text)).sum();
        Self { capped: request.sampling.max_tokens.is_some(), beside: false, words }
    }
}

/// The counts of one run.
#[derive(Default)]
pub(super) struct Hints {
    calls: u64,
    /// Whether two calls were ever under way at once.
    side_by_side: bool,
    capped: u64,
    cut: u64,
    dear: u64,
    dear_model: Option<String>,
    truncated: u64,
    /// The words and the counted tokens of the first prompt that was cut.
    example: (u64, u64),
}

impl Hints {
    /// A call begins while `others` are under way.
    pub(super) fn begun(&mut self, asked: &mut Asked, others: usize) {
        self.calls += 1;
        asked.beside = others > 0;
        self.side_by_side |= asked.beside;
    }

    /// A call has been answered while `others` are under way.
    pub(super) fn answered(&mut self, asked: Asked, answer: &Answer, others: usize) {
        if asked.capped {
            self.capped += 1;
            self.cut += u64::from(answer.is_cut());
        }
        if (asked.beside || others > 0) && models::dearest(&answer.model) {
            self.dear += 1;
            self.dear_model.get_or_insert_with(|| answer.model.to_string());
        }
        // No tokenizer gives two words one token, and prose has four tokens to three words: half of the words is far below
        // what any model counts. A server that counts nothing says 0.
        let tokens = answer.usage.input.saturating_add(answer.usage.cached);
        if tokens > 0 && tokens < asked.words / 2 {
            if self.truncated == 0 {
                self.example = (asked.words, tokens);
            }
            self.truncated += 1;
        }
    }

    /// What there is to say.
    pub(super) fn said(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.calls >= SEQUENTIAL && !self.side_by_side {
            all.push(format!(
                "{} calls were made one after another; unless each needs the answer before it, `(map-async f items)` makes \
                 them side by side, as many at a time as `#:max-concurrent` says",
                self.calls
            ));
        }
        if let Some(model) = self.dear_model.as_deref().filter(|_| self.dear >= DEAR) {
            all.push(format!(
                "{} calls of a fan-out went to `{model}`, the dearest sort of model; try `#:model \"cheap\"` for the single \
                 items and keep the dear one for the last step",
                self.dear
            ));
        }
        if self.cut > 0 {
            all.push(format!(
                "{} of {} answers {} cut at `#:max-tokens`; give more, or ask for less text",
                self.cut,
                self.capped,
                if self.cut == 1 { "was" } else { "were" }
            ));
        }
        if self.truncated > 0 {
            let (words, tokens) = self.example;
            let them =
                if self.truncated == 1 { "1 prompt seems".into() } else { format!("{} prompts seem", self.truncated) };
            all.push(format!(
                "{them} to have been cut by the server: it counted {tokens} tokens where the text has about {words} words; \
                 its context window is probably set too small (Ollama: `num_ctx`, or OLLAMA_CONTEXT_LENGTH)"
            ));
        }
        all
    }
}

/// About how many words a long text has, by looking at a few places of it.
fn words(text: &str) -> u64 {
    if text.len() < SHORT {
        return 0;
    }
    let step = text.len() / SAMPLES;
    let mut seen = 0;
    for place in 0..SAMPLES {
        let start = text.floor_char_boundary(place * step);
        let sample = &text[start..text.floor_char_boundary(start + SAMPLE)];
        let words = sample.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
        // The first and the last may be parts of one.
        seen += words.count().saturating_sub(1);
    }
    (seen as u64 * text.len() as u64) / (SAMPLES * SAMPLE) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::Message,
        wire::{Role, Sampling, Usage},
    };
    use std::time::Duration;

    fn answer(model: &str, input: u64, finish: &str) -> Answer {
        Answer {
            text: "x".into(),
            model: model.into(),
            usage: Usage { input, output: 1, ..Usage::default() },
            cost_usd: None,
            latency: Duration::ZERO,
            attempts: 1,
            finish_reason: finish.into(),
        }
    }

    fn asked(hints: &mut Hints, prompt: &str, max_tokens: Option<u32>, others: usize) -> Asked {
        let messages = vec![Message::new(Role::User, prompt)];
        let sampling = Sampling { max_tokens, ..Sampling::default() };
        let mut asked = Asked::of(&Request { messages, sampling, ..Request::default() });
        hints.begun(&mut asked, others);
        asked
    }

    fn said(prompt: &str, input: u64) -> usize {
        let mut hints = Hints::default();
        let asked = asked(&mut hints, prompt, None, 0);
        hints.answered(asked, &answer("m", input, "stop"), 0);
        hints.said().len()
    }

    #[test]
    fn a_prompt_is_taken_for_cut_only_when_it_must_be() {
        let prose = "The quick brown fox jumps over the lazy dog, and then it sleeps. ".repeat(1000);
        assert_eq!(said(&prose, 2048), 1);
        // What a frugal tokenizer makes of it.
        assert_eq!(said(&prose, 13_000), 0);
        assert_eq!(said(&prose, 0), 0, "a server that does not count");
        for text in [" ".repeat(1 << 20), "=".repeat(1 << 20), "1 2 3 ".repeat(100_000), "日本語".repeat(10_000)] {
            assert_eq!(said(&text, 10), 0, "{}", &text[..6]);
        }
        assert_eq!(said("a short one", 1), 0);
    }

    #[test]
    fn only_what_is_plain_is_said() {
        let mut hints = Hints::default();
        for _ in 0..49 {
            asked(&mut hints, "", None, 0);
        }
        assert_eq!(hints.said(), Vec::<String>::new());
        asked(&mut hints, "", None, 0);
        let said = hints.said();
        assert!(said[0].starts_with("50 calls were made one after another; unless each needs"), "{said:?}");
        asked(&mut hints, "", None, 1);
        assert_eq!(hints.said(), Vec::<String>::new());
        for _ in 0..20 {
            let asked = asked(&mut hints, "", Some(9), 1);
            hints.answered(asked, &answer("gpt-4o-2024-08-06", 5, "length"), 0);
        }
        let said = hints.said();
        assert!(said[0].contains("20 calls of a fan-out went to `gpt-4o-2024-08-06`"), "{said:?}");
        assert!(said[1].starts_with("20 of 20 answers were cut"), "{said:?}");
    }
}
