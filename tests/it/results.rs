//! Results as they come, questions asked of many texts, and the ends of a script.

use crate::{
    mock::{Call, Mock, Reply},
    program::script,
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

/// Refuses "bad …", holds "hang …", refuses the key of "auth …", and echoes everything else.
fn by_first_word(call: &Call) -> Reply {
    let text = call.text().to_owned();
    let refusal = |status| Reply::Status(status, vec![], json!({ "error": { "message": "refused" } }).to_string());
    match text.split(' ').next() {
        Some("bad") => refusal(400),
        Some("auth") => refusal(401),
        Some("hang") => Reply::Hang,
        _ => Reply::Text(format!("echo:{text}")),
    }
}

#[test]
fn results_are_consumed_as_they_come_each_once() {
    // Item 0 is answered last, when all the others have been consumed.
    let pauses = Arc::new(AtomicUsize::new(0));
    let mock = Mock::start(move |call| {
        if call.text() == "pause" {
            pauses.fetch_add(1, Relaxed);
        }
        let all = pauses.clone();
        match call.text() {
            "0" => Reply::When(Box::new(move || all.load(Relaxed) >= 199), Box::new(Reply::Text("zero".into()))),
            text => Reply::Text(format!("echo:{text}")),
        }
    });
    let text = r#"
(define seen '())
(define inside #f)
(define value
  (map-async-stream (lambda (i) (llm-query-async (number->string i))) (range 0 200)
    (lambda (index result)
      (when inside (error "two at once"))
      (set! inside #t)
      (llm-query "pause")
      (set! inside #f)
      (set! seen (cons (cons index result) seen)))
    #:max-concurrent 20))
(define in-order (sort seen (lambda (a b) (< (car a) (car b)))))
(list (car (car seen))
      (equal? (map car in-order) (range 0 200))
      (cdr (list-ref in-order 7))
      (cdr (car in-order))
      (void? value))"#;
    let ran = script(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), ("(0 #t echo:7 zero #t)", ""));
    assert_eq!(mock.count(), 400);
}

#[test]
fn failed_items_are_raised_after_the_others_were_consumed_or_are_consumed_themselves() {
    let mock = Mock::start(by_first_word);
    let text = r#"
(define (run . options)
  (define seen '())
  (define outcome
    (with-handler (lambda (e) (list (failure-class e) (failure-message e)))
      (apply map-async-stream llm-query '("a" "bad" "c")
        (lambda (i r) (set! seen (cons (list i (if (failure? r) (failure-class r) r)) seen)))
        options)))
  (list (sort seen (lambda (a b) (< (car a) (car b)))) (if (list? outcome) (car outcome) 'done)))
(list (run) (run '#:on-error 'keep) (run '#:on-error (lambda (failure item) (string-append "lost " item))))"#;
    assert_eq!(
        script(text).server(&mock).run().value(),
        "((((0 echo:a) (2 echo:c)) items) (((0 echo:a) (1 bad-request) (2 echo:c)) done) (((0 echo:a) (1 lost bad) (2 echo:c)) done))"
    );
}

#[test]
fn an_error_or_an_escape_out_of_the_consumer_cancels_the_rest() {
    let mock = Mock::start(by_first_word);
    let text = r#"
(define items '("a" "hang 1" "hang 2" "hang 3"))
(define raised
  (try (map-async-stream llm-query items (lambda (i r) (error "enough:" r))) on-error (lambda (m) m)))
(define escaped
  (call/cc (lambda (leave) (map-async-stream llm-query items (lambda (i r) (leave r))))))
(list raised escaped (llm-query "still here"))"#;
    let ran = script(text).server(&mock).run();
    assert_eq!((ran.value(), &*ran.stderr), (r#"(enough: "echo:a" echo:a #<response mock 4 tokens>)"#, ""));
    // Three were answered; of the others, those that were sent already are cut off.
    mock.wait_gone(mock.count() - 3);
    mock.wait_idle();
}

#[test]
fn a_deadline_ends_a_stream_of_results() {
    let mock = Mock::start(by_first_word);
    let text = r#"
(define seen '())
(define failed
  (with-handler failure-message
    (map-async-stream llm-query '("a" "hang" "b") (lambda (i r) (set! seen (cons r seen))) #:deadline 0.5)))
(list (length seen) failed)"#;
    assert_eq!(
        script(text).server(&mock).run().value(),
        "(2 1 of 3 items failed: 1 (timeout); item 1: the deadline passed)"
    );
}

#[test]
fn for_each_async_runs_for_effect_and_names_what_failed() {
    let mock = Mock::start(|call| Reply::After(Duration::from_millis(20), Box::new(by_first_word(call))));
    let text = r#"
(define total 0)
(define value (for-each-async (lambda (i) (llm-query "x") (set! total (+ total i))) (range 0 30) #:max-concurrent 5))
(list total (void? value)
      (with-handler failure-class (for-each-async llm-query '("a" "bad"))))"#;
    assert_eq!(script(text).server(&mock).run().value(), "(435 #t items)");
    assert_eq!(mock.peak(), 5);
}

#[test]
fn one_question_of_many_chunks_gives_texts_in_order_and_failures_as_text() {
    let mock = Mock::start(by_first_word);
    let text = r#"
(define response (llm-query "r"))
(writeln (parallel-query "{chunk} of {chunk}?" (list "a" "bad" 'c 4 response) #:retries 0))
(writeln (parallel-query "Q {chunk}" (vector "a") #:model "m" #:temperature 0.5 #:instruction "Be brief."))
(writeln (llm-batch '("bad x" "b" "{chunk}") #:max-concurrent 1))
(writeln (parallel-query "{chunk}" '()))"#;
    let ran = script(text).server(&mock).run();
    let lines: Vec<&str> = ran.value().lines().collect();
    let [first, second, third, fourth] = lines[..] else { panic!("{ran:?}") };
    assert!(first.starts_with(r#"("echo:a of a?" "Error: "#), "{ran:?}");
    assert!(first.ends_with(r#" "echo:c of c?" "echo:4 of 4?" "echo:echo:r of echo:r?")"#), "{ran:?}");
    assert_eq!(second, r#"("echo:Q a")"#);
    assert!(third.starts_with("(\"Error: ") && third.ends_with(r#" "echo:b" "echo:{chunk}")"#), "{ran:?}");
    assert_eq!(fourth, "()");
    let asked = mock.bodies().into_iter().find(|body| body["model"] == "m").unwrap();
    assert_eq!(asked["temperature"], 0.5);
    let messages = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Q a" }]);
    assert_eq!(asked["messages"], messages);
}

#[test]
fn what_would_fail_every_chunk_alike_is_raised_and_stops() {
    let mock = Mock::start(by_first_word);
    let ran = script(r#"(parallel-query "auth {chunk}" (range 0 500) #:max-concurrent 4)"#).server(&mock).run();
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.stderr.contains("were not started") && mock.count() <= 8, "{ran:?}");

    let ran = script(r#"(parallel-query "no place" '("a"))"#).server(&mock).run();
    assert!(ran.stderr.contains("the template has no `{chunk}`"), "{ran:?}");
    let ran = script(r#"(parallel-query "{chunk}" '("a") #:modle "m")"#).server(&mock).run();
    assert!(ran.stderr.contains("unknown keyword `#:modle`; did you mean `#:model`?"), "{ran:?}");
    let ran = script(r#"(llm-batch "one prompt")"#).server(&mock).run();
    assert!(ran.stderr.contains("is neither a list nor a vector"), "{ran:?}");
}

#[test]
fn items_that_failed_as_calls_end_the_run_as_calls() {
    let mock = Mock::start(by_first_word);
    let code = |text: &str| script(text).server(&mock).run().code;
    assert_eq!(code(r#"(map-async llm-query '("a" "bad"))"#), Some(4));
    assert_eq!(code(r#"(string->json "{")"#), Some(1));
    assert_eq!(code(r#"(map-async (lambda (x) (error x)) '("a" "bad"))"#), Some(1));
    assert_eq!(code(r#"(map-async (lambda (x) (if (equal? x "bad") (llm-query x) (error x))) '("bad" "a"))"#), Some(1));
}

#[test]
fn finish_var_finishes_with_a_variable_of_schemes_or_of_pythons() {
    assert_eq!(script("(define answer '(1 \"a\"))\n(finish-var \"answer\")\n(display \"no\")").run().value(), "(1 a)");
    assert_eq!(script("(py-exec \"total = 6 * 7\")\n(finish-var \"total\")").run().value(), "42");
    let text = "(define x 1)\n(map-async (lambda (i) (set! x i) (finish-var \"x\")) '(5))";
    assert_eq!(script(text).json()["status"], "finished");
    let ran = script("(define answer 1)\n(list (finish-var \"anser\"))").run();
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr.lines().next(), Some("error: finish-var: there is no variable `anser`, here or in Python"));
    assert!(ran.stderr.contains("2 | (list (finish-var") && ran.stderr.contains("did you mean `answer`?"), "{ran:?}");
}

#[test]
fn try_gives_the_message_of_whatever_was_raised() {
    let text = r#"
(define (message thunk) (try (thunk) on-error (lambda (m) m)))
(list (message (lambda () 1))
      (message (lambda () (error "no such town:" 'Ys)))
      (message (lambda () (raise '(1 "a"))))
      (message (lambda () (py-eval "1/0")))
      (try (raise "inner") on-error (lambda (m) (try (raise "again") on-error string-length))))"#;
    let ran = script(text).run();
    assert!(ran.value().starts_with("(1 no such town: 'Ys (1 a) ZeroDivisionError: division by zero"), "{ran:?}");
    assert!(ran.value().ends_with(" 5)"), "{ran:?}");
}

#[test]
fn a_consumer_that_is_no_procedure_is_refused_before_any_call() {
    let mock = Mock::echo();
    let text = r#"(try (map-async-stream llm-query '("a" "b") 5) on-error (lambda (m) m))"#;
    assert_eq!(script(text).server(&mock).run().value(), "map-async-stream: `consume` must be a procedure, not `5`");
    assert_eq!(mock.count(), 0);
}
