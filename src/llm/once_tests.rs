//! What is sent once, what is not, and who may go away.

use super::*;
use crate::{
    llm::{Message, Text},
    wire::{Role, Sampling},
};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

/// Answers after a second, and counts.
#[derive(Default)]
struct Slow {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Model for Slow {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(async move {
            self.begun.fetch_add(1, SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.ended.fetch_add(1, SeqCst);
            Ok(Answer {
                text: request.messages[0].text.clone(),
                model: "m".into(),
                usage: Usage { input: 5, output: 5, ..Usage::default() },
                cost_usd: Some(1.0),
                latency: Duration::from_secs(1),
                attempts: 1,
                finish_reason: "stop".into(),
            })
        })
    }
}

fn request(text: &str, temperature: f64) -> Request {
    let sampling = Sampling { temperature: Some(temperature), ..Sampling::default() };
    Request { messages: vec![Message::new(Role::User, text)], sampling, ..Request::default() }
}

fn once() -> (Arc<Slow>, Arc<Once>) {
    let slow = Arc::new(Slow::default());
    (slow.clone(), Arc::new(Once::new(slow, |_| false)))
}

fn ask(once: &Arc<Once>, request: Request) -> tokio::task::JoinHandle<Result<Answer, Failure>> {
    let once = once.clone();
    tokio::spawn(async move { once.complete(&request).await })
}

#[tokio::test(start_paused = true)]
async fn the_same_request_is_sent_once_and_paid_for_once() {
    let (slow, once) = once();
    let calls: Vec<_> = (0..10).map(|_| ask(&once, request("a", 0.0))).collect();
    let mut cost = 0.0;
    for call in calls {
        let answer = call.await.unwrap().unwrap();
        assert_eq!(answer.text, Text::from("a"));
        cost += answer.cost_usd.unwrap();
    }
    assert_eq!((slow.begun.load(SeqCst), cost), (1, 1.0));
    ask(&once, request("a", 0.0)).await.unwrap().unwrap();
    assert_eq!(slow.begun.load(SeqCst), 2, "what has ended is asked again");
    assert!(lock(&once.under_way).is_empty());
}

#[tokio::test(start_paused = true)]
async fn others_are_sent_each() {
    let (slow, once) = once();
    let mut limited = request("a", 0.0);
    limited.sampling.max_tokens = Some(1);
    // Alike but in the middle, where nobody looks at first.
    let long = |middle: &str| request(&format!("{0}{middle}{0}", "-".repeat(1000)), 0.0);
    let several =
        [request("a", 0.5), request("a", 0.5), request("a", 0.0), request("b", 0.0), limited, long("x"), long("y")];
    for (call, text) in several.map(|request| (ask(&once, request.clone()), request.messages[0].text.clone())) {
        assert_eq!(call.await.unwrap().unwrap().text, text);
    }
    assert_eq!(slow.begun.load(SeqCst), 7);
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_while_anybody_waits_and_no_longer() {
    let (slow, once) = once();
    let (first, second) = (ask(&once, request("a", 0.0)), ask(&once, request("a", 0.0)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.abort();
    assert_eq!(second.await.unwrap().unwrap().text, Text::from("a"));
    assert_eq!((slow.begun.load(SeqCst), slow.ended.load(SeqCst)), (1, 1));
    let third = ask(&once, request("a", 0.0));
    tokio::time::sleep(Duration::from_millis(100)).await;
    third.abort();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((slow.begun.load(SeqCst), slow.ended.load(SeqCst)), (2, 1));
    assert!(lock(&once.under_way).is_empty());
}
