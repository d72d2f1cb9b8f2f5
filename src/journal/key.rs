//! What a request is known by: a hash of all that decides its answer.
//!
//! How long an attempt may take, how often it is repeated and who goes first do not change what was asked, so they are no
//! part of it. Neither is the default model: a run that is resumed with another keeps the answers that it has.

use crate::llm::{Image, Request};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The hash of a request's content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "[u64; 4]", from = "[u64; 4]")]
pub struct Key(pub [u8; 32]);

impl From<Key> for [u64; 4] {
    fn from(key: Key) -> Self {
        let (words, _) = key.0.as_chunks();
        std::array::from_fn(|i| u64::from_le_bytes(words[i]))
    }
}

impl From<[u64; 4]> for Key {
    fn from(words: [u64; 4]) -> Self {
        let mut key = [0; 32];
        for (bytes, word) in key.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        Self(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..6].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What is hashed, each part behind its length, so that no two requests make the same bytes.
struct Parts {
    hash: Context,
    /// Small parts gather here: a call of the hash function costs more than they do.
    small: Vec<u8>,
}

impl Parts {
    fn put(&mut self, part: &[u8]) {
        self.small.extend_from_slice(&(part.len() as u64).to_le_bytes());
        if part.len() < 256 {
            self.small.extend_from_slice(part);
        } else {
            self.hash.update(&self.small);
            self.small.clear();
            self.hash.update(part);
        }
    }

    fn optional(&mut self, part: Option<&[u8]>) {
        self.small.push(u8::from(part.is_some()));
        self.put(part.unwrap_or_default());
    }

    fn number(&mut self, number: Option<f64>) {
        self.optional(number.map(f64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
    }

    fn finish(mut self) -> Key {
        self.hash.update(&self.small);
        let mut key = [0; 32];
        key.copy_from_slice(self.hash.finish().as_ref());
        Key(key)
    }
}

impl Key {
    /// The key of a request. `model` stands for the one that it names, when that is not what counts.
    pub fn of(request: &Request, model: Option<&str>) -> Self {
        let mut parts = Parts { hash: Context::new(&SHA256), small: Vec::with_capacity(1024) };
        parts.optional(model.or(request.model.as_deref()).map(str::as_bytes));
        parts.put(&(request.choices.models.len() as u64).to_le_bytes());
        request.choices.models.iter().for_each(|name| parts.put(name.as_bytes()));
        parts.put(&(request.messages.len() as u64).to_le_bytes());
        for message in &request.messages {
            parts.put(&[message.role as u8]);
            parts.put(&(message.images.len() as u64).to_le_bytes());
            parts.put(message.text.as_bytes());
            for image in &message.images {
                match image {
                    Image::Url(url) => parts.optional(Some(url.as_bytes())),
                    Image::Bytes { mime, bytes } => {
                        parts.optional(None);
                        parts.put(mime.as_bytes());
                        parts.put(bytes);
                    }
                }
            }
        }
        let sampling = &request.sampling;
        parts.number(sampling.temperature);
        parts.number(sampling.max_tokens.map(f64::from));
        parts.number(sampling.top_p);
        parts.optional(sampling.seed.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
        parts.put(&(sampling.stop.len() as u64).to_le_bytes());
        sampling.stop.iter().for_each(|word| parts.put(word.as_bytes()));
        parts.put(&[request.json as u8, u8::from(request.embedding)]);
        parts.optional(request.schema.as_deref().map(str::as_bytes));
        parts.optional(request.extra.as_deref().map(str::as_bytes));
        parts.finish()
    }
}

/// The hash of a text, as hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    let hash = ring::digest::digest(&SHA256, bytes);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::{Choices, Message},
        wire::{JsonMode, Priority, Role, Sampling},
    };
    use std::{collections::HashSet, time::Duration};

    fn asked() -> Request {
        Request { messages: vec![Message::new(Role::User, "Hello")], ..Request::default() }
    }

    #[test]
    fn whatever_decides_the_answer_changes_the_key() {
        let text = |role, text: &str| Message::new(role, text);
        let image = |image| vec![Message { images: vec![image], ..text(Role::User, "Hello") }];
        let bytes = |mime: &str, bytes: &'static [u8]| Image::Bytes { mime: mime.into(), bytes: bytes.into() };
        let sampled = |sampling| Request { sampling, ..asked() };
        let all = [
            asked(),
            Request { model: Some("m".into()), ..asked() },
            Request { model: Some("".into()), ..asked() },
            Request { choices: Choices { models: vec!["m".into()], ..Choices::default() }, ..asked() },
            Request { messages: vec![text(Role::System, "Hello")], ..asked() },
            Request { messages: vec![text(Role::User, "Hel"), text(Role::User, "lo")], ..asked() },
            Request { messages: vec![text(Role::User, "Hello"), text(Role::User, "")], ..asked() },
            Request { messages: image(Image::Url("u".into())), ..asked() },
            Request { messages: image(bytes("u", b"")), ..asked() },
            Request { messages: image(bytes("", b"u")), ..asked() },
            sampled(Sampling { temperature: Some(0.0), ..Sampling::default() }),
            sampled(Sampling { top_p: Some(0.0), ..Sampling::default() }),
            sampled(Sampling { max_tokens: Some(0), ..Sampling::default() }),
            sampled(Sampling { seed: Some(0), ..Sampling::default() }),
            sampled(Sampling { stop: vec!["a".into(), "b".into()], ..Sampling::default() }),
            sampled(Sampling { stop: vec!["ab".into()], ..Sampling::default() }),
            Request { json: JsonMode::Asked, ..asked() },
            Request { json: JsonMode::Object, ..asked() },
            Request { schema: Some("{}".into()), ..asked() },
            Request { extra: Some("{}".into()), ..asked() },
            Request { embedding: true, ..asked() },
        ];
        let keys: HashSet<Key> = all.iter().map(|request| Key::of(request, None)).collect();
        assert_eq!(keys.len(), all.len());
    }

    #[test]
    fn how_long_and_how_often_it_is_tried_does_not() {
        let choices = Choices { least_used: true, fallback: vec!["f".into()], ..Choices::default() };
        let patient =
            Request { timeout: Duration::from_secs(9), retries: 9, priority: Priority::Batch, choices, ..asked() };
        assert_eq!(Key::of(&patient, None), Key::of(&asked(), None));
    }

    #[test]
    fn a_long_text_counts_whole() {
        let long = |end: &str| {
            let text = "x".repeat(5000) + end;
            Key::of(&Request { messages: vec![Message::new(Role::User, text)], ..Request::default() }, None)
        };
        assert_eq!(long("a"), long("a"));
        assert_ne!(long("a"), long("b"));
    }
}
