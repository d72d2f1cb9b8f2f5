//! Budgets in US dollars: what is set aside, what is spent, and models whose price nobody knows.

use crate::{
    mock::{Call, Mock, Reply},
    program::{Program, script},
};

/// A dollar per million tokens of prompts, ten of answers.
const PRICES: &str = "[prices]\nmock = { input = 1.0, output = 10.0, cached = 0.1 }\n";

/// A run that knows these prices.
fn priced(text: &str, mock: &Mock) -> Program {
    script(text).server(mock).file("prices.toml", PRICES).args(&["--config", "prices.toml"])
}

/// An answer of as many tokens as it may have, or fewer, by the call's number.
fn varied(call: &Call) -> Reply {
    let most = call.body["max_tokens"].as_u64().unwrap_or(50);
    let output = [most, most / 2, most / 3][call.n % 3];
    Reply::Usage { text: "x".into(), input: 10, output, finish: "stop" }
}

#[test]
fn a_thousand_at_once_do_not_pass_the_budget() {
    let mock = Mock::start(varied);
    let text = r#"
        (define spent #f)
        (define results
          (parameterize ([cost-budget 0.2])
            (let ([all (map-async (lambda (i) (llm-query-async "Say something short." #:max-tokens 40)) (range 0 1000)
                                  #:max-concurrent #f #:on-error 'keep)])
              (set! spent (cost-used))
              all)))
        (define (count-of p) (length (filter p results)))
        (list (count-of string?) (count-of failure?)
              (andmap (lambda (r) (or (string? r) (equal? (failure-class r) 'budget))) results)
              (<= spent 0.2) (> spent 0.1))"#;
    let ran = priced(text, &mock).run();
    let answered = mock.count();
    assert_eq!(ran.value(), format!("({answered} {} #t #t #t)", 1000 - answered));
    // By the server's own count, which no estimate enters.
    let spent: u64 = (0..answered as u64).map(|n| 10 + 10 * [40, 20, 13][n as usize % 3]).sum();
    assert!(spent as f64 <= 0.2e6, "{spent} millionths");
}

#[test]
fn what_is_left_is_told_and_budgets_nest() {
    let mock = Mock::start(|_| Reply::Usage { text: "x".into(), input: 100, output: 10, finish: "stop" });
    let text = r#"
        (define (left) (hash-ref (budget-left) 'cost))
        (define (ask) (try (begin (llm-query "x" #:max-tokens 10) 'ok) on-error (lambda (m) m)))
        (parameterize ([cost-budget 1])
          (let* ([inner (parameterize ([cost-budget 0.0002]) (list (cost-budget) (ask) (ask)))]
                 [after (left)])
            (list inner after (cost-used) (cost-budget))))"#;
    let ran = priced(text, &mock).run();
    let refused = "the call may cost 0.000109 USD, and of the budget of 0.0002 USD there is 0 left";
    assert_eq!(ran.value(), format!("((0.0002 ok {refused}) 0.9998 0.0002 1.0)"));
    assert_eq!(mock.count(), 1);
}

#[test]
fn the_commands_budget_is_the_outermost_one() {
    let mock = Mock::start(varied);
    let text = r#"(map-async (lambda (i) (llm-query-async "x" #:max-tokens 40)) (range 0 50) #:max-concurrent #f)"#;
    let ran = priced(text, &mock).args(&["--max-cost", "0.004", "--json"]).run();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let spent = report["usage"]["cost_usd"].as_f64().unwrap();
    assert!(spent > 0.002 && spent <= 0.004, "{report}");
    assert!(mock.count() < 50);
}

#[test]
fn an_unknown_price_refuses_to_start_or_fails_the_call() {
    let mock = Mock::echo();
    let ran = script(r#"(llm-query "x")"#).server(&mock).args(&["--max-cost", "1"]).run();
    assert!(
        ran.code == Some(2) && ran.stderr.contains("`mock` is unknown") && ran.stderr.contains("[prices]"),
        "{ran:?}"
    );
    let text = r#"(parameterize ([cost-budget 1])
        (list (syntax-e (llm-query "x"))
              (with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-attempts f)))])
                (llm-query "x" #:model "other"))))"#;
    assert_eq!(priced(text, &mock).run().value(), "(echo:x (budget 0))");
    assert_eq!(mock.count(), 1);
    let free = script(r#"(parameterize ([cost-budget 0]) (syntax-e (llm-query "Say hello.")))"#);
    assert_eq!(free.run().value(), "Say hello.", "the offline model costs nothing");
}

#[test]
fn a_second_try_for_json_stays_within_the_budget() {
    let mock = Mock::start(|_| Reply::Usage { text: "no".into(), input: 20, output: 40, finish: "stop" });
    let text = r#"
        (define spent #f)
        (parameterize ([cost-budget 0.0012])
          (map-async (lambda (i) (llm-query-async "x" #:json #t #:max-tokens 40)) (range 0 10) #:max-concurrent #f #:on-error 'keep)
          (set! spent (cost-used)))
        (list (> spent 0) (<= spent 0.0012))"#;
    assert_eq!(priced(text, &mock).run().value(), "(#t #t)");
}

#[test]
fn vectors_have_a_price_too() {
    let mock = Mock::echo();
    let text = r#"(parameterize ([cost-budget 0.000001]) (llm-embed (list "a text of some length") #:model "mock"))"#;
    let ran = priced(text, &mock).run();
    assert!(ran.code == Some(3) && ran.stderr.contains("may cost"), "{ran:?}");
    assert_eq!(mock.count(), 0);
}

#[test]
fn a_folders_own_file_sets_no_prices() {
    let mock = Mock::echo();
    let ran = script("1").server(&mock).file("bessemer.toml", PRICES).run();
    assert!(ran.code == Some(2) && ran.stderr.contains("line 1: `prices` is not heeded here"), "{ran:?}");
}

#[test]
fn a_misspelt_price_is_told() {
    for (line, words) in [
        ("mock = { imput = 1.0, output = 1.0 }", "did you mean `input`?"),
        ("mock = { input = 1.0 }", "missing field `output`"),
        ("mock = { input = -1.0, output = 1.0 }", "negative"),
    ] {
        let ran = script("1").file("p.toml", format!("[prices]\n{line}\n")).args(&["--config", "p.toml"]).run();
        assert!(ran.code == Some(2) && ran.stderr.contains(words), "{ran:?}");
    }
}
