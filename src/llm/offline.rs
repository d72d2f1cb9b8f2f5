//! The built-in extractive model: no language model, but sentences picked from the data by BM25.
//!
//! Deterministic, without network and without a key: what a fresh machine, a test and a dry run use. It never writes a
//! word of its own; under a JSON mode the sentences stand in JSON of the shape that the instruction sketches, under a
//! schema in JSON that fits it. Only the first [`SAMPLE`] bytes of each message are read, so that no data makes it slow.
//! Not here: understanding, and looking at images.

mod fill;
mod root;
mod shape;

use super::{Answer, Failure, Message, Model, Pending, Request, schema};
use crate::{
    text::words::{among, words},
    wire::{FailureClass, JsonMode, Role, Usage},
};
use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedder, TokenEmbedding, Tokenizer};
use shape::{Shape, quoted};
use std::time::Instant;
use unicode_segmentation::UnicodeSegmentation;

/// What people are to be told when this model answers.
pub const NOTICE: &str = "the offline model is no language model: it only picks the sentences of the data that share \
                          words with the instruction";

/// What it says to an image alone.
const NO_EYES: &str = "The offline model does not look at images.";

/// How much of each message is read, in bytes.
pub const SAMPLE: usize = 200_000;

/// The most sentences of an answer in prose, and the most elements of a list.
const SENTENCES: usize = 3;
const ELEMENTS: usize = 5;

/// The most words of an instruction that are looked for: the cost is this times the words of the data.
const TERMS: usize = 64;

/// Characters per token, roughly.
const TOKEN: usize = 4;

/// Words of instructions about the answer rather than the data, in their stemmed form; not looked for.
const GENERIC: &str = " answer array bare briefly data document exactly extract fence field find follow format give \
    itself json key list markdown name noth object one output passage piece please product prose reply respond return \
    say sentence show str state summarise summarize tell text use using word write yield ";

/// The extractive model. See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

impl Model for Offline {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(async move {
            if request.embedding {
                return Ok(super::embed::offline(request));
            }
            let answer = answer(request)?;
            if let Some(pieces) = &request.pieces {
                answer.text.split_inclusive(' ').for_each(|word| (pieces.0)(word));
            }
            Ok(answer)
        })
    }
}

fn answer(request: &Request) -> Result<Answer, Failure> {
    let start = Instant::now();
    let (instruction, data) = parts(&request.messages);
    let limit = request.sampling.max_tokens.map_or(usize::MAX, |n| (n as usize).saturating_mul(TOKEN));
    let (mut text, cut) = match (&request.schema, request.json, root::reply(&request.messages)) {
        (.., Some(program)) => (program, false),
        (Some(schema), ..) => (fitting(schema, &instruction, &data)?, false),
        (None, JsonMode::Off, None) => prose(&instruction, &data, limit),
        (None, JsonMode::Asked | JsonMode::Object, None) => (json(&instruction, &data, limit), false),
    };
    if text.is_empty() && request.messages.iter().any(|m| !m.images.is_empty()) {
        text = NO_EYES.into();
    }
    let input = request.messages.iter().map(|m| m.text.chars().count()).sum::<usize>();
    let tokens = |chars: usize| chars.div_ceil(TOKEN) as u64;
    Ok(Answer {
        usage: Usage { input: tokens(input), output: tokens(text.chars().count()), ..Usage::default() },
        text: text.into(),
        model: "offline".into(),
        cost_usd: Some(0.0),
        latency: start.elapsed(),
        attempts: 1,
        finish_reason: if cut { "length" } else { "stop" }.into(),
    })
}

/// The instruction and the data of a chat. Without a system message the last user message is both: the instruction up
/// to its first blank line and the data behind it, or all of it as either.
fn parts(messages: &[Message]) -> (String, Vec<&str>) {
    let of = |role| messages.iter().filter(move |m| m.role == role).map(|m| sample(&m.text));
    let system: Vec<&str> = of(Role::System).filter(|t| !t.trim().is_empty()).collect();
    if system.is_empty() {
        let last = of(Role::User).last().unwrap_or_default().trim_start();
        let (head, tail) = last.split_once("\n\n").or_else(|| last.split_once("\r\n\r\n")).unwrap_or((last, last));
        return (head.into(), vec![if tail.trim().is_empty() { head } else { tail }]);
    }
    let data: Vec<&str> = of(Role::User).collect();
    (system.join("\n"), if data.is_empty() { system } else { data })
}

