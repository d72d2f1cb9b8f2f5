//! Streams of chunks, whole and broken.

use super::*;
use crate::{
    llm::server::Streamed,
    wire::{FailureClass, Usage},
};

const ASKED: Asked<'_> = Asked { site: &SITE, base: "http://h/v1", model: "m", keyed: true };

/// The result, and what was handed out.
fn read(pieces: &[&[u8]]) -> (Result<Answer, Failure>, Vec<String>) {
    let (mut streamed, mut handed) = (Streamed::<ChatCompletions>::new(&ASKED, 1000), Vec::new());
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
        assert_eq!(answer.usage, Usage { input: 9, output: 2, cached: 4, ..Usage::default() });
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
