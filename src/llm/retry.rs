//! Further attempts after a failure that may pass: exponential backoff with full jitter, and the server's own wish.
//!
//! The body of a request is made once, by [`Provider::prepare`], and shared by all attempts. Each attempt waits for its
//! place under the key's limits ([`super::limit`]), and gives it back before it waits for another. Not here: which failures
//! are transient (the provider says so).

use super::{
    Answer, Failure, Model, Pending, Request,
    limit::{Lane, Lanes, Settled, Standing, Told},
    window,
};
use crate::wire::{FailureClass, Usage};
use std::{collections::HashMap, future::Future, time::Duration};
use tokio::time::Instant;

/// The longest `Retry-After` that is waited for.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A provider's wire format: one attempt at a time, over a body that is made once.
pub trait Provider: Send + Sync {
    /// What all attempts of one request share: the serialised body.
    type Prepared: Send;

    /// Makes the body.
    fn prepare(&self, request: &Request) -> Result<Self::Prepared, Failure>;

    /// Asks once, and waits at most `request.timeout`. May replace `prepared` when the server wants another body.
    fn attempt(
        &self,
        request: &Request,
        prepared: &mut Self::Prepared,
    ) -> impl Future<Output = Result<Answer, Failure>> + Send;

    /// What the provider told of its limits in its last reply.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn told(&self, _: &mut Self::Prepared) -> Option<Told> {
        None
    }
}

/// A provider that is asked again after transient failures.
#[derive(Debug)]
pub struct Retry<P> {
    provider: P,
    lanes: Lanes,
    base: Duration,
    cap: Duration,
}

impl<P: Provider> Retry<P> {
    /// Waits up to 0.5 s before the second attempt, then up to twice as long each time, 30 s at most.
    pub fn new(provider: P) -> Self {
        Self { provider, lanes: Lanes::default(), base: Duration::from_millis(500), cap: Duration::from_secs(30) }
    }

    /// Limits that are settled, of models and of each of the others.
    pub fn limited(self, models: HashMap<String, Settled>, others: Settled) -> Self {
        Self { lanes: Lanes::new(models, others), ..self }
    }

    /// Another bound for the first wait; zero makes tests instant.
    pub fn base(self, base: Duration) -> Self {
        Self { base, ..self }
    }

    /// The wait after attempt number `attempt`: random, so that calls which failed together do not return together.
    fn wait(&self, attempt: u32) -> Duration {
        let bound = self.base.saturating_mul(1 << (attempt - 1).min(16)).min(self.cap);
        bound.mul_f64(fastrand::f64())
    }

    async fn run(&self, request: &Request) -> Result<Answer, Failure> {
        let mut prepared = self.provider.prepare(request)?;
        let lane = self.lanes.of(request.model.as_ref());
        let mut cost = lane.cost(request);
        let prompt = window::estimate(request);
        let (mut attempts, mut start) = (0, None);
        loop {
            let permit = lane.admit(cost, request, attempts > 0).await;
            let permit = permit.map_err(|failure| Failure { attempts, model: request.model.clone(), ..failure })?;
            let start = *start.get_or_insert_with(Instant::now);
            attempts += 1;
            let sent = request.course.sent(prompt, request.price);
            let mut result = self.provider.attempt(request, &mut prepared).await;
            if let Err(failure) = &mut result
                && failure.class == FailureClass::Timeout
                && attempts > request.retries
            {
                // Nobody waits for its answer any more, but it was asked: at least its prompt is charged.
                failure.usage = Usage { input: prompt, ..failure.usage };
            }
            sent.ended(result.as_ref().map_or_else(|failure| failure.usage, |answer| answer.usage));
            permit.ended(&result, self.provider.told(&mut prepared));
            let mut failure = match result {
                Ok(answer) => return Ok(Answer { attempts, latency: start.elapsed(), ..answer }),
                Err(failure) => failure,
            };
            let too_long = failure.retry_after.filter(|&d| d > PATIENCE);
            if !failure.transient || attempts > request.retries || too_long.is_some() {
                failure.attempts = attempts;
                if attempts > 1 {
                    failure.message += &format!(" ({attempts} attempts)");
                }
                if let Some(d) = too_long {
                    failure.message += &format!("; the server asks to wait {} s, which is too long", d.as_secs());
                }
                return Err(failure);
            }
            // What the server asks for all calls wait for, not this one alone; what comes on top lets them go one by one.
            let lane_waits = matches!(failure.class, FailureClass::RateLimit) || failure.busy;
            if failure.class == FailureClass::RateLimit {
                cost = Lane::dearer(cost);
            }
            let asked = failure.retry_after.filter(|_| !lane_waits);
            let wait = asked.unwrap_or_default() + self.wait(attempts);
            if let Some(ticket) = &request.ticket {
                ticket.retried(&failure, attempts, wait);
            }
            tracing::debug!(class = %failure.class, attempts, ?wait, "another attempt follows: {}", failure.message);
            request.course.aside(lane_waits, tokio::time::sleep(wait)).await;
        }
    }
}

