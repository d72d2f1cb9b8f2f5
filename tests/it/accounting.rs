//! What calls come to, those that fail or are cancelled too, and what is said of it at the end.
//!
//! Budgets are in `budgets` and `money`.

use crate::{
    mock::{Mock, Reply},
    program::script,
};
use serde_json::json;
use std::time::Duration;

const PRICES: &str = "[prices]\nmock = { input = 1.0, output = 10.0 }\n";

#[test]
fn every_end_of_a_call_is_counted_with_what_it_took() {
    let mock = Mock::start(|call| match call.text() {
        "bad" => Reply::Status(400, vec![], r#"{"error": {"message": "odd"}}"#.into()),
        "again" if call.n == 1 => Reply::Status(500, vec![], r#"{"error": {"message": "busy"}}"#.into()),
        "late" | "dropped" => Reply::Hang,
        _ => Reply::Usage { text: "x".into(), input: 100, output: 10, finish: "stop" },
    });
    let text = r#"
        (define (ask text . options) (try (syntax-e (apply llm-query text options)) on-error (lambda (m) 'failed)))
        (ask "good")
        (ask "again")
        (ask "bad")
        (ask "late" '#:timeout 0.2 '#:retries 0)
        (with-deadline 0.3 (lambda () (ask "dropped")) #:otherwise (lambda () 'dropped))
        (sleep 0.05)
        (define (of entry) (map (lambda (key) (hash-ref entry key)) '(status input attempts)))
        (map of (trace))"#;
    let told = script(text).server(&mock).file("p.toml", PRICES).args(&["--config", "p.toml"]).json();
    // Of what was not answered but sent, the prompt counts, by an estimate: a quarter of its bytes, and eight.
    let (late, dropped) = (9, 9);
    let entries =
        json!([["ok", 100, 1], ["ok", 100, 2], ["bad-request", 0, 1], ["timeout", late, 1], ["cancelled", dropped, 1]]);
    assert_eq!(told["value"], entries, "{told}");
    let (usage, summary) = (&told["usage"], &told["summary"]);
    assert_eq!(
        (&usage["calls"], &usage["input_tokens"], &usage["output_tokens"]),
        (&json!(5), &json!(218), &json!(20))
    );
    let cost = usage["cost_usd"].as_f64().unwrap();
    assert!((cost - (218.0 + 200.0) / 1e6).abs() < 1e-9, "{cost}");
    assert_eq!(summary["failures"], json!({ "bad-request": 1, "timeout": 1 }));
    assert_eq!((&summary["answers"], &summary["cancelled"], &summary["attempts"]), (&json!(2), &json!(1), &json!(6)));
    assert!(summary["p50_s"].as_f64() <= summary["p95_s"].as_f64() && summary["p95_s"].is_f64(), "{summary}");
}

#[test]
fn the_trace_says_how_long_a_call_waited_and_the_summary_what_limits_cost() {
    let mock = Mock::start(|call| Reply::After(Duration::from_millis(150), Box::new(Reply::Text(call.text().into()))));
    let text = r#"
        (map-async (lambda (i) (llm-query-async (number->string i))) '(1 2 3) #:max-concurrent #f)
        (map (lambda (entry) (> (hash-ref entry 'waited) 0.1)) (trace))"#;
    let toml = "[limits]\nmock = { concurrent = 1 }\n";
    let told = script(text).server(&mock).file("bessemer.toml", toml).json();
    assert_eq!(told["value"], json!([false, true, true]));
    // Two of three waited, one after the other, while something was under way.
    assert!(told["summary"]["held_by_limits_s"].as_f64().unwrap() > 0.25, "{told}");
    assert_eq!(told["summary"]["most_at_once"], json!(1));
}

#[test]
fn a_summary_is_said_where_it_is_asked_for_and_nowhere_else() {
    let mock = Mock::start(|_| Reply::Usage { text: "x".into(), input: 1000, output: 10, finish: "stop" });
    let text = r#"(map-async (lambda (i) (llm-query-async "x")) '(1 2 3)) (eprintf "done\n")"#;
    let program = || script(text).server(&mock).file("p.toml", PRICES).args(&["--config", "p.toml"]);
    let ran = program().args(&["-v"]).run();
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines[0] == "done" && lines[1].starts_with("3 calls in "), "{ran:?}");
    assert!(lines[1].contains("; up to ") && lines[2] == "3,000 tokens in; 30 out; 0.0033 USD", "{ran:?}");
    assert_eq!(program().run().stderr, "done\n", "nobody sits there");
    assert_eq!(program().args(&["-v", "--quiet"]).run().stderr, "done\n");
    assert_eq!(script("1").args(&["-v"]).run().stderr.lines().count(), 1, "without a call, only what offline means");
}

#[test]
fn a_call_that_waits_for_its_providers_limit_leaves_its_place_to_others() {
    let mock = Mock::start(|call| match call.body["model"].as_str() {
        Some("narrow") => Reply::After(Duration::from_millis(300), Box::new(Reply::Text("n".into()))),
        _ => Reply::Text("w".into()),
    });
    let text = r#"
        (define slow (map (lambda (_) (llm-query-async "x" #:model "narrow")) (range 0 6)))
        (define quick (map (lambda (_) (syntax-e (llm-query "y" #:model "wide"))) (range 0 3)))
        (define done (length (filter (lambda (entry) (equal? (hash-ref entry 'model) "narrow")) (trace))))
        (list quick (< done 3) (await-all slow))"#;
    let toml = "[limits]\nnarrow = { concurrent = 1 }\n";
    let run = script(text).server(&mock).file("bessemer.toml", toml).args(&["--max-concurrent", "2"]);
    assert_eq!(run.run().value(), "((w w w) #t (n n n n n n))");
    assert!(mock.peak() <= 2, "{} at once", mock.peak());
}