/// The beginning of a text that is read.
fn sample(text: &str) -> &str {
    let mut end = SAMPLE.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The best sentences in the order of the data, at most `limit` characters; and whether one had to be cut for that.
fn prose(instruction: &str, data: &[&str], limit: usize) -> (String, bool) {
    let sentences = sentences(data);
    let mut chosen = Vec::new();
    let mut length = 0;
    for at in best(&sentences, &terms(instruction), SENTENCES) {
        length += sentences[at].chars().count() + 1;
        if chosen.is_empty() || length <= limit.saturating_add(1) {
            chosen.push(at);
        }
    }
    if chosen.is_empty() && !sentences.is_empty() {
        chosen.push(0);
    }
    chosen.sort_unstable();
    let mut text = chosen.iter().map(|&at| sentences[at]).collect::<Vec<_>>().join(" ");
    let cut = text.char_indices().nth(limit).map(|(at, _)| at);
    text.truncate(cut.unwrap_or(text.len()));
    (text, cut.is_some())
}

/// JSON of the asked shape. It is never cut, as half of it would be none; a list leaves out elements to
/// keep to `limit`.
fn json(instruction: &str, data: &[&str], limit: usize) -> String {
    let sentences = sentences(data);
    let first = sentences.first().copied().unwrap_or_default();
    let Some((shape, place)) = Shape::find(instruction) else {
        return format!("{{\"answer\": {}}}", quoted(&prose(instruction, data, limit).0));
    };
    let asked = terms(&format!("{} {}", &instruction[..place.start], &instruction[place.end..]));
    let mut out = String::new();
    let Shape::List(element) = shape else {
        let best = best(&sentences, &asked, 1).first().map_or(first, |&at| sentences[at]);
        shape.fill(best, &mut out);
        return out;
    };
    let mut chosen = best(&sentences, &asked, ELEMENTS);
    chosen.sort_unstable();
    out.push('[');
    let mut length = 2;
    for at in chosen {
        let mut item = String::new();
        element.fill(sentences[at], &mut item);
        length += item.chars().count() + 2;
        if length > limit {
            break;
        }
        out.push_str(if out.len() > 1 { ", " } else { "" });
        out.push_str(&item);
    }
    out.push(']');
    out
}

/// JSON that fits a schema and says the best sentences.
fn fitting(text: &super::Text, instruction: &str, data: &[&str]) -> Result<String, Failure> {
    let schema = schema::compiled(text)?;
    let sentences = sentences(data);
    let mut chosen = best(&sentences, &terms(instruction), ELEMENTS);
    chosen.sort_unstable();
    let chosen: Vec<&str> = match &chosen[..] {
        [] => sentences.iter().copied().take(1).collect(),
        chosen => chosen.iter().map(|&at| sentences[at]).collect(),
    };
    let value = fill::Filler::new(&schema.root, &chosen).fill();
    let text = value.to_string();
    match schema.check(value) {
        Ok(_) => Ok(text),
        Err(why) => {
            let message = format!("the offline model finds nothing that fits the schema ({why}); a real model may");
            Err(Failure { model: Some("offline".into()), ..Failure::new(FailureClass::Schema, message) })
        }
    }
}

/// The data's sentences. A line's end ends a sentence too.
fn sentences<'a>(data: &[&'a str]) -> Vec<&'a str> {
    let lines = data.iter().flat_map(|text| text.lines());
    lines.flat_map(|line| line.unicode_sentences()).map(str::trim).filter(|s| !s.is_empty()).collect()
}

/// The places of up to `most` sentences that hold a term, the best first.
fn best(sentences: &[&str], terms: &[String], most: usize) -> Vec<usize> {
    if terms.is_empty() {
        return Vec::new();
    }
    let embedder: Embedder<u64, Words> = EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Words, sentences).build();
    let mut scorer = Scorer::<usize, u64>::new();
    for (at, sentence) in sentences.iter().enumerate() {
        scorer.upsert(&at, embedder.embed(sentence));
    }
    // Built by hand, as terms are stemmed already. The scorer looks at a query's indices alone.
    let query = Embedding(terms.iter().map(|t| TokenEmbedding { index: u64::embed(t), value: 1.0 }).collect());
    // Not `Scorer::matches`, whose order among equals changes from run to run.
    let scored = (0..sentences.len()).map(|at| (at, scorer.score(&at, &query).unwrap_or(0.0)));
    let mut scored: Vec<(usize, f32)> = scored.filter(|&(_, score)| score > 0.0).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scored.into_iter().take(most).map(|(at, _)| at).collect()
}

/// The telling words of an instruction, each once.
fn terms(instruction: &str) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for word in words(instruction).filter(|w| !among(w, GENERIC)) {
        if terms.len() == TERMS {
            break;
        }
        if !terms.contains(&word) {
            terms.push(word);
        }
    }
    terms
}

/// Lower-cased words without their commonest endings; stop words are left out.
struct Words;

impl Tokenizer for Words {
    fn tokenize(&self, text: &str) -> Vec<String> {
        words(text).collect()
    }
}

#[cfg(test)]
#[path = "offline/tests.rs"]
mod tests;
