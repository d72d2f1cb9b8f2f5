//! Lanes against a simulated provider, under a clock that stands still while anybody works.

use super::{
    super::{Lanes, Measure},
    *,
};
use crate::{
    llm::{
        Message, Model,
        retry::{Provider, Retry},
    },
    wire::{Priority, Role, Sampling},
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::task::JoinSet;

const SECOND: Duration = Duration::from_secs(1);

/// How a simulated provider limits: so many requests, or tokens, in so many seconds, which come back evenly or all at once.
#[derive(Clone, Copy)]
struct Rule {
    limit: f64,
    tokens: bool,
    window: f64,
    at_once: bool,
    /// Whether it says so in headers, as against saying nothing but when to come back.
    tells: bool,
}

#[derive(Default)]
struct Sim {
    rule: Option<Rule>,
    state: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// What is left, and when that was.
    level: Option<(f64, Instant)>,
    window_ends: Option<Instant>,
    /// How many may be under way at once; 0 for any number.
    capacity: usize,
    in_flight: usize,
    peak: usize,
    requests: usize,
    refused: usize,
    /// When each refusal was, and the requests' texts in the order of their answers.
    refusals: Vec<Instant>,
    answered: Vec<String>,
    /// What was taken of the limit in all.
    taken: f64,
}

impl Sim {
    /// Takes a request, or says when to come back.
    fn arrive(&self, request: &Request) -> (Result<(), Option<Duration>>, Option<Told>) {
        let mut seen = lock(&self.state);
        let now = Instant::now();
        seen.requests += 1;
        if seen.capacity > 0 && seen.in_flight >= seen.capacity {
            return (Err(None), None);
        }
        let Some(rule) = self.rule else { return (Ok(()), None) };
        let (mut level, at) = seen.level.unwrap_or((rule.limit, now));
        if rule.at_once {
            let ends = *seen.window_ends.get_or_insert(now + Duration::from_secs_f64(rule.window));
            if now >= ends {
                level = rule.limit;
                seen.window_ends = Some(now + Duration::from_secs_f64(rule.window));
            }
        } else {
            level = (level + (now - at).as_secs_f64() * rule.limit / rule.window).min(rule.limit);
        }
        // A count of its own: what it charges is near what is estimated, and not the same.
        let cost = if rule.tokens { request.messages[0].text.len() as f64 / 3.9 + 10.0 } else { 1.0 };
        let taken = level >= cost;
        if taken {
            level -= cost;
            seen.taken += cost;
        }
        seen.level = Some((level, now));
        let reset = match seen.window_ends {
            Some(ends) => ends - now,
            None => Duration::from_secs_f64((rule.limit - level) * rule.window / rule.limit),
        };
        let measure = Measure { limit: rule.limit, remaining: level.floor(), reset: Some(reset) };
        let told = match rule.tokens {
            true => Told { tokens: Some(measure), ..Told::default() },
            false => Told { requests: Some(measure), ..Told::default() },
        };
        let wait = if rule.at_once {
            reset
        } else {
            Duration::from_secs_f64((cost - level).max(0.0) * rule.window / rule.limit)
        };
        (if taken { Ok(()) } else { Err(Some(wait)) }, Some(told).filter(|_| rule.tells))
    }
}

impl Provider for Arc<Sim> {
    type Prepared = Option<Told>;

    fn prepare(&self, _: &Request) -> Result<Option<Told>, Failure> {
        Ok(None)
    }

    async fn attempt(&self, request: &Request, prepared: &mut Option<Told>) -> Result<Answer, Failure> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let (taken, told) = self.arrive(request);
        *prepared = told;
        if let Err(wait) = taken {
            let mut seen = lock(&self.state);
            seen.refused += 1;
            seen.refusals.push(Instant::now());
            let failure = Failure::transient(FailureClass::RateLimit, "slow down");
            return Err(Failure { retry_after: wait, ..failure });
        }
        {
            let mut seen = lock(&self.state);
            seen.in_flight += 1;
            seen.peak = seen.peak.max(seen.in_flight);
        }
        let n = fastrand::u64(0..100);
        tokio::time::sleep(Duration::from_millis(150 + n)).await;
        let mut seen = lock(&self.state);
        seen.in_flight -= 1;
        let text = request.messages[0].text.to_string();
        seen.answered.push(text.clone());
        Ok(answer(&text))
    }

    fn told(&self, prepared: &mut Option<Told>) -> Option<Told> {
        prepared.take()
    }
}

fn ranked(priority: Priority) -> Request {
    Request { priority, ..Request::default() }
}

fn answer(text: &str) -> Answer {
    Answer {
        text: text.into(),
        model: "m".into(),
        usage: Usage { input: (text.len() as f64 / 3.9) as u64, output: 10, ..Usage::default() },
        cost_usd: None,
        latency: Duration::ZERO,
        attempts: 1,
        finish_reason: "stop".into(),
    }
}

fn request(text: impl ToString) -> Request {
    let messages = vec![Message::new(Role::User, text.to_string())];
    let sampling = Sampling { max_tokens: Some(10), ..Sampling::default() };
    Request { model: Some("m".into()), messages, sampling, timeout: 9 * SECOND, retries: 4, ..Request::default() }
}

