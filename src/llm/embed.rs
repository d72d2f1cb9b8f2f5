//! Vectors of texts, as one text: how an answer carries them from a provider to a script.
//!
//! The number of vectors, a space, and the base64 of all their numbers as little-endian `f32`. And the offline model's
//! own vectors. Not here: asking a provider for some.

use super::{Answer, Request};
use crate::wire::Usage;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    sync::Once,
    time::{Duration, Instant},
};
use unicode_segmentation::UnicodeSegmentation;

/// How many numbers the offline model's vectors have.
const DIMENSIONS: usize = 256;

/// How much of a text the offline model reads, in bytes.
const SAMPLE: usize = 200_000;

/// The numbers that bytes stand for.
pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Writes vectors, which must be of one length. Says what is wrong with them otherwise.
pub(super) fn encode(vectors: &[Vec<f32>]) -> Result<String, &'static str> {
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().any(|v| v.is_empty()) {
        return Err("sent fewer embeddings than texts were sent");
    }
    if vectors.iter().any(|v| v.len() != length) {
        return Err("sent embeddings of different lengths");
    }
    let bytes: Vec<u8> = vectors.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
    Ok(format!("{} {}", vectors.len(), BASE64_STANDARD.encode(bytes)))
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(text: &str) -> Option<Vec<Vec<f32>>> {
    let (count, data) = text.split_once(' ')?;
    let count: usize = count.parse().ok()?;
    let numbers = floats(&BASE64_STANDARD.decode(data).ok()?);
    let length = numbers.len().checked_div(count).filter(|&n| n > 0 && n * count == numbers.len())?;
    Some(numbers.chunks_exact(length).map(<[f32]>::to_vec).collect())
}

/// Vectors without a model: every word is hashed to a place and a sign. Texts that share words are near each other, and
/// that is all there is to it.
pub(super) fn offline(request: &Request) -> Answer {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!("the offline vectors are no language model's: they are hashes of the texts' words");
    });
    let start = Instant::now();
    let vectors: Vec<Vec<f32>> = request.messages.iter().map(|message| hashed(&message.text)).collect();
    let read: usize = request.messages.iter().map(|message| message.text.len()).sum();
    Answer {
        // They are of one length.
        text: encode(&vectors).unwrap_or_default().into(),
        model: "offline".into(),
        usage: Usage { input: read.div_ceil(4) as u64, ..Usage::default() },
        cost_usd: Some(0.0),
        latency: start.elapsed().max(Duration::from_nanos(1)),
        attempts: 1,
        finish_reason: "stop".into(),
    }
}

fn hashed(text: &str) -> Vec<f32> {
    let mut sums = vec![0.0_f32; DIMENSIONS];
    for word in text[..text.floor_char_boundary(SAMPLE)].unicode_words() {
        let hash = fnv(word.to_lowercase().as_bytes());
        sums[(hash % DIMENSIONS as u64) as usize] += if hash >> 63 == 0 { 1.0 } else { -1.0 };
    }
    let length = sums.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length == 0.0 {
        // A text without words is like no other, and still has a direction.
        sums[0] = 1.0;
        return sums;
    }
    sums.iter().map(|x| x / length).collect()
}

/// FNV-1a, the same on every machine: <http://www.isthe.com/chongo/tech/comp/fnv/>.
fn fnv(bytes: &[u8]) -> u64 {
    let hash =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    // The low bits choose the place and the top one the sign: mixed, so that neither follows the other.
    hash ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_survive_the_way_to_the_script() {
        let vectors = vec![vec![1.0, -0.5, 3.25], vec![0.0, f32::MIN_POSITIVE, 1e30]];
        assert_eq!(decode(&encode(&vectors).unwrap()).unwrap(), vectors);
        for bad in ["", "2", "x AAAA", "0 ", "2 AACAPw==", "1 !"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        assert!(encode(&[vec![1.0], vec![]]).is_err() && encode(&[vec![1.0], vec![1.0, 2.0]]).is_err());
    }

    #[test]
    fn offline_vectors_are_near_where_words_are_shared() {
        let near = |a: &str, b: &str| hashed(a).iter().zip(hashed(b)).map(|(x, y)| x * y).sum::<f32>();
        let query = "Which pump failed?";
        assert!(near(query, "The pump failed at noon.") > near(query, "Invoices are paid monthly.") + 0.2);
        assert!((near(query, query) - 1.0).abs() < 1e-5);
        assert_eq!(hashed(""), hashed("…"));
    }
}
