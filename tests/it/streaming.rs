//! Answers that come in pieces: what is handed out, what the whole is, and what happens when they break off.

use crate::mock::{Mock, Reply, Step};
use bessemer::{
    llm::{Answer, Failure, Message, Model, Pieces, Request, router},
    wire::{FailureClass, Role},
};
use serde_json::json;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// The whole stack of models over a server.
fn stack(mock: &Mock) -> Arc<dyn Model> {
    let (openai_base, default_model) = (Some(mock.base_url()), Some("mock".into()));
    router::stack(router::Settings { openai_base, default_model, ..Default::default() })
}

fn request() -> Request {
    let messages = vec![Message::new(Role::User, "hi")];
    Request { messages, timeout: Duration::from_secs(20), retries: 2, ..Request::default() }
}

/// Asks for a stream: how it ended, and the pieces that came.
async fn ask(model: &Arc<dyn Model>, request: Request) -> (Result<Answer, Failure>, Vec<String>) {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = seen.clone();
    let pieces = Some(Pieces(Arc::new(move |piece: &str| keep.lock().unwrap().push(piece.into()))));
    let result = model.complete(&Request { pieces, ..request }).await;
    let pieces = std::mem::take(&mut *seen.lock().unwrap());
    (result, pieces)
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_come_as_they_are_said_and_make_the_answer() {
    let (begin, begun) = std::sync::mpsc::channel();
    let mock = Mock::start(|_| {
        let pause = Step::Pause(Duration::from_millis(20));
        Reply::Stream(vec![Step::Say("één "), pause, Step::Bytes(b": ping\r\n\r\n".to_vec()), Step::Say("😀 three")])
    });
    let pieces = Some(Pieces(Arc::new(move |piece: &str| begin.send(piece.to_owned()).unwrap())));
    let answer = stack(&mock).complete(&Request { pieces, ..request() }).await.unwrap();
    assert_eq!((&*answer.text, &*answer.finish_reason, &*answer.model), ("één 😀 three", "stop", "mock"));
    assert_eq!((answer.usage.input, answer.usage.output, answer.attempts), (7, 4, 1));
    let pieces: Vec<String> = begun.iter().collect();
    assert_eq!((&*pieces[0], pieces.concat()), ("één ", "één 😀 three".into()));
    let body = mock.last_body();
    assert_eq!((&body["stream"], &body["stream_options"]), (&json!(true), &json!({ "include_usage": true })));
}

#[tokio::test]
async fn a_character_cut_in_two_arrives_whole() {
    let event = "data: {\"choices\":[{\"delta\":{\"content\":\"a😀b\"}}]}\r\n\r\n";
    let at = event.find('😀').unwrap() + 2;
    let mock = Mock::start(move |_| {
        let pause = || Step::Pause(Duration::from_millis(5));
        let (one, two) = event.as_bytes().split_at(at);
        Reply::Stream(vec![Step::Bytes(one.into()), pause(), Step::Bytes(two.into()), pause(), Step::Say("!")])
    });
    let (answer, pieces) = ask(&stack(&mock), request()).await;
    assert_eq!((&*answer.unwrap().text, &*pieces.concat()), ("a😀b!", "a😀b!"));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let mock = Mock::start(|_| Reply::Usage { text: "all at once".into(), input: 3, output: 4, finish: "length" });
    let (answer, pieces) = ask(&stack(&mock), request()).await;
    let answer = answer.unwrap();
    assert_eq!((&*answer.text, &*answer.finish_reason, answer.usage.output), ("all at once", "length", 4));
    assert_eq!(pieces, ["all at once"]);
}

#[tokio::test]
async fn refused_stream_options_are_left_out_and_remembered() {
    let mock = Mock::start(|call| match call.body.get("stream_options") {
        Some(_) => Reply::refuse("stream_options"),
        None => Reply::Stream(vec![Step::Say("fine")]),
    });
    let model = stack(&mock);
    for _ in 0..2 {
        let (answer, _) = ask(&model, request()).await;
        let answer = answer.unwrap();
        assert_eq!((&*answer.text, answer.usage.output), ("fine", 0));
    }
    let with: Vec<bool> = mock.bodies().iter().map(|body| body.get("stream_options").is_some()).collect();
    assert_eq!(with, [true, false, false]);
    assert!(mock.bodies().iter().all(|body| body["stream"] == true));
}

#[tokio::test]
async fn what_breaks_before_the_first_piece_is_asked_for_again() {
    let mock = Mock::start(|call| match call.n {
        0 => Reply::Stream(vec![Step::Cut]),
        1 => Reply::Stream(vec![Step::Error(json!({ "message": "overloaded", "code": 503 }))]),
        _ => Reply::Stream(vec![Step::Say("at last")]),
    });
    let (answer, pieces) = ask(&stack(&mock), request()).await;
    assert_eq!((&*answer.unwrap().text, mock.count(), pieces.concat()), ("at last", 3, "at last".into()));
}

#[tokio::test]
async fn what_breaks_after_a_piece_is_not_asked_for_again_and_says_how_far_it_came() {
    let timeout = Duration::from_millis(300);
    for (last, class, word) in [
        (Step::Cut, FailureClass::Network, "cut off"),
        (Step::End, FailureClass::Server, "cut off"),
        (Step::Hang, FailureClass::Timeout, "within 0.3 s"),
        (Step::Error(json!({ "message": "slow down", "code": 429 })), FailureClass::RateLimit, "slow down"),
        (Step::Bytes(b"data: {\"choices\": 7}\n\n".to_vec()), FailureClass::Server, "no chat completion"),
    ] {
        let last = Mutex::new(Some(last));
        let mock = Mock::start(move |_| {
            let last = last.lock().unwrap().take().expect("one attempt");
            Reply::Stream(vec![Step::Say("één"), Step::Say("two"), Step::Pause(Duration::from_millis(20)), last])
        });
        let (result, pieces) = ask(&stack(&mock), Request { timeout, ..request() }).await;
        let failure = result.unwrap_err();
        assert_eq!((failure.class, failure.attempts, mock.count()), (class, 1, 1), "{failure}");
        assert!(
            failure.message.contains("broke off after 6 characters") && failure.message.contains(word),
            "{failure}"
        );
        assert_eq!((pieces.concat(), failure.transient), ("ééntwo".to_owned(), false));
    }
}

#[tokio::test]
async fn connections_serve_one_stream_after_the_other() {
    let mock = Mock::start(|_| Reply::Stream(vec![Step::Say("x")]));
    let model = stack(&mock);
    for _ in 0..20 {
        assert_eq!(&*ask(&model, request()).await.0.unwrap().text, "x");
    }
    assert_eq!(mock.count(), 20);
}