/// Sends so many requests, at most so many of them under way, and gives how long that took.
async fn send(model: &Arc<Retry<Arc<Sim>>>, requests: impl Iterator<Item = Request>, most: usize) -> Duration {
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for request in requests {
        if calls.len() >= most {
            calls.join_next().await.unwrap().unwrap();
        }
        let model = model.clone();
        calls.spawn(async move { model.complete(&request).await.map(drop).expect("no call is lost") });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }
    start.elapsed()
}

fn model(rule: Option<Rule>) -> (Arc<Sim>, Arc<Retry<Arc<Sim>>>) {
    let sim = Arc::new(Sim { rule, ..Sim::default() });
    (sim.clone(), Arc::new(Retry::new(sim)))
}

/// Five thousand calls under a rule: the share of the limit that was used, and the refusals after the first second.
async fn five_thousand(rule: Rule) -> (f64, usize) {
    fastrand::seed(7);
    let (sim, model) = model(Some(rule));
    let start = Instant::now();
    // Up to a thousand tokens each.
    let padded = |n: usize| request(format!("{n} {}", "x".repeat(if rule.tokens { n * 7919 % 4000 } else { 0 })));
    let took = send(&model, (0..5000).map(padded), 1000).await.as_secs_f64();
    let seen = lock(&sim.state);
    let all: HashSet<_> = seen.answered.iter().collect();
    assert_eq!((all.len(), seen.answered.len()), (5000, 5000), "each is answered once");
    let pace = rule.limit / rule.window;
    // One limit's worth is there at the start.
    let ideal = match rule.at_once {
        true => (seen.taken / rule.limit - 1.0).ceil() * rule.window,
        false => (seen.taken - rule.limit) / pace,
    };
    let later = seen.refusals.iter().filter(|at| **at > start + SECOND).count();
    (ideal / took, later)
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_comes_back_evenly_is_learned_and_used() {
    let (used, later) =
        five_thousand(Rule { limit: 500.0, tokens: false, window: 10.0, at_once: false, tells: true }).await;
    assert!(used > 0.95 && later < 50, "{used} {later}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_a_window_is_learned_and_used() {
    let (used, later) =
        five_thousand(Rule { limit: 500.0, tokens: false, window: 10.0, at_once: true, tells: true }).await;
    assert!(used > 0.95 && later < 50, "{used} {later}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_tokens_is_learned_and_used() {
    let rule = Rule { limit: 250_000.0, tokens: true, window: 10.0, at_once: false, tells: true };
    let (used, later) = five_thousand(rule).await;
    assert!(used > 0.95 && later < 50, "{used} {later}");
    let (used, later) = five_thousand(Rule { at_once: true, ..rule }).await;
    assert!(used > 0.95 && later < 50, "{used} {later}");
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_told_no_call_is_lost() {
    let (used, _) =
        five_thousand(Rule { limit: 500.0, tokens: false, window: 10.0, at_once: false, tells: false }).await;
    assert!(used > 0.5, "{used}");
}

#[tokio::test(start_paused = true)]
async fn the_width_follows_what_the_provider_can_take() {
    fastrand::seed(7);
    let (sim, model) = model(None);
    let width = || model.limits()[0].width;
    lock(&sim.state).capacity = 200;
    send(&model, (0..3000).map(request), 150).await;
    assert_eq!((width(), lock(&sim.state).refused), (None, 0), "nothing bounds what was never refused");
    lock(&sim.state).capacity = 20;
    send(&model, (0..2000).map(request), 150).await;
    let narrow = width().unwrap();
    assert!((5..=30).contains(&narrow), "{narrow}");
    let refused = lock(&sim.state).refused;
    assert!(refused < 500, "{refused}");
    (lock(&sim.state).capacity, lock(&sim.state).peak) = (200, 0);
    send(&model, (0..8000).map(request), 150).await;
    assert_eq!(lock(&sim.state).refused, refused);
    assert!(lock(&sim.state).peak > 140, "{} {:?}", lock(&sim.state).peak, width());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_asked_of_one_call_is_kept_by_all() {
    let (sim, model) = model(Some(Rule { limit: 1.0, tokens: false, window: 30.0, at_once: true, tells: false }));
    let start = Instant::now();
    model.complete(&request(0)).await.unwrap();
    let (one, two) = (request(1), request(2));
    let refused = tokio::spawn({
        let model = model.clone();
        async move { model.complete(&one).await.map(drop) }
    });
    tokio::time::sleep(SECOND).await;
    assert_eq!(lock(&sim.state).refused, 1);
    let paused = model.limits()[0].paused;
    assert!(paused > 25.0 && paused < 30.0, "{paused}");
    model.complete(&Request { retries: 0, ..two }).await.map(drop).unwrap_or_default();
    assert!(start.elapsed() > 29 * SECOND, "the second did not go before that");
    refused.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_of_the_whole_key_unless_the_provider_says_of_what() {
    let told = Told { requests_a_minute: Some(100.0), ..Told::default() };
    for (words, told, other_waits) in
        [("slow down", None, true), ("slow down, m", None, false), ("slow", Some(told), false)]
    {
        let lanes = Lanes::default();
        let (one, other) = (lanes.of(Some(&"m".into())), lanes.of(Some(&"n".into())));
        let permit = one.admit([1.0; KINDS], &Request::default(), false).await.unwrap();
        let failure = Failure::transient(FailureClass::RateLimit, words);
        permit.ended(&Err(Failure { retry_after: Some(30 * SECOND), ..failure }), told);
        let start = Instant::now();
        other.admit([1.0; KINDS], &Request::default(), false).await.unwrap();
        assert_eq!(start.elapsed() >= 30 * SECOND, other_waits, "{words}");
        assert_eq!(lanes.standing().iter().filter(|lane| lane.paused > 0.0).count(), usize::from(!other_waits));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_go_first_and_the_last_still_move() {
    let (sim, model) = model(Some(Rule { limit: 10.0, tokens: false, window: 1.0, at_once: false, tells: true }));
    send(&model, (0..30).map(request), 30).await;
    lock(&sim.state).answered.clear();
    let ranks = [Priority::Batch, Priority::Normal, Priority::High];
    let all = ranks
        .into_iter()
        .flat_map(|rank| (0..100).map(move |n| Request { priority: rank, ..request(format!("{rank:?}{n}")) }));
    send(&model, all, 1000).await;
    let answered = &lock(&sim.state).answered;
    let among = |rank: Priority, range: std::ops::Range<usize>| {
        answered[range].iter().filter(|text| text.starts_with(&format!("{rank:?}"))).count()
    };
    // Those that came before the others had a place at once.
    assert!(among(Priority::High, 15..100) > 60, "{answered:?}");
    assert!(among(Priority::Batch, 15..115) >= 2 && among(Priority::Normal, 15..115) >= 5, "{answered:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_while_it_waits_takes_no_place() {
    let lane: Arc<Lane> = Arc::default();
    let one = [1.0; KINDS];
    {
        let mut state = lock(&lane.state);
        state.width.refused(0, 0, 1);
    }
    let held = lane.admit(one, &ranked(Priority::Normal), false).await.unwrap();
    for _ in 0..100 {
        let waits = tokio::time::timeout(SECOND, lane.admit(one, &ranked(Priority::Normal), false)).await;
        assert!(waits.is_err());
    }
    drop(held);
    let next = tokio::time::timeout(SECOND, lane.admit(one, &ranked(Priority::Batch), false)).await;
    assert!(next.is_ok_and(|permit| permit.is_ok()));
    assert_eq!((lane.standing("m").in_flight, lane.standing("m").waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_fails_unsent() {
    let lane: Arc<Lane> = Arc::default();
    let permit = lane.admit([1.0; KINDS], &ranked(Priority::Normal), false).await.unwrap();
    let measure = Measure { limit: 100.0, remaining: 0.0, reset: Some(86_400 * SECOND) };
    permit.ended(&Ok(answer("x")), Some(Told { requests: Some(measure), ..Told::default() }));
    let failure = lane.admit([1.0; KINDS], &ranked(Priority::Normal), false).await.unwrap_err();
    assert_eq!((failure.class, failure.attempts), (FailureClass::RateLimit, 0));
    assert!(failure.message.contains("too long to wait"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn tokens_are_charged_by_what_they_were_and_cached_ones_are_not() {
    let lane: Arc<Lane> = Arc::default();
    let told = Told { input_a_minute: Some(1000.0), ..Told::default() };
    let permit = lane.admit([1.0, 500.0, 400.0, 100.0], &ranked(Priority::Normal), false).await.unwrap();
    permit.ended(&Err(Failure::transient(FailureClass::RateLimit, "x")), Some(told));
    tokio::time::sleep(60 * SECOND).await;
    let permit = lane.admit([1.0, 500.0, 400.0, 100.0], &ranked(Priority::Normal), false).await.unwrap();
    let left = || lane.standing("m").input_tokens.unwrap().left;
    assert_eq!(left(), 600.0);
    let usage = Usage { input: 500, cached: 450, output: 5, ..Usage::default() };
    permit.ended(&Ok(Answer { usage, ..answer("x") }), None);
    assert_eq!(left(), 950.0);
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_holds_whatever_the_provider_tells() {
    let sim = Arc::new(Sim {
        rule: Some(Rule { limit: 1000.0, tokens: false, window: 1.0, at_once: false, tells: true }),
        ..Sim::default()
    });
    let settled = Settled { requests: Some(60), concurrent: Some(20), ..Settled::default() };
    let model = Arc::new(Retry::new(sim.clone()).limited(HashMap::from([("m".into(), settled)]), Settled::default()));
    let took = send(&model, (0..120).map(request), 100).await;
    // Sixty at once, and sixty in the minute after that.
    assert!((55.0..65.0).contains(&took.as_secs_f64()), "{took:?}");
    assert_eq!(lock(&sim.state).peak, 20);
    let standing = &model.limits()[0];
    assert_eq!((standing.width, standing.requests.map(|left| left.limit)), (Some(20), Some(60.0)));
}
