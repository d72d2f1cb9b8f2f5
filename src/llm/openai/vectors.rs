//! Embeddings: <https://platform.openai.com/docs/api-reference/embeddings>.
//!
//! Not here: how many texts go together, which the caller decides.

use crate::{
    llm::{
        Answer, Failure, Request, embed,
        http::text::string,
        server::{
            body::{Body, Params, buffer, comma, extra, fields},
            reply::{self, Asked, Said, settle},
        },
    },
    wire::Usage,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;
use serde::{
    Deserialize, Deserializer,
    de::{self, SeqAccess, Visitor},
};
use std::sync::Arc;

/// Writes the body. Base64 takes a quarter of the room that numbers would.
pub(super) fn write(request: &Request, model: &str) -> Result<Body, Failure> {
    let mut extra = extra(request, &["model", "input", "encoding_format"])?;
    extra.insert("encoding_format".into(), "base64".into());
    let mut out = buffer(request);
    out.extend_from_slice(b"{\"model\":");
    string(&mut out, model);
    out.extend_from_slice(b",\"input\":[");
    for message in &request.messages {
        comma(&mut out);
        string(&mut out, &message.text);
    }
    out.push(b']');
    fields(&mut out, &extra);
    out.push(b'}');
    Ok(Body { bytes: out.into(), sent: Params::default() })
}

#[derive(Deserialize)]
struct Reply {
    data: Vec<One>,
    model: Option<Arc<str>>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct One {
    index: Option<usize>,
    embedding: Embedding,
}

/// A vector. Compatible servers may not know base64.
struct Embedding(Vec<f32>);

impl<'de> Deserialize<'de> for Embedding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Embedding;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("numbers, or their bytes in base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Embedding, E> {
                let bytes = BASE64_STANDARD.decode(text).map_err(E::custom)?;
                Ok(Embedding(embed::floats(&bytes)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Embedding, A::Error> {
                let mut all = Vec::new();
                while let Some(number) = numbers.next_element()? {
                    all.push(number);
                }
                Ok(Embedding(all))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: Option<u64>,
}

/// The vectors, in the order of the texts.
pub(super) fn parse(headers: &HeaderMap, body: &[u8], texts: usize, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let reply: Reply = reply::read(headers, body, asked, "list of embeddings")?;
    let mut vectors = vec![Vec::new(); texts];
    for (at, one) in reply.data.into_iter().enumerate() {
        match vectors.get_mut(one.index.unwrap_or(at)) {
            Some(place) => *place = one.embedding.0,
            None => return Err(asked.server("sent an embedding that is none of those asked for")),
        }
    }
    let text = embed::encode(&vectors).map_err(|why| asked.server(why))?;
    let input = reply.usage.and_then(|u| u.prompt_tokens).unwrap_or(0);
    let usage = Some(Usage { input, ..Usage::default() });
    settle(Said { text, model: reply.model, usage, ..Said::default() }, asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::{Message, openai::SITE},
        wire::Role,
    };
    use serde_json::{Value, json};

    const ASKED: Asked<'_> = Asked { site: &SITE, base: "http://h/v1", model: "m", keyed: true };

    #[test]
    fn the_texts_are_sent_together() {
        let messages = vec![Message::new(Role::User, "a\"b"), Message::new(Role::User, "c")];
        let request =
            Request { messages, embedding: true, extra: Some(r#"{"dimensions": 2}"#.into()), ..Request::default() };
        let sent: Value = serde_json::from_slice(&write(&request, "e-1").unwrap().bytes).unwrap();
        let wanted = json!({ "model": "e-1", "input": ["a\"b", "c"], "dimensions": 2, "encoding_format": "base64" });
        assert_eq!(sent, wanted);
    }

    #[test]
    fn vectors_come_in_the_order_of_the_texts_in_either_notation() {
        let parse = |data: Value| {
            let body = json!({ "data": data, "model": "e-1", "usage": { "prompt_tokens": 5 } }).to_string();
            parse(&HeaderMap::new(), body.as_bytes(), 2, &ASKED)
        };
        let numbers = json!([{ "index": 1, "embedding": [2.0, 0.5] }, { "index": 0, "embedding": [1.0, -1.0] }]);
        let base64 = json!([{ "embedding": "AACAPwAAgL8=" }, { "embedding": "AAAAQAAAAD8=" }]);
        for data in [numbers, base64] {
            let answer = parse(data).unwrap();
            assert_eq!(embed::decode(&answer.text).unwrap(), [[1.0, -1.0], [2.0, 0.5]]);
            assert_eq!((answer.usage.input, &*answer.model), (5, "e-1"));
        }
        for bad in [
            json!([]),
            json!([{ "embedding": [1.0] }]),
            json!([{ "embedding": [1.0] }, { "embedding": [1.0, 2.0] }]),
            json!([{ "embedding": [1.0] }, { "embedding": "!" }]),
            json!([{ "embedding": [1.0] }, { "index": 2, "embedding": [1.0] }]),
        ] {
            let failure = parse(bad.clone()).unwrap_err();
            assert_eq!(failure.class, crate::wire::FailureClass::Server, "{bad}");
        }
    }
}
