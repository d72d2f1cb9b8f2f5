//! The texts that answer a question best, by the words they share with it: BM25 (Robertson and Zaragoza, "The Probabilistic
//! Relevance Framework: BM25 and Beyond", 2009), with the idf that is never negative.

use super::{Stopped, words::words};
use std::collections::HashMap;

/// How soon a word that is said again counts no more.
const K1: f32 = 1.2;
/// How much a long text's words count less.
const B: f32 = 0.75;

/// A text's words: how many there are, and how often it says each that is asked for.
struct Said {
    length: f32,
    terms: Vec<f32>,
}

/// The places of the `most` best texts, in their order. Texts that share no word with the query come after all that do,
/// the first ones first. `stop` is asked every now and then whether to give up.
pub fn best(query: &str, texts: &[&str], most: usize, stop: &dyn Fn() -> bool) -> Result<Vec<usize>, Stopped> {
    if most >= texts.len() {
        return Ok((0..texts.len()).collect());
    }
    let mut terms: HashMap<String, usize> = HashMap::new();
    for word in words(query) {
        let next = terms.len();
        terms.entry(word).or_insert(next);
    }
    let mut said = Vec::with_capacity(texts.len());
    for text in texts {
        if stop() {
            return Err(Stopped);
        }
        let mut one = Said { length: 0.0, terms: vec![0.0; terms.len()] };
        for word in words(text) {
            one.length += 1.0;
            if let Some(term) = terms.get(&word) {
                one.terms[*term] += 1.0;
            }
        }
        said.push(one);
    }
    let count = texts.len() as f32;
    let average = (said.iter().map(|one| one.length).sum::<f32>() / count).max(1.0);
    let rarity: Vec<f32> = (0..terms.len())
        .map(|term| {
            let with = said.iter().filter(|one| one.terms[term] > 0.0).count() as f32;
            (1.0 + (count - with + 0.5) / (with + 0.5)).ln()
        })
        .collect();
    let score = |one: &Said| -> f32 {
        let norm = K1 * (1.0 - B + B * one.length / average);
        one.terms.iter().zip(&rarity).map(|(often, rare)| rare * often * (K1 + 1.0) / (often + norm)).sum()
    };
    let mut scored: Vec<(usize, f32)> = said.iter().map(score).enumerate().collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut best: Vec<usize> = scored.into_iter().take(most).map(|(at, _)| at).collect();
    best.sort_unstable();
    Ok(best)
}
