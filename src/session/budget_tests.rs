//! What a session's calls are charged.

use super::*;
use crate::{
    llm::{Pending, Price, router},
    wire::{MessageHead, Role, Sampling},
};
use std::sync::atomic::Ordering::Relaxed;

fn head(id: u32, text: &str) -> CallHead {
    let messages = vec![MessageHead { role: Role::User, text: text.len() as u32, images: Vec::new() }];
    let sampling = Sampling { max_tokens: Some(10), ..Sampling::default() };
    CallHead { id, messages, sampling, ..CallHead::default() }
}

/// The frames for the session so far, by call.
fn answered(calls: &Calls) -> Vec<(u32, Result<(), FailureClass>)> {
    let (bytes, mut at, mut seen) = (calls.take_frames(), 0, Vec::new());
    while let Ok(Ok(found)) = wire::find(&bytes[at..]) {
        match wire::decode(&bytes[at..][found.head]).unwrap() {
            ToSession::Done { id, head: DoneHead::Answer { .. } } => seen.push((id, Ok(()))),
            ToSession::Done { id, head: DoneHead::Failure { class, .. } } => seen.push((id, Err(class))),
            _ => {}
        }
        at += found.tail.end;
    }
    seen
}

#[tokio::test]
async fn a_session_that_does_not_count_for_itself_gets_no_call_beyond_its_budget() {
    let settings = router::Settings { offline: true, ..router::Settings::default() };
    let calls = Calls::new(Dispatcher::new(router::stack(settings), 10), Account::new(None));
    calls.limit(Limits { calls: Some(2), tokens: None, cost_usd: None });
    for id in 0..4 {
        calls.submit(head(id, "Say."), Bytes::from_static(b"Say.")).unwrap();
    }
    while calls.usage().calls > calls.account.counts().ended.load(Relaxed) {
        tokio::task::yield_now().await;
    }
    let mut seen = answered(&calls);
    seen.sort_by_key(|(id, _)| *id);
    let over = Err(FailureClass::Budget);
    assert_eq!(seen, [(0, Ok(())), (1, Ok(())), (2, over), (3, over)]);
}

/// Fails before anything is sent.
struct Unsendable;

impl crate::llm::Model for Unsendable {
    fn complete<'a>(&'a self, _: &'a Request) -> Pending<'a> {
        let failure = Failure { attempts: 0, ..Failure::new(FailureClass::BadRequest, "no") };
        Box::pin(std::future::ready(Err(failure)))
    }
}

#[tokio::test]
async fn a_call_that_was_never_sent_takes_nothing_of_the_budget() {
    let calls = Calls::new(Dispatcher::new(Arc::new(Unsendable), 1), Account::new(None));
    calls.limit(Limits { calls: Some(1), tokens: None, cost_usd: None });
    for id in 0..3 {
        calls.submit(head(id, "Say."), Bytes::from_static(b"Say.")).unwrap();
        while calls.usage().calls > calls.account.counts().ended.load(Relaxed) {
            tokio::task::yield_now().await;
        }
    }
    let bad = Err(FailureClass::BadRequest);
    assert_eq!(answered(&calls), [(0, bad), (1, bad), (2, bad)]);
}

/// Never answers; what it was sent has twelve tokens.
struct Silent;

impl crate::llm::Model for Silent {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(async {
            let _sent = request.course.sent(12, Some(Price { input: 1e6, ..Price::FREE }));
            std::future::pending().await
        })
    }
}

#[tokio::test]
async fn cancelling_frees_what_was_set_aside_but_for_the_call_and_its_prompt_when_it_was_sent() {
    let calls = Calls::new(Dispatcher::new(Arc::new(Silent), 1), Account::new(None));
    calls.limit(Limits { calls: Some(2), tokens: Some(35), cost_usd: None });
    let submit = |id| calls.submit(head(id, "Say."), Bytes::from_static(b"Say.")).unwrap();
    submit(0);
    submit(1);
    // So far nothing has been sent: no task has run.
    calls.cancel(0);
    assert_eq!((calls.usage().input_tokens, calls.summary().attempts), (0, 0));
    submit(2);
    tokio::task::yield_now().await;
    calls.cancel(2);
    submit(3);
    submit(4);
    let seen = answered(&calls);
    let (over, cancelled) = (Err(FailureClass::Budget), Err(FailureClass::Cancelled));
    assert_eq!(seen, [(1, over), (0, cancelled), (2, cancelled), (4, over)]);
    let (usage, summary) = (calls.usage(), calls.summary());
    assert_eq!((usage.input_tokens, usage.cost_usd), (12, Some(12.0)));
    assert_eq!((summary.cancelled, summary.attempts, summary.failures), (2, 1, vec![("budget", 2)]));
}