impl<P: Provider> Model for Retry<P> {
    fn complete<'a>(&'a self, request: &'a Request) -> Pending<'a> {
        Box::pin(self.run(request))
    }

    fn limits(&self) -> Vec<Standing> {
        self.lanes.standing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Role;
    use std::{collections::VecDeque, sync::Mutex};

    /// Gives its results in turn, each after a second, and counts how often a body was made.
    struct Script(Mutex<VecDeque<Result<Answer, Failure>>>, Mutex<u32>);

    impl Provider for Script {
        type Prepared = ();
        fn prepare(&self, _: &Request) -> Result<(), Failure> {
            *self.1.lock().unwrap() += 1;
            Ok(())
        }
        async fn attempt(&self, _: &Request, _: &mut ()) -> Result<Answer, Failure> {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.0.lock().unwrap().pop_front().expect("no attempt too many")
        }
    }

    fn script(results: impl IntoIterator<Item = Result<Answer, Failure>>) -> Retry<Script> {
        Retry::new(Script(Mutex::new(results.into_iter().collect()), Mutex::new(0)))
    }

    fn request(retries: u32) -> Request {
        let messages = vec![super::super::Message::new(Role::User, "hi")];
        let timeout = Duration::from_secs(9);
        Request { messages, timeout, retries, ..Request::default() }
    }

    fn answer() -> Answer {
        Answer {
            text: "ok".into(),
            model: "m".into(),
            usage: Usage::default(),
            cost_usd: None,
            latency: Duration::ZERO,
            attempts: 1,
            finish_reason: "stop".into(),
        }
    }

    fn busy(after: Option<u64>) -> Failure {
        let retry_after = after.map(Duration::from_secs);
        Failure { retry_after, ..Failure::transient(FailureClass::RateLimit, "busy") }
    }

    #[tokio::test(start_paused = true)]
    async fn transient_failures_are_tried_again_over_one_body() {
        let model = script([Err(busy(None)), Err(busy(None)), Ok(answer())]);
        let got = model.complete(&request(2)).await.unwrap();
        assert_eq!(got.attempts, 3);
        assert!(got.latency >= Duration::from_secs(3) && got.latency <= Duration::from_millis(4500 + 10));
        assert_eq!(*model.provider.1.lock().unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_counted_and_said() {
        let got = script([Err(busy(None)), Err(busy(None))]).complete(&request(1)).await.unwrap_err();
        assert_eq!((got.attempts, got.message.as_str()), (2, "busy (2 attempts)"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_for_good_is_final() {
        let got = script([Err(Failure::new(FailureClass::Auth, "no"))]).complete(&request(4)).await.unwrap_err();
        assert_eq!((got.attempts, got.message.as_str()), (1, "no"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_is_never_shorter_than_the_server_asked() {
        let start = Instant::now();
        let model = script([Err(busy(Some(200))), Ok(answer())]).base(Duration::ZERO);
        model.complete(&request(1)).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(202));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unbearable_wait_fails_at_once() {
        let start = Instant::now();
        let got = script([Err(busy(Some(301)))]).complete(&request(4)).await.unwrap_err();
        assert!(got.message.contains("301 s"), "{}", got.message);
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let model = script([]);
        for attempt in [1, 2, 7, 40, u32::MAX] {
            let bound = Duration::from_millis(500 << (attempt - 1).min(16)).min(Duration::from_secs(30));
            assert!((0..100).all(|_| model.wait(attempt) <= bound));
        }
    }
}
