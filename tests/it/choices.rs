//! Several models for one call: whose turn it is, who is asked next, and what is sent twice or once.

use crate::{
    mock::{Mock, Reply},
    program::script,
};
use serde_json::Value;
use std::time::Duration;

/// The models that were asked, in order.
fn asked(mock: &Mock) -> Vec<String> {
    mock.bodies().iter().map(|body| body["model"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_list_of_models_is_asked_in_turn() {
    let mock = Mock::echo();
    let text = r#"
        (define (ask) (response-model (llm-query "x" #:model '("one" "two" "three"))))
        (list (ask) (ask) (ask) (ask) (next-model '("a" "b")) (next-model '("a" "b")) (next-model '("a" "b")))"#;
    assert_eq!(script(text).server(&mock).run().value(), "(one two three one a b a)");
}

#[test]
fn the_least_used_model_gets_what_the_others_are_busy_with() {
    let mock = Mock::start(|call| match call.body["model"].as_str() {
        Some("slow") => Reply::After(Duration::from_secs(2), Box::new(Reply::Text("s".into()))),
        _ => Reply::Text("q".into()),
    });
    let text = r#"
        (define slow (llm-query-async "x" #:model '("slow" "quick") #:balance 'least-used))
        (define quick (map (lambda (_) (syntax-e (llm-query "y" #:model '("slow" "quick") #:balance 'least-used))) (range 0 5)))
        (list quick (syntax-e (await slow)))"#;
    assert_eq!(script(text).server(&mock).run().value(), "((q q q q q) s)");
}

#[test]
fn a_failure_for_good_goes_to_the_fallback_and_another_providers_model_will_do() {
    let openai = Mock::start(|_| Reply::Status(400, vec![], r#"{"error": {"message": "odd"}}"#.into()));
    let anthropic = Mock::echo();
    let text = r#"
        (define r (llm-query "x" #:model "one" #:fallback '("two" "claude-x")))
        (define f (with-handlers ([failure? (lambda (f) (list (failure-class f) (failure-model f) (failure-attempts f)))])
          (llm-query "x" #:model "one" #:fallback "two")))
        (list (response-text r) (response-model r) (response-attempts r) f)"#;
    let ran = script(text).provider("ANTHROPIC", &anthropic).server(&openai).run();
    assert_eq!(ran.value(), "(echo:x claude-x 3 (bad-request two 2))");
    assert_eq!(asked(&openai), ["one", "two", "one", "two"]);
}

#[test]
fn a_late_answer_is_asked_for_again_and_the_loser_goes() {
    let mock = Mock::start(|call| match call.n {
        0 => Reply::Hang,
        _ => Reply::Text("quick".into()),
    });
    let text = r#"(define r (llm-query "x" #:hedge 0.1 #:temperature 0)) (list (syntax-e r) (response-attempts r))"#;
    assert_eq!(script(text).server(&mock).run().value(), "(quick 2)");
    mock.wait_gone(1);
}

#[test]
fn the_same_question_at_temperature_0_goes_out_once() {
    let mock = Mock::start(|_| Reply::After(Duration::from_millis(300), Box::new(Reply::Text("x".into()))));
    let text = |temperature: &str| {
        format!(
            r#"(define all (map-async (lambda (i) (llm-query-async "x" #:temperature {temperature})) (range 0 20) #:max-concurrent #f))
               (list (length all) (tokens-used #:run #t))"#
        )
    };
    assert_eq!(script(&text("0.0")).server(&mock).run().value(), "(20 2)");
    assert_eq!(mock.count(), 1);
    assert_eq!(script(&text("0.7")).server(&mock).run().value(), "(20 40)");
    assert_eq!(mock.count(), 21);
}

#[test]
fn a_budget_in_money_covers_every_model_that_may_answer() {
    let prices = "[prices]\ncheap-one = { input = 1.0, output = 1.0 }\ndear-one = { input = 100.0, output = 100.0 }\n";
    let mock = Mock::echo();
    let text = r#"
        (define (try-with . options)
          (try (begin (apply llm-query "x" '#:max-tokens 10 '#:model "cheap-one" options) 'ok) on-error (lambda (m) 'over)))
        (parameterize ([cost-budget 0.0005])
          (list (try-with) (try-with '#:fallback "dear-one") (try-with '#:fallback "unknown-one") (try-with '#:hedge 9)))"#;
    let program = script(text).server(&mock).file("p.toml", prices).args(&["--config", "p.toml"]);
    assert_eq!(program.run().value(), "(ok over over ok)");
    assert_eq!(asked(&mock), ["cheap-one", "cheap-one"]);
}

#[test]
fn misuse_is_told() {
    for (call, words) in [
        (r#"(llm-query "x" #:model '())"#, "`#:model` must be a model's name or a list of names"),
        (r#"(llm-query "x" #:model '("a" 2))"#, "`#:model` must be a model's name or a list of names"),
        (r#"(llm-query "x" #:model 2)"#, "`#:model` must be a model's name or a list of names"),
        (r#"(llm-query "x" #:fallback 2)"#, "`#:fallback` must be"),
        (r#"(llm-query "x" #:balance 'fair)"#, "not `'fair`"),
        (r#"(llm-query "x" #:hedge 1 #:on-token display)"#, "excludes `#:on-token`"),
        ("(next-model '())", "not empty"),
    ] {
        let ran = script(call).run();
        assert!(ran.code == Some(1) && ran.stderr.contains(words), "{call}: {ran:?}");
    }
    let value: Value = script(r#"(llm-query "Say it." #:model '("a" "b") #:fallback "c")"#).json();
    assert_eq!(value["status"], "value".to_owned(), "{value}");
}
