//! What calls may take, and what is noted of them.

use crate::{
    mock::{Mock, Reply},
    program::script,
};
use serde_json::json;

/// How the items of a fan-out ended: how many have each class, `ok` for answers.
const CLASSES: &str = r#"
(define (classes results)
  (map (lambda (r) (if (failure? r) (failure-class r) 'ok)) results))
(define (count-of class results) (length (filter (lambda (c) (equal? c class)) (classes results))))
"#;

#[test]
fn call_budget_is_exact_however_many_ask_at_once() {
    let mock = Mock::echo();
    let text = format!(
        r#"{CLASSES}
(define results
  (parameterize ([call-budget 7])
    (map-async (lambda (i) (llm-query (number->string i))) (range 0 50) #:max-concurrent #f #:on-error 'keep)))
(list (count-of 'ok results) (count-of 'budget results))"#
    );
    assert_eq!(script(&text).server(&mock).run().value(), "(7 43)");
    assert_eq!(mock.count(), 7);
}

#[test]
fn inner_budgets_lie_within_outer_ones_and_are_theirs_who_bound_them() {
    let mock = Mock::echo();
    let text = r#"
(define (ask) (llm-query "x"))
(define (tries n) (map (lambda (_) (try (begin (ask) 'ok) on-error (lambda (m) 'over))) (range 0 n)))
(define seen
  (parameterize ([call-budget 3])
    (list (parameterize ([call-budget 5]) (tries 2))
          (hash-ref (budget-left) 'calls)
          (await (spawn (lambda () (tries 2))))
          (call-budget))))
(list seen (call-budget) (hash-ref (budget-left) 'calls) (tries 1))"#;
    assert_eq!(script(text).server(&mock).run().value(), "(((ok ok) 1 (ok over) 3) #f #f (ok))");
    assert_eq!(mock.count(), 4);
}

#[test]
fn token_budget_sets_aside_what_a_call_may_take_and_counts_what_it_took() {
    let mock = Mock::start(|_| Reply::Usage { text: "a".into(), input: 40, output: 10, finish: "stop" });
    let text = format!(
        r#"{CLASSES}
(define (ask) (llm-query "x" #:max-tokens 100))
(define one-by-one
  (parameterize ([token-budget 300])
    (list (map (lambda (_) (try (begin (ask) 'ok) on-error (lambda (m) m))) '(1 2 3 4 5))
          (tokens-used)
          (hash-ref (budget-left) 'tokens))))
;; Side by side, each may take 109: two fit into 300 at once, whatever they take in the end.
(define at-once
  (parameterize ([token-budget 300])
    (map-async (lambda (_) (ask)) '(1 2 3 4 5) #:on-error 'keep)))
(list one-by-one (count-of 'ok at-once) (tokens-used) (tokens-used #:run #t))"#
    );
    let wanted =
        "(((ok ok ok ok the call may take 109 tokens, and of the budget of 300 there are 100 left) 200 100) 2 300 300)";
    assert_eq!(script(&text).server(&mock).run().value(), wanted);
    assert_eq!(mock.count(), 6);
}

#[test]
fn what_a_failed_or_cancelled_call_had_set_aside_comes_back() {
    let mock = Mock::start(|call| match call.text() {
        "hang" => Reply::Hang,
        "bad" => Reply::Status(400, vec![], json!({ "error": { "message": "no" } }).to_string()),
        _ => Reply::Usage { text: "a".into(), input: 5, output: 5, finish: "stop" },
    });
    let text = r#"
(define (ask text) (llm-query text #:max-tokens 400))
(parameterize ([token-budget 500])
  (list (try (ask "bad") on-error (lambda (m) 'failed))
        (with-deadline 0.2 (lambda () (ask "hang")) #:otherwise (lambda () 'late))
        (syntax-e (ask "good"))
        (budget-left)))"#;
    assert_eq!(
        script(text).server(&mock).run().value(),
        // Ten of the answer, and the prompt of the one that was broken off, by an estimate.
        "(failed late a #hash((calls . #f) (cost . #f) (tokens . 481)))"
    );
}

#[test]
fn flags_bound_the_whole_run_and_their_end_has_a_code_of_its_own() {
    let mock = Mock::echo();
    let text = r#"(map-async (lambda (i) (llm-query "x")) (range 0 10) #:max-concurrent 2)"#;
    let ran = script(text).server(&mock).args(&["--max-calls", "4"]).run();
    assert_eq!((ran.code, mock.count()), (Some(3), 4), "{ran:?}");
    assert!(ran.stderr.contains("6 of 10 items failed") && ran.stderr.contains("the budget of 4 calls is used up"));
    assert!(ran.stderr.contains("hint: raise the budget"), "{ran:?}");

    let ran = script("(llm-query \"x\" #:max-tokens 50)").server(&mock).args(&["--max-tokens", "40"]).run();
    assert_eq!((ran.code, mock.count()), (Some(3), 4), "{ran:?}");
    let left = script("(begin (llm-query \"x\") (budget-left))").server(&mock).args(&["--max-calls", "4"]).run();
    assert_eq!(left.value(), "#hash((calls . 3) (cost . #f) (tokens . #f))");
}

#[test]
fn budget_that_is_no_number_is_refused() {
    let ran = script("(parameterize ([call-budget \"many\"]) 1)").run();
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("error: call-budget: `\"many\"` is no whole number"), "{ran:?}");
}

#[test]
fn trace_holds_every_call_and_event_in_the_order_of_their_ends() {
    let mock = Mock::start(|call| match call.text() {
        "bad" => Reply::Status(400, vec![], "no".into()),
        _ => Reply::Usage { text: "a".into(), input: 5, output: 7, finish: "stop" },
    });
    let text = r#"
(llm-query "x" #:model "m")
(log-event "stage" (hash 'name "merge" 'rows '(1 2)))
(try (llm-query "bad") on-error (lambda (m) m))
(define (pick entry . keys) (map (lambda (key) (hash-ref entry key)) keys))
(define entries (trace))
(list (pick (list-ref entries 0) 'model 'status 'input 'output 'cached 'cost 'attempts)
      (pick (list-ref entries 1) 'event 'value)
      (pick (list-ref entries 2) 'status 'attempts)
      (length entries)
      (apply <= (map (lambda (entry) (hash-ref entry 'at)) entries)))"#;
    let ran = script(text).server(&mock).args(&["-v"]).run();
    assert_eq!(ran.value(), "((m ok 5 7 0 #f 1) (stage #hash((name . merge) (rows . (1 2)))) (bad-request 1) 3 #t)");
    assert!(ran.stderr.contains(r#"stage: {"name":"merge","rows":[1,2]}"#), "{ran:?}");
}

#[test]
fn checkpoints_give_back_what_json_keeps_of_a_value() {
    let text = r#"
(define r (llm-query "Ada wrote it."))
(list (equal? r (checkpoint "answer" r))
      (restore "answer")
      (checkpoint "rows" (list 1 2.5 'a (hash 'b (list #t))))
      (restore "rows")
      (restore "nothing")
      (restore "nothing" 'else)
      (try (checkpoint "f" car) on-error (lambda (m) m)))"#;
    assert_eq!(
        script(text).run().value(),
        "(#t Ada wrote it. (1 2.5 a #hash((b . (#t)))) (1 2.5 a #hash((b . (#t)))) #f else `#<procedure:car>` has no JSON form)"
    );
}
