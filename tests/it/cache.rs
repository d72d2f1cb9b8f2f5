//! Answers that runs share.

use crate::{
    mock::{Mock, Reply},
    program::{Program, ran, script},
};
use serde_json::{Value, json};
use std::time::Duration;

fn stats(program: &Program) -> Value {
    serde_json::from_str(&ran(&mut program.also(&["cache", "stats", "--json"])).stdout).unwrap()
}

#[test]
fn what_one_run_was_answered_another_is_given_for_nothing() {
    let mock = Mock::start(|_| Reply::Usage { text: "fine".into(), input: 40, output: 10, finish: "stop" });
    let text = |keyword: &str| format!("(finish (list (syntax-e (llm-query \"a\" {keyword})) (tokens-used)))");
    let program = script(&text("#:cache #t")).server(&mock);
    assert_eq!(program.run().value(), "(fine 50)");
    assert_eq!(program.run().value(), "(fine 0)");
    assert_eq!(mock.count(), 1);
    // Nobody asked for it.
    std::fs::write(program.path(), text("")).unwrap();
    assert_eq!((program.run().value(), mock.count()), ("(fine 50)", 2));
    // All calls but those that say otherwise.
    let all = program.args(&["--cache"]);
    assert_eq!((all.run().value(), mock.count()), ("(fine 0)", 2));
    std::fs::write(all.path(), text("#:cache #f")).unwrap();
    assert_eq!((all.run().value(), mock.count()), ("(fine 50)", 3));
    let stats = stats(&all);
    assert_eq!((&stats["answers"], &stats["hits"]), (&json!(1), &json!(2)));
    assert_eq!(ran(&mut all.also(&["cache", "clear"])).stdout, "forgot 1 answer\n");
    assert_eq!(ran(&mut all.also(&["cache", "clear"])).stdout, "forgot 0 answers\n");
}

#[test]
fn another_model_server_or_request_has_answers_of_its_own() {
    let (one, two) = (Mock::echo(), Mock::echo());
    let text = "(finish (list (syntax-e (llm-query \"a\")) (syntax-e (llm-query \"a\" #:temperature 0.5))))";
    let program = script(text).server(&one).args(&["--cache"]);
    assert_eq!(program.run().value(), "(echo:a echo:a)");
    assert_eq!((program.run().value(), one.count()), ("(echo:a echo:a)", 2));
    let mut elsewhere = program.command();
    elsewhere.env("OPENAI_BASE_URL", two.base_url());
    assert_eq!((ran(&mut elsewhere).value(), two.count()), ("(echo:a echo:a)", 2));
    std::fs::write(program.path(), text.replace("\"a\")", "\"a\" #:model \"other\")")).unwrap();
    assert_eq!((program.run().value(), one.count()), ("(echo:a echo:a)", 3));
}

#[test]
fn those_who_miss_the_same_answer_at_once_make_one_call() {
    let mock = Mock::start(|call| {
        Reply::After(Duration::from_millis(50), Box::new(Reply::Text(format!("{} {}", call.text(), call.n))))
    });
    let program = script(
        r#"
(define (ask _) (llm-query "a" #:temperature 1.0))
(define first (map-async ask (range 0 50)))
(define second (map-async ask (range 0 50)))
(finish (remove-duplicates (append first second)))"#,
    );
    assert_eq!(program.server(&mock).args(&["--cache"]).run().value(), "(a 0)");
    assert_eq!(mock.count(), 1);
}

#[test]
fn failures_and_answers_that_were_cut_off_are_asked_for_again() {
    let mock = Mock::start(|call| match call.text() {
        "cut" => Reply::Usage { text: "half".into(), input: 1, output: 1, finish: "length" },
        _ => Reply::Status(400, vec![], "no".into()),
    });
    let text = "(try (llm-query \"bad\") on-error (lambda (m) m)) (finish (syntax-e (llm-query \"cut\")))";
    let program = script(text).server(&mock).args(&["--cache"]);
    assert_eq!(program.run().value(), "half");
    assert_eq!((program.run().value(), mock.count()), ("half", 4));
}

#[test]
fn a_resumed_run_prefers_its_own_answers_and_a_cache_that_is_broken_is_done_without() {
    let mock = Mock::echo();
    let program = script("(finish (syntax-e (llm-query \"a\")))").server(&mock).args(&["--cache"]);
    let cache = program.folder().join("cache/bessemer");
    std::fs::create_dir_all(&cache).unwrap();
    std::fs::write(cache.join("answers.sqlite"), "no database".repeat(1000)).unwrap();
    let ran_once = program.run();
    assert_eq!((ran_once.value(), mock.count()), ("echo:a", 1));
    assert!(ran_once.stderr.contains("answers are not cached"), "{}", ran_once.stderr);
    let again = ran(&mut program.also(&["resume", "last"]));
    assert_eq!((again.value(), again.stderr.as_str(), mock.count()), ("echo:a", "", 1));
    let stats = ran(&mut program.also(&["cache", "stats"]));
    assert!(stats.code == Some(2) && stats.stderr.contains("file is not a database"), "{stats:?}");
}
