//! Providers' limits: learned from what they tell, kept to, and shown. How well is told by tests under a clock of their own
//! (`src/llm/limit`); here it is the way from headers to scripts.

use crate::{
    mock::{Call, Mock, Reply, anthropic, gemini},
    program::script,
};
use serde_json::json;
use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// A server that keeps to so many requests and tokens in `window`, which come back evenly, and tells of it as OpenAI does.
struct Limited {
    requests: f64,
    tokens: f64,
    window: Duration,
    /// What is left of each, and when that was.
    left: Mutex<(f64, f64, Instant)>,
}

impl Limited {
    fn new(requests: f64, tokens: f64, window: Duration) -> Self {
        Self { requests, tokens, window, left: Mutex::new((requests, tokens, Instant::now())) }
    }

    fn reply(&self, call: &Call) -> Reply {
        let mut left = self.left.lock().unwrap();
        let passed = left.2.elapsed().as_secs_f64() / self.window.as_secs_f64();
        let (mut requests, mut tokens) =
            ((left.0 + passed * self.requests).min(self.requests), (left.1 + passed * self.tokens).min(self.tokens));
        let cost = (call.text().len() / 4) as f64 + call.body["max_tokens"].as_f64().unwrap_or(0.0);
        let fits = requests >= 1.0 && tokens >= cost;
        if fits {
            (requests, tokens) = (requests - 1.0, tokens - cost);
        }
        *left = (requests, tokens, Instant::now());
        let reset =
            |left: f64, limit: f64| format!("{:.3}ms", (limit - left) / limit * self.window.as_secs_f64() * 1000.0);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-ratelimit-limit-requests", self.requests.to_string()),
            ("x-ratelimit-remaining-requests", requests.floor().to_string()),
            ("x-ratelimit-reset-requests", reset(requests, self.requests)),
            ("x-ratelimit-limit-tokens", self.tokens.to_string()),
            ("x-ratelimit-remaining-tokens", tokens.floor().to_string()),
            ("x-ratelimit-reset-tokens", reset(tokens, self.tokens)),
        ];
        if fits {
            let usage = json!({ "prompt_tokens": 4, "completion_tokens": 1 });
            let choice = json!({ "message": { "content": call.text() }, "finish_reason": "stop" });
            let body = json!({ "model": "mock", "choices": [choice], "usage": usage });
            return Reply::Status(200, headers, body.to_string());
        }
        headers.push(("retry-after-ms", "20".into()));
        let error = json!({ "error": { "message": "Rate limit reached", "code": "rate_limit_exceeded" } });
        Reply::Status(429, headers, error.to_string())
    }
}

#[test]
fn many_calls_keep_to_a_limit_that_was_told_and_all_are_answered() {
    let limited = Limited::new(2000.0, 20_000.0, Duration::from_secs(5));
    let mock = Mock::start(move |call| limited.reply(call));
    let text = r#"
        (define items (map number->string (range 0 5000)))
        (define answers (map-async (lambda (i) (llm-query-async i #:max-tokens 10)) items #:max-concurrent 400))
        (define now (car (rate-limits)))
        (list (equal? answers items) (hash-ref (hash-ref now 'requests) 'limit) (hash-ref (hash-ref now 'tokens) 'limit)
              (hash-ref now 'in-flight) (hash-ref now 'waiting) (hash-ref now 'input-tokens))"#;
    let ran = script(text).server(&mock).run();
    assert_eq!(ran.value(), "(#t 2000.0 20000.0 0 0 #f)");
    // Few were refused; tokens are the shorter of the two limits. That it is less than one of a hundred is told by the tests
    // with a clock of their own: here a machine with other work to do delays requests at its will.
    assert!(mock.count() < 5000 + 250, "{} requests", mock.count());
}

#[test]
fn a_refusal_of_geminis_tells_its_limit() {
    let mock = Mock::start(|call| match call.n {
        0 => {
            let quota = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier";
            let details = json!([
                { "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                    "violations": [{ "quotaId": quota, "quotaValue": "6000" }] },
                { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.05s" },
            ]);
            gemini::error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", details)
        }
        _ => Reply::Text("fine".into()),
    });
    let text = r#"(define r (llm-query "x" #:model "gemini-x"))
        (list (syntax-e r) (hash-ref (hash-ref (car (rate-limits)) 'requests) 'limit))"#;
    assert_eq!(script(text).provider("GEMINI", &mock).run().value(), "(fine 6000.0)");
}

#[test]
fn a_provider_that_is_overloaded_is_asked_by_fewer_at_once() {
    let mock = Mock::start(|call| match call.n {
        0..20 => anthropic::error(529, "overloaded_error", "Overloaded"),
        _ => Reply::Text("fine".into()),
    });
    let text = r#"
        (define answers (map-async (lambda (i) (llm-query-async "x" #:model "claude-x")) (range 0 40) #:max-concurrent 20))
        (list (length answers) (integer? (hash-ref (car (rate-limits)) 'width)))"#;
    assert_eq!(script(text).provider("ANTHROPIC", &mock).run().value(), "(40 #t)");
}

#[test]
fn asking_for_limits_is_no_call() {
    let text = r#"
        (llm-query "x")
        (parameterize ([call-budget 0]) (rate-limits))
        (list (length (trace)) (hash-ref (hash-ref (model-usage) "offline") 'calls))"#;
    let ran = script(text).json();
    assert_eq!((&ran["value"], &ran["usage"]["calls"]), (&json!([1, 1]), &json!(1)), "{ran}");
}

#[test]
fn usage_is_told_by_model() {
    let mock = Mock::start(|call| match call.text() {
        "bad" => Reply::Status(400, vec![], r#"{"error": {"message": "odd"}}"#.into()),
        _ => Reply::Usage { text: "x".into(), input: 1000, output: 10, finish: "stop" },
    });
    let text = r#"
        (llm-query "a" #:model "one")
        (llm-query "b" #:model "one")
        (llm-batch '("bad") #:model "two")
        (define (of model) (let ([h (hash-ref (model-usage) model)]) (map (lambda (k) (hash-ref h k)) '(calls failures input output cost))))
        (list (of "one") (of "two"))"#;
    assert_eq!(script(text).server(&mock).run().value(), "((2 0 2000 20 #f) (1 1 0 0 0.0))");
}

#[test]
fn limits_are_settled_in_the_configuration() {
    let mock = Mock::start(|call| Reply::After(Duration::from_millis(20), Box::new(Reply::Text(call.text().into()))));
    let settled = "[limits]\nopenai = { concurrent = 3 }\n\"gpt-x\" = { requests = 600, concurrent = 2 }\n";
    let text = |model: &str| {
        format!(
            r#"(map-async (lambda (i) (llm-query-async "x" #:model "{model}")) (range 0 12) #:max-concurrent #f)
               (hash-ref (car (rate-limits)) 'width)"#
        )
    };
    for (model, width) in [("mock", "3"), ("gpt-x", "2")] {
        let run = script(&text(model)).server(&mock).file("bessemer.toml", settled).run();
        assert_eq!(run.value(), width);
        assert!(mock.peak() <= 3);
    }
    let ran = script("1").file("bessemer.toml", "[limits]\nx = { request = 3 }\n").run();
    assert!(ran.code == Some(2) && ran.stderr.contains("did you mean `requests`?"), "{ran:?}");
}
