//! Embeddings: <https://ai.google.dev/api/embeddings>.
//!
//! Not here: how many texts go together, which the caller decides.

use super::resource;
use crate::{
    llm::{
        Answer, Failure, Request, embed,
        http::text::string,
        server::{
            body::{Body, Params, buffer, comma, extra, fields, key},
            reply::{self, Asked, Said, settle},
        },
    },
    wire::Usage,
};
use http::HeaderMap;
use serde::Deserialize;

/// Writes the body: one request for each text, with what the script adds in each.
pub(super) fn write(request: &Request, model: &str) -> Result<Body, Failure> {
    let extra = extra(request, &["model", "content"])?;
    let name = resource(model);
    let mut out = buffer(request);
    out.extend_from_slice(b"{\"requests\":[");
    for message in &request.messages {
        comma(&mut out);
        out.push(b'{');
        key(&mut out, "model");
        string(&mut out, &name);
        out.extend_from_slice(b",\"content\":{\"parts\":[{\"text\":");
        string(&mut out, &message.text);
        out.extend_from_slice(b"}]}");
        fields(&mut out, &extra);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(Body { bytes: out.into(), sent: Params::default() })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    embeddings: Vec<One>,
    usage_metadata: Option<Tokens>,
}

#[derive(Deserialize)]
struct One {
    values: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    prompt_token_count: Option<u64>,
}

/// The vectors, in the order of the texts.
pub(super) fn parse(headers: &HeaderMap, body: &[u8], texts: usize, asked: &Asked<'_>) -> Result<Answer, Failure> {
    let reply: Reply = reply::read(headers, body, asked, "list of embeddings")?;
    if reply.embeddings.len() != texts {
        return Err(asked.server(format!("sent {} embeddings for {texts} texts", reply.embeddings.len())));
    }
    let vectors: Vec<Vec<f32>> = reply.embeddings.into_iter().map(|one| one.values).collect();
    let text = embed::encode(&vectors).map_err(|why| asked.server(why))?;
    let input = reply.usage_metadata.and_then(|u| u.prompt_token_count).unwrap_or(0);
    settle(Said { text, usage: Some(Usage { input, ..Usage::default() }), ..Said::default() }, asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        llm::{Message, gemini::SITE},
        wire::Role,
    };
    use serde_json::{Value, json};

    const ASKED: Asked<'_> = Asked { site: &SITE, base: "http://h", model: "e-1", keyed: true };

    #[test]
    fn each_text_is_a_request_of_the_batch() {
        let messages = vec![Message::new(Role::User, "a\"b"), Message::new(Role::User, "c")];
        let extra = Some(r#"{"outputDimensionality": 2}"#.into());
        let request = Request { messages, embedding: true, extra, ..Request::default() };
        let sent: Value = serde_json::from_slice(&write(&request, "e-1").unwrap().bytes).unwrap();
        let one = |text: &str| {
            json!({ "model": "models/e-1", "content": { "parts": [{ "text": text }] },
            "outputDimensionality": 2 })
        };
        assert_eq!(sent, json!({ "requests": [one("a\"b"), one("c")] }));
    }

    #[test]
    fn vectors_are_read_and_counted() {
        let parse = |body: &str| parse(&HeaderMap::new(), body.as_bytes(), 2, &ASKED);
        let answer = parse(r#"{"embeddings":[{"values":[1,-1]},{"values":[2,0.5]}]}"#).unwrap();
        assert_eq!(embed::decode(&answer.text).unwrap(), [[1.0, -1.0], [2.0, 0.5]]);
        for bad in [
            r#"{"embeddings":[{"values":[1]}]}"#,
            r#"{"embeddings":[{"values":[1]},{"values":[]}]}"#,
            r#"{"embeddings":[{"values":[1]},{"values":[1,2]}]}"#,
            r#"{"embeddings":[{"val"#,
            "{}",
        ] {
            assert_eq!(parse(bad).unwrap_err().class, crate::wire::FailureClass::Server, "{bad}");
        }
    }
}
