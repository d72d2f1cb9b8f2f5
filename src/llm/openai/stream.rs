//! An answer that comes in pieces: chunks of a chat completion, put together.
//!
//! The format: <https://platform.openai.com/docs/api-reference/chat/streaming>. Not here: reading them off the wire, and
//! handing them out.

use super::{
    answer::{self, Asked, Said, Tokens},
    sse::Events,
};
use crate::{
    llm::{Answer, Failure},
    wire::FailureClass,
};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Tokens>,
    model: Option<Arc<str>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    delta: Option<Delta>,
    finish_reason: Option<Arc<str>>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
}

/// As much of an answer as has come.
pub(super) struct Streamed<'a> {
    asked: &'a Asked<'a>,
    events: Events,
    so_far: SoFar,
    /// How much of the text was handed out, in bytes.
    handed: usize,
    /// The most that may come, in bytes.
    bound: usize,
}

#[derive(Default)]
struct SoFar {
    said: Said,
    /// Whether the server said that this is all.
    done: bool,
}

impl<'a> Streamed<'a> {
    pub(super) fn new(asked: &'a Asked<'a>, bound: usize) -> Self {
        Self { asked, events: Events::default(), so_far: SoFar::default(), handed: 0, bound }
    }

    /// Takes the next bytes. After an error, what came before it may still be handed out.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let (asked, so_far) = (self.asked, &mut self.so_far);
        self.events.feed(bytes, &mut |data| so_far.take(data, asked))?;
        let said = &self.so_far.said;
        if self.events.waiting().max(said.text.len()).max(said.refusal.len()) > self.bound {
            let message = format!("{} sent an answer of more than {} MB", self.asked.base, self.bound >> 20);
            return Err(Failure::new(FailureClass::Server, message));
        }
        Ok(())
    }

    /// What came since this was last asked.
    pub(super) fn fresh(&mut self) -> &str {
        let from = std::mem::replace(&mut self.handed, self.so_far.said.text.len());
        &self.so_far.said.text[from..]
    }

    /// Whether nothing more is to come.
    pub(super) fn is_done(&self) -> bool {
        self.so_far.done
    }

    /// Whether the model said why it stopped: what is missing then is no part of the answer.
    pub(super) fn is_whole(&self) -> bool {
        self.so_far.done || self.so_far.said.finish_reason.is_some()
    }

    /// No more bytes come; what was held back for its end may be handed out now.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        let (asked, so_far) = (self.asked, &mut self.so_far);
        self.events.end(&mut |data| so_far.take(data, asked))
    }

    /// The answer that all of it makes.
    pub(super) fn answer(self) -> Result<Answer, Failure> {
        if !self.is_whole() {
            return Err(server(self.asked, "sent an answer that is cut off".into()));
        }
        answer::settle(self.so_far.said, self.asked)
    }
}

impl SoFar {
    fn take(&mut self, data: &[u8], asked: &Asked<'_>) -> Result<(), Failure> {
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
        }
        if self.done || data.trim_ascii().is_empty() {
            return Ok(());
        }
        let chunk: Chunk = serde_json::from_slice(data)
            .map_err(|e| server(asked, format!("sent a piece that is no chat completion: {e}")))?;
        if chunk.error.is_some() {
            return Err(answer::classify(answer::status_within(data), &HeaderMap::new(), data, asked));
        }
        let said = &mut self.said;
        for choice in chunk.choices.into_iter().filter(|c| c.index == 0) {
            if let Some(delta) = choice.delta {
                said.text.push_str(delta.content.as_deref().unwrap_or_default());
                said.refusal.push_str(delta.refusal.as_deref().unwrap_or_default());
            }
            said.finish_reason = choice.finish_reason.or(said.finish_reason.take());
        }
        said.tokens = chunk.usage.or(said.tokens.take());
        said.model = chunk.model.or(said.model.take());
        Ok(())
    }
}

