//! Who is asked, in what order, and who pays.

use super::*;
use crate::{
    llm::Message,
    wire::{Role, Sampling},
};

/// Models by name: `bad…` fails for good, `slow…` takes ten seconds, `hang` never answers.
#[derive(Default)]
struct Named(Mutex<Vec<String>>);

impl Model for Named {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(async move {
            let name = request.model.clone().unwrap_or_default();
            let nth = {
                let mut asked = lock(&self.0);
                asked.push(name.to_string());
                asked.iter().filter(|asked| **asked == *name).count()
            };
            let usage = Usage { input: 10, output: 1, ..Usage::default() };
            if let Some(Pieces(give)) = request.pieces.as_ref().filter(|_| name.ends_with("talks")) {
                give("half");
            }
            if name.starts_with("bad") {
                let failure = Failure::new(FailureClass::Schema, format!("{name} failed"));
                return Err(Failure { usage, cost_usd: Some(0.5), ..failure });
            }
            let sent = request.course.sent(7, Some(Price { input: 1e6, ..Price::FREE }));
            // The second copy of a slow request is quick.
            let seconds = if name.starts_with("slow") && nth == 1 { 10 } else { 1 };
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            sent.ended(usage);
            Ok(Answer {
                text: (&*name).into(),
                model: name,
                usage,
                cost_usd: Some(1.0),
                latency: Duration::from_secs(1),
                attempts: 1,
                finish_reason: "stop".into(),
            })
        })
    }
}

fn choice() -> (Arc<Named>, Choice<Arc<Named>>) {
    let named = Arc::new(Named::default());
    (named.clone(), Choice::new(named))
}

fn names(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| (*name).into()).collect()
}

fn request(choices: Choices) -> Request {
    let messages = vec![Message::new(Role::User, "four bytes a token, so ten of them")];
    let sampling = Sampling::default();
    Request { model: Some("a".into()), messages, sampling, choices, ..Request::default() }
}

#[tokio::test(start_paused = true)]
async fn each_model_of_a_list_has_its_turn() {
    let (named, choice) = choice();
    for _ in 0..6 {
        choice.complete(&request(Choices { models: names(&["x", "y", "z"]), ..Choices::default() })).await.unwrap();
    }
    choice.complete(&request(Choices { models: names(&["y", "x"]), ..Choices::default() })).await.unwrap();
    assert_eq!(lock(&named.0).join(""), "xyzxyzy");
}

#[tokio::test(start_paused = true)]
async fn the_least_used_is_the_one_with_the_fewest_under_way() {
    let (named, choice) = choice();
    let least = request(Choices { models: names(&["slow", "y"]), least_used: true, ..Choices::default() });
    let slow = choice.complete(&least);
    tokio::pin!(slow);
    assert!(tokio::time::timeout(Duration::from_millis(1), &mut slow).await.is_err());
    for _ in 0..3 {
        choice.complete(&least).await.unwrap();
    }
    assert_eq!(*lock(&named.0), ["slow", "y", "y", "y"]);
    slow.await.unwrap();
    choice.complete(&least).await.unwrap();
    assert_eq!(lock(&named.0)[4], "slow", "none is under way, and it was used less");
}

#[tokio::test(start_paused = true)]
async fn the_next_is_asked_after_a_failure_for_good_and_all_is_paid() {
    let (named, choice) = choice();
    let fallback = names(&["bad2", "c", "d"]);
    let mut asked = request(Choices { fallback: fallback.clone(), ..Choices::default() });
    asked.model = Some("bad1".into());
    let answer = choice.complete(&asked).await.unwrap();
    assert_eq!((&*answer.text, answer.attempts, answer.cost_usd, answer.usage.input), ("c", 3, Some(2.0), 30));
    assert_eq!(*lock(&named.0), ["bad1", "bad2", "c"]);
    asked.choices.fallback = names(&["bad2"]);
    let failure = choice.complete(&asked).await.unwrap_err();
    assert_eq!((&*failure.message, failure.attempts, failure.cost_usd), ("bad2 failed", 2, Some(1.0)));
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_the_beginning_of_two_answers() {
    let (named, choice) = choice();
    for (model, asked) in [("bad talks", 1), ("bad", 2)] {
        lock(&named.0).clear();
        let mut request = request(Choices { fallback: names(&["c"]), ..Choices::default() });
        (request.model, request.pieces) = (Some(model.into()), Some(Pieces(Arc::new(|_| {}))));
        assert_eq!(choice.complete(&request).await.is_err(), asked == 1);
        assert_eq!(lock(&named.0).len(), asked, "{model}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_of_two_copies_wins_and_the_loser_is_counted() {
    let (named, choice) = choice();
    let hedge = Some(Duration::from_secs(2));
    let mut asked = request(Choices { hedge, ..Choices::default() });
    let start = tokio::time::Instant::now();
    let answer = choice.complete(&asked).await.unwrap();
    assert_eq!((answer.attempts, answer.cost_usd, lock(&named.0).len()), (1, Some(1.0), 1), "it was quick");
    asked.model = Some("slow".into());
    let answer = choice.complete(&asked).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    // The prompt of the one that was broken off, by an estimate.
    assert_eq!((answer.attempts, answer.usage.input), (2, 10 + 7));
    assert_eq!(answer.cost_usd, Some(1.0 + 7.0));
    // Cancelled, a call has taken the prompts of both.
    asked.model = Some("slow both".into());
    asked.course = Arc::default();
    let taken = asked.course.clone();
    assert!(tokio::time::timeout(Duration::from_millis(2500), choice.complete(&asked)).await.is_err());
    assert_eq!((taken.taken().attempts, taken.taken().usage.input), (2, 14));
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_fails_leaves_the_other_to_answer() {
    let (named, choice) = choice();
    let hedge = Some(Duration::from_secs(2));
    let slow_then_bad = Choices { models: names(&["slow", "bad"]), hedge, ..Choices::default() };
    let answer = choice.complete(&request(slow_then_bad)).await.unwrap();
    assert_eq!((&*answer.text, answer.attempts, answer.cost_usd), ("slow", 2, Some(1.5)));
    assert_eq!(*lock(&named.0), ["slow", "bad"]);
}
