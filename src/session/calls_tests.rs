//! Which frames a session's calls become.

use super::*;
use crate::{
    llm::{Model, Pending, Pieces},
    wire::{JsonMode, MessageHead, Priority, Role, Sampling},
};

/// Gives each piece that a prompt names, keeps who gets them, and answers unless the prompt says to hang.
#[derive(Default)]
struct Said(Mutex<Vec<Pieces>>);

impl Model for Said {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        let text = request.messages[0].text.clone();
        if let Some(pieces) = &request.pieces {
            text.split_inclusive(' ').for_each(|word| (pieces.0)(word));
            self.0.lock().unwrap().push(pieces.clone());
        }
        Box::pin(async move {
            if text.starts_with("hang") {
                return std::future::pending().await;
            }
            let usage = crate::wire::Usage { input: 3, output: 2, ..Default::default() };
            let failure = Failure::new(FailureClass::Schema, "no");
            Err(Failure { usage, cost_usd: Some(0.25), ..failure })
        })
    }
}

fn calls() -> (Arc<Calls>, Arc<Said>) {
    let said = Arc::new(Said::default());
    (Calls::new(Dispatcher::new(said.clone(), 10), Account::new(None)), said)
}

fn submit(calls: &Calls, id: u32, text: &'static str, stream: bool) {
    let head = CallHead {
        id,
        model: None,
        messages: vec![MessageHead { role: Role::User, text: text.len() as u32, images: Vec::new() }],
        sampling: Sampling::default(),
        json: JsonMode::Off,
        schema: 0,
        extra: 0,
        stream,
        asks: crate::wire::Asks::Answer,
        timeout_s: None,
        retries: None,
        priority: Priority::Normal,
        ..CallHead::default()
    };
    calls.submit(head, Bytes::from_static(text.as_bytes())).unwrap();
}

/// The frames to write, credit left out: what they are, whose, and their text.
fn frames(calls: &Calls) -> Vec<(&'static str, u32, String)> {
    let (bytes, mut at, mut found) = (calls.take_frames(), 0, Vec::new());
    while at < bytes.len() {
        let frame = wire::find(&bytes[at..]).unwrap().unwrap();
        let text = String::from_utf8(bytes[at + frame.tail.start..at + frame.tail.end].to_vec()).unwrap();
        match wire::decode(&bytes[at + frame.head.start..at + frame.head.end]).unwrap() {
            ToSession::Piece { id } => found.push(("piece", id, text)),
            ToSession::Done { id, .. } => found.push(("done", id, text)),
            _ => {}
        }
        at += frame.tail.end;
    }
    found
}

/// Lets what was submitted go as far as it can.
async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn pieces_that_come_together_are_one_frame_before_the_end() {
    let (calls, _) = calls();
    submit(&calls, 1, "one two three", true);
    submit(&calls, 2, "not streamed", false);
    settle().await;
    let mut frames = frames(&calls);
    frames.sort_by_key(|frame| frame.1); // The sort is stable: each call's own order stays.
    let done = |id| ("done", id, "no".to_owned());
    assert_eq!(frames, [("piece", 1, "one two three".to_owned()), done(1), done(2)]);
}

#[tokio::test]
async fn a_call_under_way_sends_what_has_come_and_then_the_rest() {
    let (calls, said) = calls();
    submit(&calls, 7, "hang a", true);
    settle().await;
    let piece = |text: &str| ("piece", 7, text.to_owned());
    assert_eq!(frames(&calls), [piece("hang a")]);
    assert_eq!(frames(&calls), []);
    let pieces = said.0.lock().unwrap()[0].clone();
    for text in ["b", "", "c"] {
        (pieces.0)(text);
    }
    assert_eq!(frames(&calls), [piece("bc")]);
}

#[tokio::test]
async fn pieces_of_a_cancelled_call_go_nowhere_even_when_its_number_is_used_again() {
    let (calls, said) = calls();
    submit(&calls, 1, "hang", true);
    settle().await;
    let pieces = said.0.lock().unwrap()[0].clone();
    calls.cancel(1);
    assert_eq!(frames(&calls), [("done", 1, "it was cancelled".to_owned())]);
    (pieces.0)("late");
    submit(&calls, 1, "hang again", true);
    settle().await;
    (pieces.0)("later");
    assert_eq!(frames(&calls), [("piece", 1, "hang again".to_owned())]);
    calls.drop_all();
    assert_eq!(frames(&calls), [("done", 1, "the program ended".to_owned())]);
    settle().await; // The tasks of cancelled calls end, and leave the session.
    let call = Arc::downgrade(&calls);
    drop(calls);
    (pieces.0)("latest");
    assert!(call.upgrade().is_none(), "pieces keep no session");
}

#[tokio::test]
async fn a_failure_counts_what_was_paid_before_it() {
    let (calls, _) = calls();
    submit(&calls, 1, "x", false);
    settle().await;
    let usage = calls.usage();
    assert_eq!((usage.failures, usage.input_tokens, usage.output_tokens, usage.cost_usd), (1, 3, 2, Some(0.25)));
}