fn server(asked: &Asked<'_>, what: String) -> Failure {
    Failure::transient(FailureClass::Server, format!("{} {what}", asked.base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Usage;

    const ASKED: Asked<'_> = Asked { base: "http://h/v1", model: "m", keyed: true };

    /// The result, and what was handed out.
    fn read(pieces: &[&[u8]]) -> (Result<Answer, Failure>, Vec<String>) {
        let (mut streamed, mut handed) = (Streamed::new(&ASKED, 1000), Vec::new());
        let mut go = || {
            for piece in pieces {
                let fed = streamed.feed(piece);
                handed.push(streamed.fresh().to_owned());
                fed?;
            }
            streamed.end()
        };
        let ended = go();
        handed.retain(|piece| !piece.is_empty());
        (ended.and_then(|()| streamed.answer()), handed)
    }

    fn text(pieces: &[&str]) -> (Result<Answer, Failure>, Vec<String>) {
        read(&pieces.iter().map(|piece| piece.as_bytes()).collect::<Vec<_>>())
    }

    const FULL: &str = "data: {\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"één \"},\"finish_reason\":null}],\"usage\":null}\n\n\
        data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}},{\"delta\":{\"content\":\"😀\"}}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n\
        data: [DONE]\n\n";

    #[test]
    fn pieces_make_the_answer_however_they_are_cut() {
        for size in [1, 2, 3, 7, 64, 10_000] {
            let (answer, handed) = read(&FULL.as_bytes().chunks(size).collect::<Vec<_>>());
            let answer = answer.unwrap();
            assert_eq!((&*answer.text, &*answer.model, &*answer.finish_reason), ("één 😀", "m-2", "length"));
            assert_eq!(answer.usage, Usage { input: 9, output: 2, cached: 4 });
            assert_eq!(handed.concat(), "één 😀");
        }
    }

    #[test]
    fn an_end_without_done_counts_once_the_model_stopped() {
        let (before, _) = FULL.split_once("data: {\"choices\":[],").unwrap();
        assert_eq!(&*text(&[before]).0.unwrap().text, "één 😀");
        let (cut, _) = FULL.split_once("data: {\"choices\":[{\"index\":0,\"delta\":{},").unwrap();
        let (failure, handed) = text(&[cut]);
        let failure = failure.unwrap_err();
        assert!(failure.transient && failure.message.contains("cut off"), "{failure}");
        assert_eq!(handed, ["één 😀"]);
        assert!(text(&[""]).0.is_err());
        assert_eq!(&*text(&["data: [DONE]"]).0.unwrap().finish_reason, "stop");
    }

    #[test]
    fn errors_within_the_stream_have_their_class() {
        for (error, class, transient) in [
            (r#"{"error":{"message":"slow","code":429}}"#, FailureClass::RateLimit, true),
            (r#"{"error":{"message":"x","type":"insufficient_quota"}}"#, FailureClass::Quota, false),
            (r#"{"error":{"message":"boom","type":"server_error"}}"#, FailureClass::Server, true),
            (r#"{"error":"boom"}"#, FailureClass::Server, true),
            ("{", FailureClass::Server, true),
        ] {
            let failure = text(&[&format!("data: {error}\n\n")]).0.unwrap_err();
            assert_eq!((failure.class, failure.transient), (class, transient), "{error} {failure}");
        }
    }

    #[test]
    fn refusals_and_filters_are_as_in_a_whole_answer() {
        let refused = "data: {\"choices\":[{\"delta\":{\"refusal\":\"I can't.\"},\"finish_reason\":\"stop\"}]}\n\n";
        let failure = text(&[refused]).0.unwrap_err();
        assert_eq!((failure.class, failure.transient), (FailureClass::Refused, false));
        let filtered = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n";
        assert_eq!(text(&[filtered]).0.unwrap_err().class, FailureClass::Refused);
    }

    #[test]
    fn a_stream_without_end_is_cut_off_at_the_bound() {
        let piece = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(600));
        assert_eq!(text(&[&piece, &piece]).0.unwrap_err().class, FailureClass::Server);
        assert!(text(&[&"x".repeat(1001)]).0.unwrap_err().message.contains("more than"));
    }
}
